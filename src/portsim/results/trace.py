"""One unit's way through the port, step by step, with what it stood and waited for: put together, not yet in words.

Its times are those of the measures (`waits`): outside the first door and in queues it waits, at later doors it is
blocked, and dwell is wait, work, pauses, blocked time and waiting for its own passengers, without a gap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from portsim.errors import ScenarioError
from portsim.model.network import NONE, Closing, Stage
from portsim.model.records import UnitOutcome, VisitOutcome
from portsim.model.traffic import Direction
from portsim.results.areas import Ints, levels_at
from portsim.results.causes import Cause, StageLevels, Stretch
from portsim.results.ledger import Ledger
from portsim.results.names import UNIT_OUTCOMES, VISIT_OUTCOMES
from portsim.results.waits import unit_times


@dataclass(frozen=True, slots=True)
class Piece:
    """An unbroken piece of service, start <= t < end, ticks; crew NONE without officers."""

    start: int
    end: int
    crew: int
    officers: int


@dataclass(frozen=True, slots=True)
class Stay:
    """One stage on a unit's way; ticks are None where a thing has not happened.

    zone : IANA name of the clock of its side
    door : tick at which the unit reached the door: as it arrived, or as its service at the stage before ended
    at_door : what it stood there for; ahead_at_door : how many stood there before it, the moment it came
    queued : what it waited for once it had joined; ahead : how many of those waiting came before it, that moment
    overtaken_by : how many joined after it and started before it
    pool : where its officers come from; pieces : of its service, pauses : between them
    outcome : as in the visits; None while it stood at the door
    """

    stage: str
    side: str
    zone: str
    leg: int
    direction: str
    is_first: bool
    door: int
    at_door: tuple[Stretch, ...]
    ahead_at_door: int
    joined: int | None
    queued: tuple[Stretch, ...]
    ahead: int
    overtaken_by: int
    started: int | None
    role: str | None
    lane: int | None
    pool: str | None
    pieces: tuple[Piece, ...]
    pauses: tuple[Stretch, ...]
    ended: int | None
    left: int | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Trace:
    """A unit and all its stays.

    start_ms : UTC epoch ms of tick 0; end : tick at which the records end; clock : IANA name of the port's clock
    is_measured : whether it arrived in the measured stretch, so that its times are in the measures
    wait_ms, blocked_ms, worked_ms, paused_ms, rejoin_ms, dwell_ms : until the end of the run if it is still in the
        port; dwell and delay (dwell less work) are the sum over its legs
    """

    unit: int
    flow: str
    kind: str
    direction: str
    parent: int | None
    priority: int
    persons: int
    goods: int
    wanted: int | None
    arrived: int
    out: int | None
    outcome: str
    stays: tuple[Stay, ...]
    start_ms: int
    end: int
    clock: str
    is_measured: bool
    wait_ms: int
    blocked_ms: int
    worked_ms: int
    paused_ms: int
    rejoin_ms: int
    dwell_ms: int

    @property
    def delay_ms(self) -> int:
        """Dwell less the time worked on the unit."""
        return self.dwell_ms - self.worked_ms


def longest_wait(ledger: Ledger) -> int:
    """Number of the unit that waited longest of those the measures are of: `wait_max_min`; the first of equals.

    Raises ScenarioError if no unit was let in of those that arrived in the measured stretch.
    """
    chosen = np.flatnonzero(ledger.came_in_window & ledger.is_admitted)
    if not chosen.size:
        raise ScenarioError(
            "no unit that arrived in the measured stretch was let in, so none waited longest: choose one by its number"
        )
    wait, _ = unit_times(ledger)
    return int(ledger.units["unit"][chosen[np.argmax(wait[chosen])]])


def trace_unit(ledger: Ledger, unit: int, zones: Mapping[str, str]) -> Trace:
    """Follow one unit.

    zones : IANA name of the clock of each side

    Raises ScenarioError if there is no such unit, or it never arrived.
    """
    return _Tracing(ledger, zones).trace(unit)


class _Tracing:
    def __init__(self, ledger: Ledger, zones: Mapping[str, str]) -> None:
        self.ledger = ledger
        self.zones = zones
        self.levels: dict[int, StageLevels] = {}
        self.wait_until = np.where(
            ledger.visits["started"] == NONE, ledger.until_end(ledger.visits["left"]), ledger.visits["started"]
        )

    def trace(self, unit: int) -> Trace:
        ledger, units, network = self.ledger, self.ledger.units, self.ledger.network
        row = _row_of(ledger, unit)
        low, high = np.searchsorted(ledger.visits["unit"], [unit, unit + 1]).tolist()
        visits = range(low, high)
        arrived, gone = int(units["arrived"][row]), int(ledger.gone[row])
        stays = []
        door = arrived
        for visit in visits:
            stays.append(self._stay(unit, visit, door, is_first=visit == low))
            door = int(ledger.ended[visit])
        step = len(visits)
        if step < ledger.traffic.first[unit + 1] - ledger.traffic.first[unit] and (
            not visits or ledger.visits["outcome"][high - 1] == VisitOutcome.BLOCKED
        ):
            stays.append(self._door(unit, step, door, gone))
        wait, blocked = unit_times(ledger)
        legs = np.flatnonzero(np.isin(ledger.first_visits_of_legs, visits))
        firsts = ledger.first_visits_of_legs[legs].tolist()
        lasts = [*(first - 1 for first in firsts[1:]), high - 1]
        dwell = [int(ledger.left[last] - ledger.reached[first]) for first, last in zip(firsts, lasts, strict=False)]
        outcome = int(units["outcome"][row])
        if not visits and outcome != UnitOutcome.TURNED_AWAY:
            dwell = [gone - arrived]
        return Trace(
            unit=unit,
            flow=network.flows[units["flow"][row]],
            kind=network.kinds[units["kind"][row]],
            direction=Direction(int(ledger.direction[row])).name.lower(),
            parent=_known(units["parent"][row]),
            priority=int(units["priority"][row]),
            persons=int(units["persons"][row]),
            goods=int(units["goods"][row]),
            wanted=_known(units["wanted"][row]),
            arrived=arrived,
            out=_known(units["out"][row]),
            outcome=UNIT_OUTCOMES[outcome],
            stays=tuple(stays),
            start_ms=network.start_ms,
            end=ledger.end,
            clock=network.clock,
            is_measured=bool(ledger.came_in_window[row] and ledger.is_admitted[row]),
            wait_ms=int(wait[row]),
            blocked_ms=int(blocked[row]),
            worked_ms=int(ledger.served[low:high].sum()),
            paused_ms=sum(pause.end - pause.start for stay in stays for pause in stay.pauses),
            rejoin_ms=sum(
                stretch.end - stretch.start
                for stay in stays
                for stretch in stay.queued
                if stretch.cause is Cause.PASSENGERS
            ),
            dwell_ms=sum(dwell),
        )

    def _stay(self, unit: int, visit: int, door: int, *, is_first: bool) -> Stay:
        """A visit, from the door on."""
        ledger, columns = self.ledger, self.ledger.visits
        number, step, joined = (int(columns[name][visit]) for name in ("stage", "step", "joined"))
        stage = ledger.network.stages[number]
        row = ledger.traffic.first[unit] + step
        until = int(self.wait_until[visit])
        if ledger.traffic.is_join[row]:
            queued: tuple[Stretch, ...] = (Stretch(Cause.PASSENGERS, joined, until),) if until > joined else ()
        else:
            queued = self._stretches(unit, step, joined, until)
        pieces = ledger.pieces(number)
        own = np.flatnonzero(pieces.visit == visit)
        own = own[np.argsort(pieces.start[own])]
        parts = tuple(
            Piece(int(pieces.start[i]), int(pieces.end[i]), int(pieces.crew[i]), int(pieces.officers[i])) for i in own
        )
        role = int(columns["role"][visit])
        ahead, overtaken_by = self._around(visit)
        return Stay(
            stage=stage.name,
            side=ledger.network.sides[stage.side],
            zone=self.zones[ledger.network.sides[stage.side]],
            leg=int(columns["leg"][visit]),
            direction=Direction(int(columns["direction"][visit])).name.lower(),
            is_first=is_first,
            door=door,
            at_door=self._stretches(unit, step, door, joined, is_at_door=True),
            ahead_at_door=self._ahead_at_door(unit, number, door),
            joined=joined,
            queued=queued,
            ahead=ahead,
            overtaken_by=overtaken_by,
            started=_known(columns["started"][visit]),
            role=None if role == NONE else ledger.network.roles[role],
            lane=_known(columns["lane"][visit]),
            pool=None if stage.pool == NONE else ledger.network.pools[stage.pool].name,
            pieces=parts,
            pauses=tuple(self._pauses(visit, parts)),
            ended=_known(columns["ended"][visit]),
            left=_known(columns["left"][visit]),
            outcome=VISIT_OUTCOMES[columns["outcome"][visit]],
        )

    def _door(self, unit: int, step: int, door: int, gone: int) -> Stay:
        """A stage whose door is as far as the unit came."""
        ledger = self.ledger
        row = ledger.traffic.first[unit] + step
        number = int(ledger.traffic.stage[row])
        stage = ledger.network.stages[number]
        return Stay(
            stage=stage.name,
            side=ledger.network.sides[stage.side],
            zone=self.zones[ledger.network.sides[stage.side]],
            leg=int(ledger.traffic.leg[row]),
            direction=Direction(int(ledger.traffic.direction[row])).name.lower(),
            is_first=step == 0,
            door=door,
            at_door=self._stretches(unit, step, door, gone, is_at_door=True),
            ahead_at_door=self._ahead_at_door(unit, number, door),
            joined=None,
            queued=(),
            ahead=0,
            overtaken_by=0,
            started=None,
            role=None,
            lane=None,
            pool=None if stage.pool == NONE else ledger.network.pools[stage.pool].name,
            pieces=(),
            pauses=(),
            ended=None,
            left=None,
            outcome=None,
        )

    def _stretches(
        self, unit: int, step: int, start: int, end: int, *, is_at_door: bool = False
    ) -> tuple[Stretch, ...]:
        if end <= start:
            return ()
        traffic = self.ledger.traffic
        row = int(traffic.first[unit]) + step
        number, roles = int(traffic.stage[row]), int(traffic.roles[row])
        levels = self.levels.setdefault(number, StageLevels(self.ledger, number))
        accepted = self.ledger.network.role_lists[roles] if roles != NONE else ()
        hold = int(traffic.hold[row])
        return levels.stretches(start, end, accepted=accepted, hold=hold, is_at_door=is_at_door)

    def _around(self, visit: int) -> tuple[int, int]:
        """How many waited before the unit as it joined, and how many came later and started earlier."""
        ledger = self.ledger
        rows = ledger.visits_of_stage[int(ledger.visits["stage"][visit])]
        rows = rows[rows != visit]
        joined, until = ledger.visits["joined"][rows], self.wait_until[rows]
        unit, priority = ledger.visits["unit"][rows], ledger.units["priority"][ledger.unit_row[rows]]
        at, number = int(ledger.visits["joined"][visit]), int(ledger.visits["unit"][visit])
        own_priority = int(ledger.units["priority"][ledger.unit_row[visit]])
        is_earlier = (joined < at) | ((joined == at) & (unit < number))
        is_before = (priority < own_priority) | ((priority == own_priority) & is_earlier)
        ahead = np.count_nonzero(is_before & (joined <= at) & (until > at))
        started = ledger.visits["started"][rows]
        overtook = (joined > at) & (started != NONE) & (started < self.wait_until[visit])
        return int(ahead), int(np.count_nonzero(overtook))

    def _ahead_at_door(self, unit: int, stage: int, door: int) -> int:
        """How many stood at the door before the unit, the moment it came there: outside, or blocked at the back."""
        ledger, traffic = self.ledger, self.ledger.traffic
        arrived = ledger.units["arrived"]
        entered = ledger.gone.copy()
        entered[ledger.visited] = ledger.visits["joined"][ledger.first_visits]
        outside = _stood_before(arrived, entered, ledger.units["unit"], door, unit)
        count = int(np.count_nonzero(outside & (ledger.first_stage == stage)))
        next_step = traffic.first[ledger.visits["unit"]] + ledger.visits["step"] + 1
        goes_on = next_step < traffic.first[ledger.visits["unit"] + 1]
        bound_for = np.where(goes_on, traffic.stage[np.minimum(next_step, traffic.stage.size - 1)], NONE)
        ended = ledger.visits["ended"]
        blocked = _stood_before(ended, ledger.left, ledger.visits["unit"], door, unit)
        return count + int(np.count_nonzero(blocked & (ended != NONE) & (bound_for == stage)))

    def _pauses(self, visit: int, pieces: tuple[Piece, ...]) -> list[Stretch]:
        """Stretches between pieces of the service, and after the last if it was not resumed."""
        if not pieces:
            return []
        stage = self.ledger.network.stages[int(self.ledger.visits["stage"][visit])]
        starts = [piece.end for piece in pieces]
        ends = [*(piece.start for piece in pieces[1:]), int(self.ledger.ended[visit])]
        pauses: list[Stretch] = []
        for start, end in zip(starts, ends, strict=True):
            if end > start:
                pauses += _pause(stage, start, end)
        return pauses


def _pause(stage: Stage, start: int, end: int) -> list[Stretch]:
    """One pause, cut where the stage that suspends its services opens or closes, goes out or is back."""
    if stage.closing != Closing.SUSPEND:
        return [Stretch(Cause.NO_OFFICERS, start, end)]
    turns = np.union1d(stage.on_paper.at, stage.is_open.at)
    at = np.concatenate(([start], turns[(turns > start) & (turns < end)]))
    is_closed, is_out = levels_at(stage.on_paper, at) == 0, levels_at(stage.is_open, at) == 0
    causes = np.select([is_closed, is_out], [Cause.CLOSED, Cause.OUT], Cause.NO_OFFICERS).tolist()
    ticks = [*at.tolist(), end]
    return [Stretch(Cause(why), low, high) for why, low, high in zip(causes, ticks[:-1], ticks[1:], strict=True)]


def _stood_before(since: Ints, until: Ints, numbers: Ints, tick: int, unit: int) -> Ints:
    """Which stood at a door at a tick, in front of a unit that comes at that tick."""
    stood: Ints = (until > tick) & ((since < tick) | ((since == tick) & (numbers < unit)))
    return stood


def _row_of(ledger: Ledger, unit: int) -> int:
    """Row of a unit in the units table."""
    count = len(ledger.traffic)
    if not 0 <= unit < count:
        have = f"units 0 to {count - 1}" if count else "no units"
        raise ScenarioError(f"there is no unit {unit}: the replication has {have}")
    row = int(np.searchsorted(ledger.units["unit"], unit))
    if row == ledger.units["unit"].size or ledger.units["unit"][row] != unit:
        raise ScenarioError(f"unit {unit} never arrived: the run ended before its time, so there is nothing to tell")
    return row


def _known(value: np.integer) -> int | None:
    """A value, None where there is none."""
    return None if value == NONE else int(value)
