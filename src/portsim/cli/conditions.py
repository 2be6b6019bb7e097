"""Options that name measures: `--of` chooses them, `--fail-if` says what must not be."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from portsim.results import MetricRow
    from portsim.results.selection import Condition
    from portsim.scenario.region import Region
    from portsim.scenario.scenario import Scenario

Of = Annotated[
    list[str] | None,
    typer.Option(
        "--of", metavar="MEASURE", help="A measure to show: wait_p95_min, 'wait_p95_min of outbound' (repeatable)."
    ),
]
FailIf = Annotated[
    list[str] | None,
    typer.Option("--fail-if", metavar="CONDITION", help="End with 5 if it holds: 'wait_p95_min > 120' (repeatable)."),
]


def conditions_of(texts: Iterable[str] | None) -> list[Condition]:
    """What `--fail-if` says. Raises ArgumentError, which ends as wrong usage, if it cannot be read."""
    from portsim.results.selection import Condition

    return [Condition.parse(text) for text in texts or ()]


def check_conditions(loaded: Scenario | Region, conditions: Sequence[Condition]) -> None:
    """Raise ArgumentError, before anything is played, for a measure the scenario does not have, or for a region."""
    from portsim.errors import ArgumentError
    from portsim.experiments.measures import check_selections
    from portsim.scenario.region import Region

    if isinstance(loaded, Region):
        raise ArgumentError("--fail-if is of one port, and this is a region: run its ports one by one")
    plan = next((one.plan for one in conditions if one.plan not in (None, loaded.plan)), None)
    if plan is not None:
        raise ArgumentError(f"--fail-if names {plan!r}, which is not what is run")
    check_selections(loaded, conditions)


def failures(conditions: Sequence[Condition], runs: Sequence[tuple[str | None, Sequence[MetricRow]]]) -> list[str]:
    """What to say of each condition that holds, plan by plan; of a maximum the largest counts, else the mean."""
    return [text for condition in conditions for text in _failures(condition, runs)]


def _failures(condition: Condition, runs: Sequence[tuple[str | None, Sequence[MetricRow]]]) -> Iterator[str]:
    for plan, rows in runs:
        if condition.plan not in (None, plan):
            continue
        row = condition.selection.find(rows)
        if row is not None and not math.isnan(row.mean) and condition.holds(row.mean):
            of_plan = f"{plan}: " if plan is not None else ""
            yield f"{of_plan}{condition.selection} is {row.mean:.6g}, and {condition.text} was not to be"
