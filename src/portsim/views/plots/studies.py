"""What pictures of experiments are made from: out of the folder one wrote, or out of memory, the same either way."""

from __future__ import annotations

import csv
import json
import math
import pathlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from portsim.errors import Place, Problem, ScenarioError
from portsim.experiments.calibration import Calibration
from portsim.experiments.calibration.priors import Prior
from portsim.experiments.compare import Comparison, hours_apart, label_of
from portsim.experiments.screening import Effect, Screening
from portsim.experiments.sweep import Sweep
from portsim.results import MetricRow
from portsim.results.differences import DifferenceRow, Plan
from portsim.results.selection import Selection
from portsim.views.calibrated import calibration_document
from portsim.views.documents import comparison_document, screening_document, sweep_document
from portsim.views.plots.planqueues import HOURS, VALUES, Queues

Floats = NDArray[np.float64]
_Row = TypeVar("_Row")
_Read = TypeVar("_Read")

COMPARISON, SWEEP, SCREENING, CALIBRATION = (
    "comparison.json",
    "sweep.json",
    "screening.json",
    "calibration.json",
)
"""By which of these a folder is told."""


@dataclass(frozen=True, slots=True)
class ComparedPlan:
    """One plan of a comparison; officer_hours : mean over the replications, 0 without officers."""

    plan: Plan
    officer_hours: float

    @property
    def label(self) -> str:
        """Its name, for people."""
        return label_of(self.plan)


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A comparison; the baseline stands first.

    scenario : the name of the baseline's
    replications : that all plans have done
    wanted : measures that were asked for
    queues : who waited in each hour under each plan; None where that was not kept
    """

    scenario: str
    plans: tuple[ComparedPlan, ...]
    replications: int
    seed: int
    differences: tuple[DifferenceRow, ...]
    wanted: tuple[Selection, ...]
    queues: Queues | None

    @classmethod
    def of(cls, comparison: Comparison, wanted: Sequence[Selection] = ()) -> Self:
        """Of one in memory."""
        return cls._of(comparison_document(comparison, wanted), comparison.differences, Queues.of(comparison))

    @classmethod
    def read(cls, folder: pathlib.Path) -> Self:
        """Of a folder. Raises ScenarioError if something in it is missing or damaged, OSError."""
        document = document_of(folder / COMPARISON)
        path = folder / "differences.csv"
        rows = [_row(DifferenceRow, row, path) for row in table_of(path)]
        made = _checked(folder / COMPARISON, lambda: cls._of(document, map(_unnamed, rows), None))
        if not (folder / VALUES).is_file():
            return made
        values, spans = (table_of(folder / name) for name in (VALUES, HOURS))
        return replace(made, queues=_checked(folder / VALUES, lambda: Queues.read(document, values, spans)))

    @classmethod
    def _of(cls, document: Mapping[str, Any], rows: Iterable[DifferenceRow], queues: Queues | None) -> Self:
        return cls(
            scenario=document["scenario"],
            plans=tuple(ComparedPlan(one["plan"], _known(one["officer_hours"])) for one in document["plans"]),
            replications=document["replications"],
            seed=document["seed"],
            differences=tuple(rows),
            wanted=_selections(document),
            queues=queues,
        )

    @property
    def baseline(self) -> ComparedPlan:
        """What the others are held against."""
        return self.plans[0]

    def hours_apart(self, plan: ComparedPlan) -> float:
        """How much more officer-hours it has, as a share of the baseline's."""
        return hours_apart(plan.officer_hours, self.baseline.officer_hours)


