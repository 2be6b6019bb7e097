"""An axis of time in the port's clock, and what lies behind a line on it: hours, closures, changes, shifts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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

WIDTH_OF_LETTER = 0.0122
"""Share of the width that a letter in a strip takes."""

MOST_LINES = 2
"""Lines of letters that a strip has room for, where crews overlap."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """The clocks of a port: that of its first side, and the first of another side that shows another time.

    neighbour : the name of that side, and its clock; None where all show the same at the start
    """

    own: Clock
    neighbour: tuple[str, Clock] | None = None

    @classmethod
    def of(cls, scenario: Scenario) -> Clocks:
        """Those of a scenario."""
        sides = [(side.name, side.timezone) for side in scenario.regimes[0].sides]
        return cls.among(Clock.of(scenario), sides)

    @classmethod
    def among(cls, own: Clock, sides: Sequence[tuple[str, str]]) -> Clocks:
        """Those of sides, each with its name and zone."""
        for name, zone in sides:
            other = Clock(zone, own.start_ms)
            if other.shift_ms(0) != own.shift_ms(0):
                return cls(own, (name, other))
        return cls(own)

    def above(self, end: int) -> tuple[str, Clock] | None:
        """The neighbour's, in a stretch short enough to see that it differs."""
        return None if end > FINE_DAYS * DAY_MS else self.neighbour

    def zones(self, end: int) -> str:
        """The zone of the port's clock, and how far the neighbour's is off: `Asia/Shanghai; kyrgyz 2 h behind`."""
        if self.neighbour is None:
            return self.own.zone
        name, other = self.neighbour
        return f"{self.own.zone}; {name} {apart(self.own, other, end)}"


def apart(own: Clock, other: Clock, end: int) -> str:
    """How far another clock is from the port's, in words: `2 h behind`; `2 to 3 h behind` where that changes."""
    at = [(other.shift_ms(tick) - own.shift_ms(tick)) / HOUR_MS for tick in (0, end - 1)]
    low, high = min(map(abs, at)), max(map(abs, at))
    hours = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return f"{hours} h {'behind' if min(at) < 0 else 'ahead'}"


def put_dates(axes: Axes, letters: Letters, clocks: Clocks, end: int) -> None:
    """Dates along the lower edge, in the clock of the first side. The axis itself is hours since the start."""
    clock = clocks.own
    marks = clock.marks(end)
    axes.set_xlim(0, end / HOUR_MS)
    axes.set_xticks(
        [mark.hour for mark in marks], [f"{mark.label}\n{mark.below or ' '}" for mark in marks], fontsize=TEXT_PT
    )
    if end <= FINE_DAYS * DAY_MS:
        axes.set_xticks(clock.midnights(end), minor=True)
        axes.tick_params(axis="x", which="minor", length=1.5, width=0.4, color=GREY)
    _put_zone(axes, letters, clocks, end)


def put_days(axes: Axes, letters: Letters, clocks: Clocks, bounds: Ints) -> None:
    """The same where a value is of a whole day: its date stands below its middle. bounds : ticks of the midnights."""
    marks = clocks.own.days(int(bounds[-1]))
    middle = dict(zip(bounds[:-1].tolist(), ((bounds[:-1] + bounds[1:]) / 2 / HOUR_MS).tolist(), strict=True))
    placed = [(middle[tick], mark) for mark in marks if (tick := round(mark.hour * HOUR_MS)) in middle]
    axes.set_xlim(bounds[0] / HOUR_MS, bounds[-1] / HOUR_MS)
    axes.set_xticks(
        [hour for hour, _ in placed],
        [f"{mark.label}\n{mark.below or ' '}" for _, mark in placed],
        fontsize=TEXT_PT,
    )
    _put_zone(axes, letters, clocks, int(bounds[-1]))


def _put_zone(axes: Axes, letters: Letters, clocks: Clocks, end: int) -> None:
    """The years and the clock below the axis; of a long stretch also how far the neighbour's clock is off."""
    zone = clocks.zones(end) if end > FINE_DAYS * DAY_MS else clocks.own.zone
    axes.set_xlabel(letters(f"{clocks.own.years(end)}, clock of {zone}"), fontsize=TEXT_PT, color=INK)


def put_other_clock(axes: Axes, letters: Letters, clocks: Clocks, end: int) -> None:
    """The neighbour's dates along the upper edge, where its clock differs."""
    other = clocks.above(end)
    if other is not None:
        put_above(axes, letters, other, [(mark.hour, mark.label) for mark in other[1].marks(end)])


