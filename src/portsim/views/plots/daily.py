"""Picture `daily`: crossings on each calendar day beside the published figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from portsim.facts import Fact
from portsim.facts.fact import Bound
from portsim.results.areas import Ints
from portsim.results.names import DIRECTIONS
from portsim.scenario.arrivals import AboardArrivals, RecordedArrivals
from portsim.scenario.levels import Amount
from portsim.scenario.scenario import CountWindow
from portsim.views.plots import timeline
from portsim.views.plots.clock import HOUR_MS, Clock
from portsim.views.plots.letters import Letters, letters_for
from portsim.views.plots.paper import (
    GREY,
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
)
from portsim.views.plots.shading import Shading, shading_of
from portsim.views.plots.source import Source
from portsim.views.published import calendar_days, compared_with

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D

MOST_BARS = 45
"""Days that fit as bars; more are points."""

MOST_PANELS = 3
PANEL_CM = 4.5
"""What each panel more adds to the height of the sheet."""
ROOM_FOR_LEGEND = 1.5
ONE = Amount(1.0)
"""Persons aboard where the scenario says nothing."""

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
class Panel:
    """One count, with the published figures that count the same.

    axis : what stands on the upright axis
    days : of each day, over the replications
    """

    axis: str
    days: Band
    published: tuple[Published, ...]


@dataclass(frozen=True, slots=True, eq=False)
class DailyView:
    """What the picture shows.

    bounds : int64[days + 1], ticks of the midnights
    is_whole : bool[days], whether the day counts towards the measures
    panels : all crossings first, then what else published figures count: one direction, some kinds, persons
    notices : figures that cannot be beside any of them, and why
    """

    bounds: Ints
    is_whole: np.ndarray[tuple[int], np.dtype[np.bool_]]
    panels: tuple[Panel, ...]
    title: str
    caption: str
    shading: Shading
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Counted:
    """What a figure counts: crossings or persons, of one direction or both, of some kinds or all."""

    what: Literal["crossings", "persons"] = "crossings"
    direction: Literal["in", "out"] | None = None
    kinds: tuple[str, ...] = ()

    @property
    def axis(self) -> str:
        """In words, for an axis."""
        of_kinds = f" of {', '.join(self.kinds)}" if self.kinds else ""
        return f"{self.what}{of_kinds} a day{f', {self.direction} only' if self.direction else ''}"


def daily_view(source: Source) -> DailyView:
    """Work out what the picture shows."""
    days = source.days
    every = _Counted()
    found, notices = _published(source)
    order = [every, *(counted for counted in found if counted != every)][:MOST_PANELS]
    panels = [Panel(counted.axis, _days(source, counted), tuple(found.get(counted, ()))) for counted in order]
    left_out = [one for counted, figures in found.items() if counted not in order for one in figures]
    notices += [f"figure of another count, not drawn for want of room: {one.label}" for one in left_out]
    band = spread(len(source.numbers))
    of = mean_of(source.numbers, source.total)
    return DailyView(
        bounds=days.bounds,
        is_whole=days.is_whole,
        panels=tuple(panels),
        title=_title(source, panels[0].days.mean),
        caption=(
            f"Crossings counted at {_counted_at(source)}, {of}{f' (whiskers: {band})' if band else ''}."
            f"{' Persons are those aboard what crosses.' if any(one.what == 'persons' for one in order) else ''} "
            f"{name_of(source.scenario)}."
        ),
        shading=shading_of(source.scenario, source.network, source.network.end),
        notices=tuple(notices),
    )


def _days(source: Source, counted: _Counted) -> Band:
    """A count of each day, over the replications."""
    days = source.days
    cube = days.crossings if counted.what == "crossings" else days.persons
    if counted.direction is not None:
        place = DIRECTIONS.index(counted.direction)
        cube = cube[:, :, place : place + 1]
    kinds = source.network.kinds
    chosen = [place for place, kind in enumerate(kinds) if not counted.kinds or kind in counted.kinds]
    return Band.of(cube[..., chosen].sum(axis=(2, 3)).astype(np.float64))


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


def _published(source: Source) -> tuple[dict[_Counted, list[Published]], list[str]]:
    """Every figure a window of the scenario cites, by what it counts; and which of them the days do not show."""
    scenario = source.scenario
    found: dict[_Counted, list[Published]] = {}
    notices: list[str] = []
    for window in scenario.windows:
        fact: Fact | None = scenario.facts.get(window.published) if window.published else None
        if fact is None:
            continue
        what = compared_with(fact)
        if fact.unit.partition("/")[0] == "persons" and (what is None or not _has_persons(source)):
            why = "the scenario counts no persons" if what else "it leaves out drivers, whom the scenario counts"
            notices.append(f"{fact.id} counts persons and is not drawn: {why}")
        elif what in ("crossings", "persons"):
            direction = fact.counts.direction if fact.counts and fact.counts.direction in ("in", "out") else None
            counted = _Counted(what, direction, window.kinds)
            found.setdefault(counted, []).append(_figure(source, window, fact, counted))
    return found, notices


def _has_persons(source: Source) -> bool:
    """Whether what crosses is told apart from who crosses with it: more, or fewer, than one aboard each unit."""
    is_said = any(
        flow.persons != ONE or isinstance(flow.arrivals, AboardArrivals | RecordedArrivals)
        for flow in source.scenario.flows
    )
    return is_said or bool((source.days.persons != source.days.crossings).any())


def _model(source: Source, window: CountWindow, counted: _Counted) -> float:
    """What the model counts in a window, the mean over the replications; NaN if the run did not reach its end."""
    metric = f"{counted.what}_in_{window.name}"
    values = [
        row.value
        for rows in source.measures()
        for row in rows
        if row.metric == metric and row.flow is None and row.kind is None and row.direction == counted.direction
    ]
    return sum(values) / len(values) if values else math.nan


def _figure(source: Source, window: CountWindow, fact: Fact, counted: _Counted) -> Published:
    scenario = source.scenario
    days = calendar_days(window, scenario.clock)
    is_total = fact.dimension == "count" and days != round(days)
    amount = _model(source, window, counted)
    model = amount if is_total else amount / days
    figure = fact.amount if is_total or fact.dimension == "rate" else fact.amount / days
    words = BOUNDS[fact.bound][0]
    per = f" in {number(days * 24)} h" if is_total else " a day"
    side = f", {counted.direction} only" if counted.direction else ""
    persons = " persons" if counted.what == "persons" else ""
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
        label=f"{words}{number(figure)}{persons}{per}{side}: {fact.id}{beside}",
    )


def draw_daily(source: Source, axes: Axes | None = None) -> Drawn:
    """Draw it: into `axes` all crossings, else on a sheet of its own whatever else published figures count below."""
    view = daily_view(source)
    letters = letters_for(source.scenario)
    is_sheet = axes is None
    notices = [*letters.notices, *view.notices]
    if axes is None:
        figure = new_figure(HEIGHT_CM + PANEL_CM * (len(view.panels) - 1))
        every = list(figure.subplots(len(view.panels), 1, squeeze=False, sharex=True)[:, 0])
        figure.align_ylabels(every)
        put_caption(every[0], letters, view.caption)
    else:
        every = [axes]
        others = [one.label for panel in view.panels[1:] for one in panel.published]
        notices += [f"figure of another count, drawn on a sheet of its own only: {label}" for label in others]
    place = 0
    for panel, on in zip(view.panels, every, strict=False):
        dress(on)
        _put_days(on, view, panel.days, len(source.numbers), is_first=on is every[0])
        for published in panel.published:
            _put_published(on, letters, published, SERIES[1 + place % (len(SERIES) - 1)])
            place += 1
        if on is every[0]:
            timeline.put_closures(on, letters, view.shading, Clock.of(source.scenario))
        else:
            timeline.put_closures(on, letters, view.shading, Clock.of(source.scenario), is_named=False)
        _finish(on, letters, source, view, panel, is_last=on is every[-1], is_first=on is every[0])
    _gather_legend(every)
    if not is_sheet:  # the legend stands inside, above the bars
        axes = every[0]
        axes.set_ylim(0, ROOM_FOR_LEGEND * axes.get_ylim()[1])
    put_head(every[0], letters, view.title, is_sheet=is_sheet)
    letters.apply(*every)
    return Drawn(every[0], tuple(notices))


def _finish(
    axes: Axes, letters: Letters, source: Source, view: DailyView, panel: Panel, *, is_last: bool, is_first: bool
) -> None:
    """The axes of a panel; time stands below the last."""
    if is_last:
        timeline.put_days(axes, letters, timeline.Clocks.of(source.scenario), view.bounds)
    else:
        axes.tick_params(axis="x", which="both", labelbottom=False)
    if is_first:
        timeline.put_other_days(axes, letters, timeline.Clocks.of(source.scenario), view.bounds)
    tops = [panel.days.high.max(initial=0), *(one.figure for one in panel.published)]
    tops += [one.model for one in panel.published if one.kind == "total" and not math.isnan(one.model)]
    axes.set_ylim(0, 1.08 * max(tops) or 1)
    count_up(axes)
    axes.set_ylabel(letters(panel.axis), fontsize=TEXT_PT, color=INK)


def _gather_legend(every: Sequence[Axes]) -> None:
    """What the lower panels show as well, for the legend of the first."""
    for axes in every[1:]:
        for line in axes.get_lines():
            if not str(line.get_label()).startswith("_"):
                every[0].plot([], [], **_like(line), label=line.get_label())


def _like(line: Line2D) -> dict[str, Any]:
    return {
        "color": line.get_color(),
        "linestyle": line.get_linestyle(),
        "linewidth": line.get_linewidth(),
        "marker": line.get_marker(),
        "markersize": line.get_markersize(),
    }


def _put_days(axes: Axes, view: DailyView, days: Band, replications: int, *, is_first: bool) -> None:
    """A bar for each day with the spread over the replications, or points where there are many days."""
    edges = view.bounds / HOUR_MS
    middle, mean = (edges[:-1] + edges[1:]) / 2, days.mean
    low, high = days.low, days.high
    groups = [(view.is_whole, SERIES[0], "model"), (~view.is_whole, GREY, "model, outside the measured days")]
    if replications > 1:
        thin = 0.8 if mean.size <= MOST_BARS else 0.4
        axes.vlines(middle, low, high, color=INK if thin > 0.5 else SERIES[0], linewidth=thin, zorder=3)
    for chosen, colour, label in groups:
        if not chosen.any():
            continue
        label = label if is_first else "_"
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
