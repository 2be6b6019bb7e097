"""Pictures of a run: each is worked out as plain values first and drawn after, in the port's clock.

Drawn with matplotlib's objects alone, without its global figures, so that threads and notebooks are safe.
"""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from portsim.views.plots.daily import draw_daily
from portsim.views.plots.paper import FORMATS, Drawn, ImageFormat, write_figure
from portsim.views.plots.queue import draw_queue
from portsim.views.plots.source import Folder, Memory, Source
from portsim.views.plots.use import draw_use
from portsim.views.plots.wait import draw_wait

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["FORMATS", "PICTURES", "Drawn", "Folder", "ImageFormat", "Memory", "Source", "write_pictures"]

PICTURES: Mapping[str, Callable[[Source, Axes | None], Drawn]] = MappingProxyType(
    {"queue": draw_queue, "daily": draw_daily, "wait": draw_wait, "use": draw_use}
)
"""Every picture by its name."""


def write_pictures(
    source: Source, folder: pathlib.Path, *, what: Sequence[str] = (), image_format: ImageFormat = "png"
) -> tuple[list[pathlib.Path], list[str]]:
    """Write pictures of a run into a folder, each named as it is called; return their paths, and notices.

    what : names of pictures; all that can be drawn if there are none. The waits of a run that kept no units cannot,
        nor what is drawn by the hour of one that kept a summary only, which is a notice then

    Raises ScenarioError if a table the pictures need is damaged or a picture that is asked for needs what was not kept,
    and OSError while writing.
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
