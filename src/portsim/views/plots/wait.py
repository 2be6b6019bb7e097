"""Picture `wait`: how long units wait, as the share that waited at most so long, beside the targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from portsim.errors import ScenarioError
from portsim.results.areas import Ints
from portsim.results.measure import HOUR_MS, MINUTE_MS
from portsim.results.spread import percentile
from portsim.views.plots.letters import Letters, letters_for
from portsim.views.plots.paper import (
    CHANGE,
    GREY,
    HOURS_FROM_MIN,
    INK,
    SERIES,
    SMALL_PT,
    TEXT_PT,
    Drawn,
    Floats,
    counted,
    dress,
    duration,
    mean_of,
    name_of,
    new_figure,
    number,
    put_caption,
    put_head,
    units_word,
)
from portsim.views.plots.source import Source

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_FLOWS = 4
MOST_KINDS = 8
POINTS = 800
"""Steps of a curve that can be told apart across a page."""

LONG_TAIL = 1.5
"""The axis ends where 99.5 % are over if the longest wait is this many times as long."""


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """The waits of one flow, or of all.

    waits_ms : int64[units], ascending
    p50_ms, p95_ms : half, and 95 %, waited at most so long
    unfinished : how many of the units were still in the port, with what they had waited by then
    kind : what its units are, where the port has several kinds; empty for all units together
    """

    name: str
    waits_ms: Ints
    p50_ms: float
    p95_ms: float
    unfinished: int
    kind: str = ""

    def share_within(self, ms: float) -> float:
        """Share of the units that waited at most so long."""
        return float(np.searchsorted(self.waits_ms, ms, side="right") / self.waits_ms.size)


@dataclass(frozen=True, slots=True, eq=False)
class WaitView:
    """What the picture shows.

    curves : of all units, and of each flow that has any if there are several
    targets : (ms, share) of each target about waits; a target of a mean or a maximum has share None or 1
    limit_ms : where the axis ends
    kinds : how many kinds of units there are, each unit of which counts as one
    """

    curves: tuple[Curve, ...]
    targets: tuple[tuple[str, float, float | None], ...]
    limit_ms: float
    title: str
    caption: str
    kinds: int


SHARES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "max": 1.0}


def wait_view(source: Source) -> WaitView:
    """Work out what the picture shows. Raises ScenarioError if no replication's units were kept."""
    if not source.kept:
        raise ScenarioError("the picture of waits needs units, and none were kept: run with --keep first or all")
    every = source.waits()
    flows = source.network.flows
    curves = [_curve("all flows", [(times.ms, times.is_finished) for times in every])]
    for flow, name in enumerate(flows):
        parts = [slice(times.bounds[flow], times.bounds[flow + 1]) for times in every]
        of_flow = [(times.ms[part], times.is_finished[part]) for times, part in zip(every, parts, strict=True)]
        curves.append(_curve(name, of_flow))
    curves = [curve for curve in curves if curve.waits_ms.size]
    most = sorted(curves[1:], key=lambda curve: -curve.waits_ms.size)[:MOST_FLOWS]
    left_out = len(curves) - 1 - len(most)
    curves = [*curves[:1], *(curve for curve in curves[1:] if curve in most)]
    # Of one flow, all units are its units.
    shown = curves[1:] if len(curves) == 2 else curves
    targets = []
    for target, minutes in source.scenario.targets.items():
        measure, statistic, _ = target.split("_")
        if measure == "wait":
            targets.append((statistic, minutes * MINUTE_MS, SHARES.get(statistic)))
    kinds = source.network.kinds
    units = units_word(kinds)
    if len(kinds) > 1:  # a bus and each of its passengers are a unit alike, which has to be said
        named = {flow.name: flow.kind for flow in source.scenario.flows}
        curves = [replace(one, kind=named.get(one.name, "")) for one in curves]
        shown = [replace(one, kind=named.get(one.name, "")) for one in shown]
    whose = "units of " + mean_of(source.kept, source.total).removeprefix("mean of ")
    late = curves[0].unfinished if curves else 0
    verb = "was" if late == 1 else "were"
    unfinished = f" {counted(late, units)} {verb} still in the port at the end: waits so far." if late else ""
    fewer = f" {left_out} flow{'s' * (left_out > 1)} with fewer units not shown." if left_out > 0 else ""
    return WaitView(
        curves=tuple(shown),
        targets=tuple(targets),
        limit_ms=_limit(curves, [ms for _, ms, _ in targets]),
        title=_title(curves, targets, units),
        caption=(
            f"Every wait of a unit added up, {whose}.{_alike(kinds)}{unfinished}{fewer} {name_of(source.scenario)}."
        ),
        kinds=len(kinds),
    )


