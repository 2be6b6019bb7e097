"""Experiments: the same scenario many times, with chance drawn anew each time."""

from __future__ import annotations

from portsim.experiments.replicate import Replication, Run, replicate
from portsim.experiments.saving import Saving

__all__ = ["Replication", "Run", "Saving", "replicate"]
