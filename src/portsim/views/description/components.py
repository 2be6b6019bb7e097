"""Item 2.5 of the checklist: what moves, what is done with it, by whom, where it waits, how it comes and goes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from portsim.scenario.calendar import to_local
from portsim.scenario.scenario import Flow
from portsim.views.description.demand import arrival_words, flow_words, patience, when_closed
from portsim.views.description.document import Block, Grid, Paragraph, Section, code, codes
from portsim.views.description.officers import pool_words
from portsim.views.description.port import side_words, stage_words
from portsim.views.description.quantities import duration
from portsim.views.description.subject import Subject


def components(subject: Subject) -> list[Section]:
    """Sections 2.5 to 2.5.5."""
    return [
        Section("2.5", "Components"),
        Section("2.5.1", "Units: what moves through the port", _units(subject)),
        Section("2.5.2", "Stages: what is done with the units", _stages(subject)),
        Section("2.5.3", "Lanes and officers: what a service needs", _needs(subject)),
        Section("2.5.4", "Queues", _queues(subject)),
        Section("2.5.5", "Where units enter and leave", _ends(subject)),
    ]


def _units(subject: Subject) -> tuple[Block, ...]:
    first = next(iter(subject.zones))
    said = f"A unit is one of what its flow brings. Directions are seen from {code(first)}."
    columns = ("kind", "direction", "persons aboard", "goods aboard", "priority", "patience")
    rows = ((code(flow.name), flow_words(flow)) for flow in subject.scenario.flows)
    return Paragraph(said), _grid("flow", columns, rows)


def _stages(subject: Subject) -> tuple[Block, ...]:
    sides = ((code(side.name), side_words(side)) for side in subject.start.sides)
    passing = {
        stage.name: [flow.name for flow in subject.scenario.flows if stage.name in _stops(flow)]
        for stage in subject.start.stages
    }
    stages = [
        (code(stage.name), stage_words(stage) | {"flows": codes(passing[stage.name]) or "none"})
        for stage in subject.start.stages
    ]
    service = ("one service takes", "pace", "when it closes")
    columns = ("side", "flows", "open", "closed", *service, "counted as a crossing")
    return (
        Paragraph("The sides of the port, their clocks and their hours:"),
        _grid("side", ("clock", "open", "closed"), sides),
        *_clocks(subject),
        Paragraph("The stages, in the order of the file. Hours are by the clock of the side:"),
        _grid("stage", columns, stages),
    )


def _clocks(subject: Subject) -> tuple[Block, ...]:
    """How the clocks of the other sides differ from the port's at the start."""
    at_ms = subject.scenario.start_ms
    own = to_local(at_ms, subject.scenario.clock)
    first, *others = subject.start.sides
    said = []
    for side in others:
        ahead = round((to_local(at_ms, side.timezone) - own).total_seconds()) * 1_000
        how = f"{duration(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'}" if ahead else "the same as"
        said.append(f"the clock of {code(side.name)} is {how} that of {code(first.name)}")
    return (Paragraph(f"At the start {', '.join(said)}."),) if said else ()


def _needs(subject: Subject) -> tuple[Block, ...]:
    stages = ((code(stage.name), stage_words(stage)) for stage in subject.start.stages)
    blocks: list[Block] = [
        Paragraph("A service takes one lane, and officers of one pool where the stage needs them:"),
        _grid("stage", ("lanes", "officers for one service", "breaks down"), stages),
    ]
    if not subject.start.pools:
        return *blocks, Paragraph("No stage needs officers: lanes alone limit how many are served at once.")
    for pool in subject.start.pools:
        serves = [stage.name for stage in subject.start.stages if stage.pool == pool.name]
        words = {"stages": codes(serves) or "none"} | pool_words(pool, subject.zones[pool.side])
        blocks += [Paragraph(f"Officers {code(pool.name)}:"), Grid.of(("", ""), words.items())]
    return tuple(blocks)


def _queues(subject: Subject) -> tuple[Block, ...]:
    said = (
        "Each stage has one queue, first come first served within a priority (2.4). A unit that finds the waiting "
        "space of its first stage full stands outside; at a later stage it is held back in the lane of the stage "
        "before. Nobody changes queues."
    )
    stages = ((code(stage.name), stage_words(stage)) for stage in subject.start.stages)
    return Paragraph(said), _grid("stage", ("waiting space", "called in"), stages)


def _ends(subject: Subject) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for flow in subject.scenario.flows:
        words = {
            "enters at": code(flow.journey[0].stage),
            **arrival_words(flow),
            "first stage closed": when_closed(flow.when_closed),
            "first stage full": flow_words(flow)["first stage full"],
            "patience": patience(flow.patience),
            "leaves": f"after {code(flow.journey[-1].stage)}",
        }
        blocks += [Paragraph(f"Flow {code(flow.name)}:"), Grid.of(("", ""), words.items())]
    return tuple(blocks)


def _stops(flow: Flow) -> set[str]:
    return {step.stage for step in flow.journey}


def _grid(what: str, columns: Sequence[str], rows: Iterable[tuple[str, Mapping[str, str]]]) -> Grid:
    """One row a thing, these aspects of it as columns."""
    return Grid.of((what, *columns), ((name, *(words[column] for column in columns)) for name, words in rows))
