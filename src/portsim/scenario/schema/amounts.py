"""How many of something countable a unit has: `persons`, `goods` and the number of passengers aboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from portsim.scenario import units
from portsim.scenario.levels import Amount
from portsim.scenario.schema.fields import read_parts, refuse
from portsim.scenario.units import shown

HIGHEST_CV = 5.0

_RULE = "write a number, {mean: 40, cv: 0.3}, or {from: 5, to: 8} for each whole number from 5 to 8 alike"


def read_amount(value: Any, at_most: int) -> Amount:
    """A number, a map of mean and cv, or a map of from and to."""
    if not isinstance(value, dict):
        return Amount(units.parse_number(value, at_least=0, at_most=at_most))
    if not value:
        raise ValueError(f"got an empty map; {_RULE}")
    if value.keys() & {"from", "to"}:
        return _read_span(value, at_most)
    parts: dict[str, Callable[[Any], Any]] = {
        "mean": lambda mean: units.parse_number(mean, above=0, at_most=at_most),
        "cv": lambda cv: units.parse_number(cv, at_least=0, at_most=HIGHEST_CV),
    }
    read = read_parts(value, parts, parts)
    return Amount(read["mean"], read["cv"] or None)


def _read_span(value: dict[str, Any], at_most: int) -> Amount:
    def read_count(number: Any) -> int:
        return units.parse_count(number, at_most=at_most)

    parts = {"from": read_count, "to": read_count}
    read = read_parts(value, parts, parts)
    low, high = read["from"], read["to"]
    if low > high:
        refuse(f"got {shown(value['to'])}, below from, {low}", "to")
    return Amount(float(low)) if low == high else Amount((low + high) / 2, span=(low, high))


def read_persons(value: Any) -> Amount:
    """Persons aboard a unit, or passengers in a vehicle."""
    return read_amount(value, units.MOST_PERSONS)


def read_goods(value: Any) -> Amount:
    """Goods units a unit carries."""
    return read_amount(value, units.MOST_GOODS)
