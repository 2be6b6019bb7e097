"""Experiments: the same scenario many times, with chance drawn anew each time."""

from __future__ import annotations

from portsim.experiments.executors import Executor, Played, Task, executor_for
from portsim.experiments.merging import merge
from portsim.experiments.playing import Replication, replay
from portsim.experiments.regional import RegionRun, replicate_region
from portsim.experiments.regionmerging import merge_regions
from portsim.experiments.regionsaving import RegionSaving
from portsim.experiments.regionverifying import verify_region
from portsim.experiments.replicate import Run, replicate
from portsim.experiments.saving import Saving
from portsim.experiments.verifying import Difference, Verification, verify

__all__ = [
    "Difference",
    "Executor",
    "Played",
    "RegionRun",
    "RegionSaving",
    "Replication",
    "Run",
    "Saving",
    "Task",
    "Verification",
    "executor_for",
    "merge",
    "merge_regions",
    "replay",
    "replicate",
    "replicate_region",
    "verify",
    "verify_region",
]
