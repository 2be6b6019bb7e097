"""The flows of a scenario: journeys through stages that exist, and when units come."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from portsim.scenario import calendar, recorded
from portsim.scenario.appointments import check_bookings, read_appointments
from portsim.scenario.arrivals import (
    AboardArrivals,
    Arrivals,
    Departure,
    NoArrivals,
    RateArrivals,
    RecordedArrivals,
    RegularArrivals,
    TimetableArrivals,
    WhenClosed,
)
from portsim.scenario.assembly import Assembly, Span
from portsim.scenario.levels import DAY_MS, WeekProfile
from portsim.scenario.overlay import Node, child, entries, items, unknown
from portsim.scenario.passengers import check_passengers
from portsim.scenario.routes import check_routes, first_stages
from portsim.scenario.scenario import Flow, Regime, Stage, Step
from portsim.scenario.schema.arrivals import ArrivalsModel, WhenClosedEntry
from portsim.scenario.schema.journeys import StepEntry
from portsim.scenario.schema.values import GENERAL, OTHER
from portsim.scenario.timetable import departures

MOST_UNITS = 20_000_000
"""Most units of one run: beyond it they cannot be held in memory."""

MOST_SERVED = 10_000
"""Most goods a unit may have on average where each of them takes a draw of its own."""


def read_flows(assembly: Assembly, regimes: Sequence[Regime], clocks: Mapping[str, str]) -> tuple[Flow, ...]:
    """Every flow whose parts are all there, after checking its journey against the stages.

    clocks : the clock in which each flow's arrivals are stated, where the plan may not decide it
    """
    stages = {stage.name: stage for stage in regimes[0].stages}
    flows = []
    for name, model in assembly.flow_models.items():
        node = assembly.tree.value["flows"].value[name]
        journey = []
        for entry, at in zip(model.journey, items(node, "journey"), strict=True):
            stage = stages.get(entry.stage)
            if stage is not None:
                journey.append(_read_step(assembly, entry, at, stage, model.kind))
        if len(journey) == len(model.journey) and check_routes(assembly, node.value["journey"], journey):
            check_bookings(assembly, name, journey, regimes[0].stages)
            flows.append(_read_flow(assembly, regimes[0], name, tuple(journey), clocks))
    _check_kinds(assembly, regimes[0].stages)
    read = tuple(flow for flow in flows if flow is not None)
    check_passengers(assembly, regimes[0].stages)
    _check_size(assembly, read)
    return read


def _check_size(assembly: Assembly, flows: Iterable[Flow]) -> None:
    """Refuse more units than a run can hold, at the arrivals of the flow that brings most."""
    if assembly.span is None:
        return
    days = (assembly.span.end_ms - assembly.span.start_ms) / DAY_MS
    units = {flow.name: _most_units(flow.arrivals, days) + flow.queue_at_start for flow in flows}
    for flow in flows:
        if isinstance(flow.arrivals, AboardArrivals):
            units[flow.name] = flow.arrivals.number.mean * units.get(flow.arrivals.flow, 0)
    total = sum(units.values())
    if total > MOST_UNITS:
        largest = max(units, key=lambda name: units[name])
        node = assembly.tree.value["flows"].value[largest].value["arrivals"]
        rule = f"about {units[largest]:.3g} units would come, {total:.3g} in all flows; a run holds {MOST_UNITS:,}"
        assembly.problems.add(node, f"{rule}: lower the demand or end the run earlier", at_key=True)


def _most_units(arrivals: Arrivals, days: float) -> float:
    """How many units come in so many days, as far as their number matters for memory."""
    match arrivals:
        case RateArrivals():
            growth: float = max(1.0, (1 + arrivals.growth_per_year) ** (days / 365.25))
            busiest = max(units for _, units in arrivals.per_day)
            return busiest * days * growth
        case RegularArrivals():
            return days * DAY_MS / arrivals.every.mean_ms
        case TimetableArrivals():
            return days / 7 * sum(line.units * len(line.weekdays) for line in arrivals.departures)
        case RecordedArrivals():
            return len(arrivals.arrived_ms)
        case NoArrivals() | AboardArrivals():
            return 0


def _read_step(assembly: Assembly, entry: StepEntry, node: Node, stage: Stage, kind: str) -> Step:
    """One stop; problems for lane roles that are not there and for a service time nobody states."""
    problems = assembly.problems
    at_key = isinstance(node.value, dict)
    at = node.value[entry.stage] if at_key else node
    written = child(assembly.tree, "stages", stage.name, "service")
    services: dict[str | None, object] = {**stage.service, **dict.fromkeys(entries(written))}
    if entry.service is None and not (kind in services or None in stage.service):
        has = f"only for {', '.join(str(known) for known in services)}" if services else "none"
        cure = f"add `service` to stages.{stage.name}, or to this step"
        problems.add(at, f"{stage.name} has no service time for {kind!r} ({has}); {cure}", at_key=at_key)
    lanes = None if stage.lanes is None else tuple(role for role, _ in stage.lanes)
    for key, named in (("roles", entry.roles or ()), ("helped_by", entry.helped_by)):
        for index, role in enumerate(named):
            where = child(node, entry.stage, key, index) or at
            if lanes is None:
                problems.add(where, f"{stage.name} has no lanes, so no lane roles; remove `{key}`")
            elif role not in lanes:
                message = f"{stage.name} has no lanes with the role {role!r}"
                problems.add(where, unknown(role, lanes, message))
            elif key == "helped_by" and role in (entry.roles or (GENERAL,)):
                problems.add(where, f"{role!r} is its own role; only others can help")
    if entry.roles is None and lanes is not None and GENERAL not in lanes and len(lanes) > 1:
        rule = f"{stage.name} has lanes of the roles {', '.join(lanes)} and none general"
        problems.add(at, f"{rule}; write which to use: {{{stage.name}: {{roles: [{lanes[0]}]}}}}", at_key=at_key)
    return _step(assembly, entry, node, stage)


def _check_kinds(assembly: Assembly, stages: Iterable[Stage]) -> None:
    """Warn of service times for kinds that no flow has."""
    kinds = {model.kind for model in assembly.flow_models.values()}
    if len(assembly.flow_models) < len(assembly.names("flows")):
        return
    for stage in stages:
        for kind, node in entries(assembly.tree, "stages", stage.name, "service").items():
            if kind in stage.service and kind not in kinds and kind != OTHER:
                assembly.findings.warn(node, unknown(kind, sorted(kinds), f"no flow is of the kind {kind!r}"))


def _step(assembly: Assembly, entry: StepEntry, node: Node, stage: Stage) -> Step:
    """One stop of a journey, with what it leaves to the stage."""
    service = None
    if entry.service is not None:
        at = child(node, entry.stage, "service") or node
        service = assembly.distribution(entry.service, at)
    roles: tuple[tuple[str, bool], ...] = ()
    if stage.lanes is not None:
        lanes = tuple(role for role, _ in stage.lanes)
        own = entry.roles or ((GENERAL,) if GENERAL in lanes else lanes[:1])
        roles = (*((role, False) for role in own), *((role, True) for role in entry.helped_by))
    booked_after = None
    if entry.booked_after is not None:
        booked_after = assembly.distribution(entry.booked_after, child(node, entry.stage, "booked_after") or node)
    return Step(
        stage=entry.stage,
        share=entry.share,
        service=service,
        roles=roles,
        rejoin=entry.wait_for_passengers,
        after=entry.after,
        unless=entry.unless,
        service_per=entry.service_per or stage.service_per,
        booked_after=booked_after,
    )


def clocks_of(tree: Node) -> dict[str, str]:
    """The time zone in which each flow's arrivals are stated: its first stage's side's, where that is known."""
    sides, stages = entries(tree, "sides"), entries(tree, "stages")
    clocks = {}
    for name, flow in entries(tree, "flows").items():
        first = next(iter(items(flow, "journey")), None)
        stage = getattr(first, "value", None)
        stage = next(iter(stage)) if isinstance(stage, dict) and len(stage) == 1 else stage
        if not isinstance(stage, str) or stage not in stages:
            continue
        side = child(stages[stage], "side")
        where = side.value if side is not None else next(iter(sides), "")
        zone = child(sides.get(where), "timezone") if isinstance(where, str) else None
        if zone is not None and isinstance(zone.value, str):
            clocks[name] = zone.value
    return clocks


