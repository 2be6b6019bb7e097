"""What has to be the same here and where a replication is played, for the results to be the same bytes."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache

from portsim.errors import WorkerError
from portsim.results.journal import versions_that_count

CSV = "csv"


@cache
def versions() -> dict[str, str]:
    """Versions of portsim, Python, and what draws and adds up the numbers, of this process."""
    major, minor, _ = platform.python_version_tuple()
    return {"Python": f"{major}.{minor}", **versions_that_count(CSV)}


def check_versions(wanted: Mapping[str, str], found: Mapping[str, str], where: str) -> None:
    """Raise WorkerError, naming every difference and the cure, where results might not be the same."""
    other = [
        f"{name} {found.get(name, 'missing')} (here {version})"
        for name, version in wanted.items()
        if found.get(name) != version
    ]
    if other:
        raise WorkerError(
            f"{where} has {', '.join(other)}: results are the same bytes only with the same versions; install them "
            "there, or start the run where they are those of the workers"
        )
