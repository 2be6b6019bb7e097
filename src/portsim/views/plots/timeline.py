"""An axis of time in the port's clock, and what lies behind a line on it: hours, closures, changes, shifts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portsim.results.areas import Ints
from portsim.scenario.levels import DAY_MS
from portsim.scenario.scenario import Scenario
from portsim.views.plots.clock import HOUR_MS, Clock
from portsim.views.plots.letters import Letters
from portsim.views.plots.paper import CHANGE, CREWS, GREY, INK, PALE, SMALL_PT, TEXT_PT
from portsim.views.plots.shading import Duty, Shading, Span, Strip

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FINE_DAYS = 60
"""Up to so many days the hours of a single day can be told apart on a page."""

MOST_NAMED = 3
"""Closures, and dated changes, that are named."""

WIDTH_OF_LETTER = 0.0065
"""Share of the width that a letter in a strip takes."""


def put_dates(axes: Axes, letters: Letters, scenario: Scenario, end: int) -> None:
    """Dates along the lower edge, in the clock of the first side. The axis itself is hours since the start."""
    clock = Clock.of(scenario)
    marks = clock.marks(end)
    axes.set_xlim(0, end / HOUR_MS)
    axes.set_xticks(
        [mark.hour for mark in marks], [f"{mark.label}\n{mark.below or ' '}" for mark in marks], fontsize=TEXT_PT
    )
    if end <= FINE_DAYS * DAY_MS:
        axes.set_xticks(clock.midnights(end), minor=True)
        axes.tick_params(axis="x", which="minor", length=1.5, width=0.4, color=GREY)
    _put_zone(axes, letters, clock, end)


def put_days(axes: Axes, letters: Letters, scenario: Scenario, bounds: Ints) -> None:
    """The same where a value is of a whole day: its date stands below its middle. bounds : ticks of the midnights."""
    clock = Clock.of(scenario)
    marks = clock.days(int(bounds[-1]))
    middle = dict(zip(bounds[:-1].tolist(), ((bounds[:-1] + bounds[1:]) / 2 / HOUR_MS).tolist(), strict=True))
    placed = [(middle[tick], mark) for mark in marks if (tick := round(mark.hour * HOUR_MS)) in middle]
    axes.set_xlim(bounds[0] / HOUR_MS, bounds[-1] / HOUR_MS)
    axes.set_xticks(
        [hour for hour, _ in placed],
        [f"{mark.label}\n{mark.below or ' '}" for _, mark in placed],
        fontsize=TEXT_PT,
    )
    _put_zone(axes, letters, clock, int(bounds[-1]))


def _put_zone(axes: Axes, letters: Letters, clock: Clock, end: int) -> None:
    axes.set_xlabel(letters(f"{clock.years(end)}, clock of {clock.zone}"), fontsize=TEXT_PT, color=INK)


def other_clock(scenario: Scenario, end: int) -> tuple[str, Clock] | None:
    """The first side whose clock shows another time than the port's in a stretch short enough to see it."""
    own = Clock.of(scenario)
    if end > FINE_DAYS * DAY_MS:
        return None
    for side in scenario.regimes[0].sides:
        other = Clock(side.timezone, scenario.start_ms)
        if other.shift_ms(0) != own.shift_ms(0):
            return side.name, other
    return None


def put_other_clock(axes: Axes, letters: Letters, scenario: Scenario, end: int) -> None:
    """The neighbour's dates along the upper edge, where its clock differs."""
    other = other_clock(scenario, end)
    if other is None:
        return
    name, clock = other
    upper = axes.secondary_xaxis("top")
    marks = clock.marks(end)
    upper.set_xticks([mark.hour for mark in marks], [mark.label for mark in marks], fontsize=SMALL_PT)
    upper.tick_params(labelsize=SMALL_PT, length=2.0, width=0.4, color=GREY, labelcolor=GREY, pad=1)
    upper.spines["top"].set_visible(False)
    upper.set_xlabel(letters(f"{name}, clock of {clock.zone}"), fontsize=SMALL_PT, color=GREY, labelpad=2)


