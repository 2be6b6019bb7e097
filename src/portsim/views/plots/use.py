"""Picture `use`: how much of the lanes and officers is in use, by weekday and hour: where capacity binds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from portsim.model.network import EndOfShift
from portsim.results.areas import Ints
from portsim.views.plots import timeline
from portsim.views.plots.clock import DAYS, HOUR_MS, Clock
from portsim.views.plots.letters import Letters, letters_for
from portsim.views.plots.paper import (
    GREY,
    HEIGHT_CM,
    INK,
    SMALL_PT,
    TEXT_PT,
    Drawn,
    Floats,
    dress,
    mean_of,
    name_of,
    new_figure,
    put_caption,
    put_head,
)
from portsim.views.plots.source import Source

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_ROWS = 9
MOST_STRETCHES = 3
MOST_ON_SHEET = 18
"""Rows that a sheet of the usual height has room for."""

FEW_DAYS = 2
"""With no more weekdays than these the hours are written out."""

FULL = 0.9
"""From this share in use on, who comes has to wait: the rest is lost between one unit and the next."""

NOTHING = "#dddddd"
COLOURS = "YlOrRd"


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """The lanes of a stage or the officers of a pool.

    share : float64[weekdays * 24], part of what is open (on duty) that is in use, NaN where nothing ever is
    mean : over the whole stretch, NaN if nothing is ever open
    """

    name: str
    share: Floats
    mean: float


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A part of the run between dated changes.

    start, end : ticks
    is_played : bool[weekdays * 24], which hours of the week it has
    """

    start: int
    end: int
    rows: tuple[Row, ...]
    is_played: np.ndarray[tuple[int], np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True, eq=False)
class UseView:
    """What the picture shows; weekdays : those of the stretch, 0 is Monday; left_out : less busy rows not shown."""

    stretches: tuple[Stretch, ...]
    weekdays: tuple[int, ...]
    left_out: int
    title: str
    caption: str


@dataclass(frozen=True, slots=True, eq=False)
class _Resource:
    name: str
    in_use: Ints
    available: Ints


def use_view(source: Source, *, is_split: bool = True) -> UseView:
    """Work out what the picture shows. is_split : whether each stretch between dated changes is shown for itself."""
    hours = source.hours
    scenario, network = source.scenario, source.network
    clock = Clock.of(scenario)
    begins, end = hours.bounds[:-1], int(hours.bounds[-1])
    locals_ = [clock.local(int(tick)) for tick in begins]
    day = np.array([local.weekday() for local in locals_], np.int64)
    slot = np.array([local.hour for local in locals_], np.int64)
    is_measured = begins >= min(network.measure_from, end)
    if not is_measured.any():
        is_measured[:] = True
    weekdays = tuple(np.unique(day[is_measured]).tolist())
    column = 24 * np.searchsorted(np.array(weekdays), day) + slot
    resources = list(_resources(source))
    start = int(begins[is_measured][0]) if begins.size else 0
    changes = [regime.at_ms - scenario.start_ms for regime in scenario.regimes[1:]]
    cuts = [start, *(tick for tick in changes if start < tick < end), end]
    is_whole = not is_split or len(cuts) - 1 > MOST_STRETCHES
    if is_whole:
        cuts = [start, end]
    stretches = []
    for first, last in pairwise(cuts):
        chosen = (begins >= first) & (begins < last)
        columns = 24 * len(weekdays)
        rows = tuple(_row(resource, column, chosen, columns) for resource in resources)
        stretches.append(Stretch(first, last, rows, np.bincount(column[chosen], minlength=columns) > 0))
    kept = _busiest(stretches)
    shown = tuple(replace(one, rows=tuple(one.rows[row] for row in kept)) for one in stretches)
    left_out = len(resources) - len(kept)
    return UseView(
        stretches=shown,
        weekdays=weekdays,
        left_out=left_out,
        title=_title(shown, weekdays, clock),
        caption=_caption(
            source,
            left_out,
            is_mixed=is_whole and len(changes) > 0,
            is_partial=not all(one.is_played.all() for one in shown),
        ),
    )


def _caption(source: Source, left_out: int, *, is_mixed: bool, is_partial: bool) -> str:
    white = "; white: no such hour was played" if is_partial else ""
    parts = [
        f"Part of the open lanes (serving, paused or blocked) and of the officers on duty in use, "
        f"{mean_of(source.numbers, source.total)}, "
        f"by hour of the week (grey: nothing open or on duty{white}) and, on the right, over the whole stretch."
    ]
    if any(pool.end_of_shift == EndOfShift.FINISH for pool in source.network.pools):
        parts.append("Officers who finish late count while others on duty are idle.")
    if left_out:
        parts.append(f"{left_out} less busy not shown.")
    if is_mixed:
        parts.append("Before and after dated changes together.")
    return " ".join([*parts, f"{name_of(source.scenario)}."])


