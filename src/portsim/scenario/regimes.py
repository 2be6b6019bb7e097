"""How the port is run: from the start, and from each dated change on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from portsim.scenario import calendar, rota, waves
from portsim.scenario.assembly import Assembly
from portsim.scenario.levels import DatedLevel, WeekProfile
from portsim.scenario.officers import Forecast, Pool
from portsim.scenario.overlay import Node, assign, child, entries, items, leaves, nearest, unknown
from portsim.scenario.profiles import ProfileError
from portsim.scenario.scenario import Outages, Regime, Side, Stage
from portsim.scenario.schema.dated import ChangeModel
from portsim.scenario.schema.file import SideModel, StageModel
from portsim.scenario.schema.levels import LevelFile
from portsim.scenario.schema.officers import PoolModel
from portsim.scenario.schema.outages import SHORTEST_BETWEEN_MS
from portsim.scenario.sources import UNRESOLVED
from portsim.scenario.units import format_local, shown

_CHANGEABLE = (
    "sides.*.open",
    "sides.*.closed",
    "stages.*.open",
    "stages.*.closed",
    "stages.*.lanes",
    "stages.*.pace.by_hour",
    "officers.*.level",
    "officers.*.crews",
    "officers.*.crew_size",
    "officers.*.rota",
    "officers.*.shifts",
    "officers.*.handover",
    "officers.*.breaks",
)
_CHANGEABLE_FIELDS = frozenset((path.split(".")[0], tuple(path.split(".")[2:])) for path in _CHANGEABLE)
_DEEPER = frozenset((section, keys[0]) for section, keys in _CHANGEABLE_FIELDS if len(keys) > 1)
"""Where a change may set some of the keys below a key and not others."""


def read_regimes(assembly: Assembly) -> tuple[Regime, ...]:
    """The port as it is run from the start and from each change on."""
    start = assembly.span.start_ms if assembly.span else 0
    states = {start: assembly.tree}
    tree = assembly.tree
    for at, settings in _changes(assembly):
        for path, node in settings:
            _warn_if_overruled(assembly, tree, path, node)
            tree = assign(tree, path, node, assembly.problems)
        if assembly.span is None or at < assembly.span.end_ms:
            states[max(at, start)] = tree
    regimes = [_regime(assembly, at, state) for at, state in states.items()]
    _check_clock_times(assembly, regimes, list(states.values()))
    _check_calls(assembly, regimes[0])
    return _same_roles(regimes)


def _warn_if_overruled(assembly: Assembly, tree: Node, path: tuple[str, ...], node: Node) -> None:
    """Warn where a dated change overrules what a plan or `--set` asked for."""
    before = child(tree, *path)
    if before is None or node.mark:
        return
    marks = [mark for mark in (before.mark, *(leaf.mark for _, leaf in leaves(before))) if mark is not None]
    for mark in marks:
        if mark.kind in ("plan", "set"):
            where = f"plan {mark.detail}" if mark.kind == "plan" else mark.detail
            assembly.findings.warn(node, f"overrules what {where} set; set it under changes as well if it is to last")
            return


def _changes(assembly: Assembly) -> list[tuple[int, list[tuple[tuple[str, ...], Node]]]]:
    """(instant, what is set) of each change, in the order in which they take effect."""
    section = child(assembly.tree, "changes")
    if section is not None and section.value is not None and not isinstance(section.value, list):
        if section.value is not UNRESOLVED:
            assembly.problems.add(section, f"got {shown(section.value)}; write a list of {{at, set}}")
        return []
    changes = []
    for node in items(assembly.tree, "changes"):
        model = assembly.read(ChangeModel, node)
        if model is None:
            continue
        settings = list(_settings(assembly, node.value["set"]))
        at = assembly.instant(node.value["at"], model.at)
        if assembly.span is None:
            changes.append((0, settings))
        elif at is not None:
            changes.append((at, settings))
            if at >= assembly.span.end_ms:
                late = f"{format_local(model.at)} is after the run; it changes nothing"
                assembly.findings.warn(node.value["at"], late)
    return sorted(changes, key=lambda change: change[0])


def _settings(assembly: Assembly, node: Node, path: tuple[str, ...] = ()) -> Iterable[tuple[tuple[str, ...], Node]]:
    """What a change sets, as (path, value), dotted or nested; only what a port can change on a date."""
    for key, below in node.value.items():
        steps = (*path, *key.split("."))
        is_above = len(steps) < 3 or (len(steps) == 3 and (steps[0], steps[2]) in _DEEPER)
        if is_above and isinstance(below.value, dict):
            yield from _settings(assembly, below, steps)
        elif is_above or not _is_changeable(steps):
            rule = f"a change cannot set {'.'.join(steps)}; allowed: {', '.join(_CHANGEABLE)}"
            assembly.problems.add(below, rule, at_key=True)
        elif steps[1] not in entries(assembly.tree, steps[0]):
            message = f"there is no {steps[1]!r} under {steps[0]}"
            assembly.problems.add(below, unknown(steps[1], entries(assembly.tree, steps[0]), message), at_key=True)
        elif _is_delay_with_lanes(assembly, steps):
            rule = "a stage without lanes is a delay and stays one; give it lanes under stages first"
            assembly.problems.add(below, rule, at_key=True)
        elif steps[2] == "lanes" and below.value is None:
            assembly.problems.add(below, "a change cannot take the lanes away; write 0 to close them")
        else:
            yield steps, below


def _is_changeable(path: tuple[str, ...]) -> bool:
    return any((path[0], path[2:end]) in _CHANGEABLE_FIELDS for end in (3, 4))


def _is_delay_with_lanes(assembly: Assembly, steps: tuple[str, ...]) -> bool:
    lanes = child(assembly.tree, "stages", steps[1], "lanes")
    return steps[2] == "lanes" and (lanes is None or lanes.value is None)


def _regime(assembly: Assembly, at_ms: int, tree: Node) -> Regime:
    sides = _sides(assembly, tree)
    zones = {side.name: side.timezone for side in sides}
    stages = _stages(assembly, tree, zones)
    return Regime(at_ms, sides, _pools(assembly, tree, at_ms, zones, stages), stages)


def _sides(assembly: Assembly, tree: Node) -> tuple[Side, ...]:
    sides = []
    for name, model in assembly.section("sides", SideModel, tree).items():
        node = tree.value["sides"].value[name]
        closures = assembly.closures(node, model.closed, model.timezone)
        sides.append(Side(name, model.timezone, model.open or WeekProfile.constant(1), closures))
    return tuple(sides)


def _stages(assembly: Assembly, tree: Node, zones: Mapping[str, str]) -> tuple[Stage, ...]:
    stages = []
    for name, model in assembly.section("stages", StageModel, tree).items():
        node = tree.value["stages"].value[name]
        side = model.side or next(iter(assembly.names("sides")), "")
        zone = zones.get(side)
        pool, officers = model.officers or (None, 0)
        service = {
            kind: assembly.distribution(service, child(node, "service", *([kind] if kind else [])) or node)
            for kind, service in model.service.items()
        }
        stages.append(
            Stage(
                name=name,
                side=side,
                counted=model.counted,
                lanes=model.lanes,
                open=model.open,
                closures=assembly.closures(node, model.closed, zone) if zone else (),
                closing=model.closing,
                pool=pool,
                officers=officers,
                waiting_space=model.waiting_space,
                service={kind: distribution for kind, distribution in service.items() if distribution},
                service_per=model.service_per,
                calls=model.calls(),
                pace=model.pace.of_stage() if model.pace is not None else None,
                outages=_outages(assembly, model, child(node, "outages")),
            )
        )
    return tuple(stages)


def _outages(assembly: Assembly, model: StageModel, node: Node | None) -> Outages | None:
    """When a stage is out; a problem where that would be all the time, or no time."""
    if model.outages is None or node is None:
        return None
    every = assembly.distribution(model.outages.every, node.value["every"])
    last = assembly.distribution(model.outages.last, node.value["last"])
    if every is None or last is None:
        return None
    if every.mean_ms < SHORTEST_BETWEEN_MS:
        rule = f"has a mean of {every.mean_ms / 1000:g} s, and 1 min is the least"
        assembly.problems.add(node.value["every"], f"{rule}; what is as short belongs to `service`")
    if last.mean_ms <= 0:
        assembly.problems.add(node.value["last"], "has a mean of 0 s; for no outages leave `outages` out")
    return Outages(every, last)


def _pools(
    assembly: Assembly, tree: Node, at_ms: int, zones: Mapping[str, str], stages: tuple[Stage, ...]
) -> tuple[Pool, ...]:
    pools = []
    for name, model in assembly.section("officers", PoolModel, tree).items():
        used_at = [stage for stage in stages if stage.pool == name]
        side = model.side or next(iter([*(stage.side for stage in used_at), *assembly.names("sides")]), "")
        pools.append(
            Pool(
                name=name,
                side=side,
                level=_level(assembly, model, child(tree, "officers", name, "level"), zones.get(side), at_ms),
                end_of_shift=model.end_of_shift,
                cost_per_hour=model.cost_per_hour,
                crews=model.on_rota(),
                precedence=model.precedence,
                reserves=model.reserves_for(tuple(stage.name for stage in used_at)),
                forecast=model.level if isinstance(model.level, Forecast) else None,
            )
        )
    return tuple(pools)


def _level(
    assembly: Assembly, model: PoolModel, node: Node | None, zone: str | None, at_ms: int
) -> WeekProfile | DatedLevel | None:
    """Officers on duty, from their file if they stand in one; a warning if it does not say how many from the start.

    None where they follow the forecast, for which the flows have to be known.
    """
    if isinstance(model.level, Forecast):
        return None
    if not isinstance(model.level, LevelFile):
        return model.level
    if node is None or zone is None:
        return None
    level = assembly.staffing(model.level, node, zone)
    if isinstance(level, DatedLevel) and assembly.span is not None:
        (first, _), (last, _) = level.steps[0], level.steps[-1]
        if first > at_ms:
            begins = format_local(calendar.to_local(first, zone))
            assembly.findings.warn(
                node, f"{model.level.file} begins at {begins} by the clock of {zone}; nobody is on duty before"
            )
        elif first < last <= at_ms:
            ends = format_local(calendar.to_local(last, zone))
            assembly.findings.warn(node, f"the last row of {model.level.file}, {ends}, holds until the end of the run")
    return level


def _check_clock_times(assembly: Assembly, regimes: list[Regime], trees: list[Node]) -> None:
    """Every clock time of hours and levels exists, once, on each date on which it is used."""
    if assembly.span is None:
        return
    ends = [*(regime.at_ms for regime in regimes[1:]), assembly.span.end_ms]
    for regime, tree, end_ms in zip(regimes, trees, ends, strict=True):
        steady = {zone: calendar.is_steady(zone, regime.at_ms, end_ms) for zone in {s.timezone for s in regime.sides}}
        zones = {side.name: side.timezone for side in regime.sides if not steady[side.timezone]}
        for profile, side, path in _profiles(regime):
            node = child(tree, *path)
            zone = zones.get(side)
            if node is not None and zone is not None:
                start_ms = regime.at_ms
                assembly.findings.attempt(node, lambda: calendar.steps(profile, zone, start_ms, end_ms))  # noqa: B023
        _check_shifts(assembly, regime, tree, end_ms, zones)


def _check_shifts(assembly: Assembly, regime: Regime, tree: Node, end_ms: int, zones: Mapping[str, str]) -> None:
    """The same for shifts and breaks, on each date on which a crew works them; `zones` by side."""
    start_ms = assembly.span.start_ms if assembly.span else regime.at_ms
    for pool in regime.pools:
        node = child(tree, "officers", pool.name)
        if pool.crews is None or pool.side not in zones or node is None:
            continue
        try:
            rota.duties(pool.crews, zones[pool.side], start_ms, regime.at_ms, end_ms)
        except ProfileError as error:
            assembly.problems.add(nearest(node, error.path)[0], str(error))


def _check_calls(assembly: Assembly, regime: Regime) -> None:
    """Every clock time that is written for a wave exists, once, on each date on which it is due."""
    span = assembly.span
    zones = {stage.name: side.timezone for stage in regime.stages for side in regime.sides if side.name == stage.side}
    for name, model in assembly.section("stages", StageModel).items():
        listed = items(assembly.tree, "stages", name, "waves")
        if span is None or model.waves is None or name not in zones:
            continue
        # Waves at regular gaps stand in no list: they follow the clock whatever it shows, for nobody chose their times.
        for node, call in zip(listed, model.waves.calls, strict=False):
            assembly.findings.attempt(
                child(node, "at") or node,
                lambda: waves.calls(call, zones[name], span.start_ms, span.end_ms, strict=True),  # noqa: B023
            )


def _profiles(regime: Regime) -> Iterable[tuple[WeekProfile | DatedLevel, str, tuple[str, ...]]]:
    """(profile, its side, its path) of everything that goes by the clock."""
    for side in regime.sides:
        yield side.open, side.name, ("sides", side.name, "open")
    for pool in regime.pools:
        if pool.level is not None:
            yield pool.level, pool.side, ("officers", pool.name, "level")
    for stage in regime.stages:
        if stage.open is not None:
            yield stage.open, stage.side, ("stages", stage.name, "open")
        for _, level in stage.lanes or ():
            yield level, stage.side, ("stages", stage.name, "lanes")
        if stage.pace is not None:
            yield stage.pace.by_hour, stage.side, ("stages", stage.name, "pace", "by_hour")


def _same_roles(regimes: list[Regime]) -> tuple[Regime, ...]:
    """The same regimes with the same lane roles at a stage in each: where one is not named, it has no lanes."""
    roles: dict[str, dict[str, None]] = {}
    for regime in regimes:
        for stage in regime.stages:
            roles.setdefault(stage.name, {}).update(dict.fromkeys(role for role, _ in stage.lanes or ()))
    none_open = WeekProfile.constant(0)

    def complete(stage: Stage) -> Stage:
        if stage.lanes is None or len(stage.lanes) == len(roles[stage.name]):
            return stage
        lanes: dict[str, Any] = dict(stage.lanes)
        return replace(stage, lanes=tuple((role, lanes.get(role, none_open)) for role in roles[stage.name]))

    return tuple(replace(regime, stages=tuple(map(complete, regime.stages))) for regime in regimes)
