"""Picture `queue`: how many wait, hour by hour, and what was open and who was on duty meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from portsim.results.areas import Ints, areas_until
from portsim.scenario.levels import DAY_MS
from portsim.views.plots import timeline
from portsim.views.plots.clock import HOUR_MS, Clock
from portsim.views.plots.letters import letters_for
from portsim.views.plots.paper import (
    HEIGHT_CM,
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
from portsim.views.plots.shading import Shading, Strip, reserve_strip, shading_of
from portsim.views.plots.source import Source

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_STAGES = 3
WIDTH_PT = 370.0
"""The width of a picture between its axes, about."""
THICKEST_PT, THINNEST_PT = 1.2, 0.25
"""The line of the port lets one see what it goes around, however short an hour is."""
OTHERS, BEYOND = "#a6a6a6", "#c4c4c4"
ROW_CM, FEW_ROWS, PLOT_CM = 0.33, 5, 5.0
"""How high a strip is; how many fit a sheet of the usual height below a picture of this height."""
SMALLEST = 0.05
"""A stage has a line of its own if its queue reaches this share of the port's longest."""


@dataclass(frozen=True, slots=True, eq=False)
class QueueView:
    """What the picture shows.

    edges : int64[n + 1], ticks between which each value holds: hours, or days in a long run
    total : units waiting in and before the port, means over the hour; of a day, those of its fullest hour
    stages : (name, mean over the replications) of the stages with the longest queues, longest first, at the same hours:
        with `others`, the stages not named, they add up to the mean of `total`
    """

    edges: Ints
    total: Band
    stages: tuple[tuple[str, Floats], ...]
    others: Floats
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
        fullest = _fullest(total, first)
        total = np.take_along_axis(total, fullest, axis=1)
        waiting = np.take_along_axis(waiting, fullest[:, :, None], axis=1)
        edges = bounds
    of_stages = waiting.mean(axis=0)
    band = Band.of(total)
    shading = shading_of(source.scenario, source.network, end)
    shading = replace(shading, strips=(*shading.strips, *_reserves(source)))
    peaks = of_stages.max(axis=0, initial=0)
    longest = [int(stage) for stage in np.argsort(-peaks, kind="stable") if peaks[stage] > 0]
    shown = [stage for stage in longest[:MOST_STAGES] if peaks[stage] >= SMALLEST * band.mean.max()]
    names = [stage.name for stage in source.network.stages]
    if len(longest) < 2:
        shown = []
    others = np.delete(of_stages, shown, axis=1).sum(axis=1) if shown else np.zeros(len(band.mean))
    return QueueView(
        edges=edges,
        total=band,
        stages=tuple((names[stage], of_stages[:, stage]) for stage in shown),
        others=others,
        is_by_day=is_by_day,
        title=_title(source, edges, band.mean, of_stages, is_by_day),
        caption=_caption(source, shading, is_by_day, len(shown) > 0),
        shading=shading,
    )


def _fullest(total: Floats, first: NDArray[np.intp]) -> NDArray[np.intp]:
    """The hour of each day at which most wait: intp[replications, days]. first : the first hour of each day."""
    ends = [*first[1:].tolist(), total.shape[1]]
    return np.stack(
        [start + total[:, start:end].argmax(axis=1) for start, end in zip(first.tolist(), ends, strict=True)], axis=1
    )


def _reserves(source: Source) -> Iterator[Strip]:
    """A strip for each pool that has reserves: who was called in beyond the roster, hour by hour."""
    hours, network = source.hours, source.network
    for pool_number, pool in enumerate(network.pools):
        stages = [place for place, stage in enumerate(network.stages) if stage.pool == pool_number]
        if not pool.reserves or not stages:
            continue
        rostered = sum(np.diff(areas_until(crew.level, hours.bounds)) for crew in pool.crews)
        on_duty = hours.sums["officers_on_duty_ms"][:, stages[0]]
        called = (on_duty - len(source.numbers) * rostered) / (len(source.numbers) * np.diff(hours.bounds))
        yield reserve_strip(pool.name, hours.bounds, called)


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


