"""The part of the schema that says where units stop: `flows.*.journey`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

from portsim.scenario import units
from portsim.scenario.levels import Distribution
from portsim.scenario.scenario import Rejoin, ServicePer
from portsim.scenario.schema.fields import Found, Refusal, found_in, read_list, read_parts, read_text, read_word, refuse
from portsim.scenario.schema.values import DurationTable, read_distribution, read_role
from portsim.scenario.units import shown


@dataclass(frozen=True, slots=True)
class StepEntry:
    """One stop of a journey as written; roles None where none are named, service_per None to follow the stage."""

    stage: str
    share: float = 1.0
    service: Distribution | DurationTable | None = None
    roles: tuple[str, ...] | None = None
    helped_by: tuple[str, ...] = ()
    wait_for_passengers: Rejoin | None = None
    after: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    service_per: ServicePer | None = None
    booked_after: Distribution | DurationTable | None = None

    @property
    def is_certain(self) -> bool:
        """Whether every unit of the flow stops here."""
        return self.share >= 1 and not self.after and not self.unless


def read_journey(value: Any) -> tuple[StepEntry, ...]:
    """The stops of a journey in order, at least one."""
    rule = "write the stages in order, for instance [border_check, {scan: 15%}]"
    steps: tuple[StepEntry, ...] = read_list(value, read_step, rule)
    if not steps:
        raise ValueError(f"got an empty list; a journey has at least one stage: {rule}")
    return steps


def read_step(value: Any) -> StepEntry:
    """A stage, {stage: share} or {stage: {share, after, service, roles, ...}}."""
    if isinstance(value, str):
        return StepEntry(read_text(value))
    rule = "write a stage, {stage: share} or {stage: {share: 15%, roles: [green]}}"
    if not isinstance(value, dict) or len(value) != 1:
        raise ValueError(f"got {shown(value)}; {rule}" if not isinstance(value, dict) else f"one stage a step: {rule}")
    [(stage, inner)] = value.items()
    parts: dict[str, Callable[[Any], Any]] = {
        "share": units.parse_share,
        "after": _read_stages,
        "unless": _read_stages,
        "service": read_distribution,
        "service_per": lambda word: read_word(word, get_args(ServicePer)),
        "roles": _read_roles,
        "helped_by": _read_roles,
        "wait_for_passengers": _read_rejoin,
        "booked_after": read_distribution,
    }
    try:
        if not isinstance(inner, dict):
            return StepEntry(stage, units.parse_share(inner))
        return StepEntry(stage, **read_parts(inner, parts, ()))
    except ValueError as error:
        raise Refusal(Found((stage, *one.path), one.message, one.at_key) for one in found_in(error)) from None


def _read_rejoin(value: Any) -> Rejoin | None:
    """true, or the longest a vehicle waits for its passengers; None for false."""
    if isinstance(value, bool):
        return Rejoin(None) if value else None
    if not isinstance(value, str):
        raise ValueError(f"got {shown(value)}; write true, or how long the vehicle waits at most, for instance 30 min")
    return Rejoin(units.parse_duration(value))


def _read_stages(value: Any) -> tuple[str, ...]:
    """One stage, or several in a list."""
    if isinstance(value, str):
        return (read_text(value),)
    rule = "write a stage that stands earlier in the journey, e_gate, or a list of them, [e_gate, green_channel]"
    stages: tuple[str, ...] = read_list(value, read_text, rule)
    if not stages:
        raise ValueError(f"got an empty list; {rule}")
    for index, stage in enumerate(stages):
        if stage in stages[:index]:
            refuse(f"{stage!r} stands twice; name each stage once", index)
    return stages


def _read_roles(value: Any) -> tuple[str, ...]:
    rule = "write lane roles in order of preference, for instance [green, general]"
    roles: tuple[str, ...] = read_list(value, read_role, rule)
    if not roles:
        raise ValueError(f"got an empty list; {rule}")
    for index, role in enumerate(roles):
        if role in roles[:index]:
            refuse(f"{role!r} stands twice; name each role once", index)
    return roles
