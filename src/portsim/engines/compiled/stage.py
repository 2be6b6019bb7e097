"""One stage: its door, its waiting space and its lanes. Here is decided how long a unit waits.

`move` lets units in from the door, `grant` starts services; `port.dispatch` calls them stage by stage.
"""

from __future__ import annotations

from portsim.engines.compiled import calls, lanes, officers, pace, queue, readiness
from portsim.engines.compiled.compiling import kernel
from portsim.engines.compiled.events import push_event, push_timer
from portsim.engines.compiled.state import (
    BATCH_DUE,
    ENDS,
    HAS_PASSENGERS,
    HOLDS_BACK,
    NOW,
    PIECES,
    ROLE_LISTS,
    TOUCHED,
    State,
)
from portsim.model.network import NONE

NEVER = -1
ANY_LANE = NONE
NO_ROLE = -2


@kernel
def touch(s: State, stage: int) -> None:
    """Something changed at this stage: have it looked at in the next moves and grants of this instant."""
    turn = s.stages[stage].turn
    if not s.touched[turn]:
        s.touched[turn] = True
        s.x[TOUCHED] += 1


@kernel
def stand_at_door(s: State, unit: int, stage: int) -> None:
    """A unit has come to this stage: from outside, or blocking the lane behind it (rules 5 and 10)."""
    me, paper, now = s.units[unit], s.stages[stage], s.x[NOW]
    me.queue = s.queue_of[stage * s.x[ROLE_LISTS] + s.roles_of[me.row] + 1]
    me.is_called = not paper.calls_in
    me.joined = now
    if paper.space == NONE and not s.x[HOLDS_BACK]:
        # Nobody ever stands at this door; let in now or by the moves of this instant, it comes to the same.
        admit(s, unit)
        wait(s, unit, stage)
    else:
        queue.push(s, paper.door, unit, False)
        paper.at_door += 1
        readiness.watch(s, unit)
    touch(s, stage)


@kernel
def look_again(s: State, unit: int, row: int) -> None:
    """A unit that was not ready may have become so: its hold-until has come, or its passengers are out."""
    me = s.units[unit]
    if me.row != row or me.is_out:
        return
    stage = s.stage_of[row]
    if not me.is_called:
        line_up(s, unit, stage)
    elif readiness.is_ready(s, unit):
        queue.become_ready(s, unit)
        touch(s, stage)


@kernel
def wait(s: State, unit: int, stage: int) -> None:
    """A unit that has just been let in joins those who wait."""
    queue.join(s, unit, stage, readiness.may_start(s, unit))
    if not s.units[unit].is_called:
        line_up(s, unit, stage)


@kernel
def line_up(s: State, unit: int, stage: int) -> None:
    """Where units are called in: it can be called once it waits inside and its hold-until has come."""
    me = s.units[unit]
    if s.joined[me.row] == NONE or not readiness.hold_has_come(s, unit):
        return
    calls.line_up(s, stage, unit)
    touch(s, stage)
    after = s.stages[stage].batch_after
    if after != NONE:
        if me.joined + after > s.x[NOW]:
            push_timer(s, me.joined + after, BATCH_DUE, unit, me.row)
        else:
            calls.become_late(s, stage, unit)


@kernel
def admit(s: State, unit: int) -> None:
    """A unit enters: it has joined the stage, and left the one behind."""
    me = s.units[unit]
    now = s.x[NOW]
    me.joined = now
    s.joined[me.row] = now
    if me.behind != NONE:
        leave_behind(s, unit, me.row - 1)
    if s.x[HAS_PASSENGERS]:
        readiness.split_off(s, unit)


@kernel
def leave_behind(s: State, unit: int, row: int) -> None:
    """A unit that was done here has moved on, or is released: the lane is free."""
    me = s.units[unit]
    stage = me.behind
    s.left[row] = s.x[NOW]
    me.behind = NONE
    if me.slot != NONE:
        lanes.give_back(s, me.slot, me.lane)
        touch(s, stage)


@kernel
def move(s: State, stage: int) -> None:
    """Rule 11: let units in, in door order, while fewer wait than there is waiting space."""
    paper = s.stages[stage]
    while paper.space == NONE or paper.waiting < paper.space:
        unit = queue.peek(s, paper.door, False)
        if unit == NONE:
            return
        queue.drop(s, paper.door, unit, False)
        if s.units[unit].is_out:
            continue
        paper.at_door -= 1
        admit(s, unit)
        wait(s, unit, stage)
        readiness.watch_limit(s, unit)


