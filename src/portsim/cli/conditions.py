"""Options that name measures: `--of` chooses them, `--fail-if` says what must not be."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from portsim.results import MetricRow
    from portsim.results.selection import Condition

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


def check_selections(texts: Iterable[str] | None) -> None:
    """Wrong usage unless each text is a measure as `--of` takes it."""
    from portsim.results.selection import Selection

    for text in texts or ():
        try:
            Selection.parse(text)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--of") from None


def conditions_of(texts: Iterable[str] | None) -> list[Condition]:
    """What `--fail-if` says; wrong usage if it cannot be read."""
    from portsim.results.selection import Condition

    try:
        return [Condition.parse(text) for text in texts or ()]
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--fail-if") from None


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
