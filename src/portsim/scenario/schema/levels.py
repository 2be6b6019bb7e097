"""The part of the schema that says how many officers are on duty: `officers.*.level`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from portsim.scenario import profiles, units
from portsim.scenario.levels import DAY_MS, WeekProfile
from portsim.scenario.officers import Forecast
from portsim.scenario.overlay import is_clock_or_days
from portsim.scenario.schema.fields import Found, Refusal, found_in, read_parts, read_text, refuse
from portsim.scenario.units import shown

SHORTEST_SLICE_MS = 60_000

_FORMS = {"csv": "a file", "forecast": "a forecast"}
_FORECAST_RULE = "write {every: 15 min, load: 80%, at_least: 2, at_most: 12}"


@dataclass(frozen=True, slots=True)
class LevelFile:
    """Officers on duty as a CSV file has them."""

    file: str


def read_level(value: Any) -> WeekProfile | LevelFile | Forecast:
    """Officers on duty by the clock, the file that says how many, or how they follow the forecast."""
    if not isinstance(value, dict):
        return profiles.parse_level(value)
    form = next((key for key in value if key in _FORMS), None)
    if form is None:
        for key in value:
            if not is_clock_or_days(key) and (meant := units.suggestion(key, _FORMS)):
                refuse(f"unknown key{meant}", key, at_key=True)
        return profiles.parse_level(value)
    beside = next((key for key in value if key != form), None)
    if beside is not None:
        rule = f"stands beside {form}; a level is {_FORMS[form]} or numbers by the clock: set the whole level"
        refuse(rule, beside, at_key=True)
    try:
        return LevelFile(read_text(value[form])) if form == "csv" else _read_forecast(value[form])
    except ValueError as error:
        raise Refusal(Found((form, *one.path), one.message, one.at_key) for one in found_in(error)) from None


def _read_forecast(value: Any) -> Forecast:
    if not isinstance(value, dict) or not value:
        raise ValueError(f"got {'an empty map' if value == {} else shown(value)}; {_FORECAST_RULE}")
    parts = {
        "every": _read_slice,
        "load": _read_load,
        "at_least": _read_officers,
        "at_most": _read_officers,
        "lag": units.parse_duration,
    }
    read = read_parts(value, parts, ("every", "load"))
    at_least, at_most = read.get("at_least", 0), read.get("at_most")
    if at_most is not None and at_least > at_most:
        refuse(f"is {at_least}, above at_most, {at_most}", "at_least")
    return Forecast(read["every"], read["load"], at_least, at_most, read.get("lag", 0))


def _read_slice(value: Any) -> int:
    every = units.parse_duration(value)
    if every < SHORTEST_SLICE_MS or every > DAY_MS or DAY_MS % every:
        rule = "slices of 1 min to 24 h divide the day evenly: write for instance 15 min, 1 h or 8 h"
        raise ValueError(f"got {shown(value)}; {rule}")
    return every


def _read_load(value: Any) -> float:
    load = units.parse_share(value)
    if load == 0:
        raise ValueError(f"got {shown(value)}; no number of officers has so little to do: write for instance 80%")
    return load


def _read_officers(value: Any) -> int:
    return units.parse_count(value, at_most=profiles.HIGHEST_LEVEL)
