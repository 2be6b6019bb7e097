"""A naive third engine for the tests: the contract read rule by rule, in plain lists.

Everything is looked up afresh by scanning the units that are in the port; nothing is cached, so there is little that
can be wrong. It was written from the rules alone, not from another engine. Rule numbers stand beside each piece.

Left out because a `Network` does not carry them: rotas (23).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from portsim.errors import LimitError
from portsim.model.network import NONE, Batch, Closing, EndOfShift, Network, Precedence, Reserve, Waves
from portsim.model.records import LEVELS, UNITS, VISITS, WORK, Records, UnitOutcome, VisitOutcome, empty, table
from portsim.model.traffic import Traffic, WhenFull

MOST_ROUNDS = 10_000


@dataclass
class Piece:
    """One unbroken stretch of a service by one crew."""

    crew: int
    officers: int
    start: int
    until: int = NONE


@dataclass(eq=False)
class Visit:
    """One unit at one stage, from joining to leaving; `state` is one of VisitOutcome."""

    unit: int
    step: int
    stage: int
    joined: int
    priority: int
    called: int = NONE
    state: VisitOutcome = VisitOutcome.WAITING
    started: int = NONE
    ended: int = NONE
    left: int = NONE
    lane: int = NONE
    role: int = NONE
    officers: int = 0
    remaining: int = 0
    due: int = NONE
    pieces: list[Piece] = field(default_factory=list)
    interrupted: bool = False

    @property
    def order(self) -> tuple[int, int, int]:
        """Rule 4: who goes first among the waiting or paused units of a stage."""
        return (self.priority, self.joined, self.unit)


@dataclass(eq=False)
class Unit:
    """One unit that arrived: which step it is at, or at whose door it has stood since `door`."""

    number: int
    arrived: int
    step: int = 0
    door: int | None = None
    visit: Visit | None = None
    visits: list[Visit] = field(default_factory=list)
    has_started: bool = False
    out: int = NONE
    outcome: UnitOutcome = UnitOutcome.IN_PORT


class TooManyRounds(Exception):
    """One instant did not come to rest."""


class Run:
    """The port at one instant after another."""

    def __init__(self, network: Network, traffic: Traffic) -> None:
        self.network = network
        self.traffic = traffic
        self.units: dict[int, Unit] = {}
        self.present: list[Unit] = []
        self.split_off: list[int] = []
        self.passengers: dict[int, list[int]] = {}
        self.arrivals: dict[int, list[int]] = {}
        self.decided: dict[tuple[int, int], list[tuple[int, int]]] = {
            (number, reserve.crew): [] for number, pool in enumerate(network.pools) for reserve in pool.reserves
        }
        """(tick, level) by (pool, crew) of a reserve: what the run has decided so far, also for later ticks (24)."""
        for number in range(len(traffic)):
            parent = int(traffic.parent[number])
            if parent != NONE:
                self.passengers.setdefault(parent, []).append(number)
            else:
                self.arrivals.setdefault(int(traffic.arrived[number]), []).append(number)

    # What stands where ------------------------------------------------------------------------------------------

    def row(self, unit: Unit) -> int:
        """Row of the unit's current step in the per-step columns of the traffic."""
        return int(self.traffic.first[unit.number]) + unit.step

    def steps(self, unit: Unit) -> int:
        return int(self.traffic.first[unit.number + 1] - self.traffic.first[unit.number])

    def visits(self, stage: int, *states: VisitOutcome) -> list[Visit]:
        """Visits at a stage in any of these states, in the one order of rule 4."""
        here = [u.visit for u in self.present if u.visit is not None and u.visit.stage == stage]
        return sorted((visit for visit in here if visit.state in states), key=lambda visit: visit.order)

    def waiting(self, stage: int) -> list[Visit]:
        return self.visits(stage, VisitOutcome.WAITING)

    def door(self, stage: int) -> list[Unit]:
        """Units at a stage's door, in door order: tick reached, then unit number; priority does not count (4)."""
        there = [u for u in self.present if u.door is not None and self.traffic.stage[self.row(u)] == stage]
        return sorted(there, key=lambda unit: (unit.door, unit.number))

    def is_outside(self, unit: Unit) -> bool:
        """At its first door a unit stands outside (5)."""
        return unit.door is not None and unit.step == 0

    def is_open(self, stage: int, t: int) -> bool:
        return self.network.stages[stage].is_open(t) > 0

    def crew_steps(self, pool: int, crew: int) -> list[tuple[int, int]]:
        """The steps of a crew's level: those on paper, or of a reserve those the run decides (24)."""
        if (pool, crew) in self.decided:
            return self.decided[pool, crew]
        return self.network.pools[pool].crews[crew].level.pairs()

    def crew_level(self, pool: int, crew: int, t: int) -> int:
        """Rule 2: the last step at or before t; 0 before the first."""
        return ([0] + [level for tick, level in self.crew_steps(pool, crew) if tick <= t])[-1]

    # One instant (rule 6) ---------------------------------------------------------------------------------------

    def play(self, t: int) -> None:
        """Rounds until one changes nothing, then turn-away; if that put anyone out, rounds again (6)."""
        rounds = 0
        while True:
            changed = True
            while changed:
                rounds += 1
                if rounds > MOST_ROUNDS:
                    raise TooManyRounds
                changed = self.play_round(t, is_first=rounds == 1)
            if not self.turn_away(t):
                break
        self.read_thresholds(t)

    def play_round(self, t: int, *, is_first: bool) -> bool:
        """One round; True if anything changed (6)."""
        changes = [self.end_services(t)]
        if is_first:
            changes += [self.pause_closed(t), self.pause_unstaffed(t), self.lose_patience(t)]
        changes += [self.arrive(t, is_first=is_first), self.move(t), self.grant(t)]
        return any(changes)

    def end_services(self, t: int) -> bool:
        """Rule 7: every service whose work is done ends; its officers are free; last step: released."""
        changed = False
        for unit in list(self.present):
            visit = unit.visit
            if visit is None or visit.state != VisitOutcome.IN_SERVICE or visit.due != t:
                continue
            changed = True
            visit.ended = visit.pieces[-1].until = t
            if unit.step + 1 == self.steps(unit):
                visit.state = VisitOutcome.DONE
                visit.left = t
                self.put_out(unit, t, UnitOutcome.RELEASED)
            else:
                visit.state = VisitOutcome.BLOCKED
                unit.step += 1
                unit.door = t
        return changed

    def pause_closed(self, t: int) -> bool:
        """Rule 8 (i): all services of a closed stage that suspends."""
        changed = False
        for number, stage in enumerate(self.network.stages):
            if stage.closing == Closing.SUSPEND and not self.is_open(number, t):
                for visit in self.visits(number, VisitOutcome.IN_SERVICE):
                    self.pause(visit, t)
                    changed = True
        return changed

    def pause_unstaffed(self, t: int) -> bool:
        """Rule 8 (ii): in pools that hand over, crew by crew, the last in (stage, priority, joined, number)."""
        changed = False
        for pool_number, pool in enumerate(self.network.pools):
            if pool.end_of_shift != EndOfShift.HAND_OVER:
                continue
            for crew_number in range(len(pool.crews)):
                while self.in_use(pool_number, crew_number) > self.crew_level(pool_number, crew_number, t):
                    served = self.served_by(pool_number, crew_number)
                    self.pause(max(served, key=lambda visit: (visit.stage, *visit.order)), t)
                    changed = True
        return changed

    def pause(self, visit: Visit, t: int) -> None:
        """A pause frees the officers, keeps the lane and the remaining work (8)."""
        visit.state = VisitOutcome.PAUSED
        visit.remaining = visit.due - t
        visit.interrupted = True
        visit.pieces[-1].until = t

    def lose_patience(self, t: int) -> bool:
        """Rule 9: a unit that never started a service leaves at arrived + patience, outside or waiting."""
        changed = False
        for unit in list(self.present):
            if self.patience_ends(unit) == t:
                changed = True
                if unit.visit is not None:
                    unit.visit.state = VisitOutcome.LEFT
                    unit.visit.left = t
                self.put_out(unit, t, UnitOutcome.LEFT)
        return changed

    def patience_ends(self, unit: Unit) -> int | None:
        patience = int(self.traffic.patience[unit.number])
        return None if patience == NONE or unit.has_started else unit.arrived + patience

    def arrive(self, t: int, *, is_first: bool) -> bool:
        """Rule 10: arrivals of t, and passengers split off in the previous round, stand at their first door."""
        coming = self.split_off + (self.arrivals.get(t, []) if is_first else [])
        self.split_off = []
        for number in sorted(coming):
            unit = Unit(number, arrived=t, door=t)
            self.units[number] = unit
            self.present.append(unit)
        return bool(coming)

    def move(self, t: int) -> bool:
        """Rule 11: each stage admits from its door while fewer wait than its waiting space, open or closed."""
        changed = False
        for number, stage in enumerate(self.network.stages):
            for unit in self.door(number):
                if stage.waiting_space == NONE or len(self.waiting(number)) < stage.waiting_space:
                    self.join(unit, t)
                    changed = True
        return changed

    def join(self, unit: Unit, t: int) -> Visit:
        """Admission is `joined`, `left` of the visit before, and frees the lane behind (11); passengers split off."""
        if unit.visit is not None:
            unit.visit.state = VisitOutcome.DONE
            unit.visit.left = t
        stage = int(self.traffic.stage[self.row(unit)])
        unit.visit = Visit(unit.number, unit.step, stage, t, int(self.traffic.priority[unit.number]))
        unit.visits.append(unit.visit)
        unit.door = None
        for passenger in self.passengers.get(unit.number, []):  # rule 26: they arrive one round later
            if self.traffic.split_step[passenger] == unit.step:
                self.split_off.append(passenger)
        return unit.visit

    def grant(self, t: int) -> bool:
        """Rule 12: stage by stage in file order, each once per round; those that share officers together (24)."""
        changed = False
        for number, stage in enumerate(self.network.stages):
            together = self.stages_together(number)
            if together is not None:
                if number == together[0]:
                    precedence = self.network.pools[stage.pool].precedence
                    changed |= self.grant_together(together, precedence, t)
                continue
            changed |= self.call(number, t)  # (b); who is resumed in (a) was not waiting, so this may come first
            for find in (self.can_resume, self.can_start_waiting, self.can_start_from_door):  # (a), (c), (d)
                while found := find(number, t):
                    self.give(*found, t)
                    changed = True
        return changed

    def stages_together(self, number: int) -> list[int] | None:
        """The stages that take their turn together with this one (24); None if the order is fixed or it is alone."""
        pool = self.network.stages[number].pool
        if pool == NONE or self.network.pools[pool].precedence == Precedence.FIXED:
            return None
        together = [other for other, stage in enumerate(self.network.stages) if stage.pool == pool]
        return together if len(together) > 1 else None

    def grant_together(self, together: list[int], precedence: Precedence, t: int) -> bool:
        """Rule 24: all make their calls; then one grant after another goes to the stage that has precedence.

        Which of (a), (c) and (d) a stage can give is asked afresh before each grant. So a unit that comes back to its
        stage through the door, which frees a lane there, lets one that waits inside start before the next at the door;
        where the order is fixed the stage has gone on to (d), and the one inside waits for the next round.
        """
        changed = False
        for number in together:
            changed |= self.call(number, t)
        while True:
            able: list[tuple[int, int, Unit, tuple[int, int]]] = []
            for number in together:
                found = (
                    self.can_resume(number, t)
                    or self.can_start_waiting(number, t)
                    or self.can_start_from_door(number, t)
                )
                if found is None:
                    continue
                unit, _ = found
                if precedence == Precedence.LONGEST_QUEUE:
                    rank = -len(self.waiting(number))
                else:
                    rank = t if unit.door is not None or unit.visit is None else unit.visit.joined
                able.append((rank, number, *found))
            if not able:
                return changed
            _, _, unit, place = min(able, key=lambda each: each[:2])
            self.give(unit, place, t)
            changed = True

    def call(self, number: int, t: int) -> bool:
        """Rule 12 (b): who is called stays called as long as the visit lasts; nobody at the door is called (25)."""
        stage = self.network.stages[number]
        if stage.calls is None or not self.is_open(number, t):
            return False
        uncalled = [
            visit
            for visit in self.waiting(number)
            if visit.called == NONE and self.traffic.hold[self.row(self.units[visit.unit])] <= t
        ]
        if isinstance(stage.calls, Waves):
            up_to = dict(zip(stage.calls.at.tolist(), stage.calls.up_to.tolist(), strict=True)).get(t, 0)
            before = [v for u in self.units.values() for v in u.visits if v.stage == number and v.called == t]
            called = uncalled[: max(0, up_to - len(before))]
        else:
            called = uncalled[: len(uncalled) // stage.calls.size * stage.calls.size]
            rest = uncalled[len(called) :]
            if any(self.has_waited_for_its_batch(visit, stage.calls, t) for visit in rest):
                called = uncalled
        for visit in called:
            visit.called = t
        return bool(called)

    def has_waited_for_its_batch(self, visit: Visit, batch: Batch, t: int) -> bool:
        return batch.at_most != NONE and visit.joined + batch.at_most <= t

    def can_resume(self, number: int, t: int) -> tuple[Unit, tuple[int, int]] | None:
        """Rule 12 (a): a stage that suspends resumes only when open, one that finishes also while closed (17)."""
        stage = self.network.stages[number]
        crew = self.crew_able(number, t)  # a resumed service chooses again (21)
        if crew is None or (stage.closing == Closing.SUSPEND and not self.is_open(number, t)):
            return None
        for visit in self.visits(number, VisitOutcome.PAUSED):
            return self.units[visit.unit], (visit.role, crew)
        return None

    def can_start_waiting(self, number: int, t: int) -> tuple[Unit, tuple[int, int]] | None:
        """Rule 12 (c): the first in order that can start, passing over those that cannot.

        A start can let one pass that was passed over before: the last unit with a role as its own takes a lane,
        and the role may help again. Looking from the front again keeps first in, first out.
        """
        for visit in self.waiting(number):
            place = self.place_for(self.units[visit.unit], visit.joined, t)
            if place is not None:
                return self.units[visit.unit], place
        return None

    def can_start_from_door(self, number: int, t: int) -> tuple[Unit, tuple[int, int]] | None:
        """Rule 12 (d): the first at the door, if it can start at once."""
        for unit in self.door(number)[:1]:
            place = self.place_for(unit, t, t)
            if place is not None:
                return unit, place
        return None

    def give(self, unit: Unit, place: tuple[int, int], t: int) -> None:
        """Resume, start, or enter and start in one move."""
        if unit.door is not None:
            self.start(self.join(unit, t), place, t)
        elif unit.visit is not None and unit.visit.state == VisitOutcome.PAUSED:
            self.work_on(unit.visit, place[1], t, unit.visit.remaining)
        elif unit.visit is not None:
            self.start(unit.visit, place, t)

    def turn_away(self, t: int) -> bool:
        """Rule 13: every `turn_away` unit that arrived at this tick and is still outside. No visit row."""
        turned = [
            unit
            for unit in self.present
            if unit.arrived == t and self.is_outside(unit) and self.traffic.when_full[unit.number] == WhenFull.TURN_AWAY
        ]
        for unit in turned:
            self.put_out(unit, t, UnitOutcome.TURNED_AWAY)
        return bool(turned)

    def put_out(self, unit: Unit, t: int, outcome: UnitOutcome) -> None:
        unit.out = t
        unit.outcome = outcome
        self.present.remove(unit)

    # Reserves (rule 24) -----------------------------------------------------------------------------------------

    def reserves(self) -> list[tuple[Reserve, list[tuple[int, int]]]]:
        """Each reserve with the steps of its level that have been decided."""
        return [
            (reserve, self.decided[number, reserve.crew])
            for number, pool in enumerate(self.network.pools)
            for reserve in pool.reserves
        ]

    def read_thresholds(self, t: int) -> None:
        """At the end of an instant: call in who is idle and needed, send home who has stayed and is not.

        A reserve is read unless a step of its level is still to come: on its way, or going home at the next tick.
        """
        for reserve, steps in self.reserves():
            if steps and steps[-1][0] > t:
                continue
            queue = self.queue(reserve.watched, t)
            if not steps or steps[-1][1] == 0:
                if queue >= reserve.call_at:
                    steps.append((max(t + 1, t + reserve.ready_in), reserve.officers))
            elif t >= steps[-1][0] + reserve.stay and queue <= reserve.close_at:
                steps.append((t + 1, 0))

    def queue(self, watched: tuple[int, ...], t: int) -> int:
        """Waiting, called or not, and at the door, outside and blocked alike; none where it is closed."""
        return sum(len(self.waiting(number)) + len(self.door(number)) for number in watched if self.is_open(number, t))

    # Service ----------------------------------------------------------------------------------------------------

    def place_for(self, unit: Unit, joined: int, t: int) -> tuple[int, int] | None:
        """Rule 14: (role, crew) if the unit can start its current step now, having joined it at `joined`."""
        row = self.row(unit)
        number = int(self.traffic.stage[row])
        stage = self.network.stages[number]
        if not self.is_open(number, t) or self.traffic.hold[row] > t:
            return None
        if stage.calls is not None and (unit.door is not None or unit.visit is None or unit.visit.called == NONE):
            return None
        if self.traffic.is_join[row] and self.awaits_passengers(unit, joined, t):
            return None
        crew = self.crew_able(number, t)
        if crew is None:
            return None
        if stage.lanes is None:  # rule 16: a delay, any number in service
            return (NONE, crew)
        for role, is_helped in self.network.role_lists[int(self.traffic.roles[row])]:
            if is_helped and self.is_wanted_by_its_own(number, role):
                continue
            if self.free_lane(number, role, t) is not None:
                return (role, crew)
        return None

    def is_wanted_by_its_own(self, number: int, role: int) -> bool:
        """Whether a waiting unit (door excluded) has the role as its own (14)."""
        for visit in self.waiting(number):
            row = int(self.traffic.first[visit.unit]) + visit.step
            if (role, False) in self.network.role_lists[int(self.traffic.roles[row])]:
                return True
        return False

    def awaits_passengers(self, unit: Unit, joined: int, t: int) -> bool:
        """Rule 26: a join waits while a passenger is inside or still to come, at most until joined + limit."""
        limit = int(self.traffic.join_limit[self.row(unit)])
        if limit != NONE and joined + limit <= t:
            return False
        passengers = self.passengers.get(unit.number, [])
        return any(number not in self.units or self.units[number].out == NONE for number in passengers)

    def free_lane(self, number: int, role: int, t: int) -> int | None:
        """Rule 15: the lowest free number while busy (in service, paused or blocked) < open."""
        lanes = dict(self.network.stages[number].lanes or ())
        occupying = self.visits(number, VisitOutcome.IN_SERVICE, VisitOutcome.PAUSED, VisitOutcome.BLOCKED)
        busy = [visit.lane for visit in occupying if visit.role == role]
        if role not in lanes or len(busy) >= lanes[role](t):
            return None
        return min(lane for lane in range(len(busy) + 1) if lane not in busy)

    def crew_able(self, number: int, t: int) -> int | None:
        """Rules 20 and 21: of the crews able the one that came on duty last, ties to the lower number.

        NONE if the stage needs no officers; None if no crew can give them.
        """
        stage = self.network.stages[number]
        if stage.pool == NONE:
            return NONE
        able = []
        for crew in range(len(self.network.pools[stage.pool].crews)):
            level = self.crew_level(stage.pool, crew, t)
            if level > 0 and level - self.in_use(stage.pool, crew) >= stage.officers:
                able.append((-on_duty_since(self.crew_steps(stage.pool, crew), t), crew))
        return min(able)[1] if able else None

    def served_by(self, pool: int, crew: int) -> list[Visit]:
        """Services under way that this crew of this pool staffs."""
        here = [unit.visit for unit in self.present if unit.visit is not None]
        return [
            visit
            for visit in here
            if visit.state == VisitOutcome.IN_SERVICE
            and self.network.stages[visit.stage].pool == pool
            and visit.pieces[-1].crew == crew
        ]

    def in_use(self, pool: int, crew: int) -> int:
        return sum(visit.officers for visit in self.served_by(pool, crew))

    def start(self, visit: Visit, place: tuple[int, int], t: int) -> None:
        """Start in this role with this crew; one that came through the door has left its lane behind by now."""
        role, crew = place
        lane = NONE if role == NONE else self.free_lane(visit.stage, role, t)
        assert lane is not None
        unit = self.units[visit.unit]
        unit.has_started = True
        visit.started = t
        visit.role = role
        visit.lane = lane
        visit.officers = self.network.stages[visit.stage].officers if crew != NONE else 0
        self.work_on(visit, crew, t, self.paced(visit, int(self.traffic.work[self.row(unit)]), t))

    def paced(self, visit: Visit, work: int, t: int) -> int:
        """Rule 19: read once, as the service starts; those who started before it in this round wait no more."""
        stage = self.network.stages[visit.stage]
        if stage.pace is None:
            return work
        by_clock = ([0] + [permille for tick, permille in stage.pace.by_clock.pairs() if tick <= t])[-1]
        lanes_open = sum(lanes(t) for _, lanes in stage.lanes or ())
        by_lanes = last_reached(stage.pace.by_lanes, lanes_open) if stage.lanes is not None else 1000
        others = [other for other in self.waiting(visit.stage) if other is not visit]
        by_queue = last_reached(stage.pace.by_queue, len(others))
        return work * 1000 // max(1, by_clock * by_lanes * by_queue // 1_000_000)

    def work_on(self, visit: Visit, crew: int, t: int, work: int) -> None:
        """Begin or resume a service; zero work ends in the next round of the instant (18)."""
        visit.state = VisitOutcome.IN_SERVICE
        visit.due = t + work
        visit.pieces.append(Piece(crew, visit.officers, t))

    # Time -------------------------------------------------------------------------------------------------------

    def known_ticks(self) -> list[int]:
        """Ticks known before the run: steps of every level, waves, arrivals, holds; only 0 <= t < end is played (1)."""
        levels = [stage.is_open for stage in self.network.stages]
        levels += [level for stage in self.network.stages for _, level in stage.lanes or ()]
        levels += [crew.level for pool in self.network.pools for crew in pool.crews]
        ticks = {tick for level in levels for tick, _ in level.pairs()}
        ticks |= {t for stage in self.network.stages if isinstance(stage.calls, Waves) for t in stage.calls.at.tolist()}
        ticks |= set(self.arrivals) | set(self.traffic.hold.tolist())
        return sorted(tick for tick in ticks if 0 <= tick < self.network.end)

    def coming_ticks(self) -> list[int]:
        """Ticks the port will act at by itself: services done, limits of joins and batches, patience, reserves."""
        ticks = []
        for unit in self.present:
            patience_ends = self.patience_ends(unit)
            if patience_ends is not None:
                ticks.append(patience_ends)
            visit = unit.visit
            if visit is not None and visit.state == VisitOutcome.IN_SERVICE:
                ticks.append(visit.due)
            if visit is not None and visit.state == VisitOutcome.WAITING:
                limit = int(self.traffic.join_limit[self.row(unit)])
                if limit != NONE:
                    ticks.append(visit.joined + limit)
                calls = self.network.stages[visit.stage].calls
                if isinstance(calls, Batch) and calls.at_most != NONE:
                    ticks.append(visit.joined + calls.at_most)
        for reserve, steps in self.reserves():
            if steps:
                ticks += [steps[-1][0], steps[-1][0] + reserve.stay]
        return ticks

    # Records (rule 28) ------------------------------------------------------------------------------------------

    def records(self, end: int) -> Records:
        units = [self.units[number] for number in sorted(self.units)]
        visits = [visit for unit in units for visit in unit.visits]
        rows = [int(self.traffic.first[visit.unit]) + visit.step for visit in visits]
        pieces = [(visit, piece) for visit in visits if visit.interrupted for piece in visit.pieces]
        of_traffic = ["flow", "kind", "parent", "priority", "persons", "goods", "wanted"]
        numbers = [unit.number for unit in units]
        decided = sorted(
            (tick, 1, pool, crew, level)
            for (pool, crew), steps in self.decided.items()
            for tick, level in steps
            if tick < end
        )
        return Records(
            units=table(
                UNITS,
                {
                    "unit": numbers,
                    **{name: getattr(self.traffic, name)[numbers] for name in of_traffic},
                    "arrived": [unit.arrived for unit in units],
                    "out": [unit.out for unit in units],
                    "outcome": [unit.outcome for unit in units],
                },
            )
            if units
            else empty(UNITS),
            visits=table(
                VISITS,
                {
                    "unit": [visit.unit for visit in visits],
                    "step": [visit.step for visit in visits],
                    "leg": self.traffic.leg[rows],
                    "direction": self.traffic.direction[rows],
                    "stage": [visit.stage for visit in visits],
                    "lane": [visit.lane for visit in visits],
                    "role": [visit.role for visit in visits],
                    "joined": [visit.joined for visit in visits],
                    "started": [visit.started for visit in visits],
                    "ended": [visit.ended for visit in visits],
                    "left": [visit.left for visit in visits],
                    "officers": [visit.officers for visit in visits],
                    "crew": [visit.pieces[0].crew if visit.pieces else NONE for visit in visits],
                    "outcome": [visit.state for visit in visits],
                },
            )
            if visits
            else empty(VISITS),
            work=table(
                WORK,
                {
                    "unit": [visit.unit for visit, _ in pieces],
                    "step": [visit.step for visit, _ in pieces],
                    "crew": [piece.crew for _, piece in pieces],
                    "officers": [piece.officers for _, piece in pieces],
                    "from": [piece.start for _, piece in pieces],
                    "until": [piece.until for _, piece in pieces],
                },
            ),
            levels=table(LEVELS, {name: [row[at] for row in decided] for at, name in enumerate(LEVELS)}),
            end=end,
        )


def last_reached(paces: tuple[tuple[int, int], ...], number: int) -> int:
    """The permille of the last entry that this many reach; the ordinary pace before the first (19)."""
    return ([1000] + [permille for least, permille in paces if least <= number])[-1]


def on_duty_since(steps: list[tuple[int, int]], t: int) -> int:
    """The tick at which a level that is positive at t last rose from 0 (rule 21); before its first step it is 0."""
    before = 0
    since = NONE
    for tick, level in steps:
        if tick <= t and level > 0 and before == 0:
            since = tick
        before = level
    return since


def simulate(network: Network, traffic: Traffic, units_in_port: int = 200_000, *, every_tick: bool = False) -> Records:
    """Play the port from tick 0 to the end.

    every_tick : visit every tick instead of only those at which something can happen; the records are the same

    Raises LimitError, with the records up to then, when more units than `units_in_port` have arrived and are not
    out at the end of an instant (those outside count), or when an instant needs more than 10,000 rounds.
    """
    run = Run(network, traffic)
    known = list(range(network.end)) if every_tick else run.known_ticks()
    t = -1
    while True:
        ahead = known[(after := bisect_right(known, t)) : after + 1]
        ahead += [tick for tick in run.coming_ticks() if t < tick < network.end]
        if not ahead:
            return run.records(network.end)
        t = min(ahead)
        try:
            run.play(t)
        except TooManyRounds:
            message = f"tick {t} needs more than {MOST_ROUNDS:,} rounds"
            raise LimitError(message, tick=t, records=run.records(t)) from None
        if len(run.present) > units_in_port:
            message = f"more than {units_in_port:,} units in the port at tick {t}"
            raise LimitError(message, tick=t, records=run.records(t + 1))
