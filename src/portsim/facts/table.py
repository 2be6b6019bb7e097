"""The facts as rows of text and numbers, for `portsim facts` and for tables of results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from portsim.errors import FactError
from portsim.facts.entries import closest
from portsim.facts.fact import Fact

_SIGNS = {"exact": "", "at_least": "at least ", "at_most": "at most ", "about": "about "}


class FactRow(TypedDict):
    """One fact, flat; `shown` is the value with its bound and unit as a sentence would have it."""

    id: str
    port: str
    measure: str
    value: int | float | str
    unit: str
    bound: str
    shown: str
    period: str
    timezone: str
    counts: str
    direction: str
    drivers_included: str
    change_on_year: float | None
    reliability: str
    derived: str
    title: str
    publisher: str
    date: str
    where: str
    note: str


def fact_rows(facts: Mapping[str, Fact], port: str | None = None) -> list[FactRow]:
    """One row a fact, of one port or of all, in the order of the library; rejected figures included.

    Raises FactError for a port nothing is known of, with the nearest name.
    """
    ports = sorted({fact.port for fact in facts.values()})
    if port is not None and port not in ports:
        known = f"; known ports are {', '.join(ports)}"
        raise FactError(f"there are no facts of a port {port!r}{closest(port, ports) or known}")
    return [_row(fact) for fact in facts.values() if port in (None, fact.port)]


def _row(fact: Fact) -> FactRow:
    counts, period = fact.counts, fact.period
    return FactRow(
        id=fact.id,
        port=fact.port,
        measure=fact.measure,
        value=fact.value,
        unit=fact.unit,
        bound=fact.bound,
        shown=shown_value(fact),
        period=str(period or ""),
        timezone=(period.timezone if period else None) or "",
        counts=counts.what if counts else "",
        direction=counts.direction if counts else "",
        drivers_included=counts.drivers_included if counts else "",
        change_on_year=fact.change_on_year,
        reliability=fact.reliability,
        derived=str(fact.derived or ""),
        title=fact.source.title,
        publisher=fact.source.publisher,
        date=fact.source.date,
        where=fact.source.where,
        note=fact.note,
    )


def shown_value(fact: Fact) -> str:
    """The figure with its bound and unit, as a sentence would have it."""
    if isinstance(fact.value, str):
        return fact.value
    number = f"{fact.value:,}" if isinstance(fact.value, int) else f"{fact.value:,.6g}"
    unit = "" if fact.unit == "number" else f" {fact.unit}"
    return f"{_SIGNS[fact.bound]}{number}{unit}"
