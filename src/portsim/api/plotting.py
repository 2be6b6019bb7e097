"""Pictures of runs and of experiments, from Python and from the folders they write."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from portsim.experiments import Run
from portsim.experiments.calibration import Calibration as Calibrated
from portsim.experiments.compare import Comparison as Compared
from portsim.experiments.screening import Screening as Screened
from portsim.experiments.sweep import Sweep as Swept
from portsim.results.selection import Selection
from portsim.views import plots as views
from portsim.views.plots import PICTURES, Drawn, ImageFormat, Memory, write_pictures
from portsim.views.plots.calibrated import draw_figures, draw_posterior
from portsim.views.plots.differences import draw_plans
from portsim.views.plots.queues import draw_queues
from portsim.views.plots.swept import draw_screening, draw_sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PLOTS = "plots"
"""Where in a folder its pictures are."""


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


class ComparisonPlots:
    """The pictures of a comparison, each named as `portsim plot --what` names it.

    Each warns (UserWarning) of characters that no installed font has; ValueError where there is nothing to draw.
    """

    def __init__(self, data: Compared, wanted: Sequence[Selection]) -> None:
        self._data = data
        self._wanted = wanted

    def plans(self, ax: Axes | None = None, *, of: str | Sequence[str] = ()) -> Axes:
        """By how much each plan differs from the baseline, with intervals; `of`: measures, else those shown.

        On a sheet of its own up to three measures stand side by side; with `ax` the first is drawn.
        """
        return shown(draw_plans(views.Compared.of(self._data, selections_of(of) or self._wanted), ax))

    def queues(self, ax: Axes | None = None) -> Axes:
        """Units waiting under each plan, hour by hour; on a sheet of its own, with the hours of each plan."""
        return shown(draw_queues(views.Compared.of(self._data), ax))


class SweepPlots:
    """The picture of a sweep; see `ComparisonPlots`."""

    def __init__(self, data: Swept, wanted: Sequence[Selection]) -> None:
        self._data = data
        self._wanted = wanted

    def sweep(self, ax: Axes | None = None, *, of: str | Sequence[str] = ()) -> Axes:
        """A measure over one number as a line, over two as a heat map, else as dots over each.

        of : the measure, else the first that is shown
        """
        return shown(draw_sweep(views.Swept.of(self._data, selections_of(of) or self._wanted), ax))


class ScreeningPlots:
    """The picture of a screening; see `ComparisonPlots`."""

    def __init__(self, data: Screened) -> None:
        self._data = data

    def assumptions(self, ax: Axes | None = None, *, of: str | Sequence[str] = ()) -> Axes:
        """How much each assumed number matters, the largest first; `of`: for which measure, else the first."""
        return shown(draw_screening(views.Screened.of(self._data), ax, selections_of(of)))


class CalibrationPlots:
    """The pictures of a calibration; see `ComparisonPlots`."""

    def __init__(self, data: Calibrated) -> None:
        self._data = data

    def posterior(self, *, of: str | Sequence[str] = ()) -> Figure:
        """What is known of each unknown number, and of every two of them, beside what the priors leave open.

        A sheet of many Axes, which is returned as its Figure. of : names of numbers, all if there are none
        """
        names = [of] if isinstance(of, str) else list(of)
        figure = shown(draw_posterior(views.Calibrated.of(self._data), names)).get_figure(root=True)
        assert figure is not None
        return figure

    def figures(self, ax: Axes | None = None) -> Axes:
        """Each figure beside what the model gives, in per cent of the figure: fitted or not, reached or not."""
        return shown(draw_figures(views.Calibrated.of(self._data), ax))


def shown(drawn: Drawn) -> Axes:
    """The Axes of a picture; what a reader has to be told is a warning where the user's call stands."""
    for notice in drawn.notices:
        warnings.warn(notice, stacklevel=3)
    return drawn.axes


def selections_of(of: str | Sequence[str]) -> list[Selection]:
    """Measures as they are written. Raises ValueError with the rule."""
    return [Selection.parse(text) for text in ([of] if isinstance(of, str) else of)]


def plot_folder(
    folder: Path, *, what: Sequence[str] = (), output: Path | None = None, image_format: ImageFormat = "png"
) -> tuple[list[Path], list[str]]:
    """Write the pictures of a folder, into its own `plots` or elsewhere; return their paths, and notices.

    folder : of a run, a comparison, a sweep, a screening or a calibration; it is told by what is in it
    what : names of pictures, all if there are none

    Raises as `views.plots.write_pictures` does.
    """
    target = folder / PLOTS if output is None else output
    return write_pictures(folder, target, what=what, image_format=image_format)
