"""Picture `plans`: by how much each plan differs from the baseline, as dots with their intervals."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portsim.results.differences import Verdict, good_direction
from portsim.results.selection import Selection
from portsim.tables import shortened
from portsim.views.compared import difference_of, shown_selections
from portsim.views.measurewords import Scale, percent, words_of
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
from portsim.views.plots.studies import Compared

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_PANELS = 3
NARROW = 26
"""Characters of a line below one of several panels."""
LONGEST_LABEL = 28

COLOURS: dict[Verdict, str] = {
    "better": SERIES[0],
    "worse": SERIES[1],
    "higher": INK,
    "lower": INK,
    "no difference shown": GREY,
    "not known": GREY,
}
MARKERS: dict[Verdict, str] = {
    "better": "o",
    "worse": "s",
    "higher": "^",
    "lower": "v",
    "no difference shown": "D",
    "not known": "x",
}
"""A shape for each verdict too, for eyes and printers that do not tell the colours apart."""


@dataclass(frozen=True, slots=True)
class Whisker:
    """One plan in one measure, in the unit of the panel; NaN for what is not known."""

    label: str
    mean: float
    low: float
    high: float
    verdict: Verdict
    beside: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One measure: a dot and whiskers for each plan, from the top down.

    good : -1 where less is better, 1 where more is, 0 where neither can be said
    """

    axis: str
    good: int
    whiskers: tuple[Whisker, ...]


@dataclass(frozen=True, slots=True)
class DifferencesView:
    """What the picture shows."""

    panels: tuple[Panel, ...]
    title: str
    caption: str


def differences_view(compared: Compared, wanted: Sequence[Selection] = ()) -> DifferencesView:
    """Work out what the picture shows. Raises ValueError if no replication was done by all plans."""
    selections = [
        one
        for one in shown_selections(compared.differences, wanted or compared.wanted)
        if any(difference_of(compared.differences, played.plan, one) for played in compared.plans[1:])
    ][:MOST_PANELS]
    if not selections or not compared.replications:
        raise ValueError("there is no difference to draw: no replication was done by all plans")
    base = compared.baseline
    against = "the scenario without a plan" if base.plan is None else base.label
    plans = len(compared.plans) - 1
    corrected = f", corrected for {plans} plans (Holm)" if plans > 1 else ""
    hours = "At the right: officer-hours beside the baseline's. " if base.officer_hours else ""
    return DifferencesView(
        panels=tuple(_panel(compared, selection) for selection in selections),
        title=_title(compared, selections[0], against),
        caption=(
            f"Difference from {against}, replication by replication on the same chance, with 95 % intervals"
            f"{corrected}. "
            f"{compared.replications} replications, seed {compared.seed}. "
            f"{hours}{compared.scenario.removesuffix('.')}."
        ),
    )


def _panel(compared: Compared, selection: Selection) -> Panel:
    rows = [(played, difference_of(compared.differences, played.plan, selection)) for played in compared.plans[1:]]
    known = [row for _, row in rows if row is not None]
    halves = [(row.ci_high - row.ci_low) / 2 for row in known]
    scale = Scale.of(known[0].unit, [row.mean for row in known], halves)
    whiskers = []
    for played, row in rows:
        if row is None:
            continue
        apart = compared.hours_apart(played)
        hours = "hours the same" if abs(apart) < 0.0005 else f"hours {percent(apart)}"
        beside = hours if compared.baseline.officer_hours and math.isfinite(apart) else ""
        numbers = (row.mean / scale.size, row.ci_low / scale.size, row.ci_high / scale.size)
        whiskers.append(Whisker(played.label, *numbers, row.verdict, beside))
    unit = f", {scale.name}" if scale.name else ""
    return Panel(f"{words_of(selection)}{unit}", good_direction(selection.metric), tuple(whiskers))


def _title(compared: Compared, selection: Selection, against: str) -> str:
    said: dict[str, list[str]] = {}
    for played in compared.plans[1:]:
        row = difference_of(compared.differences, played.plan, selection)
        if row is not None:
            said.setdefault(row.verdict, []).append(shortened(played.label, LONGEST_LABEL))
    what = words_of(selection)
    if better := said.get("better"):
        return f"In {what}, {_listed(better)} {'is' if len(better) == 1 else 'are'} better than {against}"
    if worse := said.get("worse"):
        none = "" if len(worse) == len(compared.plans) - 1 else ", and no plan is shown to be better"
        return f"In {what}, {_listed(worse)} {'is' if len(worse) == 1 else 'are'} worse than {against}{none}"
    return f"In {what}, no plan is shown to differ for better or worse from {against}"


