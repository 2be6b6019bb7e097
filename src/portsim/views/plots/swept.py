"""Picture `sweep`: a measure over one varied number as a line, over two as a heat map, else as dots for each number."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from portsim.results.selection import Selection
from portsim.tables import shortened
from portsim.views.measurewords import Scale, words_of
from portsim.views.plots.letters import Letters
from portsim.views.plots.paper import (
    GREY,
    INK,
    SERIES,
    SMALL_PT,
    TEXT_PT,
    Drawn,
    dress,
    new_figure,
    put_caption,
    put_head,
)
from portsim.views.plots.studies import Screened, Swept
from portsim.views.rows import half_width
from portsim.views.swept import MOST_EFFECTS, effects_of, scale_of, swept_selections

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = "cividis_r"
"""A scale that is read alike by all eyes, and in grey: dark is much."""
MOST_NUMBERS = 150
"""Cells of a heat map that have room for their number."""
LONGEST_LABEL = 46
LONGEST_TITLE = 120

Floats = NDArray[np.float64]


def draw_sweep(sweep: Swept, ax: Axes | None = None, wanted: Sequence[Selection] = ()) -> Drawn:
    """Draw the first measure; ValueError if it is defined at no point."""
    selection, scale, means, halves, is_bound = _values(sweep, wanted)
    letters = Letters.of([sweep.scenario, *sweep.paths, *(value for values, _ in sweep.points for value in values)])
    is_map = sweep.is_factorial and len(sweep.paths) == 2
    is_line = len(sweep.paths) == 1
    label = scale.with_name(f"{words_of(selection)},") if scale.name else words_of(selection)
    if ax is not None:
        every = [ax]
    else:
        figure = new_figure(9.0 if is_map or is_line else 7.0)
        panels = 1 if is_map or is_line else min(len(sweep.paths), 4)
        every = list(figure.subplots(1, panels, sharey=True, squeeze=False)[0])
    if is_map:
        _draw_map(every[0], letters, sweep, means, is_bound, label)
    else:
        for place, axes in enumerate(every):
            drawn = _draw_line(axes, letters, sweep, place, means, halves, label if place == 0 else "", is_line=is_line)
            axes.plot(
                drawn[is_bound],
                means[is_bound],
                "o",
                markersize=3.5,
                color=SERIES[0],
                markerfacecolor="white",
                zorder=3,
            )
    put_head(every[0], letters, _title(sweep, selection, scale, means, is_bound), is_sheet=ax is None)
    if ax is None:
        put_caption(every[0], letters, _caption(sweep, is_map=is_map, has_bounds=bool(is_bound.any())))
    letters.apply(*every)
    return Drawn(every[0], letters.notices)


def _values(sweep: Swept, wanted: Sequence[Selection]) -> tuple[Selection, Scale, Floats, Floats, NDArray[np.bool_]]:
    """The measure that is drawn: (it, its scale, means, half widths, whether each is a lower bound), by point."""
    for selection in swept_selections([rows for _, rows in sweep.points], wanted or sweep.wanted):
        rows = [selection.find(of_point) for _, of_point in sweep.points]
        known = [row for row in rows if row is not None and not math.isnan(row.mean)]
        if known:
            scale = Scale.of(known[0].unit, [row.mean for row in known])
            means = np.array([math.nan if row is None else row.mean / scale.size for row in rows])
            halves = np.array([math.nan if row is None else half_width(row) / scale.size for row in rows])
            is_bound = np.array([row is not None and row.method.startswith("lower bound") for row in rows])
            return selection, scale, means, halves, is_bound
    raise ValueError("there is nothing to draw: the measure is defined at no point")


def _number(value: str) -> float | None:
    found = re.match(r"\s*([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*[A-Za-z%/]*\s*$", value)
    return float(found[1]) if found else None


def _positions(values: Sequence[str]) -> tuple[list[float], list[str]]:
    """Where values stand on an axis: numbers at their own place, anything else one after another with its name."""
    numbers = [_number(value) for value in values]
    units = {re.sub(r"[\d.eE+\-\s]", "", value) for value in values}
    if all(number is not None for number in numbers) and len(units) == 1:
        return [number for number in numbers if number is not None], []
    order = list(dict.fromkeys(values))
    return [float(order.index(value)) for value in values], order


def _draw_line(
    axes: Axes, letters: Letters, sweep: Swept, place: int, means: Floats, halves: Floats, label: str, *, is_line: bool
) -> Floats:
    """Draw the means over one number that varies; return where each point stands on its axis."""
    from matplotlib.ticker import MaxNLocator

    dress(axes)
    values = [values[place] for values, _ in sweep.points]
    at, names = _positions(values)
    bars = np.where(np.isnan(halves), 0.0, halves)
    style = {
        "marker": "o",
        "markersize": 3.5,
        "color": SERIES[0],
        "ecolor": SERIES[0],
        "elinewidth": 1.0,
        "capsize": 2.0,
    }
    order = np.argsort(at, kind="stable")
    axes.errorbar(
        np.array(at)[order],
        means[order],
        yerr=bars[order],
        linestyle="-" if is_line and not names else "none",
        linewidth=1.2,
        **style,  # type: ignore[arg-type]
    )
    if names:
        axes.set_xticks(range(len(names)), [letters(shortened(name, 20)) for name in names], rotation=30, ha="right")
    axes.grid(axis="y", color="#dddddd", linewidth=0.5)
    axes.set_xlabel(
        letters(shortened(_with_unit(sweep.paths[place], values), LONGEST_LABEL)), fontsize=TEXT_PT, color=INK
    )
    if label:
        axes.set_ylabel(letters(label), fontsize=TEXT_PT, color=INK)
    if np.nanmin(means) >= 0:
        axes.set_ylim(0, 1.06 * float(np.nanmax(means + bars)) or 1.0)
    if all(value.lstrip("+-").isdigit() for value in values):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    return np.array(at, np.float64)


def _with_unit(path: str, values: Sequence[str]) -> str:
    units = {re.sub(r"[\d.eE+\-\s]", "", value) for value in values if _number(value) is not None}
    unit = next(iter(units), "") if len(units) == 1 else ""
    return f"{path}, {unit}" if unit else path


def _draw_map(
    axes: Axes, letters: Letters, sweep: Swept, means: Floats, is_bound: NDArray[np.bool_], label: str
) -> None:
    dress(axes)
    across = list(dict.fromkeys(values[0] for values, _ in sweep.points))
    up = list(dict.fromkeys(values[1] for values, _ in sweep.points))
    grid = np.full((len(up), len(across)), math.nan)
    marks = np.full(grid.shape, "", object)
    for (values, _), mean, is_least in zip(sweep.points, means, is_bound, strict=True):
        cell = up.index(values[1]), across.index(values[0])
        grid[cell], marks[cell] = mean, "≥ " if is_least else ""
    drawn = axes.imshow(grid, origin="lower", aspect="auto", cmap=COLOURS)
    axes.set_xticks(range(len(across)), [letters(shortened(value, 20)) for value in across])
    axes.set_yticks(range(len(up)), [letters(shortened(value, 20)) for value in up])
    axes.set_xlabel(letters(shortened(sweep.paths[0], 2 * LONGEST_LABEL)), fontsize=TEXT_PT, color=INK)
    axes.set_ylabel(letters(shortened(sweep.paths[1], LONGEST_LABEL)), fontsize=TEXT_PT, color=INK)
    low, high = float(np.nanmin(grid)), float(np.nanmax(grid))
    if grid.size <= MOST_NUMBERS:
        # Two digits of what lies between the lowest and the highest.
        decimals = min(max(1 - math.floor(math.log10(high - low)), 0), 4) if high > low else 1
        for row, column in np.ndindex(grid.shape):
            value = grid[row, column]
            if not math.isnan(value):
                is_dark = high > low and (value - low) / (high - low) > 0.5
                text = f"{marks[row, column]}{value:,.{decimals}f}"
                axes.text(
                    column, row, text, ha="center", va="center", fontsize=SMALL_PT, color="white" if is_dark else INK
                )
    figure = axes.get_figure(root=True)
    assert figure is not None
    bar = figure.colorbar(drawn, ax=axes, pad=0.02)
    bar.set_label(letters(label), fontsize=TEXT_PT, color=INK)
    bar.ax.tick_params(labelsize=TEXT_PT, width=0.6, color=GREY, labelcolor=INK)
    bar.outline.set_visible(False)


def _title(sweep: Swept, selection: Selection, scale: Scale, means: Floats, is_bound: NDArray[np.bool_]) -> str:
    lowest, highest = int(np.nanargmin(means)), int(np.nanargmax(means))
    what = words_of(selection)
    low, high = (
        f"{'at least ' if is_bound[place] else ''}{scale.with_name(f'{means[place]:,.3g}')}"
        for place in (lowest, highest)
    )
    names = [_short(sweep, sweep.points[place][0]) for place in (lowest, highest)]
    if sum(map(len, names)) > LONGEST_TITLE:
        return f"{what[0].upper()}{what[1:]} goes from {low} to {high}"
    return f"{what[0].upper()}{what[1:]} goes from {low} ({names[0]}) to {high} ({names[1]})"


def _short(sweep: Swept, values: Sequence[str]) -> str:
    """The values of a point with what they are of, as shortly as it is clear: `border_check.lanes 3`."""
    paths = [".".join(path.split(".")[1:]) or path for path in sweep.paths]
    return ", ".join(f"{path} {value}" for path, value in zip(paths, values, strict=True))


def _caption(sweep: Swept, *, is_map: bool, has_bounds: bool) -> str:
    plan = f", plan {sweep.plan}" if sweep.plan else ""
    whiskers = "Means" if is_map else "Means with their 95 % intervals"
    design = "" if sweep.is_factorial else ", quasi-random points"
    mark = "With ≥" if is_map else "Hollow"
    bounds = f" {mark}: lower bounds, as units were unfinished at the end." if has_bounds else ""
    replications = f"{sweep.replications} replication{'s' if sweep.replications > 1 else ''}"
    return (
        f"{whiskers} over {replications} of each of {len(sweep.points)} points{design}, all on the same chance, "
        f"seed {sweep.seed}.{bounds} {sweep.scenario.removesuffix('.')}{plan}."
    )


def draw_screening(screening: Screened, ax: Axes | None = None, wanted: Sequence[Selection] = ()) -> Drawn:
    """Picture `assumptions`: how much each assumed number matters for the first measure, largest on top."""
    known = [effect for effect in screening.effects if not math.isnan(effect.mu_star)]
    if not wanted and not known:
        raise ValueError("there is nothing to draw: no effect is defined")
    selection = wanted[0] if wanted else Selection.parse(known[0].measure)
    effects = effects_of(known, selection)[:MOST_EFFECTS]
    if not effects:
        raise ValueError(f"there is nothing to draw: no effect on {selection} is defined")
    scale = scale_of(effects)
    labels = [f"{shortened(effect.path, LONGEST_LABEL)}\n{screening.spans[effect.path]}" for effect in effects]
    letters = Letters.of([screening.scenario, *labels])
    axes = ax if ax is not None else new_figure(3.2 + 0.72 * len(effects)).subplots()
    dress(axes)
    for place, effect in enumerate(effects):
        low, high = effect.ci_low / scale.size, effect.ci_high / scale.size
        axes.barh(place, effect.mu_star / scale.size, height=0.55, color=SERIES[0])
        if math.isfinite(low):
            axes.plot([low, high], [place, place], color=INK, linewidth=1.0)
    axes.set_yticks(
        range(len(effects)),
        [letters(label.partition("\n")[0]) + "\n" + letters(label.partition("\n")[2]) for label in labels],
    )
    axes.tick_params(axis="y", labelsize=SMALL_PT, length=0)
    axes.set_ylim(len(effects) - 0.5, -0.5)
    axes.set_xlim(left=0)
    axes.grid(axis="x", color="#dddddd", linewidth=0.5)
    unit = f", {scale.name}" if scale.name else ""
    axes.set_xlabel(letters(f"change in {words_of(selection)} over the range{unit}"), fontsize=TEXT_PT, color=INK)
    title = f"Of what is assumed, {effects[0].path} matters most for {words_of(selection)}"
    put_head(axes, letters, title, is_sheet=ax is None)
    if ax is None:
        caption = (
            f"Mean size of the effect of going through each range (mu* of Morris), with its 95 % interval; "
            f"{screening.trajectories} trajectories, {screening.simulations} simulations, seed {screening.seed}. "
            f"Largest {len(effects)} of {len(screening.spans)}. {screening.scenario.removesuffix('.')}."
        )
        put_caption(axes, letters, caption)
    letters.apply(axes)
    return Drawn(axes, letters.notices)