def put_shading(axes: Axes, letters: Letters, shading: Shading, clock: Clock, end: int) -> None:
    """Closed time in grey, closures hatched and named, dated changes as lines."""
    is_fine = end <= FINE_DAYS * DAY_MS
    closed = shading.closed if is_fine else _long(shading.closed)
    for number, span in enumerate(closed):
        name = letters.name(shading.closed_name)
        label = f"{name} closed{'' if is_fine else ' for a day or more'}" if number == 0 else "_"
        axes.axvspan(span.start / HOUR_MS, span.end / HOUR_MS, color=PALE, linewidth=0, zorder=0, label=label)
    put_closures(axes, letters, shading, clock)


def put_closures(axes: Axes, letters: Letters, shading: Shading, clock: Clock) -> None:
    """Closures hatched and named, dated changes as lines; nothing of the daily hours."""
    texts = list(dict.fromkeys(span.name for span in shading.closures))
    more = f" and {len(texts) - MOST_NAMED} more" if len(texts) > MOST_NAMED else ""
    for number, span in enumerate(shading.closures):
        label = letters(f"closure, {', '.join(texts[:MOST_NAMED])}{more}") if number == 0 else "_"
        _hatch(axes, span, 0.0, 1.0, label=label, in_axes=True)
    moments = ", ".join(clock.moment(tick) for tick in shading.changes[:MOST_NAMED])
    more = f" and {len(shading.changes) - MOST_NAMED} more" if len(shading.changes) > MOST_NAMED else ""
    for number, tick in enumerate(shading.changes):
        label = f"change, {moments}{more}" if number == 0 else "_"
        axes.axvline(tick / HOUR_MS, color=CHANGE, linewidth=1.0, linestyle=(0, (4, 2)), zorder=3, label=label)


def put_strips(axes: Axes, letters: Letters, shading: Shading, end: int) -> None:
    """One row per strip: when each side is open, and who is on duty."""
    rows = len(shading.strips)
    axes.set_ylim(rows, 0)
    axes.set_yticks([row + 0.5 for row in range(rows)], [letters.name(strip.name) for strip in shading.strips])
    axes.tick_params(axis="y", labelsize=SMALL_PT, length=0)
    axes.spines["left"].set_visible(False)
    for row, strip in enumerate(shading.strips):
        _put_strip(axes, letters, strip, row, end)


def _put_strip(axes: Axes, letters: Letters, strip: Strip, row: int, end: int) -> None:
    from matplotlib.collections import PolyCollection

    corners, colours = [], []
    for duty in strip.duties:
        height = 0.76 / duty.rows
        top = row + 0.12 + duty.row * height
        start, stop = duty.span.start / HOUR_MS, duty.span.end / HOUR_MS
        corners.append([(start, top), (stop, top), (stop, top + height), (start, top + height)])
        colours.append(_colour(duty))
        room = WIDTH_OF_LETTER * max(len(duty.span.name), 1.5)
        if duty.span.name and duty.span.end - duty.span.start > room * end and duty.rows <= 2:
            axes.text(
                (start + stop) / 2,
                top + height / 2,
                letters(duty.span.name),
                ha="center",
                va="center_baseline",
                fontsize=5.0,
                color=INK,
                zorder=3,
                clip_on=True,
            )
    axes.add_collection(PolyCollection(corners, facecolors=colours, edgecolors="white", linewidths=0.3, zorder=2))
    for span in strip.closures:
        _hatch(axes, span, row + 0.12, row + 0.88)


def _colour(duty: Duty) -> tuple[float, float, float]:
    from matplotlib.colors import to_rgb

    base = to_rgb(CREWS[-1] if duty.colour == 0 else CREWS[(duty.colour - 1) % (len(CREWS) - 1)])
    share = 0.35 + 0.65 * duty.share
    red, green, blue = (1 - share * (1 - part) for part in base)
    return red, green, blue


def _hatch(axes: Axes, span: Span, low: float, high: float, *, label: str = "_", in_axes: bool = False) -> None:
    from matplotlib.patches import Rectangle

    axes.add_patch(
        Rectangle(
            (span.start / HOUR_MS, low),
            (span.end - span.start) / HOUR_MS,
            high - low,
            transform=axes.get_xaxis_transform() if in_axes else axes.transData,
            facecolor="#f7f0f0",
            edgecolor="#c9a9a9",
            hatch="/////",
            linewidth=0.0,
            zorder=1,
            label=label,
        )
    )


def _long(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    return tuple(span for span in spans if span.end - span.start >= DAY_MS)