@kernel
def grant(s: State, stage: int) -> None:
    """Rule 12: start what can start now: paused services, then those who wait, then the door."""
    paper = s.stages[stage]
    if paper.calls_in:
        call_in(s, stage)
    while paper.can_pause:
        unit = paused_grant(s, stage)
        if unit == NONE:
            break
        give_paused(s, stage, unit)
    if not paper.is_open:
        return
    while paper.waiting > 0:
        unit, slot = waiting_grant(s, stage)
        if unit == NONE:
            break
        give_waiting(s, stage, unit, slot)
    while paper.at_door > 0:
        unit, slot = door_grant(s, stage)
        if unit == NONE:
            break
        give_door(s, stage, unit, slot)


@kernel
def call_in(s: State, stage: int) -> None:
    """Rule 12 (b): where units are called in, those who are called now."""
    if not s.stages[stage].calls_in or not s.stages[stage].is_open:
        return
    while True:
        many = calls.called(s, stage, s.x[NOW])
        if many == 0:
            return
        for _ in range(many):
            unit = calls.next_called(s, stage)
            s.units[unit].is_called = True
            if readiness.is_ready(s, unit):
                queue.become_ready(s, unit)


@kernel
def paused_grant(s: State, stage: int) -> int:
    """Rules 12 (a) and 17: who can go on: a stage that suspends must be open again; then officers are all it needs."""
    paper = s.stages[stage]
    if not paper.can_pause or (paper.suspends and not paper.is_open):
        return NONE
    unit = queue.peek(s, paper.paused, True)
    if unit != NONE and paper.pool != NONE and officers.crew_for(s, paper.pool, paper.officers) == NONE:
        return NONE
    return unit


@kernel
def waiting_grant(s: State, stage: int) -> tuple[int, int]:
    """Rule 12 (c): the first of those who wait that can start, and its lanes."""
    paper = s.stages[stage]
    best, best_slot = NONE, NO_ROLE
    if paper.waiting == 0 or (paper.pool != NONE and officers.crew_for(s, paper.pool, paper.officers) == NONE):
        return best, best_slot
    for line in range(paper.first_queue, paper.last_queue):
        unit = queue.first_of(s, line)
        if unit != NONE and (best == NONE or queue.is_before(s, unit, best, True)):
            slot = slot_for(s, line)
            if slot != NO_ROLE:
                best, best_slot = unit, slot
    return best, best_slot


@kernel
def door_grant(s: State, stage: int) -> tuple[int, int]:
    """Rule 12 (d): whoever is first at the door, if it can start at once, and its lanes."""
    paper = s.stages[stage]
    while True:
        unit = queue.peek(s, paper.door, False)
        if unit == NONE or not s.units[unit].is_out:
            break
        queue.drop(s, paper.door, unit, False)
    if unit == NONE:
        return NONE, NO_ROLE
    slot = slot_for(s, s.units[unit].queue)
    if slot == NO_ROLE or (paper.pool != NONE and officers.crew_for(s, paper.pool, paper.officers) == NONE):
        return NONE, NO_ROLE
    if not readiness.may_start(s, unit):
        return NONE, NO_ROLE
    return unit, slot


@kernel
def slot_for(s: State, line: int) -> int:
    """Rule 14: the first accepted lanes with one free; helped ones only while none of their own wait."""
    roles = s.queues[line]
    if roles.is_delay:
        return ANY_LANE
    for choice in range(roles.first, roles.last):
        slot = s.choices[choice].slot
        if s.slots[slot].busy < s.slots[slot].open and not (s.choices[choice].helped and s.slots[slot].own > 0):
            return slot
    return NO_ROLE


@kernel
def give_paused(s: State, stage: int, unit: int) -> None:
    """A paused service goes on."""
    queue.drop(s, s.stages[stage].paused, unit, True)
    if s.stages[stage].pool != NONE:
        take_officers(s, stage, unit)
    work(s, stage, unit, s.interrupted[unit].remaining)


@kernel
def give_waiting(s: State, stage: int, unit: int, slot: int) -> None:
    """A unit that waits starts."""
    queue.drop(s, s.queues[s.units[unit].queue].list, unit, True)
    queue.depart(s, unit, stage)
    if s.stages[stage].at_door > 0:
        touch(s, stage)  # there is waiting space again
    start(s, stage, unit, slot)


@kernel
def give_door(s: State, stage: int, unit: int, slot: int) -> None:
    """A unit enters from the door and starts in one move."""
    queue.drop(s, s.stages[stage].door, unit, False)
    s.stages[stage].at_door -= 1
    admit(s, unit)
    start(s, stage, unit, slot)


