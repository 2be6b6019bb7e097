"""What a planner reads of a comparison: which plan is better, by how much, how surely, at what officer-hours."""

from __future__ import annotations

import math
from collections.abc import Sequence

from portsim.experiments.compare import HOURS_APART, Comparison, Played
from portsim.results.differences import ChanceRow, DifferenceRow, Plan, good_direction
from portsim.results.selection import Selection
from portsim.scenario.calendar import to_local
from portsim.tables import Line, Table
from portsim.views.measurewords import Scale, percent, words_of
from portsim.views.posterior import held, posterior_fact
from portsim.views.rows import UNDEFINED, half_width

DEFAULT = (
    Selection("wait_mean_min"),
    Selection("wait_p95_min"),
    Selection("crossings_per_day"),
    Selection("dwell_mean_min"),
)
"""Measures that are shown where none are asked for; those that a port does not have are left out."""


def shown_selections(rows: Sequence[DifferenceRow], wanted: Sequence[Selection]) -> list[Selection]:
    """The measures to show: those asked for, or the usual ones of which there is a difference to state."""
    if wanted:
        return list(wanted)
    return [one for one in DEFAULT if (row := one.find(rows)) is not None and not math.isnan(row.mean)]


def difference_of(rows: Sequence[DifferenceRow], plan: Plan, selection: Selection) -> DifferenceRow | None:
    """The difference of a plan in a measure."""
    return selection.find(row for row in rows if row.plan == plan)


def chance_of(comparison: Comparison, played: Played, selection: Selection) -> ChanceRow | None:
    """How likely a plan is the best in a measure."""
    return selection.find(row for row in comparison.chances if row.plan == played.plan)


def comparison_blocks(comparison: Comparison, wanted: Sequence[Selection] = ()) -> list[Line | Table]:
    """The whole readable result of a comparison, the verdict in words first."""
    selections = shown_selections(comparison.differences, wanted)
    blocks = _header(comparison)
    if comparison.numbers and selections:
        blocks += [Line(""), Line("In words", is_heading=True), *_sentences(comparison, selections[0])]
        for selection in selections:
            if (table := _table(comparison, selection)) is not None:
                blocks += [Line(""), Line(_heading(selection), is_heading=True), table]
    if (table := _hours_table(comparison)) is not None:
        blocks += [Line(""), Line("Officer-hours", is_heading=True), table]
    blocks += _adjusted(comparison)
    return [*blocks, Line(""), *_closing(comparison)]


def _header(comparison: Comparison) -> list[Line | Table]:
    base = comparison.baseline
    scenario = base.candidate.scenario
    names = {played.candidate.scenario.name for played in comparison.plans}
    start, end = (to_local(ms, scenario.clock) for ms in (scenario.measure_from_ms, base.run.end_ms))
    facts = [
        ("baseline", "the scenario without a plan" if base.plan is None else base.label),
        ("measured", f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}, {scenario.clock}"),
        ("replications", f"{len(comparison.numbers)} of each on the same chance, seed {comparison.seed}"),
    ]
    if scenario.posterior is not None:
        facts.append(("left open", f"{posterior_fact(scenario)}, the same for every plan"))
    title = f"{scenario.name}: {_counted(len(comparison.plans) - 1, 'plan')} compared"
    if len(names) > 1:
        title = f"{len(comparison.plans)} scenarios compared"
    return [Line(title, is_heading=True), Table.of(("", ""), facts, names=2)]


def _sentences(comparison: Comparison, selection: Selection) -> list[Line]:
    rows = [difference_of(comparison.differences, played.plan, selection) for played in comparison.plans[1:]]
    scale = _scale(rows)
    lines = []
    for played, row in zip(comparison.plans[1:], rows, strict=True):
        if row is None:
            continue
        lines.append(Line(f"{played.label}: {sentence(comparison, played, row, selection, scale)}"))
    return lines


def sentence(comparison: Comparison, played: Played, row: DifferenceRow, selection: Selection, scale: Scale) -> str:
    """What the comparison says of a plan in one measure, and at what officer-hours."""
    what = words_of(selection)
    apart = comparison.hours_apart(played)
    hours = "" if not apart and not played.officer_hours else _at_hours(apart)
    if played.run.stopped is not None or comparison.baseline.run.stopped is not None:
        return f"not known: {played.run.stopped or comparison.baseline.run.stopped}"
    if row.verdict == "not known":
        why = row.method if row.n > 1 else "one replication shows no difference for sure: take more"
        return f"not known in {what} ({why}){hours}"
    if row.mean == 0 and row.sd == 0:
        return f"no difference shown: {what} is the same in each replication{hours}"
    by = f"{scale.with_name(scale.change(row.mean))} ({scale.between(row.ci_low, row.ci_high)})"
    if row.verdict == "no difference shown":
        return f"no difference shown in {what}, {by}{hours}"
    return f"{row.verdict}, {what} {by}{hours}"


def _at_hours(apart: float) -> str:
    if apart == 0:
        return ", at the same officer-hours"
    return f", at {percent(apart)} officer-hours"


def _heading(selection: Selection) -> str:
    words = words_of(selection)
    return f"{words[0].upper()}{words[1:]}  ({selection})"


