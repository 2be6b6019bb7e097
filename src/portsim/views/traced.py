"""One unit's way through the port in words: when, by every clock it passes, what, and why it stood."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from portsim.model.network import NONE
from portsim.results.causes import Cause, Stretch
from portsim.results.trace import Stay, Trace
from portsim.scenario.calendar import moment, to_local
from portsim.tables import Line, Table

IN_ORDER = 3
"""So many stretches of waiting are told one after another; more are added up by cause."""

_OUTCOMES = {
    "released": "is out",
    "left": "leaves unserved: its patience is over",
    "turned_away": "is turned away: there is no room for it",
    "in_port": "is still in the port as the run ends",
}


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the story: tick, the zone of the place where it happens, what happens."""

    tick: int
    zone: str
    text: str


def trace_blocks(trace: Trace, replication: int) -> list[Line | Table]:
    """The whole story: who it is, what happens, what it adds up to."""
    events = list(_story(trace))
    zones = list(dict.fromkeys([trace.clock, *(event.zone for event in events)]))
    rows = []
    before: datetime | None = None
    for event in events:
        clocks = [_clock(trace, event.tick, zone) for zone in zones]
        is_new = before is None or clocks[0].date() != before.date()
        before = clocks[0]
        times = [f"{clock:%H:%M:%S}" + _days_apart(clock, clocks[0]) for clock in clocks]
        rows.append((f"{clocks[0]:%Y-%m-%d}" if is_new else "", *times, event.text))
    return [
        Line(f"{trace.kind} {trace.unit} of replication {replication}", is_heading=True),
        Table.of(("", ""), _who(trace), names=2),
        Line(""),
        Table.of(("", *zones, ""), rows, names=2 + len(zones)),
        Line(""),
        Table.of(("", ""), _totals(trace), names=2),
    ]


