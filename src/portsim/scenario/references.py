"""Whether the parts of a scenario fit one another: names that exist, services for every kind, windows in the run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from portsim.scenario import calendar, rota
from portsim.scenario.assembly import Assembly
from portsim.scenario.levels import DatedLevel, WeekProfile
from portsim.scenario.officers import Rota
from portsim.scenario.overlay import Node, child, entries, items, unknown
from portsim.scenario.scenario import CountWindow, Regime
from portsim.scenario.sources import Citations
from portsim.scenario.units import HOUR_MS, format_local, shown

_MOST_LISTED = 10
"""Days of a long cycle that a warning names."""


def check_names(assembly: Assembly) -> None:
    """Every side, pool and stage that is named somewhere exists, and every one there is is used.

    Works on the names alone, so that it finds what it can in a scenario with other mistakes.
    """
    tree, problems = assembly.tree, assembly.problems
    sides, pools, stages = (assembly.names(section) for section in ("sides", "officers", "stages"))
    for section in ("officers", "stages"):
        for node in entries(tree, section).values():
            _check_name(assembly, child(node, "side"), sides, "side")
    for node in entries(tree, "officers").values():
        for reserve in items(node, "reserves"):
            for stage in items(reserve, "stages"):
                _check_name(assembly, stage, stages, "stage")
    used_pools: set[str] = set()
    for node in entries(tree, "stages").values():
        for pool, at in entries(node, "officers").items():
            used_pools.add(pool)
            if pool not in pools:
                known = unknown(pool, pools, f"there is no pool {pool!r} under officers")
                problems.add(at, known, at_key=True)
    visited = set(_visited(assembly, stages))
    if isinstance(getattr(child(tree, "flows"), "value", None), dict):
        _check_used(assembly, "stages", visited, "no journey visits this stage")
    _check_used(assembly, "officers", used_pools, "no stage needs these officers")


def _check_name(assembly: Assembly, node: Node | None, known: list[str], what: str) -> None:
    if node is not None and isinstance(node.value, str) and node.value not in known:
        message = f"there is no {what} {shown(node.value)}"
        assembly.problems.add(node, unknown(node.value, known, message))


def _visited(assembly: Assembly, stages: list[str]) -> Iterable[str]:
    """The stages that journeys name; a problem for each that does not exist."""
    for flow in entries(assembly.tree, "flows").values():
        for step in items(flow, "journey"):
            at_key = isinstance(step.value, dict) and len(step.value) == 1
            name, node = next(iter(step.value.items())) if at_key else (step.value, step)
            if not isinstance(name, str):
                continue
            yield name
            if name not in stages:
                message = unknown(name, stages, f"there is no stage {shown(name)}")
                assembly.problems.add(node, message, at_key=at_key)


def _check_used(assembly: Assembly, section: str, used: set[str], message: str) -> None:
    """Warn of what nobody uses; what a plan or `--set` added and nobody uses is a name misspelt."""
    names = entries(assembly.tree, section)
    for name, node in names.items():
        if name in used or node.value is None:
            continue
        if node.mark is not None and node.mark.kind in ("plan", "set"):
            others = [other for other in names if other != name]
            assembly.problems.add(node, unknown(name, others, f"{message}, which only this adds"), at_key=True)
        else:
            assembly.findings.warn(node, message)


def check_staffing(assembly: Assembly, regimes: Sequence[Regime]) -> None:
    """Officers only where there are lanes; a warning where a service needs more than are ever on duty."""
    for stage in regimes[0].stages:
        node = child(assembly.tree, "stages", stage.name, "officers")
        if stage.pool is None or node is None:
            continue
        if stage.lanes is None:
            rule = f"{stage.name} has no lanes, so it is a delay and needs no officers; add `lanes` or remove this"
            assembly.problems.add(node, rule)
        highest = _most_on_duty(regimes, stage.pool)
        if highest is not None and stage.officers > highest[0]:
            rule = f"needs {stage.officers} officers, but {stage.pool} never has more than {highest[0]:g}{highest[1]}"
            assembly.findings.warn(node, f"{rule}; nothing will be served here")
    _check_reserves(assembly, regimes[0])


def _check_reserves(assembly: Assembly, regime: Regime) -> None:
    """A warning for each reserve too small for a service of a stage it is there for."""
    for pool in regime.pools:
        listed = items(assembly.tree, "officers", pool.name, "reserves")
        for node, reserve in zip(listed, pool.reserves, strict=True):
            larger = [stage for stage in regime.stages if stage.pool == pool.name and stage.officers > reserve.officers]
            if larger:
                needs = ", ".join(f"{stage.name} ({stage.officers})" for stage in larger)
                rule = f"{reserve.officers} officers are fewer than one service needs at {needs}"
                assembly.findings.warn(node, f"{rule}; this reserve will not serve there")


def _most_on_duty(regimes: Iterable[Regime], pool: str) -> tuple[float, str] | None:
    """The most officers that one service can ever have, and where they stand if the pool has crews."""
    pools = [found for regime in regimes for found in regime.pools if found.name == pool]
    most = [
        (float(found.crews.crew_size), " in one crew") if found.crews else (_highest(found.level), "")
        for found in pools
    ]
    most += [(float(reserve.officers), " in one crew") for found in pools for reserve in found.reserves]
    return max(most, default=None)


def check_rotas(assembly: Assembly, regimes: Sequence[Regime]) -> None:
    """Warn of shifts the rota leaves out, of those no crew works on some day, and of rest shorter than is wanted."""
    for name, node in entries(assembly.tree, "officers").items():
        _check_shifts_are_used(
            assembly, node, [pool.crews for regime in regimes for pool in regime.pools if pool.name == name]
        )
        before = None
        for regime in regimes:
            crews = next((pool.crews for pool in regime.pools if pool.name == name), None)
            if crews is not None and crews != before:
                since = ""
                if assembly.span is not None and regime is not regimes[0]:
                    since = f" from {format_local(calendar.to_local(regime.at_ms, assembly.span.clock))} on"
                _check_rota(assembly, node, crews, since)
            before = crews


def _check_shifts_are_used(assembly: Assembly, node: Node, rotas: Iterable[Rota | None]) -> None:
    """Warn of shifts that no rota has, before or after any change."""
    used = {shift.name for crews in rotas if crews is not None for shift in crews.cycle if shift is not None}
    for name, shift in entries(node, "shifts").items():
        if name not in used:
            assembly.findings.warn(shift, f"no day of the rota has shift {name}")


def _check_rota(assembly: Assembly, node: Node, crews: Rota, since: str) -> None:
    warn, length = assembly.findings.warn, len(crews.cycle)
    at = child(node, "rota") or node
    for name, days in rota.unstaffed(crews).items():
        listed = ", ".join(map(str, days[:_MOST_LISTED])) + (", ..." if len(days) > _MOST_LISTED else "")
        which = f"day{'s' * (len(days) > 1)} {listed} of the cycle of {length}"
        warn(at, f"shift {name}: no crew on {which}{since} (day 1 is the first date of the run)")
    for (before, after), rest in rota.rests(crews).items():
        if crews.min_rest_ms is not None and rest < crews.min_rest_ms:
            wanted = f"less than min_rest, {crews.min_rest_ms / HOUR_MS:.3g} h"
            warn(at, f"a crew rests {rest / HOUR_MS:.3g} h between shifts {before} and {after}{since}, {wanted}")


def _highest(profile: WeekProfile | DatedLevel | None) -> float:
    if isinstance(profile, DatedLevel):
        return max(level for _, level in profile.steps)
    return max((level for day in profile.days for _, _, level in day), default=0.0) if profile else 0.0


def read_windows(assembly: Assembly, regimes: Sequence[Regime], citations: Citations) -> tuple[CountWindow, ...]:
    """The windows in which crossings are counted; each lies within the run and compares with a fact that exists."""
    windows = []
    for name, model in assembly.windows.items():
        node = assembly.tree.value["windows"].value[name]
        if model.published is not None:
            citations.cite(node.value["published"])
        start = assembly.instant(node.value["from"], model.from_)
        end = assembly.instant(node.value["to"], model.to)
        span, period = assembly.span, assembly.period
        if start is None or end is None or span is None or period is None:
            continue
        if end <= start:
            rule = f"is {format_local(model.to)}, not after the window's `from`, {format_local(model.from_)}"
            assembly.problems.add(node.value["to"], rule)
        for key, is_outside in (("from", start < span.start_ms), ("to", end > span.end_ms)):
            if is_outside:
                run = f"{format_local(period.from_)} to {format_local(period.to)}"
                assembly.problems.add(node.value[key], f"lies outside the run, {run}; a window is within it")
        kinds = sorted({flow.kind for flow in assembly.flow_models.values()})
        for index, kind in enumerate(model.kinds):
            if kind not in kinds and len(assembly.flow_models) == len(assembly.names("flows")):
                at = child(node, "kinds", index) or node
                assembly.problems.add(at, unknown(kind, kinds, f"no flow is of the kind {kind!r}"))
        windows.append(CountWindow(name, start, end, model.published, model.kinds))
    return tuple(windows)


def check_counting(assembly: Assembly, regimes: Sequence[Regime]) -> None:
    """Warn when nothing counts as a crossing: every count would be 0."""
    node = child(assembly.tree, "stages")
    if node is not None and regimes[0].stages and not any(stage.counted for stage in regimes[0].stages):
        rule = "no stage is `counted: true`, so crossings will be 0"
        assembly.findings.warn(node, f"{rule}; mark the stage at which units are counted")
