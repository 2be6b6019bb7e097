"""Picture `queue`: how many wait, hour by hour, and what was open and who was on duty meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from portsim.results.areas import Ints
from portsim.scenario.levels import DAY_MS
from portsim.views.plots import timeline
from portsim.views.plots.clock import HOUR_MS, Clock
from portsim.views.plots.letters import letters_for
from portsim.views.plots.paper import (
    INK,
    SERIES,
    TEXT_PT,
    Band,
    Drawn,
    Floats,
    count_up,
    counted,
    dress,
    mean_of,
    name_of,
    new_figure,
    number,
    put_caption,
    put_head,
    spread,
    units_word,
)
from portsim.views.plots.shading import Shading, shading_of
from portsim.views.plots.source import Source

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_STAGES = 3
MOST_THICK = 600
"""Values that fit the width with strong lines."""
SMALLEST = 0.05
"""A stage has a line of its own if its queue reaches this share of the port's longest."""


@dataclass(frozen=True, slots=True, eq=False)
class QueueView:
    """What the picture shows.

    edges : int64[n + 1], ticks between which each value holds: hours, or days in a long run
    total : units waiting in and before the port, means over the hour; of a day, those of its fullest hour
    stages : (name, mean over the replications) of the stages with the longest queues, longest first
    """

    edges: Ints
    total: Band
    stages: tuple[tuple[str, Floats], ...]
    is_by_day: bool
    title: str
    caption: str
    shading: Shading


def queue_view(source: Source) -> QueueView:
    """Work out what the picture shows."""
    hours = source.hours
    end = int(hours.bounds[-1])
    lengths = np.diff(hours.bounds)
    waiting = hours.waiting / np.maximum(lengths, 1)[None, :, None]
    total, edges = waiting.sum(axis=2), hours.bounds
    is_by_day = end > timeline.FINE_DAYS * DAY_MS
    if is_by_day:
        bounds = np.append(source.network.midnights[source.network.midnights < end], end)
        bounds[0] = 0
        first = np.searchsorted(hours.bounds[:-1], bounds[:-1])
        total, waiting = np.maximum.reduceat(total, first, axis=1), np.maximum.reduceat(waiting, first, axis=1)
        edges = bounds
    of_stages = waiting.mean(axis=0)
    band = Band.of(total)
    shading = shading_of(source.scenario, source.network, end)
    peaks = of_stages.max(axis=0, initial=0)
    longest = [int(stage) for stage in np.argsort(-peaks, kind="stable") if peaks[stage] > 0]
    shown = [stage for stage in longest[:MOST_STAGES] if peaks[stage] >= SMALLEST * band.mean.max()]
    names = [stage.name for stage in source.network.stages]
    return QueueView(
        edges=edges,
        total=band,
        stages=tuple((names[stage], of_stages[:, stage]) for stage in shown) if len(longest) > 1 else (),
        is_by_day=is_by_day,
        title=_title(source, edges, band.mean, of_stages, is_by_day),
        caption=_caption(source, shading, is_by_day),
        shading=shading,
    )


def _title(source: Source, edges: Ints, mean: Floats, of_stages: Floats, is_by_day: bool) -> str:
    units = units_word(source.network.kinds)
    peak = int(np.argmax(mean)) if mean.size else 0
    if not mean.size or mean[peak] == 0:
        return f"No {units} wait"
    clock = Clock.of(source.scenario)
    stage = int(np.argmax(of_stages[peak]))
    name = source.network.stages[stage].name.replace("_", " ")
    tick = int(edges[peak])
    hours = f", {clock.span(tick, int(edges[peak + 1]))}"
    when = f"on {clock.date(tick)}" + ("" if is_by_day else hours)
    share = number(of_stages[peak, stage])
    all_of_them = share == number(mean[peak])
    where = f", {'waiting' if all_of_them else f'{share} of them'} for {name}" if len(source.network.stages) > 1 else ""
    return f"The queue peaks at {counted(mean[peak], units)} {when}{where}"


def _caption(source: Source, shading: Shading, is_by_day: bool) -> str:
    what = "Fullest hour of each day" if is_by_day else "Means over the hour"
    band = spread(len(source.numbers))
    pools = f" {shading.left_out} more pools of officers." if shading.left_out and not is_by_day else ""
    how = f"{what}, {mean_of(source.numbers, source.total)}{f' (band: {band})' if band else ''}"
    return f"{how}.{pools} {name_of(source.scenario)}."


def draw_queue(source: Source, axes: Axes | None = None) -> Drawn:
    """Draw it: into `axes` the lines alone, else on a sheet of its own with hours and shifts below."""
    view = queue_view(source)
    letters = letters_for(source.scenario)
    end = int(view.edges[-1])
    clock = Clock.of(source.scenario)
    strips = None
    is_sheet = axes is None
    if axes is None:
        rows = len(view.shading.strips) if end <= timeline.FINE_DAYS * DAY_MS else 0
        figure = new_figure()
        if rows:
            heights = [1.0, min(0.055 * rows, 0.5)]
            axes, strips = figure.subplots(2, 1, sharex=True, height_ratios=heights)
        else:
            axes = figure.subplots()
        put_caption(axes, letters, view.caption)
    dress(axes)
    x = view.edges / HOUR_MS
    if len(source.numbers) > 1:
        axes.fill_between(
            x, _held(view.total.low), _held(view.total.high), step="post", color=INK, alpha=0.18, linewidth=0, zorder=4
        )
    thick = 1.3 if len(x) <= MOST_THICK else 0.8
    axes.plot(
        x, _held(view.total.mean), drawstyle="steps-post", color=INK, linewidth=thick, zorder=6, label="whole port"
    )
    for (name, values), colour in zip(view.stages, SERIES, strict=False):
        axes.plot(
            x,
            _held(values),
            drawstyle="steps-post",
            color=colour,
            linewidth=0.75 * thick,
            zorder=5,
            label=f"for {letters.name(name)}",
        )
    timeline.put_shading(axes, letters, view.shading, clock, end)
    axes.set_ylim(bottom=0, top=None if view.total.high.max(initial=0) > 0 else 1)
    count_up(axes)
    units = letters.name(units_word(source.network.kinds))
    axes.set_ylabel(f"{units} waiting", fontsize=TEXT_PT, color=INK)
    timeline.put_dates(axes if strips is None else strips, letters, source.scenario, end)
    timeline.put_other_clock(axes, letters, source.scenario, end)
    if strips is not None:
        dress(strips)
        timeline.put_strips(strips, letters, view.shading, end)
        axes.tick_params(axis="x", which="both", bottom=False, labelbottom=False)
    put_head(axes, letters, view.title, is_sheet=is_sheet)
    letters.apply(*([axes] if strips is None else [axes, strips]))
    return Drawn(axes, letters.notices)


def _held(values: Floats) -> Floats:
    """Values with the last one once more, so that it is drawn to the end of its hour."""
    return np.append(values, values[-1:])
