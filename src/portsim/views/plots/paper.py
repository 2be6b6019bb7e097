"""The sheet a picture is drawn on: its size, letters, colours, and how it is written to a file."""

from __future__ import annotations

import io
import pathlib
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from portsim.results.files import write_whole
from portsim.scenario.scenario import Scenario
from portsim.tables import shortened
from portsim.views.plots.letters import Letters

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ImageFormat = Literal["png", "svg", "pdf"]
FORMATS: tuple[ImageFormat, ...] = ("png", "svg", "pdf")

WIDTH_CM, HEIGHT_CM, DPI = 16.0, 10.0, 200
INK, GREY, PALE = "#222222", "#666666", "#e6e6e6"
SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
"""Colours that people who see red and green alike tell apart (Okabe and Ito 2008), on white and in grey print.

`tests/test_plots.py` measures how far apart they stay for such eyes."""
CREWS = ("#7fb3d5", "#f0b27a", "#82c9a9", "#d7a9c5", "#b3dcf2", "#f5d98b", "#b8b8b8")
"""The same, light enough to write on; hours of opening take the last."""
CHANGE = "#AA3377"

TEXT_PT, SMALL_PT, TITLE_PT = 7.5, 7.0, 8.5
"""Nothing is smaller than 7 points: a sheet is read at the width it has."""
TITLE_WIDTH, CAPTION_WIDTH, LEGEND_WIDTH = 86, 116, 110
"""Characters of a line that fit the width, with room for sheets of fewer dots, whose letters come out wider."""
TITLE_LETTER_PT, NARROWEST_TITLE = 5.3, 24
"""How wide a letter of a title is, about; characters that a line of it has at least."""
FEW_ENTRIES, LINE = 4, 1.72
"""Lines of a legend that a sheet has room for; how high one is, in sizes of its letters."""
FEW = 10
"""From so many replications on a band leaves the extreme tenths out; of fewer it goes from lowest to highest."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture: where it was drawn, and what a reader has to be told beside it."""

    axes: Axes
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """A value over time, over the replications: mean, and how far they lie apart; each float64[n]."""

    mean: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(cls, values: Floats) -> Band:
        """Of values by replication and time, float64[replications, n]."""
        if len(values) >= FEW:
            low, high = np.percentile(values, (10, 90), axis=0)
        else:
            low, high = values.min(axis=0), values.max(axis=0)
        return cls(values.mean(axis=0), low, high)


def spread(replications: int) -> str:
    """What the band of so many replications shows, in words; nothing of one."""
    if replications < 2:
        return ""
    return "middle 80 % of replications" if replications >= FEW else "lowest to highest replication"


def mean_of(numbers: Sequence[int], total: int) -> str:
    """Which replications a picture shows: `mean of 5 replications`, `replication 0 of 5`."""
    if len(numbers) == 1:
        return "one replication" if total == 1 else f"replication {numbers[0]} of {total}"
    return f"mean of {len(numbers)} replications" + (f" of {total}" if total != len(numbers) else "")


def counted(amount: float, units: str) -> str:
    """So many units: `412 trucks`, `2.5 trucks`, `1 truck`."""
    return f"{number(amount)} {units.removesuffix('s') if number(amount) == '1' and units.isascii() else units}"


def number(value: float) -> str:
    """A number, with a decimal only where it is small."""
    return f"{value:,.0f}" if value >= 9.95 else f"{value:.1f}".removesuffix(".0")


LONGEST_NAME = 80
HOURS_FROM_MIN = 180.0
"""Durations of so many minutes and more read better in hours."""


def duration(minutes: float) -> str:
    """How long, in minutes or hours: `25 min`, `9.6 h`."""
    return f"{number(minutes / 60)} h" if minutes >= HOURS_FROM_MIN else f"{number(minutes)} min"


def name_of(scenario: Scenario) -> str:
    """The scenario and its plan, for a caption."""
    plan = f", plan {shortened(scenario.plan, LONGEST_NAME)}" if scenario.plan else ""
    return f"{shortened(scenario.name, LONGEST_NAME)}{plan}".removesuffix(".")


def units_word(kinds: Sequence[str]) -> str:
    """What passes through the port: `trucks` where all are of one kind, else `units`."""
    if len(kinds) != 1 or not kinds[0].isascii():
        return kinds[0] if len(kinds) == 1 else "units"
    kind = kinds[0].replace("_", " ")
    return f"{kind}es" if kind.endswith(("s", "x", "ch", "sh")) else f"{kind}s"


