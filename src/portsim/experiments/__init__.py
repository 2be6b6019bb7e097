"""Experiments: the same scenario many times, with chance drawn anew each time."""

from __future__ import annotations

from portsim.experiments.regional import RegionRun, replicate_region
from portsim.experiments.regionsaving import RegionSaving
from portsim.experiments.regionverifying import verify_region
from portsim.experiments.replicate import Replication, Run, replicate
from portsim.experiments.saving import Saving
from portsim.experiments.verifying import Difference, Verification, verify

__all__ = [
    "Difference",
    "RegionRun",
    "RegionSaving",
    "Replication",
    "Run",
    "Saving",
    "Verification",
    "replicate",
    "replicate_region",
    "verify",
    "verify_region",
]
