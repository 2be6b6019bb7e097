"""Published figures beside what the model gives for the same stretch of time."""

from __future__ import annotations

from typing import Literal

from portsim.facts import Fact, fact_rows
from portsim.facts.units import UNITS
from portsim.scenario.calendar import to_local
from portsim.scenario.levels import DAY_MS
from portsim.scenario.scenario import CountWindow, Scenario
from portsim.tables import Table, number
from portsim.views.rows import Rows, half_width

UNITS_COUNTED = frozenset({"vehicles", "passages", "trains", "wagons", "flights"})
"""Units of a published count that are units of a scenario, or goods aboard them."""


def published_table(scenario: Scenario, rows: Rows) -> Table | None:
    """One line for each named stretch of the scenario; None if it names none."""
    cells = [_line(window, scenario, rows) for window in scenario.windows]
    return Table.of(("", "fact", "model", "published", "difference"), cells, names=2) if cells else None


def _line(window: CountWindow, scenario: Scenario, rows: Rows) -> tuple[str, ...]:
    fact: Fact | None = scenario.facts.get(window.published) if window.published else None
    if fact is None:
        return (window.name, "-", rows.number(f"crossings_in_{window.name}"), "-", "-")
    what = compared_with(fact)
    metric = f"{what or 'crossings'}_in_{window.name}"
    published = fact_rows({fact.id: fact})[0]["shown"]
    direction = fact.counts.direction if fact.counts else "both"
    row = rows.row(metric, direction=direction if direction in ("in", "out") else None)
    if row is None or what is None:
        return (window.name, fact.id, rows.number(metric), published, "not comparable")
    days = calendar_days(window, scenario.clock) if fact.dimension == "rate" else 1.0
    scale = 1 / days / UNITS[fact.unit][1]
    per = "".join(fact.unit.partition("/")[1:])
    model = f"{number(row.mean * scale, half_width(row) * scale)}{per}"
    return (window.name, fact.id, model, published, _difference(row.mean * scale, fact))


def calendar_days(window: CountWindow, clock: str) -> float:
    """How many days of the port's clock a window spans: a day of 23 or 25 hours is one day, as counts have it."""
    start, end = to_local(window.start_ms, clock), to_local(window.end_ms, clock)
    return (end - start).total_seconds() * 1000 / DAY_MS


def compared_with(fact: Fact) -> Literal["crossings", "persons", "goods"] | None:
    """What of the model a figure is beside: crossings, or the persons or goods aboard; None for what it does not count.

    Vehicles that are exported are goods. Persons of the model include drivers.
    """
    what = fact.unit.partition("/")[0]
    if fact.dimension not in ("count", "rate"):
        return None
    if what == "persons":
        return None if fact.counts is not None and fact.counts.drivers_included == "no" else "persons"
    if what not in UNITS_COUNTED:
        return None
    return "goods" if fact.counts is not None and fact.counts.what == "goods" else "crossings"


def _difference(model: float, fact: Fact) -> str:
    """The model less the figure, in per cent of it; a bound that is kept is no difference."""
    figure = float(fact.value)
    if (fact.bound == "at_least" and model >= figure) or (fact.bound == "at_most" and model <= figure):
        return "within the bound"
    return f"{100 * (model - figure) / figure:+.1f} %" if figure else "-"
