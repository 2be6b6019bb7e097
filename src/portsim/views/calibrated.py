"""What a reader sees of a calibration: what is known of each number, and what the model gives of each figure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from portsim.experiments.calibration import Calibration, Finding, Prediction
from portsim.scenario.calendar import moment, to_local
from portsim.scenario.units import format_local
from portsim.tables import Line, Table
from portsim.views.finite import finite

DIGITS = 3


def calibration_blocks(calibration: Calibration) -> list[Line | Table]:
    """The whole readable result."""
    question = calibration.question
    fitted = sum(target.is_fitted for target in question.targets)
    facts = [
        ("scenario", question.source),
        ("figures", f"{fitted} fitted, {len(question.targets) - fitted} predicted only"),
        ("runs", f"{calibration.points:,} points, seed {question.seed}"),
        ("posterior", f"{len(calibration.values):,} draws, worth {calibration.effective:,.0f} independent ones"),
    ]
    blocks: list[Line | Table] = [
        Line(f"{question.name}: what the figures tell", is_heading=True),
        Table.of(("", ""), facts, names=2),
        Line(""),
        Line("The unknown numbers", is_heading=True),
        Table.of(
            ("", "verdict", "before", "after", "contraction"),
            [_number_line(one) for one in calibration.findings],
            names=2,
        ),
        Line("before and after: median, and the interval that holds 90 %"),
        Line(""),
    ]
    blocks += [Line(f"{one.parameter.name}: {sentence(one)}") for one in calibration.findings]
    for is_fitted, heading in ((True, "The figures that were fitted"), (False, "Figures that were predicted only")):
        lines = [_figure_line(one) for one in calibration.predictions if one.target.is_fitted is is_fitted]
        if lines:
            blocks += [Line(""), Line(heading, is_heading=True)]
            blocks.append(Table.of(("", "published", "error", "model", "90 % interval", ""), lines, names=1))
    blocks += [Line(text) for one in calibration.predictions for text in discrepancies(one)]
    if calibration.warnings:
        blocks += [Line(""), Line(f"warnings: {len(calibration.warnings)}, on standard error")]
    return blocks


def sentence(finding: Finding) -> str:
    """What is known of a number, in words."""
    low, _, high = (_shown(value, finding.parameter.prior.unit) for value in finding.posterior)
    text = {
        "identified": f"identified, {low} to {high}",
        "bounded above": f"bounded above: at most {high}",
        "bounded below": f"bounded below: at least {low}",
        "not identified": "not identified",
    }[finding.verdict]
    cure = f" What would tell: {finding.settles}." if finding.settles else ""
    return f"{text}; {finding.reason}.{cure}"


def discrepancies(prediction: Prediction) -> Iterator[str]:
    """That the model does not give a figure, and what it would take; nothing if it does."""
    if prediction.is_reached:
        return
    target = prediction.target
    low, high, least, most = map(number, (prediction.low, prediction.high, prediction.least, prediction.most))
    yield ""
    yield (
        f"DISCREPANCY {target.name}: {published(prediction)} {'observed' if target.fact is None else 'published'}, "
        f"and the model gives {low} to {high}, {prediction.away:.1f} standard deviations away."
    )
    if not prediction.is_in_reach:
        yield f"  None of the points that were played over the priors reaches it: they give {least} to {most}."
    else:
        moved = f" (it moves most with {prediction.moved_by})" if prediction.moved_by else ""
        yield (
            f"  Only values that the other figures exclude reach it: over all points that were played the model gives "
            f"{least} to {most}{moved}."
        )
    fixed = "a number that is held fixed has to change; portsim sweep --assumed ranks them"
    yield f"  What it would take: {target.would_take or fixed}."


def published(prediction: Prediction) -> str:
    """A figure as it is fitted: with its bound."""
    error = prediction.target.error
    sign = "≥ " if math.isinf(error.above) else "≤ " if math.isinf(error.below) else ""
    return sign + number(prediction.target.value)


def number(value: float) -> str:
    """A number of a figure: whole above 100, else three digits."""
    if not math.isfinite(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.{DIGITS}g}"


def _shown(value: float, unit: str) -> str:
    return f"{number(value)}{'' if unit in ('', '%') else ' '}{unit}"


def _number_line(finding: Finding) -> tuple[str, ...]:
    unit = finding.parameter.prior.unit

    def interval(of: tuple[float, float, float]) -> str:
        return f"{number(of[1])} ({number(of[0])} to {_shown(of[2], unit)})"

    return (
        finding.parameter.name,
        finding.verdict,
        interval(finding.prior),
        interval(finding.posterior),
        f"{max(finding.contraction, 0.0):.2f}",
    )


def _figure_line(prediction: Prediction) -> tuple[str, ...]:
    verdict = "not reached" if not prediction.is_reached else "in the tail" if prediction.away > 2 else "reached"
    return (
        prediction.target.name,
        published(prediction),
        str(prediction.target.error),
        number(prediction.middle),
        f"{number(prediction.low)} to {number(prediction.high)}",
        verdict,
    )


def window_of(prediction: Prediction, clock: str) -> str:
    """The window of a figure by the port's clock."""
    measured = prediction.target.measured
    return " .. ".join(format_local(to_local(at_ms, clock)) for at_ms in (measured.start_ms, measured.end_ms))


def calibration_document(calibration: Calibration) -> dict[str, Any]:
    """`portsim.calibration/1`: what was asked, what is known of each number, what the model gives of each figure."""
    question = calibration.question
    clock = question.scenario.clock
    return {
        "schema": "portsim.calibration/1",
        "calibration": question.name,
        "scenario": question.source,
        "seed": question.seed,
        "runs": calibration.points,
        "draws": len(calibration.values),
        "effective": finite(calibration.effective),
        "log_evidence": finite(calibration.evidence),
        "emulator_error": finite(calibration.error_of_emulators),
        "warnings": list(calibration.warnings),
        "parameters": [
            {
                "parameter": one.parameter.name,
                "sets": dict(one.parameter.sets),
                "unit": one.parameter.prior.unit,
                "prior": str(one.parameter.prior),
                "distribution": {name: finite(value) for name, value in asdict(one.parameter.prior).items()},
                "why": one.parameter.why,
                "prior_q05": finite(one.prior[0]),
                "prior_q50": finite(one.prior[1]),
                "prior_q95": finite(one.prior[2]),
                "posterior_q05": finite(one.posterior[0]),
                "posterior_q50": finite(one.posterior[1]),
                "posterior_q95": finite(one.posterior[2]),
                "contraction": finite(one.contraction),
                "verdict": one.verdict,
                "reason": one.reason,
                "settles": one.settles or None,
            }
            for one in calibration.findings
        ],
        "figures": [
            {
                "figure": one.target.name,
                "is_fitted": one.target.is_fitted,
                "fact": one.target.fact.id if one.target.fact else None,
                "source": one.target.source,
                "metric": one.target.measured.metric,
                "part": one.target.measured.part,
                "kinds": list(one.target.measured.kinds),
                "rank": one.target.measured.rank,
                "window": {
                    "from": moment(one.target.measured.start_ms, clock),
                    "to": moment(one.target.measured.end_ms, clock),
                },
                "value": finite(one.target.value),
                "error": {name: finite(value) for name, value in asdict(one.target.error).items()},
                "model_q05": finite(one.low),
                "model_q50": finite(one.middle),
                "model_q95": finite(one.high),
                "played_least": finite(one.least),
                "played_most": finite(one.most),
                "away": finite(one.away),
                "is_reached": one.is_reached,
                "would_take": one.target.would_take or None,
            }
            for one in calibration.predictions
        ],
    }
