"""Checking a run folder: whether it is as it was written, and whether its run gives the same today."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portsim import experiments
from portsim.experiments import Difference
from portsim.results.regionstore import is_region_folder
from portsim.tables import Line, Shown, Table
from portsim.views.verified import verified_blocks, verified_document, verified_warnings


@dataclass(frozen=True, slots=True, repr=False)
class Verification(Shown):
    """What was found of a run folder; `print` shows it as text, and so does a notebook."""

    data: experiments.Verification

    @property
    def is_identical(self) -> bool:
        """Whether every file is as it was written and the run gives the same today."""
        return self.data.is_identical

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Every file that is not as it should be, with the first row that differs, and why."""
        return self.data.differences

    @property
    def warnings(self) -> tuple[str, ...]:
        """What lies in the folder and is no part of the run."""
        return tuple(verified_warnings(self.data))

    def to_dict(self) -> dict[str, Any]:
        """The object `portsim verify --json` prints."""
        return verified_document(self.data)

    def blocks(self) -> list[Line | Table]:
        """The readable result, as lines and tables."""
        return verified_blocks(self.data)

    def __repr__(self) -> str:
        found = "identical" if self.is_identical else f"{len(self.differences)} differences"
        return f"<Verification of {str(self.data.folder)!r}: {found}>"


def verify(folder: str | os.PathLike[str], *, on_replication: Callable[[int], None] | None = None) -> Verification:
    """Check every file of a run folder, play its run again and compare every table byte for byte.

    Of a region's folder the run folder of each port, then that the totals follow from them.

    on_replication : called with how many there are, whenever one has been played and compared

    Nothing is written. Raises ScenarioError if the folder has no manifest or one of another format, OSError if a file
    cannot be read.
    """
    path = Path(folder)
    play_again = experiments.verify_region if is_region_folder(path) else experiments.verify
    return Verification(play_again(path, on_replication=on_replication))
