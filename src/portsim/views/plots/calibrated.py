"""Pictures `posterior` and `figures`: what a calibration tells of each unknown number and figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from portsim.tables import shortened
from portsim.views.calibrated import number
from portsim.views.plots.letters import Letters
from portsim.views.plots.paper import (
    GREY,
    INK,
    PALE,
    SERIES,
    SMALL_PT,
    TEXT_PT,
    Drawn,
    dress,
    new_figure,
    put_caption,
    put_head,
)
from portsim.views.plots.studies import Calibrated, Figure, Number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST = 7
"""Numbers that have room on a sheet."""
BINS = 40
LONGEST_LABEL = 30
FAR_APART = 6.0
"""From such a ratio of the largest to the smallest on the axis is of ratios."""
CERTAIN = 1.96
"""Standard deviations that hold 95 %."""

FITTED, PREDICTED, MISSED = "model, fitted", "model, predicted only", "model, figure not reached"
LOOKS: dict[str, dict[str, Any]] = {
    FITTED: {"color": SERIES[0], "marker": "o", "markerfacecolor": SERIES[0]},
    PREDICTED: {"color": SERIES[2], "marker": "s", "markerfacecolor": "white"},
    MISSED: {"color": SERIES[1], "marker": "X", "markerfacecolor": SERIES[1]},
}


def draw_posterior(calibrated: Calibrated, wanted: Sequence[str] = ()) -> Drawn:
    """Draw distributions of the numbers on the diagonal, and draws of every two of them below it; the first Axes.

    Each axis spans the prior; the grey line is the density of the prior.

    wanted : names of numbers, all if there are none; ValueError for one that is not there
    """
    places = _places(calibrated, wanted)[:MOST]
    numbers = [calibrated.numbers[place] for place in places]
    draws = calibrated.draws[:, places]
    count = len(numbers)
    title, caption = _title(numbers), _caption(calibrated, len(_places(calibrated, wanted)) - count)
    letters = Letters.of([title, caption, *(one.name for one in numbers)])
    figure = new_figure(17.0 if count > 2 else 6.0 + 4.0 * count)
    panels = figure.subplots(count, count, squeeze=False)
    for row in range(count):
        for column in range(count):
            ax = panels[row, column]
            if column > row:
                ax.set_visible(False)
            elif row == column:
                _draw_number(ax, letters, numbers[row], draws[:, row])
            else:
                _draw_pair(ax, numbers[column], numbers[row], draws[:, column], draws[:, row])
            if row == count - 1:
                ax.set_xlabel(letters(_label(numbers[column])), fontsize=SMALL_PT, color=INK)
            else:
                ax.set_xticklabels([])
            if column == 0 and row > 0:
                ax.set_ylabel(letters(_label(numbers[row])), fontsize=SMALL_PT, color=INK)
            elif column > 0:
                ax.set_yticklabels([])
    panels[0, 0].set_ylabel("density", fontsize=SMALL_PT, color=INK)
    put_head(panels[0, 0], letters, title, is_sheet=True)
    put_caption(panels[0, 0], letters, caption)
    letters.apply(*panels.ravel())
    return Drawn(panels[0, 0], letters.notices)


def _places(calibrated: Calibrated, wanted: Sequence[str]) -> list[int]:
    names = [one.name for one in calibrated.numbers]
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise ValueError(f"there is no unknown number {unknown[0]!r}; there are: {', '.join(names)}")
    return [names.index(name) for name in dict.fromkeys(wanted)] or list(range(len(names)))


def _title(numbers: Sequence[Number]) -> str:
    known = [one.name for one in numbers if one.verdict == "identified"]
    names = f": {', '.join(name.replace('_', ' ') for name in known)}" if 0 < len(known) <= 3 else ""
    return f"The figures identify {len(known)} of {len(numbers)} unknown numbers{names}"


def _caption(calibrated: Calibrated, left_out: int) -> str:
    more = f" {left_out} more numbers not shown." if left_out > 0 else ""
    return (
        "Posterior of each number over the span of its prior (grey line: the prior), and draws of every two; "
        f"{len(calibrated.draws):,} draws, worth {calibrated.effective:,.0f} independent ones, seed {calibrated.seed}."
        f"{more} {calibrated.name.removesuffix('.')}."
    )


def _span(of: Number) -> tuple[float, float]:
    return float(of.prior.value(0.0)), float(of.prior.value(1.0))


def _draw_number(axes: Axes, letters: Letters, of: Number, draws: np.ndarray[Any, np.dtype[np.float64]]) -> None:
    dress(axes)
    axes.tick_params(labelsize=SMALL_PT)
    prior = of.prior.value((np.arange(4000) + 0.5) / 4000)
    low, high = _span(of)
    if of.prior.is_whole:  # a bar for each whole number, in its middle
        low, high = low - 0.5, high + 0.5
    bins = np.linspace(low, high, (min(BINS, round(high - low)) if of.prior.is_whole else BINS) + 1)
    axes.hist(draws, bins=bins.tolist(), density=True, color=SERIES[0], alpha=0.75, label="posterior")
    axes.hist(prior, bins=bins.tolist(), density=True, histtype="step", color=GREY, linewidth=0.9, label="prior")
    axes.set_xlim(low, high)
    axes.set_yticks([])
    axes.set_title(letters(of.verdict), fontsize=TEXT_PT, color=INK)


def _draw_pair(
    axes: Axes,
    across: Number,
    up: Number,
    x: np.ndarray[Any, np.dtype[np.float64]],
    y: np.ndarray[Any, np.dtype[np.float64]],
) -> None:
    dress(axes)
    axes.tick_params(labelsize=SMALL_PT)
    axes.plot(x, y, ".", color=SERIES[0], markersize=1.2, alpha=0.5)
    axes.set_xlim(*_span(across))
    axes.set_ylim(*_span(up))
    axes.grid(color=PALE, linewidth=0.5)


def _label(of: Number) -> str:
    unit = of.prior.unit
    return shortened(of.name.replace("_", " "), LONGEST_LABEL) + (f", {unit}" if unit else "")


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure in per cent of what is published.

    below, above : how far the published value itself may be off; infinite towards where a bound is open
    low, middle, high : of what the model gives, 5 %, 50 % and 95 %
    kind : whether it was fitted, and whether the model reaches it
    beside : the same as it is, in its own unit
    """

    name: str
    below: float
    above: float
    low: float
    middle: float
    high: float
    kind: str
    beside: str


