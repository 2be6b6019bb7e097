"""Results as one versioned object of plain values, for programs (design section 7)."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from portsim.experiments import Run
from portsim.scenario.calendar import moment


def run_document(run: Run) -> dict[str, Any]:
    """`portsim.run/1`: what was run, what to be warned of, and every row of the summary.

    Moments are ISO 8601 with the offset of the port's clock; what is undefined is None.
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
    }


def finite(value: Any) -> Any:
    """The value, None for a number that is undefined."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
