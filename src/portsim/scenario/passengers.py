"""Passengers and the vehicles they come in: whether the flows of a scenario fit one another (contract rule 26)."""

from __future__ import annotations

from collections.abc import Iterable

from portsim.scenario.assembly import Assembly
from portsim.scenario.overlay import Node, child, items, unknown
from portsim.scenario.scenario import Rejoin, Stage
from portsim.scenario.schema.arrivals import AboardModel
from portsim.scenario.schema.file import FlowModel
from portsim.scenario.units import shown

_NOT_OF_PASSENGERS = {
    "patience": "passengers do not give up, for their vehicle may wait for them",
    "when_full": "passengers cannot turn away: they have got off already",
}


def check_passengers(assembly: Assembly, stages: Iterable[Stage]) -> None:
    """Problems for passengers whose vehicles do not exist or do not stop for them, and for vehicles that wait in vain.

    stages : of the port as it is at the start
    """
    known = {stage.name: stage for stage in stages}
    models = assembly.flow_models
    getting_off: dict[str, list[int]] = {}  # of each flow of vehicles, the steps at which passengers get off
    for name, model in models.items():
        if model.arrivals.aboard is not None:
            step = _check_aboard(assembly, name, model.arrivals.aboard)
            if step is not None:
                getting_off.setdefault(model.arrivals.aboard.flow, []).append(step)
    named = {model.arrivals.aboard.flow for model in models.values() if model.arrivals.aboard is not None}
    is_open = len(models) < len(assembly.names("flows")) or any(  # then a flow may have passengers all the same
        flow not in models or models[flow].arrivals.aboard is not None for flow in named
    )
    for name, model in models.items():
        _check_rejoin(assembly, name, model, known, getting_off.get(name, []), is_open or name in named)
        if name in named:
            _check_persons(assembly, name)


def _check_aboard(assembly: Assembly, name: str, aboard: AboardModel) -> int | None:
    """The step of the vehicle's journey at which these passengers get off; None if there is none, with problems."""
    add = assembly.problems.add
    flow = assembly.tree.value["flows"].value[name]
    at = flow.value["arrivals"].value["aboard"]
    for key, rule in _NOT_OF_PASSENGERS.items():
        given = child(flow, key)
        if given is not None and given.value is not None:
            add(given, f"{rule}; remove it from {name}, whose units come aboard {aboard.flow}", at_key=True)
    others = [other for other in assembly.names("flows") if other != name]
    if aboard.flow not in others:
        message = "is this flow itself" if aboard.flow == name else f"there is no flow {shown(aboard.flow)}"
        add(at.value["flow"], unknown(aboard.flow, others, message))
        return None
    vehicles = assembly.flow_models.get(aboard.flow)
    if vehicles is None:
        return None
    if vehicles.arrivals.aboard is not None:
        rule = f"the units of {aboard.flow} are themselves aboard {vehicles.arrivals.aboard.flow}"
        add(at.value["flow"], f"{rule}; name the flow of the vehicles, which comes by itself")
        return None
    steps = [(step, entry) for step, entry in enumerate(vehicles.journey) if entry.stage == aboard.get_off_at]
    certain = [step for step, entry in steps if entry.is_certain]
    if certain:
        return certain[0]
    node = at.value["get_off_at"]
    if steps:
        many = f"only {steps[0][1].share:.4g}" if steps[0][1].share < 1 else "only some"
        rule = f"{many} of the units of {aboard.flow} stop at {aboard.get_off_at}"
        add(node, f"{rule}; get off at a stage where all do")
    else:
        message = f"the journey of {aboard.flow} has no stage {shown(aboard.get_off_at)}"
        add(node, unknown(aboard.get_off_at, dict.fromkeys(entry.stage for entry in vehicles.journey), message))
    return None


def _check_rejoin(
    assembly: Assembly,
    name: str,
    model: FlowModel,
    stages: dict[str, Stage],
    getting_off: list[int],
    has_passengers: bool,
) -> None:
    """Problems for the step at which the vehicles of a flow wait for their passengers."""
    steps = [(step, entry.wait_for_passengers) for step, entry in enumerate(model.journey) if entry.wait_for_passengers]
    if not steps:
        return
    nodes = items(assembly.tree.value["flows"].value[name], "journey")

    def key_of(step: int) -> Node:
        stage = model.journey[step].stage
        return child(nodes[step], stage, "wait_for_passengers") or nodes[step]

    step, rejoin = steps[0]
    for second, _ in steps[1:]:
        rule = f"the units of {name} wait for their passengers at {model.journey[step].stage} already; once is all"
        assembly.problems.add(key_of(second), rule, at_key=True)
    for rule in _obstacles(name, model, step, rejoin, stages, getting_off, has_passengers):
        assembly.problems.add(key_of(step), rule, at_key=True)


def _obstacles(
    name: str,
    model: FlowModel,
    step: int,
    rejoin: Rejoin,
    stages: dict[str, Stage],
    getting_off: list[int],
    has_passengers: bool,
) -> Iterable[str]:
    """Why the vehicles of a flow cannot wait for their passengers at this step."""
    entry = model.journey[step]
    stage = stages.get(entry.stage)
    if not has_passengers:
        yield f"no flow comes aboard {name}; write `arrivals: {{aboard: {{flow: {name}, ...}}}}` at its passengers"
    if not entry.is_certain:
        cures = ["`share`, or write 100%"] if entry.share < 1 else []
        cures += ["`after` and `unless`"] if entry.after or entry.unless else []
        yield f"every vehicle has to make this step; remove {', and '.join(cures)}"
    for off in getting_off:
        if off > step:
            yield (
                f"passengers get off at {model.journey[off].stage}, later in the journey; put {entry.stage} after it"
            )
    if stage is None:
        return
    if stage.lanes is not None:
        yield f"{entry.stage} has lanes, and a vehicle waits at a stage without any; use a stage of its own for it"
    if stage.waiting_space == 0 and step in getting_off:
        yield f"{entry.stage} has no waiting space, so nobody could enter to get off; give it waiting_space 1 or more"
    elif stage.waiting_space == 0 and rejoin.at_most_ms is not None:
        rule = f"{entry.stage} has no waiting space, so vehicles wait before it, where no limit holds"
        yield f"{rule}; give it waiting_space 1 or more, or write true"


def _check_persons(assembly: Assembly, name: str) -> None:
    """Warn where the persons of a vehicle seem to be the passengers that are counted as units of their own."""
    aboard = [
        (other, model.arrivals.aboard.number.mean * model.persons.mean)
        for other, model in assembly.flow_models.items()
        if model.arrivals.aboard is not None and model.arrivals.aboard.flow == name
    ]
    persons, passengers = assembly.flow_models[name].persons.mean, sum(mean for _, mean in aboard)
    node = child(assembly.tree, "flows", name, "persons")
    if node is not None and passengers > 1 and persons >= passengers:
        listed = ", ".join(other for other, _ in aboard)
        rule = f"{persons:g} are counted with the vehicle besides the passengers of {listed}, {passengers:g} on average"
        assembly.findings.warn(node, f"{rule}; persons are those who stay with it, as drivers")
