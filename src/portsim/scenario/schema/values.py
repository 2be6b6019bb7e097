"""Values of the scenario that may be written in several ways: durations by chance, lanes by role, steps of a journey.

Each reader takes the plain value as written and returns what the model needs, or raises Refusal (or another
ValueError) with everything wrong in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from portsim.scenario import profiles, units
from portsim.scenario.levels import Distribution, WeekProfile
from portsim.scenario.overlay import DISTRIBUTIONS, is_clock_or_days
from portsim.scenario.schema.fields import (
    Found,
    Refusal,
    found_in,
    is_name,
    read_list,
    read_map,
    read_name,
    read_parts,
    read_text,
    read_word,
    refuse,
)
from portsim.scenario.units import shown

GENERAL = "general"
"""The role of lanes that are not given one, and of units that do not ask for another."""

OTHER = "other"
"""What stands for every kind that a stage's service times do not name."""

TARGET_MEASURES = ("wait", "dwell", "delay")
TARGET_STATISTICS = ("mean", "p50", "p90", "p95", "max")
HIGHEST_CV = 20.0

_DISTRIBUTION_CURE = "write a duration such as '4 min', or one distribution such as {lognormal: {mean: 3 min, cv: 0.5}}"
_PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "uniform": ("low", "high"),
    "triangular": ("low", "mode", "high"),
    "exponential": ("mean",),
    "erlang": ("mean", "shape"),
    "gamma": ("mean", "cv"),
    "lognormal": ("mean", "cv"),
    "weibull": ("mean", "shape"),
}


def read_clock_times(value: Any) -> tuple[int, ...]:
    """One clock time or a list of them, in ms after midnight."""
    if not isinstance(value, list):
        return (units.parse_clock(value),)
    times = read_list(value, units.parse_clock, "")
    if not times:
        raise ValueError("got an empty list; write a clock time, for instance '10:00'")
    return times


@dataclass(frozen=True, slots=True)
class DurationTable:
    """Observed durations in a column of a CSV file, each equally likely."""

    file: str
    column: str
    unit: str


def read_distribution(value: Any) -> Distribution | DurationTable:
    """How long something takes: a duration, or a map with the name of one distribution."""
    if not isinstance(value, dict):
        if isinstance(value, list) or value is None or isinstance(value, bool):
            raise ValueError(f"got {shown(value)}; {_DISTRIBUTION_CURE}")
        return Distribution("fixed", {"value": units.parse_duration(value)})
    if len(value) != 1:
        what = f"got {len(value)} keys ({', '.join(list(value)[:4])})" if value else "got an empty map"
        raise ValueError(f"{what}; {_DISTRIBUTION_CURE}")
    [(kind, parameters)] = value.items()
    if kind not in DISTRIBUTIONS:
        meant = units.suggestion(kind, sorted(DISTRIBUTIONS)) or f"; allowed: {', '.join(sorted(DISTRIBUTIONS))}"
        refuse(f"unknown distribution{meant}", kind, at_key=True)
    try:
        return _read_kind(kind, parameters)
    except ValueError as error:
        raise Refusal(Found((kind, *one.path), one.message, one.at_key) for one in found_in(error)) from None


def _read_kind(kind: str, value: Any) -> Distribution | DurationTable:
    if kind == "fixed":
        return Distribution("fixed", {"value": units.parse_duration(value)})
    if kind == "empirical":
        return _read_empirical(value)
    names = _PARAMETERS[kind]
    if not isinstance(value, dict):
        raise ValueError(f"got {shown(value)}; write {kind} with {' and '.join(names)}, {_example(kind)}")
    readers: dict[str, Callable[[Any], Any]] = {
        "mean": _read_mean,
        "cv": lambda cv: units.parse_number(cv, at_least=0, at_most=HIGHEST_CV),
        "shape": _read_stages if kind == "erlang" else _read_weibull_shape,
    }
    parameters = read_parts(value, {name: readers.get(name, units.parse_duration) for name in names}, names)
    ordered = [parameters[name] for name in names]
    if kind in ("uniform", "triangular") and ordered != sorted(ordered):
        raise ValueError(f"{' and '.join(names)} do not ascend; write {_example(kind)}")
    if parameters.get("cv") == 0:
        return Distribution("fixed", {"value": parameters["mean"]})
    return Distribution(kind, {name: parameters[name] for name in names})  # type: ignore[arg-type]


def _example(kind: str) -> str:
    values = {"low": "2 min", "mode": "3 min", "high": "6 min", "mean": "3 min", "cv": "0.5", "shape": "2"}
    return f"for instance {{{kind}: {{{', '.join(f'{name}: {values[name]}' for name in _PARAMETERS[kind])}}}}}"


def _read_mean(value: Any) -> int:
    mean = units.parse_duration(value)
    if mean <= 0:
        raise ValueError(f"got {shown(value)}; a mean is above 0 (write {{fixed: 0 s}} for no time at all)")
    return mean


def _read_stages(value: Any) -> int:
    return units.parse_count(value, at_least=1, at_most=1000)


def _read_weibull_shape(value: Any) -> float:
    return units.parse_number(value, at_least=0.1, at_most=100)


