"""What a planner reads of a sweep, and of a screening of the assumptions."""

from __future__ import annotations

import math
from collections.abc import Sequence

from portsim.experiments.screening import Effect, Screening
from portsim.experiments.sweep import Sweep
from portsim.results import MetricRow
from portsim.results.selection import Selection
from portsim.scenario.calendar import to_local
from portsim.tables import Line, Table, shortened
from portsim.views.measurewords import Scale, words_of
from portsim.views.rows import UNDEFINED, half_width

DEFAULT = (Selection("wait_mean_min"), Selection("wait_p95_min"), Selection("crossings_per_day"))
MOST_EFFECTS = 15
"""Lines of a ranking; the rest is in the CSV and the JSON."""
LONGEST_VALUE = 40


def swept_selections(points: Sequence[Sequence[MetricRow]], wanted: Sequence[Selection]) -> list[Selection]:
    """The measures to show: those asked for, or the usual ones that are defined. points : the rows of each."""
    if wanted:
        return list(wanted)
    rows = [row for of_point in points for row in of_point]
    return [one for one in DEFAULT if (row := one.find(rows)) is not None and not math.isnan(row.mean)]


def sweep_blocks(sweep: Sweep, wanted: Sequence[Selection] = ()) -> list[Line | Table]:
    """The whole readable result of a sweep: one line a point."""
    scenario = sweep.scenario
    selections = swept_selections([point.run.rows for point in sweep.points], wanted)
    design = "every combination" if sweep.is_factorial else "quasi-random (Sobol)"
    facts = [
        ("plan", scenario.plan or "none, as the file says"),
        ("points", f"{len(sweep.points)}, {design}"),
        ("replications", f"{len(sweep.numbers)} of each on the same chance, seed {sweep.seed}"),
    ]
    found = [[selection.find(point.run.rows) for point in sweep.points] for selection in selections]
    scales = [
        Scale.of(
            next((row.unit for row in rows if row), ""),
            [row.mean for row in rows if row],
            [half_width(row) for row in rows if row],
        )
        for rows in found
    ]
    has_officers = any(point.officer_hours for point in sweep.points)
    lines = []
    for place, point in enumerate(sweep.points):
        cells = []
        for rows, scale in zip(found, scales, strict=True):
            row = rows[place]
            mark = "≥ " if row is not None and row.method.startswith("lower bound") else ""
            cells.append(UNDEFINED if row is None else mark + scale.number(row.mean, half_width(row)))
        hours = [f"{point.officer_hours:,.0f}"] if has_officers else []
        lines.append((*(shortened(value, LONGEST_VALUE) for value in point.values), *cells, *hours))
    headings = [
        (scale.name and f"{words_of(one)}, {scale.name}") or words_of(one)
        for one, scale in zip(selections, scales, strict=True)
    ]
    table = Table(
        (*sweep.paths, *headings, *(["officer-hours"] if has_officers else [])),
        tuple(lines),
        tuple(True for _ in range(len(sweep.paths) + len(headings) + has_officers)),
    )
    closing = [Line("each mean ± half of its own 95 % interval; differences between points are known better than that")]
    if sweep.stopped is not None:
        closing.append(Line(f"incomplete: {sweep.stopped}"))
    if sweep.warnings:
        closing.append(Line(f"warnings: {len(sweep.warnings)}, on standard error"))
    head = Line(f"{scenario.name}: {', '.join(sweep.paths)} varied", is_heading=True)
    return [head, Table.of(("", ""), facts, names=2), Line(""), table, Line(""), *closing]


def screening_blocks(screening: Screening) -> list[Line | Table]:
    """The whole readable result of a screening: for each measure the assumptions that matter most."""
    scenario = screening.scenario
    start, end = (to_local(ms, scenario.clock) for ms in (scenario.measure_from_ms, scenario.end_ms))
    facts = [
        ("plan", scenario.plan or "none, as the file says"),
        ("measured", f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}, {scenario.clock}"),
        (
            "varied",
            f"{len(screening.factors)} assumed numbers by {100 * screening.within:g} % up and down, whole ones by 1 "
            "at least",
        ),
        ("trajectories", f"{screening.trajectories}, {screening.played} simulations, seed {screening.seed}"),
    ]
    title = Line(f"{scenario.name}: which assumption matters most", is_heading=True)
    blocks: list[Line | Table] = [title, Table.of(("", ""), facts, names=2)]
    for selection in screening.selections:
        effects = effects_of(screening.effects, selection)
        scale = scale_of(effects)
        unit = f", {scale.name}" if scale.name else ""
        words = words_of(selection)
        blocks += [Line(""), Line(f"{words[0].upper()}{words[1:]}{unit}  ({selection})", is_heading=True)]
        blocks.append(_ranking(screening, effects, scale))
        if len(effects) > MOST_EFFECTS:
            blocks.append(Line(f"and {len(effects) - MOST_EFFECTS} that matter less, in --json and -o"))
    blocks += [
        Line(""),
        Line("effect: mean size of the change from one end of the range to the other (mu*), with its 95 % interval;"),
        Line("mean: with its sign; spread: large where the effect depends on the other numbers (sigma)"),
    ]
    if screening.left_out:
        kinds: dict[str, int] = {}
        for one in screening.left_out:
            kinds[one.why.partition(":")[0]] = kinds.get(one.why.partition(":")[0], 0) + 1
        listed = ", ".join(f"{count} {why}" for why, count in kinds.items())
        blocks.append(Line(f"not varied: {len(screening.left_out)} assumed values ({listed}):"))
        blocks += [Line(f"  {one.path}: {shortened(one.why, 120)}") for one in screening.left_out]
    if screening.warnings:
        blocks.append(Line(f"warnings: {len(screening.warnings)}, on standard error"))
    return blocks


def effects_of(every: Sequence[Effect], selection: Selection) -> list[Effect]:
    """The effects on one measure, largest first."""
    return [effect for effect in every if effect.measure == str(selection)]


def scale_of(effects: Sequence[Effect]) -> Scale:
    """The unit the effects on one measure are shown in."""
    halves = [(effect.ci_high - effect.ci_low) / 2 for effect in effects[:MOST_EFFECTS]]
    largest = max((half for half in halves if math.isfinite(half)), default=0.0)
    return Scale.of(effects[0].unit if effects else "", [effect.mu_star for effect in effects], [largest])


def _ranking(screening: Screening, effects: Sequence[Effect], scale: Scale) -> Table:
    factors = {factor.path: factor for factor in screening.factors}
    lines = []
    for rank, effect in enumerate(effects[:MOST_EFFECTS], start=1):
        factor = factors[effect.path]
        if math.isnan(effect.mu_star):
            cells = [UNDEFINED] * 4
        else:
            cells = [
                scale.number(effect.mu_star),
                f"{scale.number(effect.ci_low)} to {scale.number(effect.ci_high)}",
                scale.change(effect.mu),
                scale.number(effect.sigma),
            ]
        lines.append((str(rank), effect.path, shortened(factor.text, LONGEST_VALUE), factor.span, *cells))
    columns = ("", "assumed number", "is", "varied from", "effect", "interval", "mean", "spread")
    return Table(columns, tuple(lines), (True, False, True, True, True, True, True, True))
