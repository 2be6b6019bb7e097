"""Pictures of a run, from Python and from a run folder."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from portsim.experiments import Run
from portsim.views.plots import PICTURES, Folder, ImageFormat, Memory, write_pictures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PLOTS = "plots"
"""Where in a run folder its pictures are."""


class Plots:
    """The pictures of a run in memory, of the replications whose records it carries.

    Each is drawn into `ax`, or on a new sheet of the size of a report's page width, and its Axes returned;
    `axes.figure.savefig("queue.png")` keeps it, and a notebook shows `axes.figure`. Each raises ValueError if no
    records were kept, and warns (UserWarning) of characters that no installed font has.
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    def queue(self, ax: Axes | None = None) -> Axes:
        """Units waiting, hour by hour, with closed time and dated changes; on a sheet of its own, shifts as well."""
        return self._draw("queue", ax)

    def daily(self, ax: Axes | None = None) -> Axes:
        """Crossings on each day beside the published figures that the scenario's windows cite."""
        return self._draw("daily", ax)

    def wait(self, ax: Axes | None = None) -> Axes:
        """The share of units that waited at most so long, by flow, beside the targets."""
        return self._draw("wait", ax)

    def use(self, ax: Axes | None = None) -> Axes:
        """The part of lanes and officers in use by hour of the week; on its own sheet, before and after changes."""
        return self._draw("use", ax)

    def _draw(self, name: str, ax: Axes | None) -> Axes:
        drawn = PICTURES[name](Memory(self._run), ax)
        for notice in drawn.notices:
            warnings.warn(notice, stacklevel=3)
        return drawn.axes


def plot_folder(
    folder: Path, *, what: Sequence[str] = (), output: Path | None = None, image_format: ImageFormat = "png"
) -> tuple[list[Path], list[str]]:
    """Write the pictures of a run folder, into its own `plots` or elsewhere; return their paths, and notices.

    what : names of pictures, all if there are none

    Raises ScenarioError if it is no finished run folder, if a table is damaged, or if a picture that is asked for
    needs records that were not kept; OSError.
    """
    target = folder / PLOTS if output is None else output
    return write_pictures(Folder(folder), target, what=what, image_format=image_format)
