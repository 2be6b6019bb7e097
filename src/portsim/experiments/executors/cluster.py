"""Placeholder."""

from __future__ import annotations

from portsim.experiments.executors.local import Serial


class Cluster(Serial):
    """x."""

    def __init__(self, address: str, *, insecure: bool) -> None:
        super().__init__()