def _read_flow(
    assembly: Assembly, regime: Regime, name: str, journey: tuple[Step, ...], clocks: Mapping[str, str]
) -> Flow | None:
    """A flow with this journey; None, with problems, if its arrivals cannot be read."""
    model, node = assembly.flow_models[name], assembly.tree.value["flows"].value[name]
    first = {stage.name: stage.side for stage in regime.stages}.get(journey[0].stage)
    clock = clocks.get(name) or {side.name: side.timezone for side in regime.sides}.get(first or "")
    if clock is None or assembly.span is None:
        return None
    arrivals = _arrivals(assembly, model.arrivals, node.value["arrivals"], clock, assembly.span)
    when_closed = _when_closed(assembly, model.arrivals.when_closed, node.value["arrivals"])
    patience = assembly.distribution(model.patience, node.value["patience"]) if model.patience else None
    appointments = read_appointments(
        assembly, model.arrivals.appointments, child(node, "arrivals", "appointments"), clock, assembly.span
    )
    for step in journey:
        if step.service_per == "goods" and model.goods.mean > MOST_SERVED:
            rule = f"{model.goods.mean:.3g} goods on average, and {step.stage} takes a service time for each, at most"
            cure = "count in larger units, or give the time of one unit with `service_per: unit`"
            assembly.problems.add(node.value["goods"], f"{rule} {MOST_SERVED:,} of them; {cure}")
    if arrivals is None:
        return None
    return Flow(
        name=name,
        kind=model.kind,
        direction=model.direction,
        journey=journey,
        arrivals=arrivals,
        queue_at_start=model.arrivals.queue_at_start,
        priority=model.priority,
        persons=model.persons,
        goods=model.goods,
        when_full=model.when_full,
        when_closed=when_closed,
        clock=clock,
        patience=patience,
        appointments=appointments,
    )


