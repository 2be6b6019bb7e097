"""Picture `queues`: how many wait under each plan of a comparison, hour by hour, and when the port is open under it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from portsim.results.areas import Ints
from portsim.scenario.levels import DAY_MS
from portsim.tables import shortened
from portsim.views.plots import timeline
from portsim.views.plots.clock import HOUR_MS
from portsim.views.plots.letters import Letters
from portsim.views.plots.paper import (
    HEIGHT_CM,
    INK,
    SERIES,
    TEXT_PT,
    Band,
    Drawn,
    count_up,
    counted,
    dress,
    new_figure,
    number,
    put_caption,
    put_head,
    spread,
    units_word,
)
from portsim.views.plots.planqueues import PlanQueue, Queues
from portsim.views.plots.queue import FEW_ROWS, PLOT_CM, ROW_CM, WIDTH_PT, held
from portsim.views.plots.shading import Duty, Shading, Span, Strip
from portsim.views.plots.studies import Compared

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LONGEST_LABEL = 40
LONGEST_STRIP = 20
MOST_LINES = 14
"""Plans that can be told apart on one sheet, by colour and by stroke."""
STROKES = ("solid", (0, (4, 1.5)))


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One plan: its name, and the units that wait under it."""

    label: str
    waiting: Band


@dataclass(frozen=True, slots=True, eq=False)
class QueuesView:
    """What the picture shows.

    edges : int64[n + 1], ticks between which each value holds: hours, or days in a long run
    shading : what holds under every plan; its strips say when the port is open under each
    """

    edges: Ints
    lines: tuple[Line, ...]
    is_by_day: bool
    title: str
    caption: str
    shading: Shading


def queues_view(compared: Compared) -> QueuesView:
    """Work out what the picture shows. Raises ValueError where nothing was kept by the hour."""
    queues = compared.queues
    if queues is None:
        raise ValueError(
            "there are no queues to draw: nothing was kept by the hour (records: summary), or the baseline had to stop"
        )
    is_by_day = queues.end > timeline.FINE_DAYS * DAY_MS
    edges = queues.edges
    lines = [Line(plan.label, plan.waiting) for plan in queues.plans[:MOST_LINES]]
    if is_by_day:
        first = _first_hours(queues)
        edges = np.append(edges[first], edges[-1])
        lines = [Line(line.label, _by_day(line.waiting, first)) for line in lines]
    what = "Fullest hour of each day" if is_by_day else "Means over the hour"
    band = spread(queues.replications)
    some = f"mean of {queues.replications} replications" if queues.replications > 1 else "one replication"
    hidden = [*queues.left_out, *(plan.label for plan in queues.plans[MOST_LINES:])]
    left_out = f" Not shown: {', '.join(shortened(label, LONGEST_LABEL) for label in hidden)}." if hidden else ""
    is_changed = any(plan.changes != queues.plans[0].changes for plan in queues.plans) and queues.plans[0].changes
    changes = f" Dated changes are those of {shortened(lines[0].label, LONGEST_LABEL)}." if is_changed else ""
    return QueuesView(
        edges=edges,
        lines=tuple(lines),
        is_by_day=is_by_day,
        title=_title(queues),
        caption=(
            f"{what}, {some} on the same chance{f' (bands: {band})' if band else ''}, seed {compared.seed}."
            f"{changes}{left_out} {compared.scenario.removesuffix('.')}."
        ),
        shading=_shading(queues.plans[:MOST_LINES], queues.end),
    )


def _first_hours(queues: Queues) -> NDArray[np.intp]:
    """The first hour of each date of the port's clock."""
    dates = [queues.clocks.own.local(int(tick)).toordinal() for tick in queues.edges[:-1]]
    return np.flatnonzero(np.diff(dates, prepend=dates[0] - 1))


def _by_day(waiting: Band, first: NDArray[np.intp]) -> Band:
    """The hour of each day at which most wait on average."""
    ends = [*first[1:].tolist(), waiting.mean.size]
    at = [start + int(waiting.mean[start:end].argmax()) for start, end in zip(first.tolist(), ends, strict=True)]
    return Band(waiting.mean[at], waiting.low[at], waiting.high[at])


def _title(queues: Queues) -> str:
    """How many wait over the whole stretch: peaks may be the same though one plan clears them in a day."""
    lengths = np.diff(queues.edges)
    means = [
        (float(np.average(plan.waiting.mean, weights=lengths)), shortened(plan.label, LONGEST_LABEL))
        for plan in queues.plans[:MOST_LINES]
    ]
    base, *others = means
    units = units_word(queues.kinds)
    head = f"On average {counted(base[0], units)} wait in {base[1]}"
    if not others:
        return head
    if len(others) == 1:
        return f"{head}, {number(others[0][0])} in {others[0][1]}"
    low, high = min(others), max(others)
    return f"{head}, from {number(low[0])} ({low[1]}) to {number(high[0])} ({high[1]}) in the others"