def _alike(kinds: Sequence[str]) -> str:
    """That units of several kinds are counted alike; nothing for one kind."""
    if len(kinds) < 2:
        return ""
    names = [kind.replace("_", " ") for kind in kinds]
    some = names if len(names) <= MOST_KINDS else [*names[:MOST_KINDS], f"{len(names) - MOST_KINDS} more"]
    return f" Units are of {len(kinds)} kinds, each counted as one: {', '.join(some)}."


def _curve(name: str, parts: list[tuple[Ints, np.ndarray[tuple[int], np.dtype[np.bool_]]]]) -> Curve:
    ms = np.sort(np.concatenate([ms for ms, _ in parts]))
    finished = np.concatenate([is_finished for _, is_finished in parts])
    return Curve(name, ms, percentile(ms, 50), percentile(ms, 95), int(np.count_nonzero(~finished)))


def _limit(curves: list[Curve], targets: list[float]) -> float:
    if not curves:
        return float(HOUR_MS)
    longest = float(max(curve.waits_ms[-1] for curve in curves))
    usual = float(max(percentile(curve.waits_ms, 99) for curve in curves))
    limit = longest if longest <= LONG_TAIL * usual or usual == 0 else usual
    return 1.03 * max(limit, *(1.05 * ms for ms in targets), float(MINUTE_MS))


def _title(curves: list[Curve], targets: list[tuple[str, float, float | None]], units: str) -> str:
    if not curves:
        return f"No {units} arrived in the measured stretch"
    every = curves[0]
    long, half = every.p95_ms / MINUTE_MS, every.p50_ms / MINUTE_MS
    if every.waits_ms[-1] == 0:
        return f"No {units} wait"
    for _, ms, share in targets:
        if share is not None and share < 1:
            kept = f"{100 * every.share_within(ms):.0f} % of {units} wait at most {duration(ms / MINUTE_MS)}"
            return f"{kept} (target {100 * share:.0f} %), 95 % wait at most {duration(long)}"
    return f"Half of the {units} wait at most {duration(half)}, 95 % at most {duration(long)}"


