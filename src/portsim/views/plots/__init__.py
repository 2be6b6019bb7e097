"""Pictures of runs and of experiments: each is worked out as plain values first and drawn after, in the port's clock.

Drawn with matplotlib's objects alone, without its global figures, so that threads and notebooks are safe.
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from portsim.errors import ArgumentError, Place, Problem, ScenarioError
from portsim.experiments.calibration.journal import NAME as JOURNAL
from portsim.views.plots.calibrated import draw_figures, draw_posterior
from portsim.views.plots.daily import draw_daily
from portsim.views.plots.differences import draw_plans
from portsim.views.plots.paper import FORMATS, Drawn, ImageFormat, write_figure
from portsim.views.plots.queue import draw_queue
from portsim.views.plots.queues import draw_queues
from portsim.views.plots.source import Folder, Memory, Source
from portsim.views.plots.studies import (
    CALIBRATION,
    COMPARISON,
    SCREENING,
    SWEEP,
    Calibrated,
    Compared,
    Screened,
    Swept,
)
from portsim.views.plots.swept import draw_screening, draw_sweep
from portsim.views.plots.use import draw_use
from portsim.views.plots.wait import draw_wait

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "EXPERIMENTS",
    "FORMATS",
    "NAMES",
    "PICTURES",
    "Calibrated",
    "Compared",
    "Drawn",
    "Experiment",
    "Folder",
    "ImageFormat",
    "Memory",
    "Screened",
    "Source",
    "Swept",
    "draw_all",
    "write_drawn",
    "write_pictures",
]

PICTURES: Mapping[str, Callable[[Source, Axes | None], Drawn]] = MappingProxyType(
    {"queue": draw_queue, "daily": draw_daily, "wait": draw_wait, "use": draw_use}
)
"""Every picture of a run by its name."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """What can be drawn of the folder of an experiment.

    name : what wrote it, in words
    read : makes what its pictures are of out of the folder
    pictures : by name; each raises ValueError where there is nothing to draw
    """

    name: str
    read: Callable[[pathlib.Path], Any]
    pictures: Mapping[str, Callable[[Any], Drawn]]


EXPERIMENTS: Mapping[str, Experiment] = MappingProxyType(
    {
        COMPARISON: Experiment("comparison", Compared.read, {"plans": draw_plans, "queues": draw_queues}),
        SWEEP: Experiment("sweep", Swept.read, {"sweep": draw_sweep}),
        SCREENING: Experiment("screening of assumptions", Screened.read, {"assumptions": draw_screening}),
        CALIBRATION: Experiment("calibration", Calibrated.read, {"posterior": draw_posterior, "figures": draw_figures}),
    }
)
"""By the file that tells the folder of each."""

NAMES = (*PICTURES, *(name for one in EXPERIMENTS.values() for name in one.pictures))
"""Every picture there is."""


def draw_all(experiment: Experiment, of: Any, what: Sequence[str] = ()) -> tuple[dict[str, Drawn], list[str]]:
    """Pictures of an experiment by name, those asked for or all that there is something to draw of; and notices.

    Raises ScenarioError if there is nothing to draw of one that is asked for.
    """
    drawn: dict[str, Drawn] = {}
    notices: dict[str, None] = {}
    for name in dict.fromkeys(what) or experiment.pictures:
        try:
            drawn[name] = experiment.pictures[name](of)
        except ValueError as error:
            if what:
                raise ScenarioError([Problem(None, name, str(error))]) from None
            notices[f"no picture {name}: {error}"] = None
            continue
        notices.update(dict.fromkeys(drawn[name].notices))
    return drawn, list(notices)


def write_drawn(
    drawn: Mapping[str, Drawn], folder: pathlib.Path, image_format: ImageFormat = "png"
) -> list[pathlib.Path]:
    """Write pictures into a folder, each named as it is called; return their paths. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, one in drawn.items():
        figure = one.axes.get_figure(root=True)
        assert figure is not None
        paths.append(folder / f"{name}.{image_format}")
        write_figure(figure, paths[-1], image_format)
    return paths


def experiment_of(folder: pathlib.Path) -> Experiment | None:
    """Which experiment wrote a folder; None if it is that of a run, or of nothing that is known."""
    return next((one for file, one in EXPERIMENTS.items() if (folder / file).is_file()), None)


def write_pictures(
    folder: pathlib.Path, target: pathlib.Path, *, what: Sequence[str] = (), image_format: ImageFormat = "png"
) -> tuple[list[pathlib.Path], list[str]]:
    """Write the pictures of a folder that a run or an experiment wrote; return their paths, and notices.

    what : names of pictures; all that can be drawn if there are none

    Raises ArgumentError for a picture that is not one of such a folder; ScenarioError if the folder is none of these,
    if a file of it is damaged, or if there is nothing to draw of a picture that is asked for; OSError.
    """
    experiment = experiment_of(folder)
    if experiment is None and (folder / JOURNAL).is_file():
        rule = "is the folder of a calibration that did not finish: continue it with portsim calibrate ... --resume"
        raise ScenarioError([Problem(Place(str(folder), 0, 0), "", rule)])
    source = Folder(folder) if experiment is None else None
    name, pictures = ("run", PICTURES) if experiment is None else (experiment.name, experiment.pictures)
    for one in what:
        if one not in pictures:
            known = f"of it can be drawn {', '.join(pictures)}"
            raise ArgumentError(f"{folder} is the folder of a {name}: {known}; got {one!r}")
    if source is not None:
        return _write_run(source, target, what=what, image_format=image_format)
    assert experiment is not None
    drawn, notices = draw_all(experiment, experiment.read(folder), what)
    return write_drawn(drawn, target, image_format), notices


def _write_run(
    source: Source, folder: pathlib.Path, *, what: Sequence[str], image_format: ImageFormat
) -> tuple[list[pathlib.Path], list[str]]:
    """Write pictures of a run.

    Those of waits need units, and those by the hour more than a summary: where these were not kept, and nothing was
    asked for, that is a notice.
    """
    notices: dict[str, None] = {}
    names = list(dict.fromkeys(what)) or list(PICTURES)
    if not what and not source.has_hours:
        names = ["daily"]
        notices["pictures of days only: a run with `records: summary` keeps nothing by the hour, and no unit"] = None
    elif not what and not source.kept:
        names.remove("wait")
        notices["no picture of waits: the units of no replication were kept (--keep first or all)"] = None
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name in names:
        drawn = PICTURES[name](source, None)
        figure = drawn.axes.get_figure(root=True)
        assert figure is not None
        paths.append(folder / f"{name}.{image_format}")
        write_figure(figure, paths[-1], image_format)
        notices.update(dict.fromkeys(drawn.notices))
    return paths, list(notices)
