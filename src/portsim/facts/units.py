"""The units a published figure may have: a closed list, each with its dimension and its size in base units."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

Dimension = Literal["count", "rate", "duration", "share", "plain", "text"]

_TRAFFIC = ("vehicles", "persons", "passages", "trains", "flights", "wagons", "TEU", "t")
_IN_DAYS = {"h": 1 / 24, "day": 1.0, "week": 7.0, "year": 365.0}
_IN_MS = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "days": 86_400_000}


def _vocabulary() -> dict[str, tuple[Dimension, float]]:
    units: dict[str, tuple[Dimension, float]] = {}
    for name in (*_TRAFFIC, "lanes", "places", "officers"):
        units[name] = ("count", 1.0)
    for name in _TRAFFIC:
        for span, days in _IN_DAYS.items():
            units[f"{name}/{span}"] = ("rate", 1 / days)
    for name, ms in _IN_MS.items():
        units[name] = ("duration", float(ms))
    units["share"] = ("share", 1.0)
    for name in ("number", "persons/vehicle", "vehicles/carrier", "days/year", "km", "CNY", "USD"):
        units[name] = ("plain", 1.0)
    for name in ("text", "date", "date-time", "clock"):
        units[name] = ("text", 1.0)
    return units


UNITS: Mapping[str, tuple[Dimension, float]] = MappingProxyType(_vocabulary())
"""Unit -> (dimension, what one of it is in base units: per day for a rate, ms for a duration, else 1).

`passages` are persons or vehicles where the source does not say which. A year of a rate has 365 days.
"""

TRAFFIC: frozenset[str] = frozenset(_TRAFFIC)
"""The counts that need to say what they count and in which direction."""
