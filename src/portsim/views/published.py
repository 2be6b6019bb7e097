"""Published figures beside what the model gives for the same stretch of time."""

from __future__ import annotations

from portsim.facts import Fact, fact_rows
from portsim.facts.units import UNITS
from portsim.scenario.calendar import to_local
from portsim.scenario.levels import DAY_MS, Amount
from portsim.scenario.scenario import CountWindow, Scenario
from portsim.views.rows import Rows, half_width
from portsim.views.tables import Table, number

UNITS_COUNTED = frozenset({"vehicles", "passages", "trains", "wagons", "flights"})
"""Units of a published count that are units of a scenario; goods are aboard them."""


def published_table(scenario: Scenario, rows: Rows) -> Table | None:
    """One line for each named stretch of the scenario; None if it names none."""
    cells = [_line(window, scenario, rows) for window in scenario.windows]
    return Table.of(("", "fact", "model", "published", "difference"), cells, names=2) if cells else None


def _line(window: CountWindow, scenario: Scenario, rows: Rows) -> tuple[str, ...]:
    metric = f"crossings_in_{window.name}"
    fact: Fact | None = scenario.facts.get(window.published) if window.published else None
    if fact is None:
        return (window.name, "-", rows.number(metric), "-", "-")
    published = fact_rows({fact.id: fact})[0]["shown"]
    direction = fact.counts.direction if fact.counts else "both"
    row = rows.row(metric, direction=direction if direction in ("in", "out") else None)
    if row is None or not is_comparable(fact, scenario):
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


def is_comparable(fact: Fact, scenario: Scenario) -> bool:
    """Whether the figure counts what a crossing is: units, or persons where every unit is one person."""
    what = fact.unit.partition("/")[0]
    are_persons = all(flow.persons == Amount(1.0) for flow in scenario.flows)
    return fact.dimension in ("count", "rate") and (what in UNITS_COUNTED or (what == "persons" and are_persons))


def _difference(model: float, fact: Fact) -> str:
    """The model less the figure, in per cent of it; a bound that is kept is no difference."""
    figure = float(fact.value)
    if (fact.bound == "at_least" and model >= figure) or (fact.bound == "at_most" and model <= figure):
        return "within the bound"
    return f"{100 * (model - figure) / figure:+.1f} %" if figure else "-"