@dataclass(frozen=True, slots=True)
class FiguresView:
    """What the picture shows, from the top down. left_out : figures of 0, which are no share of anything."""

    rows: tuple[FigureRow, ...]
    left_out: tuple[str, ...]
    title: str
    caption: str


def figures_view(calibrated: Calibrated) -> FiguresView:
    """Work out what the picture shows. Raises ValueError if no figure has a value above 0."""
    rows = [_row(one) for one in calibrated.figures if one.value > 0]
    left_out = tuple(one.name for one in calibrated.figures if not one.value > 0)
    if not rows:
        raise ValueError("there is nothing to draw: no figure is above 0")
    of_zero = f" Not shown, as nothing is a share of 0: {', '.join(left_out)}." if left_out else ""
    return FiguresView(
        rows=tuple(rows),
        left_out=left_out,
        title=_figures_title(calibrated.figures),
        caption=(
            "What the model gives of each figure, median and the interval that holds 90 % of replications at draws "
            "of the posterior, in per cent of the figure; grey: how far that may be off itself, 95 %. At the right: "
            f"figure, and model.{of_zero} {calibrated.runs:,} points, seed {calibrated.seed}. "
            f"{calibrated.name.removesuffix('.')}."
        ),
    )


def _row(one: Figure) -> FigureRow:
    share = 100 / one.value
    kind = MISSED if not one.is_reached else FITTED if one.is_fitted else PREDICTED
    sign = "≥ " if math.isinf(one.above) else "≤ " if math.isinf(one.below) else ""
    interval = f"{number(one.middle)} ({number(one.low)}-{number(one.high)})"
    other = CERTAIN * 100 * one.spread
    return FigureRow(
        name=one.name,
        below=one.below * share + other,
        above=one.above * share + other,
        low=one.low * share,
        middle=one.middle * share,
        high=one.high * share,
        kind=kind,
        beside=f"{sign}{number(one.value)}; {interval}",
    )


def _figures_title(figures: Sequence[Figure]) -> str:
    missed = [one.name for one in figures if not one.is_reached]
    if not missed:
        return (
            f"The model reaches all of the {len(figures)} figures"
            if len(figures) > 1
            else "The model reaches the figure"
        )
    names = ", ".join(missed[:2]) + (f" and {len(missed) - 2} more" if len(missed) > 2 else "")
    return f"The model reaches {len(figures) - len(missed)} of {len(figures)} figures, not {names}"


