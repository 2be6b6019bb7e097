"""Items 2.1 to 2.4 of the checklist: the way through the port, what plans change, and the rules of a run."""

from __future__ import annotations

from itertools import groupby

from portsim.scenario.routes import chances
from portsim.scenario.scenario import Flow
from portsim.views.description.aspects import changes, differences
from portsim.views.description.demand import journey
from portsim.views.description.document import Block, Diagram, Grid, Listing, Paragraph, Section, ToWrite, code, codes
from portsim.views.description.quantities import percent
from portsim.views.description.rules import rules
from portsim.views.description.subject import Subject


def logic(subject: Subject) -> list[Section]:
    """Sections 2 to 2.4."""
    return [
        Section("2", "Logic"),
        Section("2.1", "Overview of the base model", _overview(subject)),
        Section("2.2", "Logic of the base model", _base(subject)),
        Section("2.3", "Logic of the plans", _plans(subject)),
        Section("2.4", "Algorithms", _algorithms(subject)),
    ]


def _overview(subject: Subject) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for flow in subject.scenario.flows:
        blocks.append(Paragraph(f"{code(flow.name)}: {journey(flow.journey)}, then released."))
        blocks.append(Diagram(_flowchart(subject, flow)))
    return tuple(blocks)


def _flowchart(subject: Subject, flow: Flow) -> str:
    """The journey from left to right, stages of one side in a box; names hold no character that Mermaid minds."""
    side_of = {name: stage.side for name, stage in subject.stages.items()}
    steps, likely = list(enumerate(flow.journey, 1)), chances(flow.journey)
    lines = ["flowchart LR", f'  come(["{flow.name}: {flow.kind}, {flow.direction}"])']
    for box, (side, group) in enumerate(groupby(steps, lambda step: side_of[step[1].stage]), 1):
        lines.append(f'  subgraph side{box}["side {side}"]')
        for number, step in group:
            share = "" if step.is_certain else f"<br/>{percent(float(f'{likely[number - 1]:.4g}'))} of the units"
            lines.append(f'    s{number}["{step.stage}{share}"]')
        lines.append("  end")
    way = ["come", *(f"s{number}" for number, _ in steps), "go"]
    return "\n".join([*lines, '  go(["released"])', f"  {' --> '.join(way)}"])


def _base(subject: Subject) -> tuple[Block, ...]:
    way = (
        "A unit comes to its first stage and stands outside until it is let in to wait. It is served when the stage "
        "is open, a lane it may use is free and one crew can give the officers the service needs. After the service "
        "the officers are free; the lane is free once the next stage has let the unit in. Until then the unit is "
        "blocked and the lane is lost to others, so a slow stage further on holds back those before it. Whether a "
        "unit goes to a stage that only a share of its flow passes is drawn for it. After its last stage it is "
        "released."
    )
    blocks: list[Block] = [Paragraph(way)]
    listed = list(changes(subject.scenario))
    if not listed:
        return *blocks, Paragraph("The port is run in the same way throughout.")
    rows = [
        (when, part, aspect, before[part, aspect], after[part, aspect])
        for when, before, after in listed
        for part, aspect in after
    ]
    blocks.append(Paragraph(f"What the port changes on the way, by the clock of {subject.scenario.clock}:"))
    return *blocks, Grid.of(("when", "what", "aspect", "before", "from then on"), rows)


def _plans(subject: Subject) -> tuple[Block, ...]:
    if subject.manifest is not None:
        return _run_plan(subject)
    if not subject.plans:
        return (Paragraph("There are no plans."),)
    blocks: list[Block] = [
        Paragraph(
            "Plans change the port and never the demand: every plan meets the same units. What is not listed stays; "
            "*as before*: as it was before the change."
        )
    ]
    for name, planned in subject.plans.items():
        rows = differences(subject.base, planned)
        blocks.append(Paragraph(f"Plan {code(name)}:" if rows else f"Plan {code(name)} changes nothing."))
        if rows:
            blocks.append(Grid.of(("what", "aspect", "in the scenario", "in the plan"), rows))
    return tuple(blocks)


def _run_plan(subject: Subject) -> tuple[Block, ...]:
    """What is known of the plan of a run: the numbers it set, for its folder holds the finished scenario only."""
    assert subject.manifest is not None
    if subject.plan is None and not subject.manifest["overridden"]:
        return (Paragraph("The scenario was run as it stands, without a plan."),)
    how = (
        f"The scenario was run with plan {code(subject.plan)}."
        if subject.plan
        else "The scenario was run without a plan."
    )
    rows = [(code(one["path"]), code(one["value"]), code(one["by"])) for one in subject.manifest["overridden"]]
    asked = (
        "how the plan differs from the scenario it was made for: the run folder holds it with the plan laid over it."
    )
    blocks: list[Block] = [Paragraph(how)]
    if rows:
        blocks += [Paragraph("Numbers set by the plan or by `--set`:"), Grid.of(("number", "value", "set by"), rows)]
    return (*blocks, ToWrite(asked)) if subject.plan else tuple(blocks)


def _algorithms(subject: Subject) -> tuple[Block, ...]:
    said = tuple(f"{text} ({where})" for text, where in rules(subject.scenario))
    shared = {
        pool.name: [stage.name for stage in subject.start.stages if stage.pool == pool.name]
        for pool in subject.start.pools
    }
    both = [f"{code(pool)} ({codes(stages)})" for pool, stages in shared.items() if len(stages) > 1]
    blocks: list[Block] = [
        Paragraph("Rules of a run that bear on this scenario; the numbers are those of docs/model.md of portsim."),
        Listing(said),
    ]
    if both:
        blocks.append(Paragraph(f"Officers that several stages share: {', '.join(both)}."))
    return tuple(blocks)