def _read_empirical(value: Any) -> Distribution | DurationTable:
    if isinstance(value, dict):
        parts = {"file": read_text, "column": read_text, "unit": units.parse_time_unit}
        return DurationTable(**read_parts(value, parts, parts))
    rule = "write observed durations as a list, ['3 min', '4 min'], or as {file: x.csv, column: name, unit: min}"
    durations = read_list(value, units.parse_duration, rule)
    if not durations:
        raise ValueError(f"got an empty list; {rule}")
    return Distribution("empirical", {"values": durations})


def read_services(value: Any) -> dict[str | None, Distribution | DurationTable]:
    """Service times of a stage: one for all kinds (key None), or by kind, `other` standing for the rest (None)."""
    if not isinstance(value, dict) or not value or value.keys() & DISTRIBUTIONS:
        return {None: read_distribution(value)}
    found: list[Found] = []
    services: dict[str | None, Distribution | DurationTable] = {}
    for kind, inner in value.items():
        try:
            if isinstance(inner, dict) and inner.keys() & {"mean", "low", "high"}:
                read_distribution({kind: inner})
            services[None if kind == OTHER else read_kind(kind)] = read_distribution(inner)
        except ValueError as error:
            for one in found_in(error):
                path = one.path if one.path[:1] == (kind,) and one.at_key else (kind, *one.path)
                found.append(Found(path, one.message, one.at_key))
    if found:
        raise Refusal(found)
    return services


def read_kind(value: Any) -> str:
    """The kind of a unit; words with a meaning of their own in a stage's service times are refused."""
    kind = read_name(value)
    if kind in DISTRIBUTIONS or kind == OTHER or is_clock_or_days(kind):
        raise ValueError(f"got {shown(kind)}, which has a meaning of its own in service times; choose another kind")
    return kind


def read_kinds(value: Any) -> tuple[str, ...]:
    """Some of the kinds, each once."""
    rule = "write kinds as a list, for instance [bus, car]"
    kinds: tuple[str, ...] = read_list(value, read_kind, rule)
    for index, kind in enumerate(kinds):
        if kind in kinds[:index]:
            refuse(f"{kind!r} stands twice; name each kind once", index)
    return kinds


def read_role(value: Any) -> str:
    """The role of lanes; the name of a day would read as a level by weekday."""
    role = read_name(value)
    if is_clock_or_days(role):
        raise ValueError(f"got {shown(role)}, which is a day of the week; choose another name for the lanes")
    return role


def read_lanes(value: Any) -> tuple[tuple[str, WeekProfile], ...]:
    """Lanes open by role, in file order; lanes without a role are general."""
    if not isinstance(value, dict) or not value:
        return ((GENERAL, profiles.parse_level(value)),)
    is_role = {key: is_name(key) and not is_clock_or_days(key) for key in value}
    if not any(is_role.values()):
        return ((GENERAL, profiles.parse_level(value)),)
    found: list[Found] = []
    lanes = []
    for role, level in value.items():
        if not is_role[role]:
            rule = "got the clock or days beside lane roles; write the roles at the top and the level below each"
            found.append(Found((role,), rule, at_key=True))
            continue
        try:
            lanes.append((role, profiles.parse_level(level)))
        except ValueError as error:
            found += [Found((role, *one.path), one.message, one.at_key) for one in found_in(error)]
    if found:
        raise Refusal(found)
    return tuple(lanes)


def read_officers_needed(value: Any) -> tuple[str, int]:
    """The pool a stage draws its officers from and how many one service needs."""
    rule = "write the pool and how many one service needs, for instance {border_police: 2}"
    needed = read_map(value, rule)
    if len(needed) > 1:
        raise ValueError(f"got {len(needed)} pools ({', '.join(list(needed)[:4])}); a stage draws from one pool")
    [(pool, number)] = needed.items()
    try:
        return pool, units.parse_count(number, at_least=1, at_most=profiles.HIGHEST_LEVEL)
    except ValueError as error:
        refuse(str(error), pool)


def read_priority(value: Any) -> tuple[tuple[int, float], ...]:
    """(priority, share) of the units that are not ordinary."""
    if isinstance(value, dict):
        shares = read_parts(value, {"high": units.parse_share, "low": units.parse_share}, ())
        if sum(shares.values()) > 1:
            raise ValueError("the shares of high and low add up to more than 1; the rest of the units is ordinary")
        return tuple((units.PRIORITIES[word], share) for word, share in shares.items() if share)
    number = units.PRIORITIES[read_word(value, units.PRIORITIES)]
    return ((number, 1.0),) if number else ()


def read_targets(value: Any) -> dict[str, float]:
    """What the planner wants to stay within, by measure name."""
    if not isinstance(value, dict):
        raise ValueError(f"got {shown(value)}; write measures and minutes, for instance {{wait_p95_min: 120}}")
    names = [f"{measure}_{statistic}_min" for measure in TARGET_MEASURES for statistic in TARGET_STATISTICS]
    found: list[Found] = []
    targets = {}
    for name, number in value.items():
        if name not in names:
            meant = units.suggestion(name, names)
            rule = "a target is wait, dwell or delay, then mean, p50, p90, p95 or max, then min: wait_p95_min"
            found.append(Found((name,), f"unknown measure{meant}" if meant else f"unknown measure; {rule}", True))
            continue
        try:
            targets[name] = units.parse_number(number, at_least=0)
        except ValueError as error:
            found.append(Found((name,), str(error)))
    if found:
        raise Refusal(found)
    return targets
