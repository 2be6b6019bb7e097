"""Putting the run folders of parts of a run together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from portsim import experiments
from portsim.api.arguments import several
from portsim.api.regionruns import RegionRun
from portsim.api.runresult import Run
from portsim.results.regionstore import is_region_folder


def merge(
    parts: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    folder: str | os.PathLike[str],
    *,
    on_replication: Callable[[int], None] | None = None,
) -> Run | Any:
    """Put the run folders of parts of a run (`replications=range(50, 100)`) together; of a region a `RegionRun`.

    parts : folders of one scenario, seed and version, whose replications follow one another without a gap
    folder : where to write the folder of the whole; it must not exist or be empty
    on_replication : called with how many there are, whenever one has been copied

    Nothing is played again: the folder is what a run of all of them would have written. Raises ScenarioError if the
    parts do not belong together, or one is damaged or not finished; ValueError for no parts; OSError.
    """
    paths = [Path(part) for part in several(parts)]
    if not paths:
        raise ValueError("there is nothing to merge: name the folders of the parts")
    if is_region_folder(paths[0]):
        return RegionRun(experiments.merge_regions(paths, Path(folder), on_replication=on_replication))
    return Run(experiments.merge(paths, Path(folder), on_replication=on_replication))
