"""Part 1 of the checklist: what the model is for, what it gives, and what it is tried on."""

from __future__ import annotations

from portsim.facts import fact_rows
from portsim.scenario.scenario import Scenario
from portsim.views.description.document import Block, Grid, Listing, Paragraph, Section, ToWrite, code, codes, escape
from portsim.views.description.quantities import amount, plural
from portsim.views.description.subject import Subject


def objectives(subject: Subject) -> list[Section]:
    """Sections 1 to 1.3."""
    return [
        Section("1", "Objectives"),
        Section("1.1", "Purpose of the model", _purpose(subject)),
        Section("1.2", "Model outputs", _outputs(subject)),
        Section("1.3", "Aims of the experiments", _aims(subject)),
    ]


def _purpose(subject: Subject) -> tuple[Block, ...]:
    scenario = subject.scenario
    stretch = f"{subject.moment(scenario.start_ms)} to {subject.moment(scenario.end_ms)}, clock of {scenario.clock}"
    kinds = ", ".join(dict.fromkeys(escape(flow.kind) for flow in scenario.flows))
    said = (
        f"The model plays the port {code(scenario.port)} from {stretch}: {plural(len(scenario.flows), 'flow')} "
        f"({kinds}) through {plural(len(subject.start.stages), 'stage')} on {plural(len(subject.zones), 'side')}."
    )
    described = (Paragraph(escape(scenario.description)),) if scenario.description else ()
    asked = "which decision the model is to support, who takes it, and why a simulation was chosen."
    return *described, Paragraph(said), ToWrite(asked)


def _outputs(subject: Subject) -> tuple[Block, ...]:
    scenario, start = subject.scenario, subject.start
    counted = [stage.name for stage in start.stages if stage.counted]
    crossings = f"passing {codes(counted)}" if counted else "no stage is counted, so there are none"
    given = [
        f"**Crossings** in all, a day and an hour: {crossings}. A crossing belongs to the moment its service ends.",
        "**Wait**: from arriving to entering the first stage, and from entering to the start of service, all stages "
        "added up; mean, median, 90th and 95th percentile and longest, for the port, each flow and each stage.",
        "**Dwell**: from arriving to leaving the last stage. **Delay**: dwell less the time worked on the unit.",
        "**Queues** before each stage, and units in the port: mean over time and largest.",
        "**Use of lanes**: share of the time of open lanes in which a unit is being served.",
    ]
    if start.pools:
        given.append(
            "**Officers**: share of their time on duty at work, hours on the roster, overtime, and cost if stated."
        )
    if any(step.rejoin is not None for flow in scenario.flows for step in flow.journey):
        given.append("**Rejoin**: how long a vehicle waits for the passengers it brought, and how many it leaves.")
    given.append("**Recovery**: how long after a closure until the backlog it left is gone.")
    given.append("**Those who are lost**: turned away, left, stayed away; and those unfinished at the end.")
    blocks: list[Block] = [
        Paragraph("Computed after each replication from its records of every unit and every visit:"),
        Listing(tuple(given)),
        Paragraph(
            "Measures speak of the measured stretch (4.1). Units unfinished at the end count with what is known by "
            "then. Exact definitions stand in docs/measures.md of portsim; intervals are explained in 4.3."
        ),
    ]
    if scenario.targets:
        targets = ", ".join(
            f"{_target(name)} at most {amount(value)} min ({code(name)})" for name, value in scenario.targets.items()
        )
        blocks.append(Paragraph(f"Targets, with the share of units that keep them: {targets}."))
    if scenario.windows:
        blocks.append(
            Paragraph("Crossings are also counted in these stretches, beside published figures if there are any:")
        )
        blocks.append(_windows(subject, scenario))
    return tuple(blocks)


def _target(name: str) -> str:
    """A target's measure in words: `wait_p95_min` is the 95th percentile of the wait."""
    time, statistic, _ = name.split("_")
    said = {"mean": "mean", "max": "longest"}.get(statistic) or f"{statistic[1:]}th percentile of the"
    return f"{said} {time}"


def _windows(subject: Subject, scenario: Scenario) -> Grid:
    shown = {row["id"]: row["shown"] for row in fact_rows(scenario.facts)}
    rows = []
    for window in scenario.windows:
        published = f"{escape(shown[window.published])} ({code(window.published)})" if window.published else "none"
        counted = ", ".join(window.kinds) if window.kinds else "every kind"
        stretch = (subject.moment(window.start_ms), subject.moment(window.end_ms))
        rows.append((code(window.name), *stretch, counted, published))
    return Grid.of(("stretch", "from", "to", "counted", "published"), rows)


def _aims(subject: Subject) -> tuple[Block, ...]:
    names = tuple(subject.plans) or ((subject.plan,) if subject.plan else ())
    if not names:
        return (
            Paragraph(
                "The scenario has no plans: the port is played as it stands."
                if subject.manifest is None
                else "The port was played as it stands, without a plan."
            ),
            ToWrite("what is varied, if anything, and which question that answers."),
        )
    run = f" This document describes plan {code(subject.plan)}." if subject.plan else ""
    return (
        Paragraph(f"Compared are the scenario as it stands and {codes(names)}; 2.3 says what each changes.{run}"),
        *(ToWrite(f"why plan {code(name)} was chosen, and what it is hoped to show.") for name in names),
    )
