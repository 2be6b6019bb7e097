"""portsim simulates land ports: how long trucks and travellers wait, and what officers, lanes and hours change.

`import portsim` is light: each public name is fetched from `portsim.api` when it is first used.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from portsim.api import (
        Calibration,
        CalibrationError,
        Check,
        Comparison,
        Description,
        EngineError,
        Fact,
        FactError,
        Facts,
        LimitError,
        Place,
        PortsimError,
        Problem,
        Region,
        RegionCheck,
        RegionRun,
        Run,
        Scenario,
        ScenarioError,
        Screening,
        Sweep,
        Trace,
        Verification,
        calibrate,
        check,
        compare,
        describe,
        facts,
        json_schema,
        load,
        load_text,
        merge,
        regions,
        run,
        scenarios,
        screen,
        sweep,
        trace,
        verify,
    )

__version__ = "0.1.0"

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
    "__version__",
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


class _Package(ModuleType):
    """Keeps `portsim.facts` the function; importing the room of the same name would put the room in its place."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "facts" and isinstance(value, ModuleType):
            return
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> Any:
    if name in __all__:
        from portsim import api

        return getattr(api, name)
    raise AttributeError(f"module 'portsim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
