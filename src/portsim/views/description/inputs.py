"""Part 3 of the checklist: where the numbers come from, what was done with them, all of them, and what is assumed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portsim.facts import fact_rows
from portsim.scenario.levels import Distribution
from portsim.scenario.provenance import source_counts
from portsim.scenario.scenario import NumberSource, Scenario
from portsim.views.description.document import Block, Grid, Listing, Paragraph, Section, ToWrite, code, codes, escape
from portsim.views.description.quantities import amount, plural
from portsim.views.description.subject import Subject
from portsim.views.leftopen import open_rows

MOST_DIGITS = 9
"""A number computed from a published figure is shown with six significant digits if it has more than these."""

MODEL_ASSUMPTIONS = (
    "Officers of a pool are alike, as are lanes of a role; nobody is ill or late.",
    "Going from one stage to the next takes no time unless a stage without lanes stands for it.",
    "Service times depend on the hour, the lanes open and the queue only where a stage states a pace, and never on "
    "earlier services.",
    "Nobody turns back because of a queue unless patience or `turn_away` says so.",
)
"""What holds in every scenario of this version, whatever its numbers."""


def inputs(subject: Subject) -> list[Section]:
    """Sections 3 to 3.4."""
    return [
        Section("3", "Data"),
        Section("3.1", "Data sources", _data_sources(subject.scenario)),
        Section("3.2", "Preparation of the data", _preparation(subject.scenario)),
        Section("3.3", "Input parameters", _parameters(subject.scenario)),
        Section("3.4", "Assumptions", _assumptions(subject.scenario)),
    ]


def _data_sources(scenario: Scenario) -> tuple[Block, ...]:
    blocks: list[Block] = [Paragraph(f"Numbers of the scenario: {source_counts(scenario)}.")]
    if scenario.facts:
        blocks += [
            Paragraph(
                "Published figures it uses or is held against, with the reliability the collection gives them (A is "
                "best):"
            ),
            _facts(scenario),
        ]
    measured = _by_detail(scenario, "measured")
    if measured:
        blocks += [Paragraph("The author's own measurements:"), Grid.of(("measured", "numbers"), _listed(measured))]
        blocks.append(ToWrite("how many observations each measurement rests on, of which dates, and who took them."))
    files = _data_files(scenario)
    if files:
        blocks.append(Paragraph(f"Data files: {codes(files)}."))
        blocks.append(ToWrite("where each data file comes from, what period it covers and how many records it has."))
    if not scenario.facts and not measured and not files:
        blocks.append(Paragraph("No published figure, measurement or data file is used."))
    return tuple(blocks)


def _facts(scenario: Scenario) -> Grid:
    uses: dict[str, list[str]] = {id: [] for id in scenario.facts}
    for source in scenario.sources:
        if source.kind == "fact":
            uses[source.detail.partition(" ")[0]].append(code(source.path))
    for window in scenario.windows:
        if window.published is not None:
            uses[window.published].append(f"beside window {code(window.name)}")
    columns = ("figure", "what it says", "period", "reliability", "published in", "found at", "used for")
    rows = []
    for row in fact_rows(scenario.facts):
        says = f"{escape(row['measure'])}: {escape(row['shown'])}"
        follows = f" (computed: {escape(row['derived'])})" if row["derived"] else ""
        published = ", ".join(escape(part) for part in (row["title"], row["publisher"], row["date"]) if part)
        cells = (_period(row["period"]), row["reliability"], published or "not said")
        found = escape(row["where"]) or "not said"
        rows.append((code(row["id"]), says + follows, *cells, found, ", ".join(uses[row["id"]])))
    return Grid.of(columns, rows)


def _data_files(scenario: Scenario) -> list[str]:
    """Names of files of records: those the finished scenario has to carry along, facts files left out."""
    facts = scenario.resolved.get("facts", ())
    return [name for name, _ in scenario.attachments if name not in facts]


def _preparation(scenario: Scenario) -> tuple[Block, ...]:
    said: list[Block] = []
    scaled = [
        (code(path), code(source["fact"]), f"times {amount(source['times'])}")
        for path, source in _statements(scenario).items()
        if source.get("times", 1) != 1
    ]
    if scaled:
        said += [Paragraph("Published figures used after multiplication:"), Grid.of(("number", "figure", ""), scaled)]
    if any(fact.derived for fact in scenario.facts.values()):
        said.append(Paragraph("Figures marked as computed in 3.1 are differences or quotients of published ones."))
    if not said:
        said.append(Paragraph("Numbers are used as they stand in the file; portsim changes none of them."))
    asked = "what was done to the data before it came into the scenario: gaps, outliers, rounding, choice of period."
    return *said, ToWrite(asked)


def _statements(scenario: Scenario) -> Mapping[str, Mapping[str, Any]]:
    statements: Mapping[str, Mapping[str, Any]] = scenario.resolved.get("sources", {})
    return statements


def _parameters(scenario: Scenario) -> tuple[Block, ...]:
    if not scenario.sources:
        return (Paragraph("The scenario states no number."), _choice_of_shapes(scenario))
    factors = {path: source.get("times", 1) for path, source in _statements(scenario).items()}
    reasons = {reason: f"A{number}" for number, reason in enumerate(_by_detail(scenario, "assumed"), 1)}
    rows = [
        (code(one.path), code(_value(one)), _origin(one, factors.get(one.path, 1), reasons)) for one in scenario.sources
    ]
    said = (
        f"Every number of the scenario ({len(rows):,}) by its path in the file; published figures are listed in 3.1 "
        "and the reasons A1, A2 ... in 3.4. What is not written has the default of docs/scenario-reference.md of "
        "portsim."
    )
    return (
        Paragraph(said),
        Grid.of(("number", "value", "where it comes from"), rows),
        _choice_of_shapes(scenario),
    )


def _value(source: NumberSource) -> str:
    """As written; what was computed from a published figure without digits that mean nothing."""
    digits = source.text.replace(".", "").lstrip("0")
    if source.kind != "fact" or "." not in source.text or len(digits) <= MOST_DIGITS or not digits.isdigit():
        return source.text
    return f"{float(source.text):.6g}"


def _origin(source: NumberSource, times: float, reasons: Mapping[str, str]) -> str:
    factor = "" if times == 1 else f", times {amount(times)}"
    return {
        "fact": f"published: {code(source.detail)}{factor}",
        "measured": f"measured: {escape(source.detail)}",
        "calibrated": f"calibrated, {escape(source.detail)}",
        "assumed": f"assumed, {reasons.get(source.detail, '')}",
        "plan": f"set by plan {code(source.detail)}",
        "set": f"set by {code(source.detail)}",
        "none": "**no source**",
    }[source.kind]


def _choice_of_shapes(scenario: Scenario) -> ToWrite:
    shapes = dict.fromkeys(given.kind for given in _distributions(scenario) if given.kind != "fixed")
    named = f" ({', '.join(shapes)})" if shapes else ""
    return ToWrite(f"how the shapes of the service times{named} and of the arrivals were chosen over others.")


def _distributions(scenario: Scenario) -> list[Distribution]:
    stages = [stage for regime in scenario.regimes for stage in regime.stages]
    of_stages = [time for stage in stages for time in stage.service.values()]
    of_stages += [time for stage in stages if stage.outages for time in (stage.outages.every, stage.outages.last)]
    return of_stages + [step.service for flow in scenario.flows for step in flow.journey if step.service is not None]


def _assumptions(scenario: Scenario) -> tuple[Block, ...]:
    blocks: list[Block] = []
    assumed = _by_detail(scenario, "assumed")
    if assumed:
        rows = [
            (f"A{number}", escape(reason), codes(_parts(paths)), f"{len(paths):,}")
            for number, (reason, paths) in enumerate(assumed.items(), 1)
        ]
        blocks.append(Paragraph("Assumed, with the reason given; 3.3 has the numbers one by one:"))
        blocks.append(Grid.of(("", "reason", "parts of the scenario", "numbers"), rows))
    if left_open := open_rows(scenario):
        assert scenario.posterior is not None
        said = (
            f"Left open by the calibration {escape(scenario.posterior.calibration)}; each replication is played with "
            f"one of {len(scenario.posterior.draws):,} draws of the posterior, and 3.3 shows a central one:"
        )
        cells = [
            (code(name), f"{low} to {high} {escape(unit)}".strip(), codes(paths.split(", ")))
            for name, low, high, unit, paths in left_open
        ]
        blocks += [Paragraph(said), Grid.of(("unknown", "90 % of the draws", "numbers that follow it"), cells)]
    unsourced = [source.path for source in scenario.sources if source.kind == "none"]
    if unsourced:
        blocks += [Paragraph(f"Numbers that nothing vouches for: {codes(unsourced)}.")]
        blocks.append(ToWrite(f"why {plural(len(unsourced), 'number')} without a source may be used."))
    blocks += [Paragraph("Assumed by the model in every scenario:"), Listing(MODEL_ASSUMPTIONS)]
    return *blocks, ToWrite("which of these assumptions matter for the decision, and what was done to find out.")


def _by_detail(scenario: Scenario, kind: str) -> dict[str, list[str]]:
    """Paths of the numbers by the reason given, or by what was measured."""
    found: dict[str, list[str]] = {}
    for source in scenario.sources:
        if source.kind == kind:
            found.setdefault(source.detail, []).append(source.path)
    return found


def _parts(paths: list[str]) -> list[str]:
    """What the numbers are about: the first two names of their paths, each once."""
    return list(dict.fromkeys(".".join(path.split(".")[:2]) for path in paths))


def _period(text: str) -> str:
    """A period in words; the zone may stand at its end."""
    start, dots, end = text.partition("..")
    if not dots:
        return escape(text) or "not said"
    if not start:
        return f"until {end}"
    return f"from {start}{end}" if not end.strip() or end.startswith(" ") else f"{start} to {end}"


def _listed(found: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    return [(escape(detail), codes(paths)) for detail, paths in found.items()]
