"""Parts 4 to 6 of the checklist: how it is run and estimated, with what, and where the model can be had."""

from __future__ import annotations

import portsim
from portsim.views.description.document import Block, Grid, Listing, Paragraph, Section, ToWrite, code, escape
from portsim.views.description.quantities import amount, plural
from portsim.views.description.subject import Subject

RUN_FIRST = (
    "what the run was made with: `portsim run SCENARIO -o DIR`, then `portsim describe DIR`, fills in engine, "
    "versions, machine and times."
)


def experimentation(subject: Subject) -> list[Section]:
    """Sections 4 to 6.1."""
    return [
        Section("4", "Experimentation"),
        Section("4.1", "Initialisation", _start(subject)),
        Section("4.2", "Run length", _length(subject)),
        Section("4.3", "Estimation", _estimation(subject)),
        Section("5", "Implementation"),
        Section("5.1", "Software", _software(subject)),
        Section("5.2", "Random sampling", _sampling(subject)),
        Section("5.3", "Execution of the model", _execution()),
        Section("5.4", "System", _system(subject)),
        Section("6", "Code access"),
        Section("6.1", "Sharing of the model", _sharing(subject)),
    ]


def _start(subject: Subject) -> tuple[Block, ...]:
    scenario = subject.scenario
    standing = [
        f"{plural(flow.queue_at_start, 'unit')} of {code(flow.name)} before {code(flow.journey[0].stage)}"
        for flow in scenario.flows
        if flow.queue_at_start
    ]
    state = f"with {', '.join(standing)}, and nobody else" if standing else "empty"
    run_in = scenario.measure_from_ms - scenario.start_ms
    measured = (
        f"The {subject.days(scenario.start_ms, scenario.measure_from_ms)} before "
        f"{subject.moment(scenario.measure_from_ms)} are played and not measured, so that the start weighs little. "
        "Their number is stated in the scenario, not estimated from results."
        if run_in
        else "Everything from the start on is measured; nothing is dropped as warm-up."
    )
    blocks: list[Block] = [
        Paragraph(
            "The run starts from a stated state and ends at a stated instant. On "
            f"{subject.moment(scenario.start_ms)} the port is {state}; lanes, hours and officers are as the clock "
            "says. This state is the same in every replication."
        ),
        Paragraph(measured),
    ]
    asked = "why this start is right for the question, and why the unmeasured stretch is long enough."
    if not run_in:
        asked = "why this start is right for the question."
    return *blocks, ToWrite(asked)


def _length(subject: Subject) -> tuple[Block, ...]:
    scenario = subject.scenario
    stretches = [
        ("played", scenario.start_ms, scenario.end_ms),
        ("measured", scenario.measure_from_ms, scenario.end_ms),
    ]
    rows = [
        (what, subject.moment(start), subject.moment(end), subject.days(start, end)) for what, start, end in stretches
    ]
    stop = amount(scenario.limits.units_in_port)
    return (
        Paragraph(f"By the clock of {scenario.clock}; the last instant is not played. Time is counted in ms."),
        Grid.of(("stretch", "from", "to", "length"), rows),
        Paragraph(f"A run with more than {stop} units in or before the port at once stops and says so."),
    )


def _estimation(subject: Subject) -> tuple[Block, ...]:
    said = (
        "Independent replications, each from the same start with its own draws. Every measure is taken in each "
        "replication and then averaged; the interval is the 95 % interval of Student's t over the replications. "
        "Percentiles are taken in each replication before they are averaged. Maxima are the largest of all "
        "replications and have no interval. Where more than 1 % of the units are unfinished at the end, their times "
        "are marked as lower bounds."
    )
    asked = ToWrite("why this number of replications is enough: the half width of the interval that decides.")
    if subject.manifest is None:
        ask_n = "A run has 10 replications unless `-n` says otherwise; what was run stands in its run folder."
        return Paragraph(said), Paragraph(ask_n), asked
    numbers = subject.manifest["replications"]
    done = f"This run has {plural(len(numbers), 'replication')}, numbered from {min(numbers)} to {max(numbers)}."
    blocks: list[Block] = [Paragraph(said), Paragraph(done)]
    if subject.manifest["stopped"]:
        blocks.append(Paragraph(f"It had to stop: {escape(subject.manifest['stopped'])}."))
    if subject.manifest["is_interrupted"]:
        blocks.append(Paragraph("It was interrupted; the figures are of the replications done by then."))
    if subject.manifest["warnings"]:
        blocks += [Paragraph("It warned:"), Listing(tuple(map(escape, subject.manifest["warnings"])))]
    return *blocks, asked


def _software(subject: Subject) -> tuple[Block, ...]:
    if subject.manifest is None:
        version = f"portsim {portsim.__version__}, a Python package; its reference engine is written in SimPy."
        return Paragraph(version), ToWrite(RUN_FIRST)
    packages = [(name, version) for name, version in subject.manifest["packages"].items()]
    own = [("portsim", subject.manifest["portsim"]), ("Python", subject.manifest["python"])]
    rows = [(name, escape(version)) for name, version in (*own, *packages)]
    return Paragraph(f"Engine: {code(subject.manifest['engine'])}."), Grid.of(("software", "version"), rows)


def _sampling(subject: Subject) -> tuple[Block, ...]:
    seed = subject.manifest["seed"] if subject.manifest is not None else subject.scenario.seed
    said = (
        "Random numbers come from numpy's PCG64DXSM, seeded by `SeedSequence`. Each purpose has a stream of its "
        "own, addressed by seed, replication, the name of the flow or stage and the purpose; within it a unit "
        "always has the same place. All draws are made before the run, by inverting distribution functions."
    )
    common = (
        "Plans, and changed lanes, hours or officers, therefore meet the same units with the same work (common random "
        "numbers): results may be compared replication by replication."
    )
    return Paragraph(f"The seed is {seed}."), Paragraph(said), Paragraph(common)


def _execution() -> tuple[Block, ...]:
    said = (
        "Event by event, on whole milliseconds. What falls on one instant is played in rounds of a fixed order "
        "(services end, levels change, patience ends, units arrive, move and are granted lanes and officers) until "
        "nothing changes; ties are broken by the rules of 2.4. Chance plays no part in the run itself, so the same "
        "draws give the same records on any machine. Replications are played one after another in one process."
    )
    return (Paragraph(said),)


def _system(subject: Subject) -> tuple[Block, ...]:
    if subject.manifest is None:
        return (ToWrite("the machine and how long a run takes on it (a run folder records both)."),)
    rows = [("system", escape(subject.manifest["platform"]))]
    rows += [(f"seconds to {escape(what)}", f"{seconds:.2f}") for what, seconds in subject.manifest["wall_s"].items()]
    return Grid.of(("", ""), rows), ToWrite("processor and memory of the machine, if run times matter.")


def _sharing(subject: Subject) -> tuple[Block, ...]:
    given = (
        [(entry["path"], entry["sha256"]) for entry in subject.manifest["scenario_files"]]
        if subject.manifest is not None
        else list(subject.scenario.files)
    )
    said = (
        "portsim is open source under the MIT licence. The model is the scenario with the files it names; with the "
        "same version and seed they give the same results, byte for byte. These are the files, with the hash of "
        "each:"
    )
    rows = [(code(path), code(sha256)) for path, sha256 in given]
    asked = "where the scenario, its data files and the run folders can be had, under which licence, and whom to ask."
    return Paragraph(said), Grid.of(("file", "sha256"), rows), ToWrite(asked)
