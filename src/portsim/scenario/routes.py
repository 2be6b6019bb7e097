"""Which ways units take through a journey: how likely each step is, when shares and conditions meet.

The probabilities are exact: units are followed through the journey as a few groups, told apart only by what a later
step asks about them, so that [{e_gate: 40%}, {counter: {unless: e_gate}}] gives the counter 60 % and not an estimate.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from portsim.scenario.assembly import Assembly
from portsim.scenario.overlay import Node, child, unknown
from portsim.scenario.scenario import Step
from portsim.scenario.units import shown

_STOPPED = 1
"""The bit of those that have stopped anywhere."""


def chances(journey: Sequence[Step]) -> tuple[float, ...]:
    """The probability with which a unit makes each step of its journey, over all that may have come before."""
    return tuple(math.fsum(going.values()) for going, _ in _walk(journey))


def first_stages(journey: Sequence[Step]) -> tuple[str, ...]:
    """The stages at which a unit may make its first stop, in the order of the journey, each once."""
    walk = _walk(journey)
    starting = (step.stage for step, (going, _) in zip(journey, walk, strict=True) if _not_stopped(going))
    return tuple(dict.fromkeys(starting))


def missed(journey: Sequence[Step]) -> float:
    """The probability with which a unit stops nowhere at all, exactly 0 where that cannot be."""
    walk = _walk(journey)
    return _not_stopped(walk[-1][1]) if walk else 1.0


def unreachable(journey: Sequence[Step], is_stated: Iterable[bool]) -> list[int]:
    """The steps whose conditions no unit can ever meet, whatever the shares are.

    is_stated : whether the share of each step is written down, so that a plan may ask for another one; without a
        share every unit that meets the conditions stops
    """
    some = [replace(step, share=0.5) if stated else step for step, stated in zip(journey, is_stated, strict=True)]
    return [index for index, chance in enumerate(chances(some)) if not chance]


def check_routes(assembly: Assembly, journey: Node, steps: Sequence[Step]) -> bool:
    """Whether every unit stops somewhere and each step can be reached; if not, with problems.

    journey : the list as it is written, of which `steps` are the items
    """
    details = [child(item, step.stage) for item, step in zip(journey.value, steps, strict=True)]
    nodes = [item if written is None else written for item, written in zip(journey.value, details, strict=True)]
    found = [
        _check_earlier(assembly, nodes[index], key, named, steps, index)
        for index, step in enumerate(steps)
        for key, named in (("after", step.after), ("unless", step.unless))
    ]
    if any(found):
        return False
    lost = unreachable(steps, map(_states_share, details))
    for index in lost:
        keys = " and ".join(key for key in ("after", "unless") if getattr(steps[index], key))
        rule = f"no unit can ever meet its {keys}, whatever the shares are; remove the step or change its conditions"
        assembly.problems.add(nodes[index], rule, at_key=True)
    share = missed(steps)
    if share and not lost:
        rule = "every step is for a share of the units only, so some would stop nowhere"
        if any(step.after or step.unless for step in steps):
            rule = f"{share:.3g} of the units would meet no step's conditions and shares, and stop nowhere"
        assembly.problems.add(journey, f"{rule}: give at least one step 100%")
    return not lost and not share


def _states_share(details: Node | None) -> bool:
    """Whether a step has a share of its own, as {stage: share} or among its keys."""
    return details is not None and (not isinstance(details.value, dict) or "share" in details.value)


def _check_earlier(
    assembly: Assembly, node: Node, key: str, named: Sequence[str], steps: Sequence[Step], index: int
) -> bool:
    """Whether a condition names a stage that does not stand before its step, with a problem for each."""
    earlier = dict.fromkeys(step.stage for step in steps[:index])
    missing = [number for number, stage in enumerate(named) if stage not in earlier]
    for number in missing:
        at = child(node, key, number) or child(node, key) or node
        stage = named[number]
        if not earlier:
            message = f"got {shown(stage)} at the first step, before which no unit stops; remove `{key}`"
        elif any(step.stage == stage for step in steps):
            message = f"{shown(stage)} stands later in the journey, so nobody has stopped there yet; put it before"
        else:
            message = unknown(stage, earlier, f"no earlier step of the journey is at {shown(stage)}")
        assembly.problems.add(at, message)
    return bool(missing)


def _not_stopped(groups: dict[int, float]) -> float:
    """The probability of those groups that have stopped nowhere."""
    return math.fsum(weight for bits, weight in groups.items() if not bits & _STOPPED)


def _walk(journey: Sequence[Step]) -> list[tuple[dict[int, float], dict[int, float]]]:
    """For each step the groups of units that make it, as they were before, and all groups after it.

    A group is a set of bits: whether it has stopped anywhere, and for each set of stages that a later step asks about
    whether it has stopped at one of them; its weight is the probability that a unit belongs to it.
    """
    asked = list(dict.fromkeys(stages for step in journey for stages in (step.after, step.unless) if stages))
    bit_of = {stages: 2 << number for number, stages in enumerate(asked)}
    groups = {0: 1.0}
    walk = []
    for number, step in enumerate(journey):
        wanted, unwanted = bit_of.get(step.after, 0), bit_of.get(step.unless, 0)
        marks = _STOPPED | sum(bit for stages, bit in bit_of.items() if step.stage in stages)
        later = {stages for after in journey[number + 1 :] for stages in (after.after, after.unless) if stages}
        kept = _STOPPED | sum(bit_of[stages] for stages in later)
        going: dict[int, float] = {}
        following: dict[int, float] = {}
        for bits, weight in groups.items():
            share = min(step.share, 1.0) if bits & wanted == wanted and not bits & unwanted else 0.0
            if share:
                going[bits] = weight * share
                _add(following, (bits | marks) & kept, weight * share)
            if share < 1:
                _add(following, bits & kept, weight * (1 - share))
        groups = following
        walk.append((going, groups))
    return walk


def _add(groups: dict[int, float], bits: int, weight: float) -> None:
    groups[bits] = groups.get(bits, 0.0) + weight