def _when_closed(assembly: Assembly, entry: WhenClosedEntry, arrivals: Node) -> WhenClosed:
    at = child(arrivals, "when_closed", "come_back")
    come_back = assembly.distribution(entry.come_back, at) if entry.come_back and at else None
    return WhenClosed(entry.re_spread, entry.stay_away, come_back)


def check_gates(assembly: Assembly, regimes: Sequence[Regime], flows: Iterable[Flow]) -> None:
    """Warn of flows that say what their units do at a closed stage where theirs is never closed."""
    for flow in flows:
        node = child(assembly.tree, "flows", flow.name, "arrivals", "when_closed")
        if node is None or not (flow.when_closed.stay_away or flow.when_closed.come_back):
            continue
        first = first_stages(flow.journey)
        if not any(_closes(assembly, regimes, stage) for stage in first):
            rule = f"{' and '.join(first)} never close{'s' * (len(first) == 1)} during the run"
            assembly.findings.warn(node, f"{rule}, so this changes nothing")


def _closes(assembly: Assembly, regimes: Sequence[Regime], name: str) -> bool:
    """Whether a stage is closed at any time of the run, by its hours or for a date; one that cannot be read may be."""
    assert assembly.span is not None
    ends = [*(regime.at_ms for regime in regimes[1:]), assembly.span.end_ms]
    for regime, end_ms in zip(regimes, ends, strict=True):
        stage = next((stage for stage in regime.stages if stage.name == name), None)
        side = next((side for side in regime.sides if stage is not None and side.name == stage.side), None)
        if stage is None or side is None:
            return True
        hours = calendar.steps(stage.open or side.open, side.timezone, regime.at_ms, end_ms, strict=False)
        if any(not level for _, level in calendar.cut(hours, (*side.closures, *stage.closures), end_ms)):
            return True
    return False


def _arrivals(assembly: Assembly, model: ArrivalsModel, node: Node, clock: str, span: Span) -> Arrivals | None:
    if model.csv is not None:
        return _recorded(assembly, model.csv, node.value["csv"], clock, span)
    if model.timetable is not None:
        late = assembly.distribution(model.late, node.value["late"]) if model.late else None
        lines = (Departure(at, line.days, line.units) for line in model.timetable for at in line.at)
        timetable = TimetableArrivals(tuple(lines), late)
        due = assembly.findings.attempt(
            node.value["timetable"], lambda: departures(timetable, clock, span.start_ms, span.end_ms)
        )
        return None if due is None else timetable
    if model.every is not None:
        every = assembly.distribution(model.every, node.value["every"])
        if every is not None and every.mean_ms == 0:
            assembly.problems.add(node.value["every"], "is 0 on average; units would come without end: write a gap")
            return None
        return RegularArrivals(every) if every else None
    if model.aboard is not None:
        return AboardArrivals(model.aboard.flow, model.aboard.number, model.aboard.get_off_at)
    per_day = model.per_day if model.rate is None else ((1, model.rate),)
    if per_day is None:
        return NoArrivals()
    return RateArrivals(
        per_day=per_day,
        by_hour=model.by_hour or WeekProfile.constant(1),
        by_weekday=model.by_weekday or (1.0,) * 7,
        by_month=model.by_month or (1.0,) * 12,
        growth_per_year=model.growth_per_year,
        day_to_day_cv=model.day_to_day_cv,
    )


def _recorded(assembly: Assembly, file: str, node: Node, clock: str, span: Span) -> Arrivals | None:
    folder = assembly.findings.folder_of(node)
    recording = assembly.findings.attempt(
        node, lambda: recorded.read_arrivals(file, folder, clock, span.start_ms, span.end_ms)
    )
    if recording is None:
        return None
    assembly.findings.files[file] = recording.sha256
    if recording.dropped:
        assembly.findings.warn(
            node, f"{recording.dropped} of the arrivals in {file} lie outside the run and are left out"
        )
    if recording.ignored:
        assembly.findings.warn(node, f"columns of {file} that mean nothing here: {', '.join(recording.ignored)}")
    return recording.arrivals
