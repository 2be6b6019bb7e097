"""Results as one versioned object of plain values, for programs (design section 7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from portsim.experiments import Run
from portsim.experiments.compare import Comparison
from portsim.experiments.precision import Stopping
from portsim.experiments.screening import Screening
from portsim.experiments.sweep import Sweep
from portsim.results.selection import Selection
from portsim.scenario.calendar import moment
from portsim.views.finite import finite
from portsim.views.posterior import posterior_document


def run_document(run: Run, stopping: Stopping | None = None) -> dict[str, Any]:
    """`portsim.run/1`: what was run, what to be warned of, and every row of the summary.

    Moments are ISO 8601 with the offset of the port's clock; what is undefined is None.

    stopping : of a run to a stated precision, which has a key `precision` more
    """
    scenario = run.scenario
    return {
        "schema": "portsim.run/1",
        "scenario": scenario.name,
        "plan": scenario.plan,
        "seed": run.seed,
        "replications": len(run.numbers),
        "engine": run.engine,
        "window": {
            "from": moment(scenario.measure_from_ms, scenario.clock),
            "to": moment(run.end_ms, scenario.clock),
        },
        "warnings": list(run.warnings),
        "metrics": [{name: finite(value) for name, value in asdict(row).items()} for row in run.rows],
        "posterior": posterior_document(scenario, run.seed, run.numbers, run.ranges),
    } | ({} if stopping is None else {"precision": _precision(stopping)})


def _precision(stopping: Stopping) -> dict[str, Any]:
    return {
        "relative": stopping.precision.relative,
        "is_reached": stopping.is_reached,
        "reason": stopping.reason,
        "of": [
            {"measure": str(one.selection), "relative_error": finite(one.error), "is_reached": one.is_reached}
            for one in stopping.reached
        ],
    }


def comparison_document(comparison: Comparison, wanted: Sequence[Selection] = ()) -> dict[str, Any]:
    """`portsim.compare/1`: every plan's summary, the baseline's first, and every difference from the baseline.

    A plan is None for the scenario without a plan. Differences are those of the port, its flows and its stages;
    those of kinds, directions and pools are in `differences.csv`.

    wanted : measures that were asked for
    """
    base = comparison.baseline
    scenario = base.candidate.scenario
    return {
        "schema": "portsim.compare/1",
        "scenario": scenario.name,
        "baseline": base.plan,
        "seed": comparison.seed,
        "replications": len(comparison.numbers),
        "engine": base.run.engine,
        "window": {
            "from": moment(scenario.measure_from_ms, scenario.clock),
            "to": moment(base.run.end_ms, scenario.clock),
        },
        "start": moment(scenario.start_ms, scenario.clock),
        "sides": {side.name: side.timezone for side in scenario.regimes[0].sides},
        "kinds": list(base.run.network.kinds),
        "of": [str(one) for one in wanted],
        "warnings": list(comparison.warnings),
        "plans": [
            {
                "plan": played.plan,
                "officer_hours": finite(played.officer_hours),
                "metrics": [{name: finite(value) for name, value in asdict(row).items()} for row in played.run.rows],
            }
            for played in comparison.plans
        ],
        "differences": [
            {name: finite(getattr(row, name)) for name in _DIFFERENCE}
            for row in comparison.differences
            if (row.kind, row.direction, row.pool) == (None, None, None)
        ],
        "posterior": posterior_document(
            scenario,
            comparison.seed,
            comparison.numbers,
            [row for row in comparison.ranges if (row.kind, row.direction, row.pool) == (None, None, None)],
        ),
        "best": [
            {name: finite(getattr(row, name)) for name in _BEST}
            for row in comparison.chances
            if (row.kind, row.direction, row.pool) == (None, None, None)
        ],
    }


_DIFFERENCE = ("plan", "baseline", "metric", "flow", "stage", "mean", "ci_low", "ci_high", "n", "verdict")
_BEST = ("metric", "flow", "stage", "plan", "probability")


def sweep_document(sweep: Sweep, wanted: Sequence[Selection] = ()) -> dict[str, Any]:
    """`portsim.sweep/1`: every point with its values by path, and its summary; wanted : measures asked for."""
    scenario = sweep.scenario
    return {
        "schema": "portsim.sweep/1",
        "scenario": scenario.name,
        "plan": scenario.plan,
        "seed": sweep.seed,
        "replications": len(sweep.numbers),
        "design": "factorial" if sweep.is_factorial else "quasi-random",
        "paths": list(sweep.paths),
        "of": [str(one) for one in wanted],
        "warnings": list(sweep.warnings),
        "points": [
            {
                "values": dict(zip(sweep.paths, point.values, strict=True)),
                "officer_hours": finite(point.officer_hours),
                "warnings": list(point.run.warnings),
                "metrics": [{name: finite(value) for name, value in asdict(row).items()} for row in point.run.rows],
            }
            for point in sweep.points
        ],
    }


def screening_document(screening: Screening) -> dict[str, Any]:
    """`portsim.screening/1`: the assumed numbers with their ranges, and by measure how much each matters."""
    scenario = screening.scenario
    return {
        "schema": "portsim.screening/1",
        "scenario": scenario.name,
        "plan": scenario.plan,
        "seed": screening.seed,
        "trajectories": screening.trajectories,
        "within": screening.within,
        "simulations": screening.played,
        "warnings": list(screening.warnings),
        "assumptions": [
            {
                "path": one.path,
                "value": one.text,
                "low": one.written(0),
                "high": one.written(1),
                "reason": one.reason,
            }
            for one in screening.factors
        ],
        "left_out": [asdict(one) for one in screening.left_out],
        "effects": [{name: finite(value) for name, value in asdict(one).items()} for one in screening.effects],
    }