def _resources(source: Source) -> Iterator[_Resource]:
    """Lanes of each stage that has any, in file order, then the officers of each pool that stages draw from."""
    sums = source.hours.sums
    for number, stage in enumerate(source.network.stages):
        if stage.lanes is not None:
            busy = sums["in_service_ms"][:, number] + sums["paused_ms"][:, number] + sums["blocked_ms"][:, number]
            yield _Resource(f"{stage.name}: lanes", busy, sums["lanes_open_ms"][:, number])
    for number, pool in enumerate(source.network.pools):
        stages = [place for place, stage in enumerate(source.network.stages) if stage.pool == number]
        if stages:
            in_use = sums["officers_in_use_ms"][:, stages].sum(axis=1)
            yield _Resource(f"{pool.name}: officers", in_use, sums["officers_on_duty_ms"][:, stages[0]])


def _row(resource: _Resource, column: Ints, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]], columns: int) -> Row:
    """Use beyond what is open in the hour, by those who finish late, is left out: nobody new can be served then.

    Within the hour they are not told apart from those on duty, so that the share is above `officer_utilisation`, which
    leaves them out altogether.
    """
    available = resource.available[chosen]
    in_use = np.minimum(resource.in_use[chosen], available)
    used = np.bincount(column[chosen], weights=in_use, minlength=columns)
    whole = np.bincount(column[chosen], weights=available, minlength=columns)
    share = np.divide(used, whole, out=np.full(columns, np.nan), where=whole > 0)
    total = int(available.sum())
    return Row(resource.name, share, float(in_use.sum() / total) if total else float("nan"))


def _busiest(stretches: list[Stretch]) -> list[int]:
    """The rows to show, in file order: the busiest of those ever open."""
    use = [
        max((rows[place].mean for rows in _rows(stretches)), default=0.0, key=_known) for place in _places(stretches)
    ]
    order = sorted(
        (place for place in _places(stretches) if _known(use[place]) >= 0), key=lambda row: -_known(use[row])
    )
    return sorted(order[:MOST_ROWS])


def _rows(stretches: list[Stretch]) -> list[tuple[Row, ...]]:
    return [stretch.rows for stretch in stretches]


def _places(stretches: list[Stretch]) -> range:
    return range(len(stretches[0].rows) if stretches else 0)


def _known(share: float) -> float:
    return -1.0 if np.isnan(share) else share


def _title(stretches: tuple[Stretch, ...], weekdays: tuple[int, ...], clock: Clock) -> str:
    """Of the last stretch, which is how the port works at the end: what is short most often, or comes closest."""
    last = stretches[-1]
    rows = [row for row in last.rows if not np.isnan(row.mean)]
    if not rows or max(row.mean for row in rows) == 0:
        return "No lane is in use"
    since = f"From {clock.date(last.start)} on, " if len(stretches) > 1 else ""
    full = [int(np.count_nonzero(row.share >= FULL)) for row in rows]
    if max(full):
        row = rows[int(np.argmax(full))]
        open_hours = int(np.count_nonzero(~np.isnan(row.share)))
        often = f"{100 * FULL:.0f} % in use or more in {max(full)} of {open_hours} hours"
        return _sentence(since, f"{_words(row)} are short most often: {often}")
    row = max(rows, key=lambda one: float(np.nanmax(one.share)))
    cell = int(np.nanargmax(row.share))
    day = f"{DAYS[weekdays[cell // 24]]}s " if len(weekdays) > 1 else ""
    when = f"{day}{cell % 24:02d}:00 to {cell % 24 + 1:02d}:00"
    return _sentence(since, f"{_words(row)} are fullest, {100 * row.share[cell]:.0f} % in use {when}")


def _words(row: Row) -> str:
    name, _, what = row.name.partition(": ")
    return f"{what} of {name.replace('_', ' ')}"


def _sentence(since: str, text: str) -> str:
    return f"{since}{text}" if since else f"{text[0].upper()}{text[1:]}"


def draw_use(source: Source, axes: Axes | None = None) -> Drawn:
    """Draw it: into `axes` the run as a whole, else on a sheet of its own each stretch between dated changes."""
    view = use_view(source, is_split=axes is None)
    letters = letters_for(source.scenario)
    is_sheet = axes is None
    if axes is None:
        rows = sum(len(stretch.rows) for stretch in view.stretches)
        figure = new_figure(min(max(4.5 + 0.8 * rows, 6.0), HEIGHT_CM) + 0.3 * max(rows - MOST_ON_SHEET, 0))
        panels = list(figure.subplots(len(view.stretches), 1, squeeze=False)[:, 0])
        put_caption(panels[0], letters, view.caption)
    else:
        panels = [axes]
    clock = Clock.of(source.scenario)
    for panel, stretch in zip(panels, view.stretches, strict=True):
        dress(panel)
        if len(view.stretches) > 1:
            until = clock.moment(stretch.end)
            text = f"{clock.moment(stretch.start)} to {until}"
            panel.set_title(letters(text), loc="left", fontsize=TEXT_PT, color=INK, pad=2)
        _put_map(
            panel,
            letters,
            view,
            stretch,
            is_last=panel is panels[-1],
            zone=timeline.Clocks.of(source.scenario).zones(stretch.end),
        )
    _put_other_clock(panels[0], letters, view, source)
    _put_scale(panels)
    put_head(panels[0], letters, view.title, is_sheet=is_sheet)
    letters.apply(*panels)
    return Drawn(panels[0], letters.notices)