@kernel
def start(s: State, stage: int, unit: int, slot: int) -> None:
    """A unit takes a lane and officers, and its service begins."""
    me, paper = s.units[unit], s.stages[stage]
    row = me.row
    s.started[row] = s.x[NOW]
    me.slot = slot
    if slot != ANY_LANE:
        me.lane = lanes.take(s, slot)
        s.lane[row] = me.lane
        s.role[row] = s.slots[slot].role
    if paper.pool != NONE:
        take_officers(s, stage, unit)
        s.crew[row] = me.crew - s.pools[paper.pool].first_crew
        s.officers[row] = paper.officers
    base = s.work_of[row]
    if paper.has_pace:
        base = pace.work(s, stage, base)
    work(s, stage, unit, base)


@kernel
def work(s: State, stage: int, unit: int, length: int) -> None:
    """A service is under way for so many ticks."""
    me = s.units[unit]
    me.since = s.x[NOW]
    me.ends_at = me.since + length
    if s.stages[stage].can_pause:
        chain = s.interrupted[unit]
        chain.before = NONE
        chain.after = s.stages[stage].serving
        if chain.after != NONE:
            s.interrupted[chain.after].before = unit
        s.stages[stage].serving = unit
    push_event(s.ends, s.x, ENDS, me.ends_at, unit)


@kernel
def take_officers(s: State, stage: int, unit: int) -> None:
    """A crew gives its officers to a service."""
    crew = officers.crew_for(s, s.stages[stage].pool, s.stages[stage].officers)
    s.units[unit].crew = crew
    s.crews[crew].in_use += s.stages[stage].officers


@kernel
def free_officers(s: State, stage: int, unit: int) -> None:
    """A service gives its officers back; the stages of the pool may start others."""
    s.crews[s.units[unit].crew].in_use -= s.stages[stage].officers
    pool = s.pools[s.stages[stage].pool]
    for other in range(pool.first_stage, pool.last_stage):
        touch(s, s.stages_of_pool[other])


@kernel
def stop_serving(s: State, stage: int, unit: int) -> None:
    """Take a unit off the chain of those in service."""
    chain = s.interrupted[unit]
    if chain.before == NONE:
        s.stages[stage].serving = chain.after
    else:
        s.interrupted[chain.before].after = chain.after
    if chain.after != NONE:
        s.interrupted[chain.after].before = chain.before


@kernel
def end(s: State, unit: int, stage: int) -> None:
    """Rule 7: a service is done. The officers are free; the lane is held until the unit has moved on."""
    me = s.units[unit]
    s.ended[me.row] = s.x[NOW]
    me.ends_at = NEVER
    if me.was_paused:
        write_piece(s, stage, unit, s.x[NOW])
        me.was_paused = False
    if s.stages[stage].pool != NONE:
        free_officers(s, stage, unit)
    if s.stages[stage].can_pause:
        stop_serving(s, stage, unit)
    me.behind = stage


@kernel
def pause(s: State, unit: int, stage: int) -> None:
    """Rule 8: interrupt a service; the officers are free, the lane and the remaining work are kept."""
    me = s.units[unit]
    write_piece(s, stage, unit, s.x[NOW])
    me.was_paused = True
    s.interrupted[unit].remaining = me.ends_at - s.x[NOW]
    me.ends_at = NEVER
    if s.stages[stage].pool != NONE:
        free_officers(s, stage, unit)
    stop_serving(s, stage, unit)
    queue.push(s, s.stages[stage].paused, unit, True)
    touch(s, stage)


@kernel
def write_piece(s: State, stage: int, unit: int, until: int) -> None:
    """Add one unbroken piece of an interrupted service."""
    me = s.units[unit]
    piece = s.pieces[s.x[PIECES]]
    s.x[PIECES] += 1
    piece.unit = unit
    piece.row = me.row
    piece.crew = NONE
    if s.stages[stage].pool != NONE:
        piece.crew = me.crew - s.pools[s.stages[stage].pool].first_crew
    piece.officers = s.stages[stage].officers
    piece.since = me.since
    piece.until = until


@kernel
def give_up(s: State, unit: int) -> None:
    """A unit that never started a service leaves from the door or the queue (rules 9 and 13)."""
    row = s.units[unit].row
    stage = s.stage_of[row]
    if s.joined[row] != NONE:
        queue.depart(s, unit, stage)
        s.left[row] = s.x[NOW]
        if s.stages[stage].calls_in:
            calls.forget(s, stage, unit)
    else:
        s.stages[stage].at_door -= 1
    touch(s, stage)