def draw_figures(calibrated: Calibrated, axes: Axes | None = None) -> Drawn:
    """Draw it, into `axes` or on a sheet of its own."""
    view = figures_view(calibrated)
    letters = Letters.of([view.title, view.caption, *(row.name for row in view.rows)])
    is_sheet = axes is None
    if axes is None:
        axes = new_figure(4.6 + 0.6 * len(view.rows)).subplots()
        put_caption(axes, letters, view.caption)
    dress(axes)
    ends = [end for row in view.rows for end in (row.low, row.middle, row.high) if math.isfinite(end)] + [100.0]
    is_by_ratio = min(ends) > 0 and max(ends) / min(ends) > FAR_APART
    for place, row in enumerate(view.rows):
        _put_row(axes, row, place)
    for kind, look in LOOKS.items():
        if any(row.kind == kind for row in view.rows):
            axes.plot([], [], label=kind, linewidth=1.4, markersize=5, **look)
    for marker, label, has_any in (
        ("|", "figure", any(math.isfinite(row.above) and math.isfinite(row.below) for row in view.rows)),
        (">", "figure, at least", any(math.isinf(row.above) for row in view.rows)),
        ("<", "figure, at most", any(math.isinf(row.below) for row in view.rows)),
    ):
        if has_any:
            axes.plot([], [], marker, color=INK, markersize=6, markeredgewidth=1.4, label=label)
    axes.set_yticks(range(len(view.rows)), [letters(shortened(row.name, 44)) for row in view.rows])
    axes.tick_params(axis="y", length=0, labelsize=SMALL_PT)
    axes.set_ylim(len(view.rows) - 0.5, -0.5)
    if is_by_ratio:
        axes.set_xscale("log")
        _plain_ticks(axes, min(ends), max(ends))
    else:
        axes.margins(x=0.08)
    axes.axvline(100, color=GREY, linewidth=0.6, zorder=1)
    axes.grid(axis="x", color=PALE, linewidth=0.5)
    axes.set_xlabel("model, % of the figure", fontsize=TEXT_PT, color=INK)
    for place, row in enumerate(view.rows):
        axes.text(
            1.02,
            place,
            letters(row.beside),
            transform=axes.get_yaxis_transform(),
            va="center",
            fontsize=SMALL_PT,
            color=INK if row.kind != MISSED else SERIES[1],
        )
    put_head(axes, letters, view.title, is_sheet=is_sheet)
    letters.apply(axes)
    return Drawn(axes, letters.notices)


def _put_row(axes: Axes, row: FigureRow, place: int) -> None:
    """The published value at 100 with how far it may be off, and below it what the model gives."""
    at, model = place - 0.14, place + 0.14
    low = 100 - row.below if math.isfinite(row.below) else 100.0
    high = 100 + row.above if math.isfinite(row.above) else 100.0
    if high > low:
        axes.plot([max(low, 1e-3), high], [at, at], color="#bbbbbb", linewidth=3.0, solid_capstyle="butt", zorder=2)
    marker = ">" if math.isinf(row.above) else "<" if math.isinf(row.below) else "|"
    axes.plot([100], [at], marker, color=INK, markersize=6, markeredgewidth=1.4, zorder=4)
    look = LOOKS[row.kind]
    if math.isfinite(row.low) and math.isfinite(row.high):
        whisker = axes.plot([row.low, row.high], [model, model], color=look["color"], linewidth=1.4, zorder=3)[0]
        whisker.set_gid(row.name)
        for end in (row.low, row.high):
            axes.plot([end, end], [model - 0.1, model + 0.1], color=look["color"], linewidth=1.0, zorder=3)
    axes.plot([row.middle], [model], linestyle="none", markersize=5, zorder=5, **look)


def _plain_ticks(axes: Axes, low: float, high: float) -> None:
    """Round per cents along an axis of ratios."""
    from matplotlib.ticker import FixedLocator, NullLocator, StrMethodFormatter

    steps = [step * 10**power for power in range(-3, 7) for step in (1, 2, 5)]
    axes.xaxis.set_major_locator(FixedLocator([step for step in steps if low / 1.5 <= step <= high * 1.5]))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.10g}"))
    axes.set_xlim(low / 1.2, high * 1.2)
