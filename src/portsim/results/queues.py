"""How many stand where: queues by stage, units in the port, those held over at closing, and the balance of units."""

from __future__ import annotations

import math

import numpy as np

from portsim.model.network import StepFunction
from portsim.model.records import UnitOutcome
from portsim.results.areas import Ints, area_while, falls_to_zero, level_of
from portsim.results.ledger import Ledger
from portsim.results.measure import Sheet, ratio
from portsim.results.presence import Presence


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
    """Write down how many units are in the port and held over.

    `overnight` is the mean number of units in the port at each closing of its first side.
    """
    network, start, end = ledger.network, ledger.start, ledger.end
    length = end - start
    present = Presence.of(ledger.units["arrived"], ledger.gone, start, end)
    sheet.write("in_port_mean", "units", ratio(present.area(), length))
    sheet.write("in_port_max", "units", present.largest())
    sheet.write("overnight", "units", _mean_at(present, falls_to_zero(network.side_open[0], start, end)))


def measure_stage_queue(ledger: Ledger, number: int, sheet: Sheet) -> None:
    """Write down the queue of a stage.

    `queue_mean` is over the measured stretch, `queue_open_mean` over the part of it in which the stage is open,
    `queue_max` the most at any tick once the tick is over. `overnight` is the mean number waiting at each of the
    stage's closings, by its hours and closures alone: an outage is none.
    """
    stage, start, end = ledger.network.stages[number], ledger.start, ledger.end
    length = end - start
    waiting = Presence.of(*ledger.waiting(number), start, end)
    open_time = area_while(StepFunction.constant(1), stage.is_open, start, end)
    cells = {
        "queue_mean": ratio(waiting.area(), length),
        "queue_open_mean": ratio(waiting.area_while(stage.is_open), open_time),
        "queue_max": waiting.largest(),
        "overnight": _mean_at(waiting, falls_to_zero(stage.on_paper, start, end)),
    }
    for metric, value in cells.items():
        sheet.write(metric, "units", value, stage=stage.name)


def measure_balance(ledger: Ledger, sheet: Sheet) -> None:
    """Write down what became of units: in_port_at_start + arrived = released + left + turned_away + in_port.

    All are events of the measured stretch, whenever a unit arrived; `stayed_away` are those who wanted to come in it.
    """
    units, start = ledger.units, ledger.start
    shape = (len(ledger.network.flows), 3, len(UnitOutcome), 2)
    # Out before the stretch, in it, or not yet.
    out = np.where(units["out"] >= start, 1, 0) + 2 * (units["out"] < 0)
    cell = ((units["flow"] * 3 + out) * len(UnitOutcome) + units["outcome"]) * 2 + ledger.came_in_window
    by = np.bincount(cell, minlength=math.prod(shape)).reshape(shape)
    chosen = {
        "in_port_at_start": by[:, 1:, :, 0].sum(axis=(1, 2)),
        "arrived": by[..., 1].sum(axis=(1, 2)),
        "released": by[:, 1, UnitOutcome.RELEASED].sum(axis=1),
        "left": by[:, 1, UnitOutcome.LEFT].sum(axis=1),
        "turned_away": by[:, 1, UnitOutcome.TURNED_AWAY].sum(axis=1),
        "in_port": by[:, 2].sum(axis=(1, 2)),
    }
    counts = {name: by_flow.tolist() for name, by_flow in chosen.items()}
    counts["stayed_away"] = ledger.traffic.stayed_away.tolist()
    for name, by_flow in counts.items():
        sheet.write(name, "units", sum(by_flow))
    for number, flow_name in enumerate(ledger.network.flows):
        for name, by_flow in counts.items():
            sheet.write(name, "units", by_flow[number], flow=flow_name)


def _mean_at(present: Presence, ticks: Ints) -> float:
    """Mean of how many are present at these ticks, NaN of none."""
    return ratio(int(present.at(ticks).sum()), ticks.size)