def draw_wait(source: Source, axes: Axes | None = None) -> Drawn:
    """Draw it, into `axes` or on a sheet of its own."""
    view = wait_view(source)
    letters = letters_for(source.scenario)
    is_sheet = axes is None
    if axes is None:
        axes = new_figure().subplots()
        put_caption(axes, letters, view.caption)
    dress(axes)
    in_hours = view.limit_ms >= HOURS_FROM_MIN * MINUTE_MS
    unit_ms = HOUR_MS if in_hours else MINUTE_MS
    units = letters.name(units_word(source.network.kinds))
    for share in (50, 95):
        axes.axhline(share, color=GREY, linewidth=0.5, linestyle=(0, (1, 2)), zorder=1)
    colours = (INK, *SERIES) if len(view.curves) > 1 else SERIES
    for place, curve in enumerate(view.curves):
        colour = colours[place % len(colours)]
        _put_curve(axes, letters, curve, unit_ms, view.limit_ms, colour, is_first=place == 0)
    _put_targets(axes, view, unit_ms)
    axes.set_xlim(0, view.limit_ms / unit_ms)
    axes.set_ylim(0, 101)
    axes.set_yticks([0, 25, 50, 75, 95, 100], ["0", "25", "50", "75", "95", ""])
    of_kinds = f" of {view.kinds} kinds" if view.kinds > 1 else ""
    axes.set_ylabel(f"{units}{of_kinds} within this wait, %", fontsize=TEXT_PT, color=INK)
    axes.set_xlabel(f"wait, {'h' if in_hours else 'min'}", fontsize=TEXT_PT, color=INK)
    beyond = max((1 - curve.share_within(view.limit_ms) for curve in view.curves), default=0.0)
    if beyond > 0:
        longest = max(float(curve.waits_ms[-1]) for curve in view.curves) / MINUTE_MS
        text = f"up to {duration(longest)} →"
        axes.text(0.995, 0.9, text, transform=axes.transAxes, ha="right", va="top", fontsize=SMALL_PT, color=GREY)
    put_head(axes, letters, view.title, is_sheet=is_sheet)
    letters.apply(axes)
    return Drawn(axes, letters.notices)


def _put_curve(
    axes: Axes, letters: Letters, curve: Curve, unit_ms: int, limit_ms: float, colour: str, *, is_first: bool
) -> None:
    x, y = steps_of(curve.waits_ms, limit_ms)
    late = f", {number(curve.unfinished)} unfinished" if curve.unfinished else ""
    count = f"{number(curve.waits_ms.size)}{late}"
    kind = f"{letters.name(curve.kind)}, " if curve.kind else ""
    marks = f"50 % within {duration(curve.p50_ms / MINUTE_MS)}, 95 % within {duration(curve.p95_ms / MINUTE_MS)}"
    axes.plot(
        x / unit_ms,
        100 * y,
        drawstyle="steps-post",
        color=colour,
        linewidth=1.6 if is_first else 1.1,
        zorder=5 if is_first else 4,
        label=f"{letters.name(curve.name)} ({kind}{count}): {marks}",
    )
    points = [(curve.p50_ms, 50.0), (curve.p95_ms, 95.0)]
    axes.plot(
        [ms / unit_ms for ms, _ in points],
        [share for _, share in points],
        "o",
        color=colour,
        markersize=4.0,
        mec="white",
        mew=0.5,
        zorder=6,
        clip_on=False,
        label="_",
    )


def _put_targets(axes: Axes, view: WaitView, unit_ms: int) -> None:
    for statistic, ms, share in view.targets:
        shown = duration(ms / MINUTE_MS)
        text = f"target: {'mean' if share is None else f'{100 * share:.0f} %'} within {shown}"
        axes.axvline(ms / unit_ms, color=CHANGE, linewidth=1.1, linestyle=(0, (4, 2)), zorder=3, label=text)
        if share is not None and statistic != "max":
            axes.plot([ms / unit_ms], [100 * share], "x", color=CHANGE, markersize=6, mew=1.5, zorder=7, label="_")


def steps_of(waits_ms: Ints, limit_ms: float) -> tuple[Floats, Floats]:
    """The share that waited at most so long as steps: (ms, share), from 0 to the limit, no more than can be seen."""
    ms, last = np.unique(waits_ms, return_index=True)
    shares = np.append(last[1:], waits_ms.size) / waits_ms.size
    cell = (ms * POINTS / limit_ms).astype(np.int64)
    is_kept = np.append(np.diff(cell) > 0, True) & (ms <= limit_ms)
    is_kept[np.searchsorted(ms, limit_ms, side="right") - 1] = True
    x, y = ms[is_kept].astype(np.float64), shares[is_kept]
    return np.concatenate(([0.0], x, [limit_ms])), np.concatenate(([y[0] if x[0] == 0 else 0.0], y, y[-1:]))
