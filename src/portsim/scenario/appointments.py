"""Slots that units book before they come, and departures they are booked for: whether they fit the rest of a scenario.

Contract rule 31. Slots are dated by the clock of the flow, departures are the waves of a stage.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from portsim.scenario import calendar, waves
from portsim.scenario.arrivals import Appointments
from portsim.scenario.assembly import Assembly, Span
from portsim.scenario.demand import expected_units
from portsim.scenario.levels import DAY_MS, Distribution
from portsim.scenario.overlay import Node, child, items
from portsim.scenario.routes import first_stages
from portsim.scenario.scenario import Flow, Regime, Stage, Step
from portsim.scenario.schema.appointments import AppointmentsModel, DeviationModel

_AT_ONCE = Distribution("fixed", {"value": 0})


def read_appointments(
    assembly: Assembly, model: AppointmentsModel | None, node: Node | None, clock: str, span: Span
) -> Appointments | None:
    """The appointments of a flow; a problem for each slot at a clock time that does not exist, or exists twice.

    node : of `appointments`
    """
    if model is None or node is None:
        return None
    for at, slot in zip(items(node, "slots"), model.slots.calls, strict=False):
        assembly.findings.attempt(
            child(at, "at") or at,
            lambda: waves.calls(slot, clock, span.start_ms, span.end_ms, strict=True),  # noqa: B023
        )
    ahead = assembly.distribution(model.ahead, node.value["ahead"]) if model.ahead is not None else _AT_ONCE
    return Appointments(
        slots=tuple(wave for call in model.slots.calls for wave in call),
        ahead=ahead or _AT_ONCE,
        early=_deviation(assembly, model.early, child(node, "early")),
        late=_deviation(assembly, model.late, child(node, "late")),
        no_show=model.no_show,
        grace_ms=model.grace,
    )


def _deviation(
    assembly: Assembly, model: DeviationModel | None, node: Node | None
) -> tuple[float, Distribution] | None:
    if model is None or node is None:
        return None
    by = assembly.distribution(model.by, node.value["by"])
    return None if by is None else (model.share, by)


def check_bookings(assembly: Assembly, name: str, journey: Sequence[Step], stages: Iterable[Stage]) -> None:
    """Problems for steps whose units are booked for a departure that cannot be one.

    stages : of the port as it is at the start
    """
    known = {stage.name: stage for stage in stages}
    flow = assembly.tree.value["flows"].value[name]
    visited = [step.stage for step in journey]
    by_appointment: tuple[str, ...] = ()
    if assembly.flow_models[name].arrivals.appointments is not None:
        by_appointment = first_stages(journey)
    for step, node in zip(journey, items(flow, "journey"), strict=True):
        if step.booked_after is None:
            continue
        at, stage = child(node, step.stage, "booked_after") or node, known[step.stage]
        rules = []
        if not isinstance(stage.calls, tuple):
            rules.append(f"{stage.name} has no waves, and a departure is one of them; give it waves: [{{at: '10:00'}}]")
        if stage.lanes is not None:
            rules.append(f"{stage.name} has lanes, and a departure takes all it calls; use a stage without lanes")
        if visited.count(stage.name) > 1:
            rules.append(f"the journey names {stage.name} twice, and a unit has one departure; use another stage")
        if stage.name in by_appointment:
            rules.append(f"the units of {name} come to {stage.name} by appointment; book a departure at a later stage")
        for rule in rules:
            assembly.problems.add(at, rule, at_key=True)


def check_slots(assembly: Assembly, regimes: Sequence[Regime], flows: Sequence[Flow]) -> None:
    """Warn of flows whose slots have fewer places than there are units that want to come, so that the rest pile up."""
    span = assembly.span
    if span is None:
        return
    days = (span.end_ms - span.start_ms) / DAY_MS
    for flow in flows:
        node = child(assembly.tree, "flows", flow.name, "arrivals", "appointments")
        if node is None or flow.appointments is None:
            continue
        places = places_offered(flow, flow.appointments, regimes, span.start_ms, span.end_ms)
        units = expected_units(flow, flows, span.start_ms, span.end_ms)(span.start_ms, span.end_ms)
        if places < units:
            rule = f"the slots of {flow.name} have {places / days:,.4g} places a day while its first stage is open"
            more = f"{units / days:,.4g} units a day want to come"
            assembly.findings.warn(node, f"{rule}, and {more}: the wait for a slot grows as long as the run")


def places_offered(
    flow: Flow, appointments: Appointments, regimes: Sequence[Regime], start_ms: int, end_ms: int
) -> int:
    """Places of all slots of a run at which a stage is open that units of the flow may come to first."""
    due = waves.calls(appointments.slots, flow.clock, start_ms, end_ms)
    first = first_stages(flow.journey)
    ends = [*(regime.at_ms for regime in regimes[1:]), end_ms]
    places = 0
    for regime, until_ms in zip(regimes, ends, strict=True):
        hours = calendar.union([_hours(regime, name, until_ms) for name in first])
        places += sum(up_to or 0 for at_ms, up_to in due if regime.at_ms <= at_ms < until_ms and _level(hours, at_ms))
    return places


def _hours(regime: Regime, name: str, end_ms: int) -> calendar.Steps:
    """1 while a stage is open, by its hours and closures."""
    stage = next(stage for stage in regime.stages if stage.name == name)
    side = next(side for side in regime.sides if side.name == stage.side)
    hours = calendar.steps(stage.open or side.open, side.timezone, regime.at_ms, end_ms, strict=False)
    return calendar.cut(hours, (*side.closures, *stage.closures), end_ms)


def _level(steps: calendar.Steps, at_ms: int) -> float:
    index = bisect_right(steps, at_ms, key=lambda step: step[0]) - 1
    return steps[index][1] if index >= 0 else 0.0