@dataclass(frozen=True, slots=True, eq=False)
class Swept:
    """A sweep. points : the values at the paths, and the rows of each; plan : of the scenario that was swept."""

    scenario: str
    plan: str | None
    paths: tuple[str, ...]
    points: tuple[tuple[tuple[str, ...], tuple[MetricRow, ...]], ...]
    is_factorial: bool
    replications: int
    seed: int
    wanted: tuple[Selection, ...]

    @classmethod
    def of(cls, sweep: Sweep, wanted: Sequence[Selection] = ()) -> Self:
        """Of one in memory."""
        return cls._of(sweep_document(sweep, wanted))

    @classmethod
    def read(cls, folder: pathlib.Path) -> Self:
        """Of a folder. Raises ScenarioError if its file is missing or damaged, OSError."""
        document = document_of(folder / SWEEP)
        return _checked(folder / SWEEP, lambda: cls._of(document))

    @classmethod
    def _of(cls, document: Mapping[str, Any]) -> Self:
        return cls(
            scenario=document["scenario"],
            plan=document["plan"],
            paths=tuple(document["paths"]),
            points=tuple(
                (tuple(point["values"].values()), tuple(_from_json(MetricRow, row) for row in point["metrics"]))
                for point in document["points"]
            ),
            is_factorial=document["design"] == "factorial",
            replications=document["replications"],
            seed=document["seed"],
            wanted=_selections(document),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Screened:
    """A screening of assumptions. spans : of every number that was varied, its range in words."""

    scenario: str
    seed: int
    trajectories: int
    simulations: int
    spans: Mapping[str, str]
    effects: tuple[Effect, ...]

    @classmethod
    def of(cls, screening: Screening) -> Self:
        """Of one in memory."""
        return cls._of(screening_document(screening))

    @classmethod
    def read(cls, folder: pathlib.Path) -> Self:
        """Of a folder. Raises ScenarioError if its file is missing or damaged, OSError."""
        document = document_of(folder / SCREENING)
        return _checked(folder / SCREENING, lambda: cls._of(document))

    @classmethod
    def _of(cls, document: Mapping[str, Any]) -> Self:
        return cls(
            scenario=document["scenario"],
            seed=document["seed"],
            trajectories=document["trajectories"],
            simulations=document["simulations"],
            spans={one["path"]: f"{one['low']} to {one['high']}" for one in document["assumptions"]},
            effects=tuple(_from_json(Effect, row) for row in document["effects"]),
        )


@dataclass(frozen=True, slots=True)
class Number:
    """An unknown number of a calibration."""

    name: str
    prior: Prior
    verdict: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A published figure, or an observed one, beside what the model gives.

    below, above : how far the truth may lie from the value as it is stated; infinite for a bound
    spread : standard deviation of what else it may be off by, a share of the value
    low, middle, high : 5 %, 50 % and 95 % quantiles of what the model gives
    """

    name: str
    value: float
    below: float
    above: float
    spread: float
    low: float
    middle: float
    high: float
    is_fitted: bool
    is_reached: bool


@dataclass(frozen=True, slots=True, eq=False)
class Calibrated:
    """A calibration. draws : float64[draws, numbers], from the posterior, of equal weight."""

    name: str
    seed: int
    runs: int
    effective: float
    numbers: tuple[Number, ...]
    figures: tuple[Figure, ...]
    draws: Floats

    @classmethod
    def of(cls, calibration: Calibration) -> Self:
        """Of one in memory."""
        return cls._of(calibration_document(calibration), calibration.values)

    @classmethod
    def read(cls, folder: pathlib.Path) -> Calibrated:
        """Of a folder. Raises ScenarioError if something in it is missing or damaged, OSError."""
        document = document_of(folder / CALIBRATION)
        path = folder / "posterior.csv"
        rows = table_of(path)

        def read() -> Calibrated:
            names = [one["parameter"] for one in document["parameters"]]
            draws = [[float(row[name]) for name in names] for row in rows]
            return cls._of(document, np.array(draws, np.float64).reshape(len(rows), len(names)))

        return _checked(folder, read)

    @classmethod
    def _of(cls, document: Mapping[str, Any], draws: Floats) -> Self:
        return cls(
            name=document["calibration"],
            seed=document["seed"],
            runs=document["runs"],
            effective=_known(document["effective"]),
            numbers=tuple(
                Number(one["parameter"], _from_json(Prior, one["distribution"]), one["verdict"])
                for one in document["parameters"]
            ),
            figures=tuple(map(_figure, document["figures"])),
            draws=draws,
        )


def _figure(row: Mapping[str, Any]) -> Figure:
    error = row["error"]
    below, above = (math.inf if error[name] is None else float(error[name]) for name in ("below", "above"))
    return Figure(
        name=row["figure"],
        value=_known(row["value"]),
        below=below,
        above=above,
        spread=math.hypot(_known(error["counting"]), _known(error["spread"])),
        low=_known(row["model_q05"]),
        middle=_known(row["model_q50"]),
        high=_known(row["model_q95"]),
        is_fitted=row["is_fitted"],
        is_reached=row["is_reached"],
    )


SCHEMAS = {
    COMPARISON: "portsim.compare/1",
    SWEEP: "portsim.sweep/1",
    SCREENING: "portsim.screening/1",
    CALIBRATION: "portsim.calibration/1",
}


def document_of(path: pathlib.Path) -> dict[str, Any]:
    """The JSON object of a folder. Raises ScenarioError if it is none, or of another schema; OSError."""
    try:
        document = json.loads(path.read_bytes())
    except ValueError as error:
        raise damaged(path, str(error)) from None
    if not isinstance(document, dict):
        raise damaged(path, "it is no object")
    if document.get("schema") != SCHEMAS[path.name]:
        raise damaged(path, f"the schema must be {SCHEMAS[path.name]}, got {document.get('schema')!r}")
    return document


def table_of(path: pathlib.Path) -> list[dict[str, str]]:
    """A CSV file, a map for each row. Raises ScenarioError if it is missing or damaged, OSError."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        raise damaged(path, "it is missing") from None
    except (ValueError, csv.Error) as error:
        raise damaged(path, str(error)) from None
    if any(None in row or None in row.values() for row in rows):
        raise damaged(path, "a row is longer or shorter than the header")
    return rows


def damaged(path: pathlib.Path, why: str) -> ScenarioError:
    """That a file of a folder is not as portsim writes it."""
    return ScenarioError([Problem(Place(str(path), 0, 0), "", f"cannot be read ({why}): make the folder again")])


def _checked(path: pathlib.Path, read: Callable[[], _Read]) -> _Read:
    """What reading gives; a key that is missing, or a value of another kind, is a file that is damaged."""
    try:
        return read()
    except KeyError as error:
        raise damaged(path, f"there is no {error.args[0]!r}") from None
    except (TypeError, ValueError, AttributeError, IndexError) as error:
        raise damaged(path, str(error)) from None


def _selections(document: Mapping[str, Any]) -> tuple[Selection, ...]:
    return tuple(Selection.parse(text) for text in document.get("of", ()))


def _known(value: float | None) -> float:
    return math.nan if value is None else float(value)


def _from_json(kind: type[_Row], row: Mapping[str, Any]) -> _Row:
    """A row as it was before undefined numbers became null."""
    values = {one.name: row[one.name] for one in fields(kind)}  # type: ignore[arg-type]
    for one in fields(kind):  # type: ignore[arg-type]
        if one.type == "float":
            values[one.name] = _known(values[one.name])
    return kind(**values)


def _row(kind: type[_Row], row: Mapping[str, str], path: pathlib.Path) -> _Row:
    """A row of a CSV file: an empty cell is an undefined number, or a part that is not named."""
    read: dict[str, Callable[[str], Any]] = {"float": _number, "int": int}
    values: dict[str, Any] = {}
    for one in fields(kind):  # type: ignore[arg-type]
        if one.name not in row:
            raise damaged(path, f"there is no column {one.name}")
        text = row[one.name]
        try:
            values[one.name] = read.get(str(one.type), _part)(text)
        except ValueError:
            raise damaged(path, f"{text!r} is no number in column {one.name}") from None
    return kind(**values)


def _number(text: str) -> float:
    return float(text) if text else math.nan


def _part(text: str) -> str | None:
    return text or None


def _unnamed(row: DifferenceRow) -> DifferenceRow:
    """The row with None for the scenario without a plan, in place of the name it goes by."""
    none = label_of(None)
    return replace(
        row,
        plan=None if row.plan == none else row.plan,
        baseline=None if row.baseline == none else row.baseline,
        method=row.method or "",
    )