def _scale(rows: Sequence[DifferenceRow | None]) -> Scale:
    known = [row for row in rows if row is not None]
    unit = known[0].unit if known else ""
    halves = [(row.ci_high - row.ci_low) / 2 for row in known]
    return Scale.of(unit, [row.mean for row in known], halves)


def _table(comparison: Comparison, selection: Selection) -> Table | None:
    """One line a plan: the measure itself, its difference with the interval, and what that shows; None without rows."""
    differences = [difference_of(comparison.differences, played.plan, selection) for played in comparison.plans[1:]]
    if not any(differences):
        return None
    scale = _scale(differences)
    known = [found for played in comparison.plans if (found := selection.find(played.run.rows)) is not None]
    own_scale = Scale.of(
        known[0].unit if known else "", [found.mean for found in known], [half_width(found) for found in known]
    )
    has_chances = good_direction(selection.metric) != 0 and any(
        chance_of(comparison, played, selection) for played in comparison.plans
    )
    has_ranges = bool(comparison.ranges)
    lines = []
    for played, row in zip(comparison.plans, [None, *differences], strict=True):
        own = selection.find(played.run.rows)
        mark = "≥ " if own is not None and own.method.startswith("lower bound") else ""
        value = UNDEFINED if own is None else mark + own_scale.number(own.mean, half_width(own))
        chance = chance_of(comparison, played, selection)
        if row is None:
            cells = ["", "", "baseline" if played is comparison.baseline else UNDEFINED]
        else:
            interval = UNDEFINED if math.isnan(row.ci_low) else scale.between(row.ci_low, row.ci_high)
            cells = [scale.change(row.mean), interval, row.verdict]
        best = [UNDEFINED if chance is None else f"{100 * chance.probability:.0f} %"] if has_chances else []
        lines.append(
            (played.label, value, *cells, *best, *([_range(comparison, played, selection, scale)][:has_ranges]))
        )
    columns = [
        "",
        own_scale.titled("mean ± 95 %"),
        scale.titled("difference"),
        "interval",
        "verdict",
        *(["best"] if has_chances else []),
        *([f"{held([row for row in comparison.ranges if selection.matches(row)])} within"] if has_ranges else []),
    ]
    more = (True,) * (len(columns) - 5)
    return Table(tuple(columns), tuple(lines), (False, True, True, True, False, *more))


def _range(comparison: Comparison, played: Played, selection: Selection, scale: Scale) -> str:
    """Where the difference of a single replication lies."""
    row = selection.find(row for row in comparison.ranges if row.plan == played.plan)
    is_known = row is not None and played is not comparison.baseline and not math.isnan(row.low)
    return scale.between(row.low, row.high) if row is not None and is_known else ""


def _hours_table(comparison: Comparison) -> Table | None:
    if not any(played.officer_hours for played in comparison.plans):
        return None
    lines = []
    for played in comparison.plans:
        apart = comparison.hours_apart(played)
        flag = "not the same effort" if abs(apart) > HOURS_APART else ""
        change = "baseline" if played is comparison.baseline else percent(apart)
        lines.append((played.label, f"{played.officer_hours:,.0f}", change, flag))
    return Table(("", "mean", "difference", ""), tuple(lines), (False, True, True, False))


def _adjusted(comparison: Comparison) -> list[Line | Table]:
    """The officers that were changed for equal hours, and the hours that are left over."""
    changed = [(played, one) for played in comparison.plans for one in played.candidate.adjusted]
    if not changed:
        return []
    lines = [(played.label, one.path, str(one.before), str(one.after)) for played, one in changed]
    base = comparison.baseline.officer_hours
    left = [(played.label, played.officer_hours - base) for played in comparison.plans[1:]]
    rest = [f"{label} {hours:+,.0f} h" for label, hours in left if round(hours)]
    return [
        Line(""),
        Line("Officers changed for equal hours", is_heading=True),
        Table(("", "", "before", "now"), tuple(lines), (False, False, True, True)),
        Line(f"left over, as officers are whole: {', '.join(rest) or 'nothing'}"),
    ]


def _closing(comparison: Comparison) -> list[Line]:
    apart = [played.label for played in comparison.plans[1:] if abs(comparison.hours_apart(played)) > HOURS_APART]
    lines = []
    plans = len(comparison.plans) - 1
    corrected = f", corrected for {plans} plans (Holm)" if plans > 1 else ""
    lines.append(
        Line(
            f"differences: replication by replication on the same chance, 95 % t intervals{corrected}; "
            "best: by resampling"
        )
    )
    if comparison.ranges:
        lines.append(
            Line(
                "intervals are of the mean difference over what the calibration leaves open, and shrink with more "
                "replications; the last column does not"
            )
        )
    if apart:
        is_any = any(played.candidate.adjusted for played in comparison.plans)
        cure = "" if is_any else "; --equal-hours compares them at the same"
        lines.append(Line(f"officer-hours differ by more than {100 * HOURS_APART:.0f} %: {', '.join(apart)}{cure}"))
    if comparison.stopped is not None:
        lines.append(Line(f"incomplete: {comparison.stopped}"))
    if comparison.warnings:
        lines.append(Line(f"warnings: {len(comparison.warnings)}, on standard error"))
    return lines


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'s' if number != 1 else ''}"
