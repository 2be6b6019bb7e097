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
from collections.abc import Iterable, Sequence

import numpy as np

from portsim.model.network import NONE, Closed, Network
from portsim.results.areas import Ints
from portsim.results.ledger import Ledger
from portsim.results.measure import HOUR_MS, Sheet, ratio

DAY_MS = 24 * HOUR_MS

NEARLY_ALL = 0.95
"""Share of a backlog that has to be out: the last few may be unpacked for a day, which is no matter of the closure."""


def reopening(network: Network, closure: Closed) -> int | None:
    """First tick from the closure's end on at which its stage is open, None if that does not come."""
    is_open = network.stages[closure.stage].is_open
    if is_open(closure.end):
        return closure.end
    later = is_open.at[(is_open.at > closure.end) & (is_open.value > 0)]
    return int(later[0]) if later.size else None


def reopenings(network: Network, stage: int) -> list[int]:
    """Ticks at which a stage is open again after a closure, ascending."""
    ticks = {reopening(network, closure) for closure in network.closures if closure.stage == stage}
    return sorted(tick for tick in ticks if tick is not None)


def closure_events(network: Network) -> list[list[tuple[int, int]]]:
    """Reopenings as (tick, stage), ascending, of each event: closures of any stage that overlap or touch are one.

    Each closure lasts until its stage is open again. An event after which no stage opens again is left out.
    """
    closures = [(closure, reopening(network, closure)) for closure in network.closures]
    events: list[list[tuple[int, int]]] = []
    reach = NONE
    for closure, tick in sorted(closures, key=lambda pair: pair[0].start):
        if not events or closure.start > reach:
            events.append([])
        reach = max(reach, network.end if tick is None else tick)
        events[-1] += [] if tick is None else [(tick, closure.stage)]
    return [sorted(opened) for opened in events if opened]


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


class Recovery:
    """What comes of one reopening, followed part by part.

    start : tick of the reopening
    over : tick at which it was over, None as long as it is not
    """

    def __init__(self, start: int) -> None:
        self.start = start
        self.over: int | None = None

    def length(self, end: int) -> int:
        """Ms until it was over, or until the end of the run."""
        return (end if self.over is None else self.over) - self.start


class QueueRecovery(Recovery):
    """Until for the first time nobody stands."""

    def follow(self, start: Ints, end: Ints, since: int, part_end: int) -> None:
        """Look through a part that begins at or before the reopening, or follows one that was looked through.

        start, end : int64[n] each, when somebody stands, as `standing` gives them
        """
        tick = max(self.start, since)
        gone = _first_empty(start, end, tick) if _stands(start, end, tick) else tick
        if gone < part_end:
            self.over = gone


class Clearance(Recovery):
    """Until nearly all units of a flow (or any) that were there at the reopening are out."""

    def __init__(self, start: int, flow: int | None) -> None:
        super().__init__(start)
        self.flow = flow
        self._left = NONE

    def follow(self, ledger: Ledger) -> None:
        """Look through a part, as above."""
        units = ledger.units
        there = units["arrived"] <= self.start
        if self.flow is not None:
            there &= units["flow"] == self.flow
        out = units["out"]
        if self._left == NONE:  # the part in which it begins
            held_up = int(np.count_nonzero(there & ((out == NONE) | (out > self.start))))
            self._left = math.ceil(NEARLY_ALL * held_up)
            if not held_up:
                self.over = self.start
                return
        gone = np.sort(out[there & (out > self.start) & (out >= ledger.since)])
        if gone.size >= self._left:
            self.over = int(gone[self._left - 1])
        self._left -= gone.size


class RecoveryTally:
    """How long backlogs and queues take to go after closures.

    Where closures of several stages are one event, it has one reopening for the port: that of the first stage before
    which anybody stands as it opens, of the first stage of all if nobody stands anywhere. A road between the sides that
    is open at night after a closed day lets nobody through before the gates. Which it is turns out on the way, so all
    that may be it are followed.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._events = closure_events(network)
        candidates = sorted({tick for opened in self._events for tick, _ in opened})
        self._held_up: set[tuple[int, int]] = set()
        self._of_port = {tick: QueueRecovery(tick) for tick in candidates}
        flows = [None, *range(len(network.flows))]
        self._cleared = {tick: [Clearance(tick, flow) for flow in flows] for tick in candidates}
        stages = range(len(network.stages))
        self._of_stages = [[QueueRecovery(tick) for tick in reopenings(network, stage)] for stage in stages]

    def add(self, ledger: Ledger) -> None:
        """Look through a part of the run."""
        since, end = ledger.since, ledger.end

        def is_due(recovery: Recovery) -> bool:
            return recovery.over is None and recovery.start < end

        for opened in self._events:
            for tick, stage in opened:
                if since <= tick <= end and (tick, stage) not in self._held_up:
                    begins, ends = standing(ledger, [stage])
                    if _stands(begins, ends, tick - 1) or _stands(begins, ends, tick):
                        self._held_up.add((tick, stage))
        for clearances in self._cleared.values():
            for clearance in filter(is_due, clearances):
                clearance.follow(ledger)
        every: list[tuple[Sequence[int], Sequence[QueueRecovery]]]
        every = [(range(len(self._of_stages)), list(self._of_port.values()))]
        every += [([number], recoveries) for number, recoveries in enumerate(self._of_stages)]
        for stages, recoveries in every:
            due = list(filter(is_due, recoveries))
            if due:
                stand = standing(ledger, stages)
                for recovery in due:
                    recovery.follow(*stand, since, end)

    def write(self, sheet: Sheet, start: int, end: int) -> None:
        """Write the rows; undefined without any reopening in the measured stretch, start <= t < end.

        Of the port and each flow `backlog_h` is the mean over the reopenings, and `backlog_cleared_share` the share of
        them after which it was cleared before the end. Of the port and each stage `recovery_h`, `recovery_max_h` (the
        longest) and `recovered_share` say the same of queues.
        """
        ticks = [
            next((tick for tick, stage in opened if (tick, stage) in self._held_up), opened[0][0])
            for opened in self._events
        ]
        ticks = [tick for tick in ticks if start <= tick < end]
        for place, name in enumerate((None, *self._network.flows)):
            cleared = [self._cleared[tick][place] for tick in ticks]
            sheet.write("backlog_h", "h", _mean_length(cleared, end), flow=name)
            sheet.write("backlog_cleared_share", "share", _share_over(cleared), flow=name)
        _write(sheet, [self._of_port[tick] for tick in ticks], end, None)
        for stage, recoveries in zip(self._network.stages, self._of_stages, strict=True):
            _write(sheet, [one for one in recoveries if start <= one.start < end], end, stage.name)


def _mean_length(found: Sequence[Recovery], end: int) -> float:
    return ratio(sum(recovery.length(end) for recovery in found) / HOUR_MS, len(found))


def _share_over(found: Sequence[Recovery]) -> float:
    return ratio(sum(recovery.over is not None for recovery in found), len(found))


def _write(sheet: Sheet, found: Sequence[Recovery], end: int, name: str | None) -> None:
    lengths = [recovery.length(end) for recovery in found]
    longest = max(lengths) / HOUR_MS if lengths else float("nan")
    sheet.write("recovery_h", "h", _mean_length(found, end), stage=name)
    sheet.write("recovery_max_h", "h", longest, stage=name)
    sheet.write("recovered_share", "share", _share_over(found), stage=name)