def _clock(trace: Trace, tick: int, zone: str) -> datetime:
    """A tick by a clock, to the nearest second."""
    return to_local((trace.start_ms + tick + 500) // 1000 * 1000, zone)


def _days_apart(clock: datetime, port: datetime) -> str:
    """The day of another clock where it is not the day of the port's."""
    return "" if clock.date() == port.date() else f" ({clock:%d %b})"


def _who(trace: Trace) -> Iterator[tuple[str, str]]:
    yield "flow", f"{trace.flow} ({trace.kind}, {trace.direction})"
    order = "ordinary" if not trace.priority else f"{trace.priority} (before all above it)"
    yield "priority", order
    yield "aboard", _count(trace.persons, "person") + (f", {trace.goods:,} of goods" if trace.goods else "")
    if trace.parent is not None:
        yield "came in", f"unit {trace.parent}"
    elif trace.wanted is not None and trace.wanted != trace.arrived:
        wanted = _clock(trace, trace.wanted, trace.clock)
        moved = "later" if trace.arrived > trace.wanted else "earlier"
        yield (
            "wanted to come",
            f"{wanted:%Y-%m-%d %H:%M:%S}; came {duration(abs(trace.arrived - trace.wanted))} {moved}",
        )
    if not trace.is_measured:
        why = "it was turned away" if trace.outcome == "turned_away" else "it came before the measured stretch"
        yield "measured", f"no: {why}"


def _story(trace: Trace) -> Iterator[Event]:
    """Everything that happens, in order."""
    for number, stay in enumerate(trace.stays):
        follower = trace.stays[number + 1] if number + 1 < len(trace.stays) else None
        yield from _entry(trace, stay)
        yield from sorted(_service(trace, stay), key=lambda event: event.tick)
        if stay.ended is not None and follower is not None:
            yield Event(stay.ended, stay.zone, f"{stay.stage} is done{_worked(stay)}{_leaving(follower)}")
        elif stay.ended is not None:
            yield Event(stay.ended, stay.zone, f"{stay.stage} is done{_worked(stay)}")
    yield from _ending(trace)


def _entry(trace: Trace, stay: Stay) -> Iterator[Event]:
    """Coming to the door, and going in."""
    if stay.is_first and (stay.at_door or stay.joined is None):
        place = f"comes and stands outside {stay.stage}"
        yield Event(stay.door, stay.zone, f"{place}, {_ahead(stay.ahead_at_door)} there")
    if stay.joined is None:
        return
    is_straight = stay.joined == stay.started
    if is_straight and not stay.is_first and not stay.at_door:
        return
    if stay.is_first and not stay.at_door:
        text = f"comes to {stay.stage}"
    elif stay.is_first:
        text = f"goes in at {stay.stage} after {_waited(stay.at_door, stay, trace)}"
    elif stay.at_door:
        text = f"goes on to {stay.stage}, blocked until now for {_waited(stay.at_door, stay, trace)}"
    else:
        text = f"comes to {stay.stage}"
    if not is_straight:
        text += f", {_ahead(stay.ahead)}"
    yield Event(stay.joined, stay.zone, text)


def _service(trace: Trace, stay: Stay) -> Iterator[Event]:
    """Waiting, service and its pauses."""
    if stay.started is None or stay.joined is None:
        return
    text = f"{stay.stage} begins{_where(stay)}"
    if stay.queued:
        text += f", after {_waited(stay.queued, stay, trace)}"
        if stay.overtaken_by:
            text += f"; {_count(stay.overtaken_by, 'unit')} that came later went first"
    yield Event(stay.started, stay.zone, text)
    resumed = {piece.start: piece for piece in stay.pieces}
    for number, pause in enumerate(stay.pauses):
        why = {Cause.CLOSED: f"{stay.stage} closes", Cause.OUT: f"{stay.stage} is out"}.get(
            pause.cause, "its officers go off duty"
        )
        if number and stay.pauses[number - 1].end == pause.start:
            why = {Cause.CLOSED: f"{stay.stage} is closed", Cause.OUT: f"{stay.stage} is out"}.get(
                pause.cause, "no officers are free"
            )
            yield Event(pause.start, stay.zone, f"still interrupted: {why}")
        else:
            yield Event(pause.start, stay.zone, f"is interrupted: {why}")
        if pause.end in resumed:
            by = _officers(stay, resumed[pause.end].crew, resumed[pause.end].officers)
            yield Event(pause.end, stay.zone, f"{stay.stage} goes on{f' with {by}' if by else ''}")
    for one, other in pairwise(stay.pieces):
        if one.end == other.start:
            by = _officers(stay, other.crew, other.officers)
            yield Event(other.start, stay.zone, f"{by} take over")


def _ending(trace: Trace) -> Iterator[Event]:
    last = trace.stays[-1] if trace.stays else None
    zone = last.zone if last is not None else trace.clock
    if trace.out is not None:
        yield Event(trace.out, zone, _OUTCOMES[trace.outcome])
        return
    where = ""
    if last is not None and last.outcome is None:
        where = f", at the door of {last.stage} for {_waited(last.at_door, last, trace)}"
    elif last is not None and last.started is None:
        where = f", waiting at {last.stage} for {_waited(last.queued, last, trace)}"
    elif last is not None:
        where = f", {'interrupted' if last.outcome == 'paused' else 'in service'} at {last.stage}"
    yield Event(trace.end, zone, f"{_OUTCOMES[trace.outcome]}{where}")


def _totals(trace: Trace) -> Iterator[tuple[str, str]]:
    """What the day adds up to; of a unit that is not out these are what is known so far."""
    bound = "" if trace.out is not None else "at least "
    totals = {
        "waited": trace.wait_ms,
        "waited for its own passengers": trace.rejoin_ms,
        "worked on": trace.worked_ms,
        "interrupted": trace.paused_ms,
        "blocked": trace.blocked_ms,
    }
    for name, ms in totals.items():
        if ms or name in ("waited", "worked on"):
            yield name, f"{bound}{duration(ms)}"
    yield "dwell (arrived to out)", f"{bound}{duration(trace.dwell_ms)}"


def _where(stay: Stay) -> str:
    """Lane and officers of a service as it began."""
    lane = f" in lane {stay.lane} ({stay.role})" if stay.lane is not None else ""
    by = _officers(stay, stay.pieces[0].crew, stay.pieces[0].officers) if stay.pieces else ""
    return f"{lane} with {by}" if by else lane


def _officers(stay: Stay, crew: int, officers: int) -> str:
    """How many of which crew, as in visits.csv; nothing where no officers are needed."""
    return f"{_count(officers, 'officer')} of {stay.pool}:{crew}" if crew != NONE else ""


def _worked(stay: Stay) -> str:
    work = sum(piece.end - piece.start for piece in stay.pieces)
    return f", {duration(work)} of work" if work else ""


def _leaving(follower: Stay) -> str:
    """Whether the next stage lets it in at once."""
    if not follower.at_door:
        return ""
    return (
        f"; cannot go on, and keeps its lane: at the door of {follower.stage}, {_ahead(follower.ahead_at_door)} there"
    )


def _ahead(count: int) -> str:
    return f"{count:,} ahead of it" if count else "nobody ahead of it"


def _waited(stretches: Sequence[Stretch], stay: Stay, trace: Trace) -> str:
    """How long in all and for what: one after another if they are few, else added up by cause."""
    total = duration(sum(stretch.end - stretch.start for stretch in stretches))
    if len(stretches) == 1:
        [only] = stretches
        return f"{total} ({_cause(only, stay)}{_until(only, stay, trace)})"
    if len(stretches) <= IN_ORDER:
        parts = [
            f"{duration(stretch.end - stretch.start)} {_cause(stretch, stay)}{_until(stretch, stay, trace)}"
            for stretch in stretches
        ]
        return f"{total} ({', then '.join(parts)})"
    by_cause: dict[Cause, list[Stretch]] = {}
    for stretch in stretches:
        by_cause.setdefault(stretch.cause, []).append(stretch)
    parts = []
    for alike in by_cause.values():
        most = max(alike, key=lambda stretch: stretch.most)
        times = f", {len(alike)} times" if len(alike) > 1 else _until(alike[0], stay, trace)
        parts.append(f"{duration(sum(part.end - part.start for part in alike))} {_cause(most, stay)}{times}")
    return f"{total} ({'; '.join(parts)})"


def _until(stretch: Stretch, stay: Stay, trace: Trace) -> str:
    """When a closed stage opened, or one that was out was back, by the clock of its side."""
    if stretch.cause not in (Cause.CLOSED, Cause.OUT) or stretch.end >= trace.end:
        return ""
    return f" until {_clock(trace, stretch.end, stay.zone):%H:%M}"


def _cause(stretch: Stretch, stay: Stay) -> str:
    match stretch.cause:
        case Cause.PASSENGERS:
            return "its passengers were still inside"
        case Cause.CLOSED:
            return f"{stay.stage} was closed"
        case Cause.OUT:
            return f"{stay.stage} was out"
        case Cause.TOO_EARLY:
            return "before its time"
        case Cause.NO_SPACE:
            return f"no room to wait at {stay.stage}"
        case Cause.NO_LANE_OPEN:
            return "no lane was open"
        case Cause.LANES_TAKEN:
            lanes = {1: "the only lane was", 2: "both lanes were"}
            return f"{lanes.get(stretch.most, f'all {stretch.most} lanes were')} taken"
        case Cause.NO_OFFICERS:
            on_duty = {0: "no officer was on duty", 1: "the only officer on duty was not free"}
            return on_duty.get(stretch.most, f"too few of the {stretch.most} officers on duty were free")
        case Cause.NOT_CALLED:
            return "it was not called in"
    return "free lanes were kept for others"


def duration(ms: int) -> str:
    """A length of time for people: `0.250 s`, `45 s`, `3 min 20 s`, `2 h 05 min`, `1 d 4 h 00 min`."""
    if 0 < ms < 1000:
        return f"{ms / 1000:.3f} s"
    seconds = (ms + 500) // 1000
    if seconds < 60:
        return f"{seconds} s"
    minutes, second = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min" + (f" {second} s" if second else "")
    minutes = (seconds + 30) // 60
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{days} d {hour} h {minute:02} min" if days else f"{hour} h {minute:02} min"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def trace_document(trace: Trace, replication: int) -> dict[str, Any]:
    """The object `portsim trace --json` prints: ticks as in the run folder, moments by the clock of the place."""

    def at(tick: int | None, zone: str) -> str | None:
        return None if tick is None else moment(trace.start_ms + tick, zone)

    def stretches(parts: Sequence[Stretch]) -> list[dict[str, Any]]:
        return [{"cause": part.cause.value, "from": part.start, "until": part.end} for part in parts]

    return {
        "schema": "portsim.trace/1",
        "replication": replication,
        **{
            name: getattr(trace, name)
            for name in ("unit", "flow", "kind", "direction", "parent", "priority", "persons", "goods")
        },
        "wanted": trace.wanted,
        "arrived": trace.arrived,
        "out": trace.out,
        "wanted_at": at(trace.wanted, trace.clock),
        "arrived_at": at(trace.arrived, trace.clock),
        "out_at": at(trace.out, trace.clock),
        "outcome": trace.outcome,
        "measured": trace.is_measured,
        "totals_ms": {
            "wait": trace.wait_ms,
            "rejoin": trace.rejoin_ms,
            "work": trace.worked_ms,
            "paused": trace.paused_ms,
            "blocked": trace.blocked_ms,
            "delay": trace.delay_ms,
            "dwell": trace.dwell_ms,
        },
        "stays": [
            {
                **{name: getattr(stay, name) for name in ("stage", "side", "leg", "direction", "outcome")},
                **{name: getattr(stay, name) for name in ("door", "joined", "started", "ended", "left")},
                **{
                    f"{name}_at": at(getattr(stay, name), stay.zone)
                    for name in ("door", "joined", "started", "ended", "left")
                },
                **{
                    name: getattr(stay, name)
                    for name in ("ahead_at_door", "ahead", "overtaken_by", "role", "lane", "pool")
                },
                "at_door": stretches(stay.at_door),
                "queued": stretches(stay.queued),
                "work": [
                    {
                        "from": piece.start,
                        "until": piece.end,
                        "crew": None if piece.crew == NONE else piece.crew,
                        "officers": piece.officers,
                    }
                    for piece in stay.pieces
                ],
                "pauses": stretches(stay.pauses),
            }
            for stay in trace.stays
        ],
    }