def new_figure(height_cm: float = HEIGHT_CM) -> Figure:
    """A white sheet of the size of a report's picture, whose parts make room for one another."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    from portsim.views.plots.sheet import Sheet

    figure = Sheet(figsize=(WIDTH_CM / 2.54, height_cm / 2.54), dpi=DPI, layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def dress(axes: Axes) -> None:
    """The same plain look for every picture: small letters, no box, a light grid behind."""
    axes.set_facecolor("white")
    axes.tick_params(labelsize=TEXT_PT, length=2.5, width=0.6, color=GREY, labelcolor=INK)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_linewidth(0.6)
        axes.spines[side].set_color(GREY)
    axes.set_axisbelow(True)


def count_up(axes: Axes) -> None:
    """Whole thousands on the upright axis apart: `1,250`."""
    from matplotlib.ticker import StrMethodFormatter

    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.10g}"))


def put_head(axes: Axes, letters: Letters, title: str, *, is_sheet: bool) -> None:
    """What is seen, in one sentence on top, and what each mark means.

    is_sheet : whether the sheet is ours alone; else the legend stands inside the axes, where there is most room
    """
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = axes.get_figure(root=True)
    assert figure is not None
    across = 72 * figure.get_figwidth() * axes.get_position().width
    lines = _even(title, TITLE_WIDTH if is_sheet else max(int(across / TITLE_LETTER_PT), NARROWEST_TITLE))
    shown, weight = "\n".join(map(letters, lines)), letters.weight_of_titles
    handles, labels = axes.get_legend_handles_labels()
    # Bars come last, whenever they were drawn: here they are what the picture is about.
    bars = [place for place, handle in enumerate(handles) if isinstance(handle, tuple)]
    order = [*bars, *(place for place in range(len(handles)) if place not in bars)]
    handles, labels = [handles[place] for place in order], [labels[place] for place in order]
    if not is_sheet:
        axes.set_title(shown, loc="left", fontsize=TITLE_PT, fontweight=weight, color=INK)
        if handles:
            axes.legend(handles, labels, loc="best", fontsize=SMALL_PT)
        return
    family: Any = list(letters.families)
    figure.suptitle(shown, x=0.01, ha="left", fontsize=TITLE_PT, fontweight=weight, color=INK, fontfamily=family)
    if not handles:
        return
    columns = _columns(labels)
    rows = -(-len(handles) // columns)
    if rows > FEW_ENTRIES:  # a long legend makes the sheet longer, not the picture smaller
        figure.set_figheight(figure.get_figheight() + LINE * SMALL_PT * (rows - FEW_ENTRIES) / 72)
    height_pt = 72 * figure.get_figheight()
    top = 1 - (6 + 1.25 * TITLE_PT * len(lines)) / height_pt
    legend = figure.legend(
        handles,
        labels,
        loc="upper left",
        bbox_to_anchor=(0.002, top),
        ncols=columns,
        prop={"family": family, "size": SMALL_PT},
        labelcolor=INK,
        frameon=False,
        borderaxespad=0.0,
        handlelength=1.5,
        columnspacing=1.2,
    )
    for line in legend.get_lines():  # a hairline of the picture is no sign to look for
        line.set_linewidth(max(line.get_linewidth(), 1.0))
    # A legend within the layout would narrow the picture; the sheet is shortened by its height instead.
    legend.set_in_layout(False)
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)
    engine.set(rect=(0, 0, 1, 1 - (4 + LINE * SMALL_PT * rows) / height_pt))


def _even(title: str, most: int) -> list[str]:
    """A title in as few lines as it needs, of about the same length. most : characters of a line."""
    lines = textwrap.wrap(title, most)
    if len(lines) < 2:
        return lines
    for wide in range(len(title) // len(lines), most):
        even = textwrap.wrap(title, wide)
        if len(even) == len(lines):
            return even
    return lines


def _columns(labels: Sequence[str]) -> int:
    """How many columns of a legend fit the width, each filled from the top and as wide as its longest label."""
    for columns in range(min(len(labels), 4), 1, -1):
        rows, longer = divmod(len(labels), columns)  # the first columns take what is left over
        firsts = [rows * column + min(column, longer) for column in range(columns + 1)]
        longest = [max(map(len, labels[first:after])) for first, after in pairwise(firsts)]
        if sum(longest) + 6 * columns <= LEGEND_WIDTH:
            return columns
    return 1


def put_caption(axes: Axes, letters: Letters, caption: str) -> None:
    """How the picture was made, in small letters below it."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    text = "\n".join(map(letters, textwrap.wrap(caption, CAPTION_WIDTH)))
    figure.supxlabel(text, x=0.01, ha="left", fontsize=SMALL_PT, color=GREY, fontfamily=list(letters.families))


def write_figure(figure: Figure, path: pathlib.Path, image_format: ImageFormat) -> None:
    """Write a picture; the same picture gives the same bytes, at any time. Raises OSError."""
    metadata = {
        "png": {"Software": None},
        "svg": {"Date": None, "Creator": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    }
    buffer = io.BytesIO()
    figure.savefig(buffer, format=image_format, dpi=DPI, metadata=metadata[image_format])
    content = buffer.getvalue()
    write_whole(path, [_renumbered(content) if image_format == "svg" else content])


def _renumbered(svg: bytes) -> bytes:
    """The drawing with names of its parts by order of appearance, in place of the random ones matplotlib gives."""
    names: dict[bytes, bytes] = {}

    def rename(found: re.Match[bytes]) -> bytes:
        return found[1] + names.setdefault(found[2], b"part%d" % len(names))

    return re.sub(rb'(id="|"#|url\(#)((?:image|[a-z])[0-9a-f]{10})(?=["\)])', rename, svg)
