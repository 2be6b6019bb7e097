"""Flows in words: what comes, when, where it goes, and what it does before a closed or full stage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from portsim.scenario.arrivals import (
    AboardArrivals,
    Departure,
    NoArrivals,
    RateArrivals,
    RecordedArrivals,
    RegularArrivals,
    TimetableArrivals,
    WhenClosed,
)
from portsim.scenario.levels import Distribution
from portsim.scenario.routes import chances
from portsim.scenario.scenario import Flow, Step
from portsim.scenario.units import PRIORITIES
from portsim.views.description.appointments import appointments
from portsim.views.description.clock import DAYS, MONTHS, level, weekdays, weights
from portsim.views.description.document import code, escape
from portsim.views.description.quantities import (
    SERVICE_PER,
    amount,
    clock,
    distribution,
    duration,
    how_many,
    moment,
    percent,
    plural,
)

_PRIORITY_NAMES = {number: name for name, number in PRIORITIES.items()}


def flow_words(flow: Flow) -> dict[str, str]:
    """Everything about a flow."""
    return {
        "kind": escape(flow.kind),
        "direction": flow.direction,
        "persons aboard": how_many(flow.persons),
        "goods aboard": how_many(flow.goods),
        "priority": priorities(flow),
        "journey": journey(flow.journey),
        **arrival_words(flow),
        "appointments": appointments(flow.appointments),
        "first stage closed": when_closed(flow.when_closed),
        "first stage full": {
            "wait_outside": "they wait outside",
            "turn_away": "they turn away and are lost",
        }[flow.when_full],
        "patience": patience(flow.patience),
    }


def journey(steps: Sequence[Step]) -> str:
    """The stages in order, each with the share of units that stops there."""
    return ", then ".join(map(_step, steps, chances(steps)))


def _step(step: Step, chance: float) -> str:
    said = [] if step.is_certain else [_who(step, chance)]
    if step.service is not None:
        said.append(distribution(step.service))
    if step.service_per != "unit":
        said.append(SERVICE_PER[step.service_per])
    if [role for role, _ in step.roles] not in ([], ["general"]):
        own = [code(role) for role, is_helped in step.roles if not is_helped]
        helped = [code(role) for role, is_helped in step.roles if is_helped]
        idle = f", helped by {', '.join(helped)} while nobody waits there who has it as their own" if helped else ""
        said.append(f"lanes {', '.join(own)}{idle}")
    if step.rejoin is not None:
        longest = step.rejoin.at_most_ms
        said.append("waits for its passengers" + ("" if longest is None else f", at most {duration(longest)}"))
    if step.booked_after is not None:
        said.append(f"booked for the first call so long after it wants to come: {distribution(step.booked_after)}")
    return code(step.stage) + (f" ({'; '.join(said)})" if said else "")


def _who(step: Step, chance: float) -> str:
    """Which units make a step: `5 % of those that have stopped at e_gate before, 2 % of all`."""
    if not step.after and not step.unless:
        return f"{percent(step.share)} of the units"
    stopped = [f"have stopped at {_any(step.after)}"] if step.after else []
    stopped += [f"have not stopped at {_any(step.unless)}"] if step.unless else []
    those = "those" if step.share >= 1 else f"{percent(step.share)} of those"
    return f"{those} that {' and '.join(stopped)} before, {percent(float(f'{chance:.4g}'))} of all"


def _any(stages: Iterable[str]) -> str:
    return " or ".join(map(code, stages))


def priorities(flow: Flow) -> str:
    """Which shares go first or last."""
    if not flow.priority:
        return "ordinary"
    shares = [f"{_PRIORITY_NAMES[number]} {percent(share)}" for number, share in flow.priority]
    rest = 1 - sum(share for _, share in flow.priority)
    return ", ".join(shares) + (f", ordinary {percent(rest)}" if rest > 1e-9 else "")


def arrival_words(flow: Flow) -> dict[str, str]:
    """When units come, and how many stand there at the start."""
    if isinstance(flow.arrivals, AboardArrivals):
        return _aboard_words(flow.arrivals)
    said = {"clock of its arrivals": code(flow.clock)}
    match flow.arrivals:
        case RateArrivals() as rate:
            said |= _rate_words(rate)
        case RegularArrivals(every):
            said["arrivals"] = f"one after another, with a gap each time: {distribution(every)}"
        case TimetableArrivals(departures, late):
            lateness = "" if late is None else f"; each unit late by its own draw, {distribution(late)}"
            said["arrivals"] = f"by timetable: {_timetable(departures)}{lateness}"
        case RecordedArrivals() as recorded:
            said["arrivals"] = _recorded(recorded, flow.clock)
        case NoArrivals():
            said["arrivals"] = "none after the start"
    said["standing at the start"] = plural(flow.queue_at_start, "unit") if flow.queue_at_start else "none"
    return said


def _aboard_words(aboard: AboardArrivals) -> dict[str, str]:
    vehicles = code(aboard.flow)
    return {
        "arrivals": f"aboard the vehicles of {vehicles}, in each {how_many(aboard.number)}; "
        f"they get off as it joins {code(aboard.get_off_at)}",
        "standing at the start": f"those aboard the vehicles of {vehicles} that stand there",
    }


def _rate_words(rate: RateArrivals) -> dict[str, str]:
    days = [amount(mean) for _, mean in rate.per_day[:1]]
    days += [f"{amount(mean)} from {date.fromordinal(ordinal).isoformat()}" for ordinal, mean in rate.per_day[1:]]
    said = {"arrivals": f"at random (Poisson process), {', '.join(days)} a day on average"}
    said["weights by hour"] = level(rate.by_hour)
    said["weights by weekday"] = weights(rate.by_weekday, DAYS) if _varies(rate.by_weekday) else "every day alike"
    said["weights by month"] = weights(rate.by_month, MONTHS) if _varies(rate.by_month) else "every month alike"
    said["growth"] = f"{percent(rate.growth_per_year)} a year" if rate.growth_per_year else "none"
    cv = f"each day's mean is multiplied with a gamma draw, coefficient of variation {amount(rate.day_to_day_cv)}"
    said["from day to day"] = cv if rate.day_to_day_cv else "chance alone"
    return said


def _varies(values: Iterable[float]) -> bool:
    return any(abs(value - 1) > 1e-9 for value in values)


def _timetable(departures: Iterable[Departure]) -> str:
    grouped: dict[tuple[tuple[int, ...], int], list[str]] = {}
    for departure in departures:
        grouped.setdefault((departure.weekdays, departure.units), []).append(clock(departure.at_ms))
    return "; ".join(
        f"{', '.join(times)}, {weekdays(days)}, {plural(units, 'unit')} each"
        for (days, units), times in grouped.items()
    )


def _recorded(recorded: RecordedArrivals, zone: str) -> str:
    times = recorded.arrived_ms
    many = plural(len(times), "unit")
    between = f", {moment(times[0], zone)} to {moment(times[-1], zone)}" if times else ""
    return f"as recorded in {code(recorded.file)}: {many}{between}"


def when_closed(given: WhenClosed) -> str:
    """What units do that come to a closed first stage."""
    if given.re_spread:
        return "they come within the hours it is open that day, by the same weights; if it stays closed they queue"
    parts = []
    if given.stay_away:
        parts.append(f"{percent(given.stay_away)} of them do not come at all")
    who = "the others" if parts else "they"
    if given.stay_away < 1:
        back = given.come_back
        parts.append(f"{who} queue before it" if back is None else f"{who} come back after it opens: {_after(back)}")
    return ", ".join(parts)


def _after(delay: Distribution) -> str:
    return f"{distribution(delay)} later"


def patience(given: Distribution | None) -> str:
    """How long a unit waits before it gives up."""
    return "without end" if given is None else f"{distribution(given)} until it leaves without having been served"
