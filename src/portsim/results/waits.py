"""How long units wait, are blocked, are delayed and stay; which of them within the targets.

Each belongs to the measured stretch in which its unit arrived. Units turned away as they arrived have no times;
units that gave up have theirs until they left, which is less than they would have had to wait (`left` says how many
did, `left_wait_mean_min` how long they waited). Units still in the port count with what is known: the time until the
end of the run, a lower bound for each of them (`unfinished_share` says how many there are).

wait     of a unit: arrived to first joined, and joined to started at every stage
blocked  of a unit: ended to left at every stage, its lane held because the next stage had no place
dwell    of each leg of a unit: arrived (first leg) or joined (later ones) to the leg's last stage left
delay    of each leg: dwell less the time actually worked on the unit

Percentiles interpolate linearly between order statistics (Hyndman and Fan 1996, definition 7). The buffer time is
the 95th percentile of dwell less its mean, the buffer index that over the mean (FHWA).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portsim.model.network import NONE
from portsim.model.records import UnitOutcome
from portsim.results.areas import Ints
from portsim.results.ledger import Ledger, Rows
from portsim.results.measure import Sheet, ratio

MINUTE_MS = 60_000
HOUR_MS = 3_600_000
PERCENTILES = (50, 90, 95)
TIMES = ("wait", "blocked", "delay", "dwell")
STATISTICS = ("mean", "p50", "p90", "p95", "max")


def percentile(ascending: NDArray[Any], q: int) -> float:
    """The q-th percentile of values in ascending order, NaN of none."""
    if not ascending.size:
        return float("nan")
    whole, hundredths = divmod((ascending.size - 1) * q, 100)
    low = int(ascending[whole])
    high = int(ascending[min(whole + 1, ascending.size - 1)])
    return low + (high - low) * hundredths / 100


@dataclass(frozen=True, slots=True, eq=False)
class Times:
    """One kind of time of the units that arrived in the measured stretch, ordered by flow.

    ms : int64[n]
    is_finished : bool[n], whether it is known to its end
    gave_up : bool[n], whether it ended because the unit gave up waiting
    bounds : intp[flows + 1], those of flow f are rows bounds[f] .. bounds[f + 1] - 1
    """

    ms: Ints
    is_finished: NDArray[np.bool_]
    gave_up: NDArray[np.bool_]
    bounds: Rows


def times_of(ledger: Ledger) -> Mapping[str, Times]:
    """Wait and blocked time of each unit, dwell and delay of each leg."""
    units = ledger.units
    size = units["unit"].size
    is_in_port = units["outcome"] == UnitOutcome.IN_PORT
    outside = ledger.outside
    stood_outside = ledger.gone[outside] - units["arrived"][outside]

    wait, blocked = unit_times(ledger)
    legs = ledger.first_visits_of_legs
    if ledger.first_visits.size:
        left = ledger.visits["left"][np.append(legs[1:], ledger.visits["unit"].size) - 1]
        dwell = ledger.until_end(left) - ledger.reached[legs]
        delay = dwell - np.add.reduceat(ledger.served, legs)
        leg_is_finished = left != NONE
    else:
        dwell = delay = np.empty(0, np.int64)
        leg_is_finished = np.empty(0, np.bool_)
    leg_unit = np.concatenate((ledger.rows_of(ledger.visits["unit"][legs]), outside))
    leg_is_finished = np.concatenate((leg_is_finished, ~is_in_port[outside]))
    of_unit = _chosen(ledger, np.arange(size), ledger.came_in_window & ledger.is_admitted)
    of_leg = _chosen(ledger, leg_unit, ledger.came_in_window[leg_unit])
    gave_up, leg_gave_up = ledger.gave_up, ledger.gave_up[leg_unit]
    return {
        "wait": _times(wait, ~is_in_port, gave_up, of_unit),
        "blocked": _times(blocked, ~is_in_port, gave_up, of_unit),
        "delay": _times(np.concatenate((delay, stood_outside)), leg_is_finished, leg_gave_up, of_leg),
        "dwell": _times(np.concatenate((dwell, stood_outside)), leg_is_finished, leg_gave_up, of_leg),
    }


def unit_times(ledger: Ledger) -> tuple[Ints, Ints]:
    """Wait and blocked time of each unit, int64 of the length of the units table, ms."""
    return ledger.unit_wait, ledger.unit_blocked


def _chosen(ledger: Ledger, unit: Rows, is_chosen: NDArray[np.bool_]) -> tuple[Rows | slice, Rows]:
    """Rows that are chosen, ordered by flow, and where those of each flow begin."""
    chosen: Rows | slice = slice(None) if is_chosen.all() else np.flatnonzero(is_chosen)
    flow = ledger.units["flow"][unit[chosen]]
    if (flow[1:] < flow[:-1]).any():
        order = np.argsort(flow, kind="stable")
        chosen, flow = np.arange(unit.size)[chosen][order], flow[order]
    return chosen, np.searchsorted(flow, np.arange(len(ledger.network.flows) + 1))


def _times(
    ms: Ints, is_finished: NDArray[np.bool_], gave_up: NDArray[np.bool_], chosen: tuple[Rows | slice, Rows]
) -> Times:
    rows, bounds = chosen
    return Times(ms[rows], is_finished[rows], gave_up[rows], bounds)


def measure_waits(ledger: Ledger, sheet: Sheet, targets: Mapping[str, float]) -> None:
    """Write down waits, blocked times, delays and dwells of the port and of each flow.

    `within_target_NAME` is the share known to have kept the target; one still in the port has not, and
    one that gave up never will. `truck_hours_lost` is the sum of delays, of whatever kind the units are, for the port
    without those of passengers. Raises ValueError for a target of another form than
    `wait_p95_min`, with one of the measures and statistics named here.
    """
    times = times_of(ledger)
    passengers = np.unique(ledger.units["flow"][ledger.is_passenger]).tolist()
    first_row = len(sheet.rows)
    groups: list[tuple[str | None, int]] = [(None, 0), *((name, f) for f, name in enumerate(ledger.network.flows))]
    for flow, number in groups:
        if flow is not None and len(ledger.network.flows) == 1 and not passengers:
            sheet.write_again(first_row, flow=flow)
            break
        part = slice(None) if flow is None else slice(times["wait"].bounds[number], times["wait"].bounds[number + 1])
        finished = times["wait"].is_finished[part]
        sheet.write("unfinished_share", "share", ratio(finished.size - int(finished.sum()), finished.size), flow=flow)
        for name in TIMES:
            bounds = times[name].bounds
            part = slice(None) if flow is None else slice(bounds[number], bounds[number + 1])
            ms = times[name].ms[part]
            values = dict(time_statistics(ms))
            for statistic, value in values.items():
                sheet.write(f"{name}_{statistic}_min", "min", value, flow=flow)
            if name == "wait":
                lost = ms[times[name].gave_up[part]]
                sheet.write("left_wait_mean_min", "min", ratio(int(lost.sum()) / MINUTE_MS, lost.size), flow=flow)
            if name == "delay":
                apart = passengers if flow is None else ()
                of_passengers = sum(int(times[name].ms[bounds[one] : bounds[one + 1]].sum()) for one in apart)
                sheet.write("truck_hours_lost", "h", (int(ms.sum()) - of_passengers) / HOUR_MS, flow=flow)
            if name == "dwell":
                buffer = values["p95"] - values["mean"]
                sheet.write("buffer_time_min", "min", buffer, flow=flow)
                sheet.write("buffer_index", "ratio", ratio(buffer, values["mean"]), flow=flow)
        for target, limit in targets.items():
            time = times[_measure_of(target)]
            part = slice(None) if flow is None else slice(time.bounds[number], time.bounds[number + 1])
            kept = time.is_finished[part] & ~time.gave_up[part] & (time.ms[part] <= limit * MINUTE_MS)
            sheet.write(f"within_target_{target}", "share", ratio(int(kept.sum()), kept.size), flow=flow)


def measure_stage_waits(ledger: Ledger, number: int, sheet: Sheet) -> None:
    """Write down waits for a stage, the time outside its door included for a unit's first, and times blocked after it.

    Those of units that arrived in the measured stretch.
    """
    came = ledger.came_in_window
    stage = ledger.network.stages[number].name
    reached, wait_end = ledger.waiting(number)
    waits = wait_end - reached
    visits = ledger.visits_of_stage[number]
    outside = ledger.outside[ledger.first_stage[ledger.outside] == number] if ledger.outside.size else ledger.outside
    if not came.all():
        came_here = came[ledger.rows_of(ledger.visits["unit"][visits])]
        waits = waits[np.concatenate((came_here, came[outside]))]
        visits, outside = visits[came_here], outside[came[outside]]
    still_outside = ledger.units["outcome"][outside] == UnitOutcome.IN_PORT
    waiting = int(np.count_nonzero(ledger.is_waiting[visits])) + int(np.count_nonzero(still_outside))
    sheet.write("unfinished_share", "share", ratio(waiting, waits.size), stage=stage)
    blocked = ledger.blocked[visits] if ledger.is_blocking else np.zeros(visits.size, np.int64)
    for name, ms in (("wait", waits), ("blocked", blocked)):
        for statistic, value in time_statistics(ms):
            sheet.write(f"{name}_{statistic}_min", "min", value, stage=stage)


def time_statistics(ms: Ints) -> Iterator[tuple[str, float]]:
    """Mean, percentiles and maximum in minutes, of ms in any order."""
    size, longest = ms.size, int(ms.max(initial=0))
    # Numbers of half the width are sorted in half the time.
    ascending: NDArray[Any] = ms.astype(np.int32) if longest < 2**31 else ms.copy()
    if longest:
        ascending.sort()
    yield "mean", ratio(int(ms.sum()), size) / MINUTE_MS
    for q in PERCENTILES:
        yield f"p{q}", percentile(ascending, q) / MINUTE_MS
    yield "max", int(ascending[-1]) / MINUTE_MS if size else float("nan")


def _measure_of(target: str) -> str:
    """Which kind of time a target is about."""
    name, _, rest = target.partition("_")
    statistic, _, unit = rest.partition("_")
    if name not in TIMES or statistic not in STATISTICS or unit != "min":
        raise ValueError(
            f"a target is one of {', '.join(TIMES)} with one of {', '.join(STATISTICS)} in minutes, "
            f"for instance wait_p95_min; got {target!r}"
        )
    return name
