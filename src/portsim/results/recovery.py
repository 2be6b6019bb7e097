"""How long after a closure those it held up are through, and how long until the queue it left is gone.

A closure of a stage is over when the stage is open again, which may be later than the closure's last day: the next
morning, if the stage opens by the clock. From that reopening on the recovery runs until, for the first time, nobody
waits: nobody joined and not started, nobody outside the door of the port, nobody blocked at the stage before. It is
elapsed time, nights included. If the queue outlives the run, the time to the end is a lower bound.

A port under load may never be without a queue, closure or not. So the backlog itself is followed as well: the units
that are in the port or stand before it at the reopening, until nearly all of them are out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from portsim.model.network import NONE, Closed, Network
from portsim.results.areas import Ints
from portsim.results.ledger import Ledger
from portsim.results.measure import Sheet, ratio

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

NEARLY_ALL = 0.95
"""Share of a backlog that has to be out: the last few may be unpacked for a day, which is no matter of the closure."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What came of one reopening.

    start : tick of the reopening
    length : ms until it was over, or until the end of the run
    is_over : whether it came to that before the end
    """

    start: int
    length: int
    is_over: bool


def reopening(network: Network, closure: Closed) -> int | None:
    """First tick from the closure's end on at which its stage is open, None if that does not come."""
    is_open = network.stages[closure.stage].is_open
    if is_open(closure.end):
        return closure.end
    later = is_open.at[(is_open.at > closure.end) & (is_open.value > 0)]
    return int(later[0]) if later.size else None


def reopenings(ledger: Ledger, stage: int) -> list[int]:
    """Ticks of the measured stretch at which a stage is open again after a closure, ascending."""
    ticks = {reopening(ledger.network, closure) for closure in ledger.network.closures if closure.stage == stage}
    return sorted(tick for tick in ticks if tick is not None and ledger.start <= tick < ledger.end)


def reopenings_of_port(ledger: Ledger) -> list[int]:
    """Ticks of the measured stretch at which the first stage is open again after closures of any, ascending.

    Each closure lasts until its stage is open again; those that overlap or touch are one event, with one reopening:
    that of the first stage before which anybody stands as it opens, of the first stage of all if nobody stands
    anywhere. A road between the sides that is open at night after a closed day lets nobody through before the gates.
    """
    network = ledger.network
    closures = [(closure, reopening(network, closure)) for closure in network.closures]
    events: list[list[tuple[int, int]]] = []
    reach = NONE
    for closure, tick in sorted(closures, key=lambda pair: pair[0].start):
        if not events or closure.start > reach:
            events.append([])
        reach = max(reach, ledger.end if tick is None else tick)
        events[-1] += [] if tick is None else [(tick, closure.stage)]
    first = [_first_held_up(ledger, sorted(opened)) for opened in events if opened]
    return [tick for tick in first if ledger.start <= tick < ledger.end]


def _first_held_up(ledger: Ledger, opened: list[tuple[int, int]]) -> int:
    """The first of these (tick, stage) at which somebody stands before the stage, up to the tick or after it."""
    for tick, stage in opened:
        start, end = standing(ledger, [stage])
        if _stands(start, end, tick - 1) or _stands(start, end, tick):
            return tick
    return opened[0][0]


def standing(ledger: Ledger, stages: Iterable[int]) -> tuple[Ints, Ints]:
    """When units want to get on at these stages: waiting there, outside their doors, or blocked at the stage before.

    From and until when, for each unit and wait: int64[n] each, start <= t < end.
    """
    starts, ends = [], []
    for stage in stages:
        waits = ledger.waiting(stage)
        held_up, bound_for = ledger.held_up
        blocked = held_up[bound_for == stage]
        starts += [waits[0], ledger.visits["ended"][blocked]]
        ends += [waits[1], ledger.left[blocked]]
    return np.concatenate(starts), np.concatenate(ends)


