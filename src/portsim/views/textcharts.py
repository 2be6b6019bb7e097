"""Small charts of text for a terminal: the queue of a run over time, the differences of plans with their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portsim.experiments import Run
from portsim.experiments.compare import Comparison
from portsim.results.hours import hours_of
from portsim.results.selection import Selection
from portsim.tables import printable, shortened, width
from portsim.views.compared import difference_of, shown_selections
from portsim.views.measurewords import Scale, words_of
from portsim.views.plots.clock import Clock
from portsim.views.plots.paper import counted, mean_of, units_word

Floats = NDArray[np.float64]

NARROWEST = 40
"""Columns a chart has at least, however narrow the terminal is."""
WIDEST = 120
"""Columns it has at most: the eye does not follow longer ones."""
LONGEST_LABEL = 24


@dataclass(frozen=True, slots=True)
class Glyphs:
    """What a chart is drawn with.

    levels : from nothing to the most
    zero, line, low, high, dot : parts of an interval; crossed : where one goes over zero
    """

    levels: str
    zero: str
    line: str
    low: str
    high: str
    dot: str
    crossed: str


UNICODE = Glyphs(" ▁▂▃▄▅▆▇█", "┊", "─", "├", "┤", "●", "┼")
ASCII = Glyphs(" .:-=+*#%@", ":", "-", "|", "|", "o", "+")


def glyphs_for(encoding: str | None) -> Glyphs:
    """The glyphs that a stream of this encoding can show."""
    every = "".join(
        (UNICODE.levels, UNICODE.zero, UNICODE.line, UNICODE.low, UNICODE.high, UNICODE.dot, UNICODE.crossed)
    )
    try:
        every.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE


def queue_chart(run: Run, columns: int, glyphs: Glyphs = UNICODE) -> list[str]:
    """The units waiting over a run: what the most is and when, a column for each stretch of time, and both ends.

    A column is the mean of its stretch over time and the replications, and as high as its share of the largest. Nothing
    where nothing was kept by the hour.
    """
    if run.waiting is None or not run.waiting.size:
        return []
    edges = hours_of(run.network, run.end)
    waiting = run.waiting.mean(axis=0)
    hourly = waiting / np.maximum(np.diff(edges), 1)
    units = units_word(run.network.kinds)
    clock = Clock.of(run.scenario)
    most = int(np.argmax(hourly))
    columns = min(max(columns, NARROWEST), WIDEST)
    peak = f"up to {counted(float(hourly[most]), units)} on {clock.moment(int(edges[most]))}"
    if not hourly[most]:
        return [printable(f"Queue: no {units} wait")]
    heights = _columns(waiting, edges.astype(np.float64), min(columns, hourly.size))
    first, last = clock.moment(0), clock.moment(int(edges[-1]))
    gap = " " * max(len(heights) - len(first) - len(last), 1)
    return [
        printable(f"Queue: {peak}, {mean_of(run.numbers, len(run.numbers))}"),
        sparkline(heights, glyphs),
        f"{first}{gap}{last}",
    ]


def _columns(areas: Floats, edges: Floats, count: int) -> Floats:
    """Means over so many stretches of equal length. areas : unit-ms between each two edges."""
    until = np.concatenate(([0.0], np.cumsum(areas)))
    bounds = np.linspace(edges[0], edges[-1], count + 1)
    means: Floats = np.diff(np.interp(bounds, edges, until)) / np.diff(bounds)
    return means


def sparkline(values: Floats, glyphs: Glyphs = UNICODE) -> str:
    """A glyph for each value, as high as its share of the largest; nothing but 0 is drawn as 0."""
    top, most = len(glyphs.levels) - 1, float(np.max(values, initial=0.0))
    if most <= 0:
        return glyphs.levels[0] * len(values)
    steps = np.clip(np.ceil(top * values / most - 1e-9), 0, top).astype(int)
    return "".join(glyphs.levels[step] for step in steps)


def differences_chart(
    comparison: Comparison, columns: int, glyphs: Glyphs = UNICODE, wanted: Sequence[Selection] = ()
) -> list[str]:
    """The differences of the plans in the first measure that is shown, each with its interval, on one axis.

    Nothing where no difference can be stated.
    """
    rows = comparison.differences
    selection = next(iter(shown_selections(rows, wanted)), None)
    if selection is None:
        return []
    found = [(one.label, difference_of(rows, one.plan, selection)) for one in comparison.plans[1:]]
    known = [(label, row) for label, row in found if row is not None and math.isfinite(row.mean)]
    if not known:
        return []
    scale = Scale.of(
        known[0][1].unit,
        [row.mean for _, row in known],
        [half for _, row in known if math.isfinite(half := (row.ci_high - row.ci_low) / 2)],
    )
    size = scale.size
    lines = [(label, row.mean / size, row.ci_low / size, row.ci_high / size) for label, row in known]
    unit = f", {scale.name}" if scale.name else ""
    base = comparison.baseline.label
    title = f"Difference in {words_of(selection)}{unit}, from {base}"
    return [printable(title), *interval_lines(lines, columns, glyphs)]


def interval_lines(
    rows: Sequence[tuple[str, float, float, float]], columns: int, glyphs: Glyphs = UNICODE
) -> list[str]:
    """A line for each (label, value, low, high), and the axis they have in common below, with 0 on it.

    low, high : NaN where there is no interval
    """
    columns = min(max(columns, NARROWEST), WIDEST)
    room = max(min(LONGEST_LABEL, columns // 3), 8)
    labels = [shortened(printable(label), room) for label, *_ in rows]
    wide = max(map(width, labels))
    across = columns - wide - 2
    ends = [value for _, *values in rows for value in values if math.isfinite(value)]
    low, high = min(0.0, *ends), max(0.0, *ends)
    span = (high - low) or 1.0

    def place(value: float) -> int:
        return round((across - 1) * (value - low) / span)

    zero = place(0.0)
    lines = []
    for label, (_, value, start, end) in zip(labels, rows, strict=True):
        cells = [" "] * across
        cells[zero] = glyphs.zero
        if math.isfinite(start) and math.isfinite(end):
            first, last = place(start), place(end)
            for at in range(first, last + 1):
                cells[at] = glyphs.crossed if at == zero else glyphs.line
            if last > first:
                cells[first], cells[last] = glyphs.low, glyphs.high
        cells[place(value)] = glyphs.dot
        lines.append(f"{label}{' ' * (wide - width(label))}  {''.join(cells)}".rstrip())
    return [*lines, f"{' ' * (wide + 2)}{_axis(low, high, zero, across)}".rstrip()]


def _axis(low: float, high: float, zero: int, across: int) -> str:
    """The numbers at both ends and at 0, where they do not touch."""
    cells = [" "] * across
    left = "" if low == 0 else f"{low:.3g}"
    right = "" if high == 0 else f"{high:.3g}"
    for text, at in ((left, 0), (right, across - len(right)), ("0", zero)):
        around = cells[max(at - 1, 0) : at + len(text) + 1]
        if text and all(cell == " " for cell in around):
            cells[at : at + len(text)] = text
    return "".join(cells)
