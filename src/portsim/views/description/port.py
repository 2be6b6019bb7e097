"""Sides and stages in words: what each is like, aspect by aspect, by the name of the aspect."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from portsim.scenario.levels import Closure, Distribution, Wave, WeekProfile
from portsim.scenario.scenario import Batch, Outages, Pace, Side, Stage
from portsim.views.description.clock import hours, level, weekdays
from portsim.views.description.document import code, escape
from portsim.views.description.quantities import SERVICE_PER, amount, clock, distribution, duration, percent, plural


def side_words(side: Side) -> dict[str, str]:
    """The clock, the hours and the closures of a side."""
    return {"clock": code(side.timezone), "open": hours(side.open), "closed": closures(side.closures)}


def stage_words(stage: Stage) -> dict[str, str]:
    """Everything about a stage but which flows pass it."""
    each = stage.service_per != "unit"
    return {
        "side": code(stage.side),
        "open": f"as {code(stage.side)}" if stage.open is None else hours(stage.open),
        "closed": f"as {code(stage.side)}" if not stage.closures else f"also {closures(stage.closures)}",
        "when it closes": {
            "finish": "services under way are finished",
            "suspend": "services under way stop and go on when it opens again",
        }[stage.closing],
        "one service takes": services(stage) + (f"; {SERVICE_PER[stage.service_per]}" if each else ""),
        "pace": pace(stage.pace),
        "counted as a crossing": "yes" if stage.counted else "no",
        "lanes": lanes(stage),
        "officers for one service": f"{stage.officers} of {code(stage.pool)}" if stage.pool else "none",
        "waiting space": waiting_space(stage.waiting_space),
        "called in": calls(stage.calls),
        "breaks down": outages(stage.outages),
    }


def closures(listed: Sequence[Closure]) -> str:
    """Closures as they were written."""
    return ", ".join(escape(closure.text) for closure in listed) or "on no date"


def lanes(stage: Stage) -> str:
    """Lanes open by the clock, by role if there is more than one."""
    if stage.lanes is None:
        return "no lanes: any number at once"
    if len(stage.lanes) == 1 and stage.lanes[0][0] == "general":
        return level(stage.lanes[0][1])
    return "; ".join(f"{code(role)}: {level(profile)}" for role, profile in stage.lanes)


def services(stage: Stage) -> str:
    """How long one service takes, by kind."""
    if not stage.service:
        return "as each flow says"
    if set(stage.service) == {None}:
        return distribution(stage.service[None])
    named: list[tuple[str, Distribution]] = [(code(kind), time) for kind, time in stage.service.items() if kind]
    rest = stage.service.get(None)
    others = [] if rest is None else [("other kinds", rest)]
    return "; ".join(f"{kind}: {distribution(time)}" for kind, time in (*named, *others))


def pace(given: Pace | None) -> str:
    """How fast the stage works beside its service times."""
    if given is None:
        return "the ordinary one"
    parts = []
    if given.by_hour != WeekProfile.constant(1):
        parts.append(level(given.by_hour))
    parts += [
        _by_number(by_number, fewest, what)
        for by_number, fewest, what in ((given.by_lanes, 1, "lanes open"), (given.by_queue, 0, "units waiting"))
        if by_number
    ]
    return "; times ".join(parts) or "the ordinary one"


def _by_number(paces: Sequence[tuple[int, float]], fewest: int, what: str) -> str:
    """`1 below 20, 1.1 from 20, 1.2 from 50 units waiting`."""
    least = paces[0][0]
    below = [f"1 below {least:,}"] if least > fewest else []
    return ", ".join([*below, *(f"{amount(pace)} from {number:,}" for number, pace in paces)]) + f" {what}"


def waiting_space(places: int | None) -> str:
    """How many may wait inside."""
    if places is None:
        return "no limit"
    return f"for {plural(places, 'unit')}" if places else "none: straight onto a lane"


def calls(given: tuple[Wave, ...] | Batch | None) -> str:
    """When waiting units are called in."""
    match given:
        case None:
            return "on arrival: whenever a lane and officers are free"
        case Batch(size, None):
            return f"together, whenever {size:,} wait"
        case Batch(size, at_most_ms):
            return f"together, whenever {size:,} wait or one has waited {duration(at_most_ms or 0)}"
        case _:
            return f"in waves: {waves(given)}"


def outages(given: Outages | None) -> str:
    """How long the stage works between outages, how long one lasts, and the share of time that makes."""
    if given is None:
        return "never"
    share = percent(float(f"{1 - given.availability:.3g}"))
    return f"after {distribution(given.every)}; for {distribution(given.last)}; {share} of the time in the long run"


def waves(given: Sequence[Wave]) -> str:
    """Those with the same days and number together; those at even distances around the clock by their distance."""
    grouped: dict[tuple[tuple[int, ...], int | None], list[int]] = {}
    for wave in given:
        grouped.setdefault((wave.weekdays, wave.up_to), []).append(wave.at_ms)
    return "; ".join(
        f"{_times(sorted(times))}, {weekdays(days)}, {'everyone who waits' if most is None else f'up to {most:,}'}"
        for (days, most), times in grouped.items()
    )


def _times(times: Sequence[int]) -> str:
    gaps = {later - earlier for earlier, later in pairwise(times)}
    if len(times) > 3 and len(gaps) == 1:
        return f"every {duration(gaps.pop())} from {clock(times[0])} to {clock(times[-1])}"
    return ", ".join(map(clock, times))
