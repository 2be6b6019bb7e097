"""The port during the run, and the order of things within one instant (contract rules 6 to 13)."""

from __future__ import annotations

from portsim.engines.compiled import calls, reserves, sharing
from portsim.engines.compiled import stage as at
from portsim.engines.compiled.calendar import keep_calendar
from portsim.engines.compiled.compiling import entry, kernel, state_at
from portsim.engines.compiled.events import pop_event, pop_timer
from portsim.engines.compiled.state import (
    BATCH_DUE,
    COME,
    DONE,
    END,
    ENDS,
    EVENTS,
    HAS_DOORS,
    HAS_RESERVES,
    INSIDE,
    LEVELS,
    LOOK,
    MAY_TURN,
    MOST_AT_A_TICK,
    MOST_INSIDE,
    NEXT_ARRIVAL,
    NEXT_CHANGE,
    NEXT_PATIENCE,
    NO_ROOM,
    NOW,
    PATIENCE,
    PIECES,
    READ,
    READING_DUE,
    ROUND,
    SLICED,
    SPLIT_HEAD,
    STILL_TO_COME,
    TIMERS,
    TOO_MANY_ROUNDS,
    TOO_MANY_UNITS,
    TOUCHED,
    State,
)
from portsim.engines.compiled.unit import TURNED_AWAY, begin, go_away, go_on, lose_patience
from portsim.engines.limits import MOST_ROUNDS
from portsim.model.network import NONE

FOREVER = 2**63 - 1


@entry
def play(address: int, events: int) -> int:
    """Play instants until the end, a limit, or so many events; says which. address : of the run's table."""
    s = state_at(address)
    until = s.x[EVENTS] + events
    while True:
        now = _next_tick(s)
        if now >= s.x[END]:
            return DONE
        if not _has_room(s):
            return NO_ROOM
        if s.x[EVENTS] >= until:
            return SLICED
        s.x[NOW] = now
        s.x[ROUND] = 0
        code = _play_instant(s)
        if code != DONE:
            return code


@kernel
def _next_tick(s: State) -> int:
    x = s.x
    tick = FOREVER
    if x[ENDS] > 0:
        tick = s.ends[0].at
    if x[NEXT_ARRIVAL] < s.arrivals.size:
        tick = min(tick, s.arrival_at[x[NEXT_ARRIVAL]])
    if x[NEXT_CHANGE] < s.changes.size:
        tick = min(tick, s.changes[x[NEXT_CHANGE]].at)
    if x[NEXT_PATIENCE] < s.losing.size:
        tick = min(tick, s.losing_at[x[NEXT_PATIENCE]])
    if x[TIMERS] > 0:
        tick = min(tick, s.timers[0].at >> 1)
    return tick


@kernel
def _has_room(s: State) -> bool:
    """Whether this instant can be played without the arrays of ends, pieces or levels running over."""
    x = s.x
    ends = x[ENDS] + x[INSIDE] + x[MOST_AT_A_TICK] + x[STILL_TO_COME] + 16
    return (
        ends <= s.ends.size
        and x[PIECES] + 2 * x[ENDS] + 16 <= s.pieces.size
        and x[LEVELS] + 2 * s.reserves.size <= s.levels.size
    )


@kernel
def _play_instant(s: State) -> int:
    x = s.x
    is_first = True
    while True:
        _play_events(s)
        if is_first:
            is_first = False
            keep_calendar(s)
            _play_timers(s, True)
            while x[NEXT_PATIENCE] < s.losing.size and s.losing_at[x[NEXT_PATIENCE]] == x[NOW]:
                unit = s.losing[x[NEXT_PATIENCE]]
                x[NEXT_PATIENCE] += 1
                lose_patience(s, unit)
        if x[TOUCHED] > 0:
            x[ROUND] += 1
            if x[ROUND] > MOST_ROUNDS:
                return TOO_MANY_ROUNDS
            if x[HAS_RESERVES]:
                x[READING_DUE] = True
            dispatch(s)
            continue
        if _is_more_now(s):
            continue
        if x[MAY_TURN] > 0:
            turn_away(s)
            continue
        break
    if x[INSIDE] > x[MOST_INSIDE]:
        return TOO_MANY_UNITS
    if x[READING_DUE]:
        x[READING_DUE] = False
        reserves.read(s)
    return DONE


@kernel
def _is_more_now(s: State) -> bool:
    x = s.x
    return (
        (x[ENDS] > 0 and s.ends[0].at == x[NOW])
        or x[SPLIT_HEAD] != NONE
        or (x[TIMERS] > 0 and s.timers[0].at == 2 * x[NOW])
    )


@kernel
def _play_events(s: State) -> None:
    """The ends of this tick, and who arrives at it: in any order, for neither depends on the other."""
    x = s.x
    now = x[NOW]
    while x[ENDS] > 0 and s.ends[0].at == now:
        unit = pop_event(s.ends, x, ENDS)
        if s.units[unit].ends_at == now:
            x[EVENTS] += 1
            go_on(s, unit)
    passenger = x[SPLIT_HEAD]
    x[SPLIT_HEAD] = NONE
    while passenger != NONE:
        following = s.units[passenger].next
        begin(s, passenger)
        passenger = following
    while x[NEXT_ARRIVAL] < s.arrivals.size and s.arrival_at[x[NEXT_ARRIVAL]] == now:
        unit = s.arrivals[x[NEXT_ARRIVAL]]
        x[NEXT_ARRIVAL] += 1
        x[EVENTS] += 1
        begin(s, unit)
    _play_timers(s, False)


@kernel
def _play_timers(s: State, is_calendar: bool) -> None:
    x = s.x
    due = 2 * x[NOW] + (1 if is_calendar else 0)
    while x[TIMERS] > 0 and s.timers[0].at == due:
        timer = s.timer[pop_timer(s)]
        kind, unit, row = timer.kind, timer.unit, timer.row
        x[EVENTS] += 1
        if kind == LOOK:
            at.look_again(s, unit, row)
        elif kind == BATCH_DUE:
            if s.units[unit].row == row:
                calls.become_late(s, s.stage_of[row], unit)
                at.touch(s, s.stage_of[row])
        elif kind == READ:
            x[READING_DUE] = True
        elif kind == PATIENCE:
            lose_patience(s, unit)
        elif kind == COME:
            reserves.come(s, unit)
        else:
            reserves.go(s, unit)


@kernel
def dispatch(s: State) -> None:
    """One round: moves at every stage that was touched, then grants, each stage once, in file order."""
    if s.x[HAS_DOORS]:
        for turn in range(s.touched.size):
            s.moving[turn] = s.touched[turn]
        for turn in range(s.touched.size):
            if s.moving[turn]:
                if s.shared[turn] == NONE:
                    at.move(s, turn)
                else:
                    sharing.move(s, s.shared[turn])
    for turn in range(s.touched.size):
        if s.touched[turn]:
            s.touched[turn] = False
            s.x[TOUCHED] -= 1
            if s.shared[turn] == NONE:
                at.grant(s, turn)
            else:
                sharing.grant(s, s.shared[turn])


@kernel
def turn_away(s: State) -> None:
    """Rule 13: nothing moves any more at this instant; who came now, may not wait and is outside, goes."""
    many = s.x[MAY_TURN]
    s.x[MAY_TURN] = 0
    for number in range(many):
        unit = s.may_turn[number]
        if not s.units[unit].is_out and s.joined[s.first[unit]] == NONE:
            go_away(s, unit, TURNED_AWAY)
