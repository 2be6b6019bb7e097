"""Whether a published figure and a measure of the model are of the same thing, and the figure in the measure's unit."""

from __future__ import annotations

from datetime import datetime

from portsim.experiments.calibration.question import BUSIEST, COUNTED, PER_DAY, PER_HOUR, RATIO, Measured
from portsim.facts import Counts, Fact
from portsim.facts.units import UNITS
from portsim.scenario.arrivals import AboardArrivals
from portsim.scenario.calendar import to_local
from portsim.scenario.levels import DAY_MS
from portsim.scenario.scenario import Scenario
from portsim.scenario.units import format_local

OF_KIND = {"trains": ("train",), "flights": ("flight", "plane", "aircraft"), "wagons": ("wagon",)}
"""Units of a count that are units of the port of these kinds only."""

DURATIONS = {"_min": 60_000.0, "_h": 3_600_000.0}


def in_unit_of(measured: Measured, value: float, unit: str, counts: Counts | None, scenario: Scenario) -> float:
    """A figure in the unit of the measure it is compared with. ValueError says why the two are not the same thing."""
    dimension, size = UNITS[unit]
    what, _, per = unit.partition("/")
    if measured.metric == RATIO:
        if unit != "persons/vehicle":
            raise ValueError(f"is in {unit}, and {RATIO} is in persons/vehicle")
        _check_kinds("vehicles", measured, scenario)
        return value
    if measured.metric not in COUNTED:
        return _other(measured, value, unit)
    if dimension not in ("count", "rate") or what in ("lanes", "places", "officers"):
        raise ValueError(f"is in {unit}, and {measured.metric} is a count of {COUNTED[measured.metric]}")
    is_rate = measured.metric in PER_DAY or measured.metric in BUSIEST or measured.metric in PER_HOUR
    if is_rate is not (dimension == "rate"):
        wanted = f"{COUNTED[measured.metric]}{'_per_day' if dimension == 'rate' else ''}"
        raise ValueError(
            f"is in {unit}, {'a rate' if per else 'a count of the whole window'}, and {measured.metric} is "
            f"{'a rate' if is_rate else 'a count of the whole window'}; compare it with {wanted}"
        )
    _check_counted(what, counts, measured, scenario)
    return value * size / (24 if measured.metric in PER_HOUR else 1) if is_rate else value


def _check_counted(what: str, counts: Counts | None, measured: Measured, scenario: Scenario) -> None:
    counted = COUNTED[measured.metric]
    if what == "persons":
        if counted != "persons":
            raise ValueError(f"counts persons, and {measured.metric} counts {counted}; compare it with persons")
        if counts is not None and counts.drivers_included == "no":
            raise ValueError("leaves drivers out, and persons of the model include them")
    elif what in ("TEU", "t") or (counts is not None and counts.what == "goods"):
        if counted != "goods" or what in ("TEU", "t"):
            raise ValueError(f"counts goods in {what}, and {measured.metric} counts {counted}")
    elif what == "passages":
        if counted == "goods":
            raise ValueError("counts persons or vehicles, and not goods")
    elif counted != "crossings":
        raise ValueError(f"counts {what}, and {measured.metric} counts {counted}; compare it with crossings")
    else:
        _check_kinds(what, measured, scenario)
    if counts is not None and counts.direction in ("in", "out") and measured.part != counts.direction:
        directions = {flow.direction for flow in scenario.flows if measured.part in (flow.name, flow.kind)}
        if directions != {counts.direction}:
            raise ValueError(
                f"counts direction {counts.direction!r} only; write {measured.metric} of {counts.direction}"
            )


def _check_kinds(what: str, measured: Measured, scenario: Scenario) -> None:
    """Raise ValueError where units are counted that are no vehicles: who gets off one, or is reloaded from it."""
    flows = [flow for flow in scenario.flows if measured.part in (None, flow.name, flow.kind, flow.direction)]
    kinds = {flow.kind for flow in flows if not measured.kinds or flow.kind in measured.kinds}
    aboard = {flow.kind for flow in scenario.flows if isinstance(flow.arrivals, AboardArrivals)}
    wrong = sorted(kinds & aboard)
    if what in OF_KIND:
        wrong = sorted(kind for kind in kinds if kind not in OF_KIND[what])
    if wrong:
        right = sorted({flow.kind for flow in scenario.flows} - set(wrong))
        raise ValueError(
            f"counts {what}, and {measured.metric} counts {', '.join(wrong)} too; write 'kinds: [{', '.join(right)}]'"
        )


def _other(measured: Measured, value: float, unit: str) -> float:
    """Of a measure that is no count: times in min or h, queues in units, shares."""
    dimension, size = UNITS[unit]
    ending = next((ending for ending in DURATIONS if measured.metric.endswith(ending)), None)
    if ending is not None and not measured.metric.endswith("_per_h"):
        if dimension != "duration":
            raise ValueError(f"is in {unit}, and {measured.metric} is a time")
        return value * size / DURATIONS[ending]
    if dimension == "duration":
        raise ValueError(f"is a time, and {measured.metric} is not")
    if measured.metric.startswith(("queue_", "in_port", "overnight")):
        if unit not in ("vehicles", "trains", "passages", "persons", "wagons", "number"):
            raise ValueError(f"is in {unit}, and {measured.metric} is a number of units")
        return value
    if dimension not in ("share", "plain"):
        raise ValueError(f"is in {unit}, which {measured.metric} is not")
    return value


def check_period(fact: Fact, measured: Measured, cut_off_ms: int, clock: str) -> str:
    """What is wrong with the window beside the period of the figure, nothing if they agree.

    A window may be later than the period's end by the hours the cut-off is unknown.
    """
    period = fact.period
    if period is None:
        return ""
    start, end = (to_local(at_ms, clock) for at_ms in (measured.start_ms, measured.end_ms))
    wrong = [
        name
        for name, stated, used in (("from", period.start, start), ("to", period.end, end))
        if stated is not None and not _agree(stated, used, cut_off_ms if name == "to" else 0)
    ]
    if not wrong:
        return ""
    return (
        f"the window is {format_local(start)} .. {format_local(end)}, and {fact.id} is about {period}; compare it over "
        "its own period, or say under 'why' why it may be compared over another"
    )


def _agree(stated: datetime, used: datetime, slack_ms: int) -> bool:
    return 0 <= (used - stated).total_seconds() * 1000 <= slack_ms


def whole_days(measured: Measured, clock: str) -> int | None:
    """How many calendar days of the port the window has; None if it does not run from midnight to midnight."""
    start, end = (to_local(at_ms, clock) for at_ms in (measured.start_ms, measured.end_ms))
    days = (end - start).total_seconds() * 1000 / DAY_MS
    is_whole = days == round(days) and (start.hour, start.minute, start.second) == (0, 0, 0)
    return round(days) if is_whole else None
