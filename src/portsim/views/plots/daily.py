"""Picture `daily`: crossings on each calendar day beside the published figures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from portsim.facts import Fact
from portsim.facts.fact import Bound
from portsim.results.areas import Ints
from portsim.scenario.scenario import CountWindow
from portsim.views.plots import timeline
from portsim.views.plots.clock import HOUR_MS, Clock
from portsim.views.plots.letters import Letters, letters_for
from portsim.views.plots.paper import (
    GREY,
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
)
from portsim.views.plots.shading import Shading, shading_of
from portsim.views.plots.source import Source
from portsim.views.published import calendar_days, compared_with

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_BARS = 45
"""Days that fit as bars; more are points."""

BOUNDS: dict[Bound, tuple[str, str]] = {
    "at_least": ("at least ", "^"),
    "at_most": ("at most ", "v"),
    "about": ("about ", "o"),
    "exact": ("", "s"),
}
"""In words, and as a mark: a triangle points to where the truth lies."""


@dataclass(frozen=True, slots=True)
class Published:
    """A published figure over the stretch of one of the scenario's windows.

    start, end : ticks, within the run
    figure : as drawn: a day for a level, in the whole stretch for a total
    model : what the model gives for the same, the mean over the replications; NaN if the run did not reach its end
    kind : a level by the day, or a total of a stretch that is not whole days
    label : the figure with its bound, its fact and what the model gives
    """

    window: str
    start: int
    end: int
    figure: float
    model: float
    kind: Literal["level", "total"]
    bound: Bound
    label: str


@dataclass(frozen=True, slots=True, eq=False)
class DailyView:
    """What the picture shows.

    bounds : int64[days + 1], ticks of the midnights
    is_whole : bool[days], whether the day counts towards the measures
    crossings : of each day, over the replications
    """

    bounds: Ints
    is_whole: np.ndarray[tuple[int], np.dtype[np.bool_]]
    crossings: Band
    published: tuple[Published, ...]
    title: str
    caption: str
    shading: Shading


def daily_view(source: Source) -> DailyView:
    """Work out what the picture shows."""
    days = source.days
    crossings = Band.of(days.crossings.sum(axis=2).astype(np.float64))
    band = spread(len(source.numbers))
    of = mean_of(source.numbers, source.total)
    return DailyView(
        bounds=days.bounds,
        is_whole=days.is_whole,
        crossings=crossings,
        published=tuple(_published(source)),
        title=_title(source, crossings.mean),
        caption=(
            f"Crossings counted at {_counted_at(source)}, {of}{f' (whiskers: {band})' if band else ''}. "
            f"{name_of(source.scenario)}."
        ),
        shading=shading_of(source.scenario, source.network, source.network.end),
    )


def _counted_at(source: Source) -> str:
    return ", ".join(stage.name for stage in source.network.stages if stage.counted) or "no stage"


def _title(source: Source, mean: Floats) -> str:
    days = source.days
    if not days.is_whole.any():
        parts = "part" if mean.size == 1 else "parts"
        return f"{counted(float(mean.sum()), 'crossings')} on {parts} of {counted(mean.size, 'days')}"
    clock = Clock.of(source.scenario)
    whole = np.flatnonzero(days.is_whole)
    first, last = (clock.date(int(days.bounds[day])) for day in (whole[0], whole[-1]))
    average = number(float(mean[whole].mean()))
    if whole.size == 1:
        return f"{counted(float(mean[whole].mean()), 'crossings')} on {first}"
    most = int(whole[np.argmax(mean[whole])])
    peak = f"most on {clock.date(int(days.bounds[most]))} with {number(float(mean[most]))}"
    return f"{average} crossings a day from {first} to {last}, {peak}"


def _published(source: Source) -> Iterator[Published]:
    """Every figure a window of the scenario cites that counts what a crossing is."""
    scenario = source.scenario
    measured = source.measures()
    for window in scenario.windows:
        fact: Fact | None = scenario.facts.get(window.published) if window.published else None
        if fact is None or window.kinds or compared_with(fact) != "crossings":
            continue
        direction = fact.counts.direction if fact.counts and fact.counts.direction in ("in", "out") else None
        metric = f"crossings_in_{window.name}"
        values = [
            row.value
            for rows in measured
            for row in rows
            if row.metric == metric and row.flow is None and row.kind is None and row.direction == direction
        ]
        crossings = sum(values) / len(values) if values else math.nan
        yield _figure(source, window, fact, crossings, direction)


def _figure(source: Source, window: CountWindow, fact: Fact, crossings: float, direction: str | None) -> Published:
    scenario = source.scenario
    days = calendar_days(window, scenario.clock)
    is_total = fact.dimension == "count" and days != round(days)
    model = crossings if is_total else crossings / days
    figure = fact.amount if is_total or fact.dimension == "rate" else fact.amount / days
    words = BOUNDS[fact.bound][0]
    per = f" in {number(days * 24)} h" if is_total else " a day"
    side = f", {direction} only" if direction else ""
    beside = "" if math.isnan(model) else f"; model {number(model)}"
    start, end = (ms - scenario.start_ms for ms in (window.start_ms, window.end_ms))
    return Published(
        window=window.name,
        start=max(start, 0),
        end=min(end, source.network.end),
        figure=figure,
        model=model,
        kind="total" if is_total else "level",
        bound=fact.bound,
        label=f"{words}{number(figure)}{per}{side}: {fact.id}{beside}",
    )


def draw_daily(source: Source, axes: Axes | None = None) -> Drawn:
    """Draw it, into `axes` or on a sheet of its own."""
    view = daily_view(source)
    letters = letters_for(source.scenario)
    is_sheet = axes is None
    if axes is None:
        axes = new_figure().subplots()
        put_caption(axes, letters, view.caption)
    dress(axes)
    _put_days(axes, view, len(source.numbers))
    for place, published in enumerate(view.published):
        _put_published(axes, letters, published, SERIES[1 + place % (len(SERIES) - 1)])
    timeline.put_closures(axes, letters, view.shading, Clock.of(source.scenario))
    timeline.put_days(axes, letters, source.scenario, view.bounds)
    tops = [view.crossings.high.max(initial=0), *(one.figure for one in view.published)]
    tops += [one.model for one in view.published if one.kind == "total" and not math.isnan(one.model)]
    axes.set_ylim(0, 1.08 * max(tops) or 1)
    count_up(axes)
    axes.set_ylabel("crossings a day", fontsize=TEXT_PT, color=INK)
    put_head(axes, letters, view.title, is_sheet=is_sheet)
    letters.apply(axes)
    return Drawn(axes, letters.notices)


def _put_days(axes: Axes, view: DailyView, replications: int) -> None:
    """A bar for each day with the spread over the replications, or points where there are many days."""
    edges = view.bounds / HOUR_MS
    middle, mean = (edges[:-1] + edges[1:]) / 2, view.crossings.mean
    low, high = view.crossings.low, view.crossings.high
    groups = [(view.is_whole, SERIES[0], "model"), (~view.is_whole, GREY, "model, outside the measured days")]
    if replications > 1:
        thin = 0.8 if mean.size <= MOST_BARS else 0.4
        axes.vlines(middle, low, high, color=INK if thin > 0.5 else SERIES[0], linewidth=thin, zorder=3)
    for chosen, colour, label in groups:
        if not chosen.any():
            continue
        if mean.size > MOST_BARS:
            size = 6.0 if mean.size <= 200 else 3.0
            axes.scatter(middle[chosen], mean[chosen], s=size, color=colour, linewidths=0, zorder=4, label=label)
            continue
        widths = 0.8 * np.diff(edges)[chosen]
        axes.bar(middle[chosen], mean[chosen], widths, color=colour, alpha=0.45, linewidth=0, zorder=2, label=label)


def _put_published(axes: Axes, letters: Letters, published: Published, colour: str) -> None:
    """A level over the days of the window, or a bracket with the total of a stretch that is not whole days."""
    start, end = published.start / HOUR_MS, published.end / HOUR_MS
    if start >= end:
        return
    marker = BOUNDS[published.bound][1]
    middle, figure = (start + end) / 2, published.figure
    style = (0, (5, 2)) if published.bound == "about" else "solid"
    is_total = published.kind == "total"
    line = axes.plot(
        [start, middle, end],
        [figure] * 3,
        color=colour,
        linewidth=1.4,
        linestyle=style,
        marker=marker,
        markevery=[1],
        markersize=4.5,
        zorder=6,
        label=letters(published.label),
    )[0]
    line.set_gid(published.window)
    if is_total:
        axes.vlines([start, end], 0.97 * figure, 1.03 * figure, color=colour, linewidth=1.0, zorder=6)
        axes.plot([middle], [published.model], "D", mfc="white", mec=colour, markersize=4.0, zorder=7, label="_")