def _shading(plans: Sequence[PlanQueue], end: int) -> Shading:
    groups: dict[tuple[Span, ...], list[PlanQueue]] = {}
    for plan in plans:
        groups.setdefault(plan.closed, []).append(plan)
    same = len(groups) == 1
    strips = [
        Strip("port open" if same else f"open, {_named(group)}", _open(group[0], end), group[0].closures)
        for group in groups.values()
    ]
    closures = set.intersection(*(set(plan.closures) for plan in plans))
    return Shading(
        closed=tuple(_common([plan.closed for plan in plans], end)),
        closed_name="port" if same else "under every plan, port",
        closures=tuple(sorted(closures, key=lambda span: span.start)),
        changes=plans[0].changes,
        strips=tuple(strips),
    )


def _named(group: Sequence[PlanQueue]) -> str:
    """The plans that have the same hours: as many as there is room for by name."""
    first = shortened(group[0].label, LONGEST_STRIP)
    return first if len(group) == 1 else f"{first} and {len(group) - 1} more"


def _open(plan: PlanQueue, end: int) -> tuple[Duty, ...]:
    """When somebody can cross: what is between the closed spans."""
    edges = [0, *(tick for span in plan.closed for tick in (span.start, span.end)), end]
    return tuple(
        Duty(Span(start, until), 0) for start, until in zip(edges[::2], edges[1::2], strict=True) if start < until
    )


def _common(every: Sequence[Sequence[Span]], end: int) -> Iterator[Span]:
    """While all of them are closed."""
    edges = sorted({0, end, *(tick for spans in every for span in spans for tick in (span.start, span.end))})
    for start, until in pairwise(edges):
        if all(any(span.start <= start and until <= span.end for span in spans) for spans in every):
            yield Span(start, until)


def draw_queues(compared: Compared, axes: Axes | None = None) -> Drawn:
    """Draw it: into `axes` the lines alone, else on a sheet of its own with the hours of each plan below."""
    view = queues_view(compared)
    queues = compared.queues
    assert queues is not None
    names = [span.name for plan in queues.plans for span in plan.closures]
    letters = Letters.of([view.title, view.caption, *(line.label for line in view.lines), *names, *queues.kinds])
    end, clocks = queues.end, queues.clocks
    is_sheet, strips = axes is None, None
    if axes is None:
        rows = 0 if view.is_by_day else timeline.height_of(view.shading.strips)
        figure = new_figure(HEIGHT_CM + ROW_CM * max(rows - FEW_ROWS, 0))
        if rows:
            axes, strips = figure.subplots(2, 1, sharex=True, height_ratios=[1.0, ROW_CM * rows / PLOT_CM])
        else:
            axes = figure.subplots()
        put_caption(axes, letters, view.caption)
    dress(axes)
    _put_lines(axes, letters, view, has_bands=queues.replications > 1)
    timeline.put_shading(axes, letters, view.shading, clocks.own, end)
    top = max(float(line.waiting.high.max(initial=0)) for line in view.lines)
    axes.set_ylim(0, 1.05 * top or 1)
    count_up(axes)
    kinds = f" of {len(queues.kinds)} kinds" if len(queues.kinds) > 1 else ""
    axes.set_ylabel(letters(f"{units_word(queues.kinds)}{kinds} waiting"), fontsize=TEXT_PT, color=INK)
    timeline.put_dates(axes if strips is None else strips, letters, clocks, end)
    timeline.put_other_clock(axes, letters, clocks, end)
    if strips is not None:
        dress(strips)
        timeline.put_rows(strips, letters, view.shading.strips, end, as_written=True)
        axes.tick_params(axis="x", which="both", bottom=False, labelbottom=False)
    put_head(axes, letters, view.title, is_sheet=is_sheet)
    letters.apply(*([axes] if strips is None else [axes, strips]))
    return Drawn(axes, letters.notices)


def _put_lines(axes: Axes, letters: Letters, view: QueuesView, *, has_bands: bool) -> None:
    """A line for each plan, the baseline's below the others and wider, so that an equal one shows on it."""
    x = view.edges / HOUR_MS
    thick = min(max(0.8 * WIDTH_PT / max(len(x), 1), 0.7), 1.3)
    colours = (INK, *SERIES)
    for place, line in enumerate(view.lines):
        colour = colours[place % len(colours)]
        if has_bands:
            axes.fill_between(
                x,
                held(line.waiting.low),
                held(line.waiting.high),
                step="post",
                color=colour,
                alpha=0.15,
                linewidth=0,
                zorder=2,
            )
        axes.plot(
            x,
            held(line.waiting.mean),
            drawstyle="steps-post",
            color=colour,
            linewidth=1.8 * thick if place == 0 else thick,
            linestyle=STROKES[place // len(colours) % len(STROKES)],
            zorder=4 + place / 100,
            label=letters(shortened(line.label, LONGEST_LABEL)),
        )