def _put_map(axes: Axes, letters: Letters, view: UseView, stretch: Stretch, *, is_last: bool, zone: str) -> None:
    from matplotlib.colors import ListedColormap

    rows, columns = len(stretch.rows), 24 * len(view.weekdays)
    played = np.repeat(stretch.is_played[None, :].astype(np.float64), max(rows, 1), axis=0)
    axes.pcolormesh(
        np.arange(columns + 1),
        np.arange(max(rows, 1) + 1),
        np.ma.masked_equal(played, 0),
        cmap=ListedColormap([NOTHING]),
        edgecolors="none",
        zorder=0,
    )
    shares = np.array([row.share for row in stretch.rows]).reshape(rows, columns)
    axes.pcolormesh(
        np.arange(columns + 1), np.arange(rows + 1), shares, cmap=COLOURS, vmin=0, vmax=1, edgecolors="none", zorder=1
    )
    axes.set_ylim(max(rows, 1), 0)
    axes.set_xlim(0, columns)
    axes.set_yticks([row + 0.5 for row in range(rows)], [letters.name(row.name) for row in stretch.rows])
    axes.tick_params(axis="y", labelsize=SMALL_PT, length=0)
    axes.hlines(range(1, rows), 0, columns, color="white", linewidth=1.0, zorder=2)
    axes.vlines(range(24, columns, 24), 0, rows, color="white", linewidth=0.8, zorder=2)
    for place, row in enumerate(stretch.rows):
        mean = "" if np.isnan(row.mean) else f"{100 * row.mean:.0f} %"
        axes.text(1.008 * columns, place + 0.5, mean, va="center", ha="left", fontsize=SMALL_PT, color=INK)
    days = [DAYS[day][:3] for day in view.weekdays]
    if len(days) <= FEW_DAYS:
        hours = [(24 * place + hour, hour) for place in range(len(days)) for hour in range(0, 24, 3 * len(days))]
        labels = [f"{hour:02d}:00\n{days[at // 24] if hour == 0 else ' '}" for at, hour in hours]
        axes.set_xticks([at for at, _ in hours], labels)
    else:
        axes.set_xticks([24 * place + 12 for place in range(len(days))], [f"{day}\n12:00" for day in days])
        axes.set_xticks(range(0, columns + 1, 6), minor=True)
    axes.tick_params(axis="x", which="minor", length=1.5, width=0.4, color=GREY)
    axes.tick_params(axis="x", labelbottom=is_last, labelsize=TEXT_PT)
    if is_last:
        axes.set_xlabel(letters(f"hour of the week, clock of {zone}"), fontsize=TEXT_PT, color=INK)
    axes.spines["left"].set_visible(False)


def _put_other_clock(axes: Axes, letters: Letters, view: UseView, source: Source) -> None:
    """The neighbour's clock along the upper edge, where it is as far from the port's all the time."""
    other = timeline.Clocks.of(source.scenario).neighbour
    if other is None:
        return
    own, (_, clock) = Clock.of(source.scenario), other
    shifts = {
        clock.shift_ms(tick) - own.shift_ms(tick) for tick in (view.stretches[0].start, view.stretches[-1].end - 1)
    }
    if len(shifts) > 1:
        return
    shift = shifts.pop() / HOUR_MS
    if len(view.weekdays) <= FEW_DAYS:
        marks = [
            (24 * place + hour, 24 * place + hour + shift)
            for place in range(len(view.weekdays))
            for hour in range(0, 24, 6)
        ]
        placed = [(float(at), f"{int(there % 24):02d}:{round(60 * (there % 1)):02d}") for at, there in marks]
    else:
        placed = [(24 * place + 12 - shift, "12:00") for place in range(len(view.weekdays))]
    timeline.put_above(axes, letters, other, placed)


def _put_scale(panels: list[Axes]) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    figure = panels[0].get_figure(root=True)
    assert figure is not None
    colours = ScalarMappable(Normalize(0, 100), COLOURS)
    bar = figure.colorbar(colours, ax=panels, fraction=0.025, pad=0.075, aspect=30)
    bar.set_label("in use, %", fontsize=SMALL_PT, color=INK)
    bar.ax.tick_params(labelsize=SMALL_PT, length=2, width=0.4)
    bar.outline.set_visible(False)