def _caption(source: Source, shading: Shading, is_by_day: bool, has_stages: bool) -> str:
    what = "Fullest hour of each day" if is_by_day else "Means over the hour"
    band = spread(len(source.numbers))
    pools = f" {shading.left_out} more pools of officers." if shading.left_out and not is_by_day else ""
    marks = "pale shade and white dots" if has_stages else "pale shade"
    how = f"{what}, {mean_of(source.numbers, source.total)}{f' ({marks}: {band})' if band else ''}"
    has_reserves = not is_by_day and any(pool.reserves for pool in source.network.pools)
    reserves = " Reserve: officers called in, mean." if has_reserves else ""
    stacked = " The queues of the stages stand on one another." if has_stages else ""
    return f"{how}.{stacked}{pools}{reserves} {name_of(source.scenario)}."


def draw_queue(source: Source, axes: Axes | None = None) -> Drawn:
    """Draw it: into `axes` the queues alone, else on a sheet of its own with hours and shifts below.

    The queues of the stages stand on one another, so that none hides another and all of them together are the port's.
    """
    view = queue_view(source)
    letters = letters_for(source.scenario)
    end = int(view.edges[-1])
    clocks = timeline.Clocks.of(source.scenario)
    strips = None
    is_sheet = axes is None
    if axes is None:
        rows = timeline.height_of(view.shading.strips) if end <= timeline.FINE_DAYS * DAY_MS else 0
        figure = new_figure(HEIGHT_CM + ROW_CM * max(rows - FEW_ROWS, 0))
        if rows:
            heights = [1.0, ROW_CM * rows / PLOT_CM]
            axes, strips = figure.subplots(2, 1, sharex=True, height_ratios=heights)
        else:
            axes = figure.subplots()
        put_caption(axes, letters, view.caption)
    dress(axes)
    x = view.edges / HOUR_MS
    thick = min(max(0.35 * WIDTH_PT / max(len(x), 1), THINNEST_PT), THICKEST_PT)
    axes.plot(
        x, held(view.total.mean), drawstyle="steps-post", color=INK, linewidth=thick, zorder=6, label="whole port"
    )
    has_stages = len(view.stages) > 0
    if len(source.numbers) > 1:
        # Above the mean a shade, below it a line: a shade over the areas would give them other colours.
        low, start = held(view.total.low), held(view.total.mean)
        axes.fill_between(
            x,
            start if has_stages else low,
            held(view.total.high),
            step="post",
            color=BEYOND,
            linewidth=0,
            zorder=2,
            label=spread(len(source.numbers)),
        )
        if has_stages:
            axes.plot(
                x,
                low,
                drawstyle="steps-post",
                color="white",
                linewidth=thick,
                linestyle=(0, (1, 1.2)),
                zorder=6,
                label="_",
            )
    below = np.zeros(len(view.total.mean))
    parts = [
        (f"for {letters.name(name)}", values, colour)
        for (name, values), colour in zip(view.stages, SERIES, strict=False)
    ]
    if view.others.any():
        parts.append(("for other stages", view.others, OTHERS))
    for label, values, colour in parts:
        above = below + values
        axes.fill_between(x, held(below), held(above), step="post", color=colour, linewidth=0, zorder=3, label=label)
        below = above
    timeline.put_shading(axes, letters, view.shading, clocks.own, end)
    axes.set_ylim(bottom=0, top=None if view.total.high.max(initial=0) > 0 else 1)
    count_up(axes)
    units = letters.name(units_word(source.network.kinds))
    kinds = len(source.network.kinds)
    axes.set_ylabel(f"{units}{f' of {kinds} kinds' if kinds > 1 else ''} waiting", fontsize=TEXT_PT, color=INK)
    timeline.put_dates(axes if strips is None else strips, letters, clocks, end)
    timeline.put_other_clock(axes, letters, clocks, end)
    if strips is not None:
        dress(strips)
        timeline.put_strips(strips, letters, view.shading, end)
        axes.tick_params(axis="x", which="both", bottom=False, labelbottom=False)
    put_head(axes, letters, view.title, is_sheet=is_sheet)
    letters.apply(*([axes] if strips is None else [axes, strips]))
    return Drawn(axes, letters.notices)


def held(values: Floats) -> Floats:
    """Values with the last one once more, so that it is drawn to the end of its hour."""
    return np.append(values, values[-1:])