def put_other_days(axes: Axes, letters: Letters, clocks: Clocks, bounds: Ints) -> None:
    """The same where a value is of a whole day of the port: where dates begin in the neighbour's clock."""
    first, last = int(bounds[0]), int(bounds[-1])
    other = clocks.above(last)
    if other is not None:
        name, clock = other
        marks = [(mark.hour, mark.label) for mark in clock.days(last) if mark.hour * HOUR_MS >= first]
        put_above(axes, letters, (f"{name}, 00:00 of each date", clock), marks)


def put_above(axes: Axes, letters: Letters, other: tuple[str, Clock], marks: Sequence[tuple[float, str]]) -> None:
    """Marks of another clock along the upper edge. marks : (place on the axis, what stands there)."""
    name, clock = other
    upper = axes.secondary_xaxis("top")
    upper.set_xticks([at for at, _ in marks], [label for _, label in marks], fontsize=SMALL_PT)
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


def put_closures(axes: Axes, letters: Letters, shading: Shading, clock: Clock, *, is_named: bool = True) -> None:
    """Closures hatched and named, dated changes as lines; nothing of the daily hours.

    is_named : whether they stand in the legend
    """
    texts = list(dict.fromkeys(span.name for span in shading.closures))
    more = f" and {len(texts) - MOST_NAMED} more" if len(texts) > MOST_NAMED else ""
    named = 0 if is_named else -1
    for number, span in enumerate(shading.closures):
        label = letters(f"closure, {', '.join(texts[:MOST_NAMED])}{more}") if number == named else "_"
        _hatch(axes, span, 0.0, 1.0, label=label, in_axes=True)
    moments = ", ".join(clock.moment(tick) for tick in shading.changes[:MOST_NAMED])
    more = f" and {len(shading.changes) - MOST_NAMED} more" if len(shading.changes) > MOST_NAMED else ""
    for number, tick in enumerate(shading.changes):
        label = f"change, {moments}{more}" if number == named else "_"
        axes.axvline(tick / HOUR_MS, color=CHANGE, linewidth=1.0, linestyle=(0, (4, 2)), zorder=3, label=label)


def put_strips(axes: Axes, letters: Letters, shading: Shading, end: int) -> None:
    """One row per strip: when each side is open, and who is on duty."""
    put_rows(axes, letters, shading.strips, end)


def height_of(strips: Sequence[Strip]) -> int:
    """How many lines of letters these strips are high together."""
    return sum(_lines(strip) for strip in strips)


def _lines(strip: Strip) -> int:
    return min(max((duty.rows for duty in strip.duties), default=1), MOST_LINES)


def put_rows(axes: Axes, letters: Letters, strips: Sequence[Strip], end: int, *, as_written: bool = False) -> None:
    """Strips from the top down, each as high as its letters need.

    as_written : whether names of them stand as they are, in place of as they read in a sentence
    """
    heights = [_lines(strip) for strip in strips]
    tops = [sum(heights[:row]) for row in range(len(heights))]
    axes.set_ylim(sum(heights), 0)
    middles = [top + height / 2 for top, height in zip(tops, heights, strict=True)]
    axes.set_yticks(middles, [(letters if as_written else letters.name)(strip.name) for strip in strips])
    axes.tick_params(axis="y", labelsize=SMALL_PT, length=0)
    axes.spines["left"].set_visible(False)
    for top, strip in zip(tops, strips, strict=True):
        _put_strip(axes, letters, strip, top, end)


def _put_strip(axes: Axes, letters: Letters, strip: Strip, above: int, end: int) -> None:
    from matplotlib.collections import PolyCollection

    whole = _lines(strip) - 0.16
    corners, colours = [], []
    for duty in strip.duties:
        height = whole / duty.rows
        top = above + 0.08 + duty.row * height
        start, stop = duty.span.start / HOUR_MS, duty.span.end / HOUR_MS
        corners.append([(start, top), (stop, top), (stop, top + height), (start, top + height)])
        colours.append(_colour(duty))
        room = WIDTH_OF_LETTER * len(duty.span.name)
        if duty.span.name and duty.span.end - duty.span.start > room * end and duty.rows <= MOST_LINES:
            axes.text(
                (start + stop) / 2,
                top + height / 2,
                letters(duty.span.name),
                ha="center",
                va="center_baseline",
                fontsize=SMALL_PT,
                color=INK,
                zorder=3,
                clip_on=True,
            )
    axes.add_collection(PolyCollection(corners, facecolors=colours, edgecolors="white", linewidths=0.3, zorder=2))
    for span in strip.closures:
        _hatch(axes, span, above + 0.08, above + 0.08 + whole)


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