def _stands(start: Ints, end: Ints, tick: int) -> bool:
    return bool(np.any((start <= tick) & (end > tick)))


def recoveries(start: Ints, end: Ints, ticks: Iterable[int], end_of_run: int) -> list[Recovery]:
    """How long after each of these ticks for the first time nobody stands.

    start, end : int64[n] each, when somebody stands, as `standing` gives them
    """
    found = []
    for tick in ticks:
        gone = _first_empty(start, end, tick) if _stands(start, end, tick) else tick
        found.append(Recovery(tick, min(gone, end_of_run) - tick, gone < end_of_run))
    return found


def _first_empty(start: Ints, end: Ints, tick: int) -> int:
    """The first tick after this one, at which somebody stands, at which nobody does.

    Looked for among those who stand within a day, then four, and so on: most queues are gone soon.
    """
    lasting = (end > tick) & (end > start)
    reach = DAY_MS
    while True:
        near = lasting & (start <= tick + reach)
        order = np.argsort(start[near])
        begins, until = start[near][order], np.maximum.accumulate(end[near][order])
        gaps = np.flatnonzero(begins[1:] > until[:-1])
        gone = int(until[gaps[0]]) if gaps.size else int(until[-1])
        if gone < tick + reach or near.sum() == lasting.sum():
            return gone
        reach *= 4


def clearances(ledger: Ledger, ticks: Iterable[int], flow: int | None) -> list[Recovery]:
    """How long after each of these ticks nearly all units of a flow (or any) that were there at the tick are out."""
    ticks = list(ticks)
    if not ticks:
        return []
    arrived, gone = ledger.units["arrived"], ledger.gone
    if flow is not None:
        chosen = ledger.units["flow"] == flow
        arrived, gone = arrived[chosen], gone[chosen]
    found = []
    for tick in ticks:
        out = np.sort(gone[(arrived <= tick) & (gone > tick)])
        cleared = int(out[math.ceil(NEARLY_ALL * out.size) - 1]) if out.size else tick
        found.append(Recovery(tick, cleared - tick, cleared < ledger.end))
    return found


def measure_recovery(ledger: Ledger, sheet: Sheet) -> None:
    """Write down how long backlogs and queues took to go after closures; undefined without any.

    Of the port and each flow `backlog_h` is the mean over the reopenings of the measured stretch, and
    `backlog_cleared_share` the share of them after which it was cleared before the end. Of the port and each stage
    `recovery_h`, `recovery_max_h` (the longest) and `recovered_share` say the same of queues.
    """
    network = ledger.network
    of_port = reopenings_of_port(ledger)
    for flow, name in [(None, None), *enumerate(network.flows)]:
        cleared = clearances(ledger, of_port, flow)
        sheet.write("backlog_h", "h", _mean_length(cleared), flow=name)
        sheet.write("backlog_cleared_share", "share", _share_over(cleared), flow=name)
    _write(ledger, sheet, of_port, range(len(network.stages)), None)
    for number, stage in enumerate(network.stages):
        _write(ledger, sheet, reopenings(ledger, number), [number], stage.name)


def _mean_length(found: list[Recovery]) -> float:
    return ratio(sum(recovery.length for recovery in found) / HOUR_MS, len(found))


def _share_over(found: list[Recovery]) -> float:
    return ratio(sum(recovery.is_over for recovery in found), len(found))


def _write(ledger: Ledger, sheet: Sheet, ticks: list[int], stages: Iterable[int], name: str | None) -> None:
    found = recoveries(*standing(ledger, stages), ticks, ledger.end) if ticks else []
    lengths = [recovery.length for recovery in found]
    longest = max(lengths) / HOUR_MS if lengths else float("nan")
    sheet.write("recovery_h", "h", _mean_length(found), stage=name)
    sheet.write("recovery_max_h", "h", longest, stage=name)
    sheet.write("recovered_share", "share", _share_over(found), stage=name)
