"""How many stand where: queues by stage, units in the port, those held over at closing, and the balance of units."""

from __future__ import annotations

import numpy as np

from portsim.model.network import StepFunction
from portsim.model.records import UnitOutcome
from portsim.results.areas import Ints, area, area_while, falls_to_zero, largest, level_of, levels_at
from portsim.results.ledger import Ledger
from portsim.results.measure import Sheet, ratio


def inside(ledger: Ledger) -> StepFunction:
    """Units in the port, outside the first door included: arrived and not out.

    The area under it equals the sum of arrived-to-out times, cut to the stretch: Little's law, exactly.
    """
    return level_of(ledger.units["arrived"], ledger.gone)


def queue(ledger: Ledger, stage: int) -> StepFunction:
    """Units waiting for a stage: joined and not started, and those outside its door on arrival."""
    starts, ends = ledger.waiting(stage)
    waited = ends > starts
    return level_of(starts[waited], ends[waited])


def measure_queues(ledger: Ledger, sheet: Sheet) -> None:
    """Write down queues, units in the port and held over, and what became of units.

    `queue_mean` is over the measured stretch, `queue_open_mean` over the part of it in which the stage is open,
    `queue_max` the most at any tick once the tick is over. `overnight` is the mean number of units in the port at
    each closing of its first side, and for a stage the mean number waiting at each of its own closings, by
    its hours and closures alone: an outage is none.
    """
    network, start, end = ledger.network, ledger.start, ledger.end
    length = end - start
    present = inside(ledger)
    sheet.write("in_port_mean", "units", ratio(area(present, start, end), length))
    sheet.write("in_port_max", "units", largest(present, start, end))
    sheet.write("overnight", "units", _mean_at(present, falls_to_zero(network.side_open[0], start, end)))
    for number, stage in enumerate(network.stages):
        waiting = queue(ledger, number)
        open_time = area_while(StepFunction.constant(1), stage.is_open, start, end)
        cells = {
            "queue_mean": ratio(area(waiting, start, end), length),
            "queue_open_mean": ratio(area_while(waiting, stage.is_open, start, end), open_time),
            "queue_max": largest(waiting, start, end),
            "overnight": _mean_at(waiting, falls_to_zero(stage.on_paper, start, end)),
        }
        for metric, value in cells.items():
            sheet.write(metric, "units", value, stage=stage.name)
    _measure_balance(ledger, sheet)


def _measure_balance(ledger: Ledger, sheet: Sheet) -> None:
    """What became of units: in_port_at_start + arrived = released + left + turned_away + in_port.

    All are events of the measured stretch, whenever a unit arrived; `stayed_away` are those who wanted to come in it.
    """
    units, start = ledger.units, ledger.start
    flow, outcome = units["flow"], units["outcome"]
    groups = len(ledger.network.flows)
    is_out = units["out"] >= 0
    out_now = is_out & (units["out"] >= start)
    chosen = {
        "in_port_at_start": ~ledger.came_in_window & (out_now | ~is_out),
        "arrived": ledger.came_in_window,
        "released": out_now & (outcome == UnitOutcome.RELEASED),
        "left": out_now & (outcome == UnitOutcome.LEFT),
        "turned_away": out_now & (outcome == UnitOutcome.TURNED_AWAY),
        "in_port": ~is_out,
    }
    counts = {name: np.bincount(flow[rows], minlength=groups).tolist() for name, rows in chosen.items()}
    counts["stayed_away"] = ledger.traffic.stayed_away.tolist()
    for name, by_flow in counts.items():
        sheet.write(name, "units", sum(by_flow))
    for number, flow_name in enumerate(ledger.network.flows):
        for name, by_flow in counts.items():
            sheet.write(name, "units", by_flow[number], flow=flow_name)


def _mean_at(level: StepFunction, ticks: Ints) -> float:
    """Mean level over these ticks, NaN of none."""
    return ratio(int(levels_at(level, ticks).sum()), ticks.size)
