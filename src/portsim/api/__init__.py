"""The public names of portsim, each imported from its room when it is first used.

Checking a scenario needs neither numpy nor SimPy, so nothing here may load them before they are called for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from portsim.api.calibrations import Calibration, calibrate
    from portsim.api.catalogue import Facts, facts, json_schema, regions, scenarios
    from portsim.api.checking import Check, RegionCheck, check
    from portsim.api.comparisons import Comparison, compare
    from portsim.api.describing import Description, describe
    from portsim.api.loading import load, load_text
    from portsim.api.merging import merge
    from portsim.api.regionruns import RegionRun
    from portsim.api.runresult import Run
    from portsim.api.runs import run
    from portsim.api.sweeps import Screening, Sweep, screen, sweep
    from portsim.api.tracing import Trace, trace
    from portsim.api.verifying import Verification, verify
    from portsim.errors import (
        CalibrationError,
        EngineError,
        FactError,
        LimitError,
        Place,
        PortsimError,
        Problem,
        ScenarioError,
    )
    from portsim.facts import Fact
    from portsim.scenario.region import Region
    from portsim.scenario.scenario import Scenario

_HOME = {
    "Calibration": "portsim.api.calibrations",
    "CalibrationError": "portsim.errors",
    "Check": "portsim.api.checking",
    "Comparison": "portsim.api.comparisons",
    "Description": "portsim.api.describing",
    "EngineError": "portsim.errors",
    "Fact": "portsim.facts",
    "FactError": "portsim.errors",
    "Facts": "portsim.api.catalogue",
    "LimitError": "portsim.errors",
    "Place": "portsim.errors",
    "PortsimError": "portsim.errors",
    "Problem": "portsim.errors",
    "Region": "portsim.scenario.region",
    "RegionCheck": "portsim.api.checking",
    "RegionRun": "portsim.api.regionruns",
    "Run": "portsim.api.runresult",
    "Scenario": "portsim.scenario.scenario",
    "ScenarioError": "portsim.errors",
    "Screening": "portsim.api.sweeps",
    "Sweep": "portsim.api.sweeps",
    "Trace": "portsim.api.tracing",
    "Verification": "portsim.api.verifying",
    "calibrate": "portsim.api.calibrations",
    "check": "portsim.api.checking",
    "compare": "portsim.api.comparisons",
    "describe": "portsim.api.describing",
    "facts": "portsim.api.catalogue",
    "json_schema": "portsim.api.catalogue",
    "load": "portsim.api.loading",
    "load_text": "portsim.api.loading",
    "merge": "portsim.api.merging",
    "regions": "portsim.api.catalogue",
    "run": "portsim.api.runs",
    "scenarios": "portsim.api.catalogue",
    "screen": "portsim.api.sweeps",
    "sweep": "portsim.api.sweeps",
    "trace": "portsim.api.tracing",
    "verify": "portsim.api.verifying",
}

__all__ = [
    "Calibration",
    "CalibrationError",
    "Check",
    "Comparison",
    "Description",
    "EngineError",
    "Fact",
    "FactError",
    "Facts",
    "LimitError",
    "Place",
    "PortsimError",
    "Problem",
    "Region",
    "RegionCheck",
    "RegionRun",
    "Run",
    "Scenario",
    "ScenarioError",
    "Screening",
    "Sweep",
    "Trace",
    "Verification",
    "calibrate",
    "check",
    "compare",
    "describe",
    "facts",
    "json_schema",
    "load",
    "load_text",
    "merge",
    "regions",
    "run",
    "scenarios",
    "screen",
    "sweep",
    "trace",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'portsim.api' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