def _listed(names: Sequence[str]) -> str:
    some = list(names[:3]) if len(names) <= 4 else [*names[:2], f"{len(names) - 2} more"]
    some = list(names) if len(names) <= 4 else some
    return some[0] if len(some) == 1 else f"{', '.join(some[:-1])} and {some[-1]}"


def draw_plans(compared: Compared, ax: Axes | None = None, wanted: Sequence[Selection] = ()) -> Drawn:
    """Draw it: on a sheet of its own up to three measures side by side, in `ax` the first."""
    view = differences_view(compared, wanted)
    letters = Letters.of(
        [played.label for played in compared.plans] + [view.title, view.caption, *(panel.axis for panel in view.panels)]
    )
    if ax is not None:
        _draw_panel(ax, letters, view.panels[0], has_names=True, has_hours=True)
        _explain(ax, view.panels[:1])
        put_head(ax, letters, view.title, is_sheet=False)
        letters.apply(ax)
        return Drawn(ax, letters.notices)
    figure = new_figure(4.0 + 0.62 * max(len(panel.whiskers) for panel in view.panels))
    every = figure.subplots(1, len(view.panels), sharey=True, squeeze=False)[0]
    for place, (axes, panel) in enumerate(zip(every, view.panels, strict=True)):
        _draw_panel(
            axes,
            letters,
            panel,
            has_names=place == 0,
            has_hours=place == len(view.panels) - 1,
            is_narrow=len(view.panels) > 1,
        )
    _explain(every[0], view.panels)
    put_head(every[0], letters, view.title, is_sheet=True)
    put_caption(every[0], letters, view.caption)
    letters.apply(*every)
    return Drawn(every[0], letters.notices)


def _explain(axes: Axes, panels: Sequence[Panel]) -> None:
    """What each colour and shape means, for the legend."""
    seen = {one.verdict for panel in panels for one in panel.whiskers}
    for verdict in COLOURS:
        if verdict in seen:
            axes.plot([], [], label=verdict, linewidth=1.4, markersize=4, **_look(verdict))


def _look(verdict: Verdict) -> dict[str, Any]:
    fill = COLOURS[verdict] if verdict != "no difference shown" else "white"
    return {"color": COLOURS[verdict], "marker": MARKERS[verdict], "markerfacecolor": fill}


def _draw_panel(
    axes: Axes, letters: Letters, panel: Panel, *, has_names: bool, has_hours: bool, is_narrow: bool = False
) -> None:
    from matplotlib.ticker import MaxNLocator

    dress(axes)
    axes.axvline(0, color=INK, linewidth=0.8)
    for place, one in enumerate(panel.whiskers):
        colour = COLOURS[one.verdict]
        if math.isfinite(one.low):
            axes.plot([one.low, one.high], [place, place], color=colour, linewidth=1.4, solid_capstyle="butt")
            for end in (one.low, one.high):
                axes.plot([end, end], [place - 0.12, place + 0.12], color=colour, linewidth=1.0)
        if math.isfinite(one.mean):
            axes.plot([one.mean], [place], linestyle="none", markersize=4, **_look(one.verdict))
        if one.beside and has_hours:
            axes.text(
                1.02,
                place,
                letters(one.beside),
                transform=axes.get_yaxis_transform(),
                va="center",
                fontsize=SMALL_PT,
                color=GREY,
            )
    if has_names:
        names = [letters(shortened(one.label, LONGEST_LABEL)) for one in panel.whiskers]
        axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(panel.whiskers) - 0.5, -0.5)
    axes.grid(axis="x", color="#dddddd", linewidth=0.5)
    axes.margins(x=0.08)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=4))  # three panels side by side: more labels would touch
    good = {-1: "\n(further left is better)", 1: "\n(further right is better)"}.get(panel.good, "")
    lines = ["difference in", *textwrap.wrap(panel.axis, NARROW)] if is_narrow else [f"difference in {panel.axis}"]
    axes.set_xlabel("\n".join(map(letters, lines)) + good, fontsize=TEXT_PT, color=INK)
    axes.tick_params(axis="y", length=0)
