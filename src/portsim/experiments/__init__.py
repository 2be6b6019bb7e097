"""Experiments: the same scenario many times, with chance drawn anew each time."""

from __future__ import annotations

from portsim.experiments.replicate import Replication, Run, replicate
from portsim.experiments.saving import Saving
from portsim.experiments.verifying import Difference, Verification, verify

__all__ = ["Difference", "Replication", "Run", "Saving", "Verification", "replicate", "verify"]
