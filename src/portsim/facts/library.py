"""All published figures together: read from every file, derived ones computed, looked up by id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from portsim.errors import FactError, Problem, ScenarioError
from portsim.facts.entries import LARGEST, Entries, closest
from portsim.facts.fact import RELIABILITIES, Bound, Fact, Period, Source
from portsim.facts.units import UNITS
from portsim.shipped import folder
from portsim.yamlfile import read, show


def load_facts(extra: Sequence[Path] = ()) -> Mapping[str, Fact]:
    """Every shipped figure, then those of the user's own files, by id in the order of the files; derived ones computed.

    Raises FactError with every problem of every file: wrong YAML, unknown keys, an id that stands twice, a figure
    derived from one that does not exist, was rejected, or does not fit.
    """
    shipped = sorted(folder("seeds").glob("*.yaml"), key=lambda path: path.name)
    files = [(path, f"seeds/{path.name}") for path in shipped] + [(path, str(path)) for path in extra]
    facts: dict[str, Fact] = {}
    refused: set[str] = set()
    problems: list[Problem] = []
    for path, shown in files:
        try:
            entries = Entries(read(path, shown))
        except ScenarioError as error:
            problems.extend(error.problems)
            continue
        problems.extend(entries.problems)
        refused |= entries.refused
        for fact in entries.facts:
            if fact.id in facts:
                first = facts[fact.id].place
                message = f"this id stands already at {first.file}:{first.line}; give your figure another one"
                problems.append(Problem(fact.place, f"figures.{fact.id}", message))
            else:
                facts[fact.id] = fact
    facts = _derive_all(facts, refused, problems)
    if problems:
        order = {shown: number for number, (_, shown) in enumerate(files)}
        raise FactError(sorted(problems, key=lambda each: _position(each, order)))
    return MappingProxyType(facts)


def _position(problem: Problem, order: Mapping[str, int]) -> tuple[int, int, int]:
    place = problem.place
    return (order[place.file], place.line, place.col) if place else (0, 0, 0)


def lookup(facts: Mapping[str, Fact], id: str) -> Fact:
    """The fact to use as a source.

    Raises FactError, whose message is complete, if there is none of this id (with the nearest one) or the figure was
    rejected (with the reason).
    """
    fact = facts.get(id)
    if fact is None:
        raise FactError(f"there is no fact {show(id)}{closest(id, facts) or '; `portsim facts` lists them'}")
    if fact.is_rejected:
        raise FactError(f"fact {id!r} was rejected and is no source: {fact.note}")
    return fact


def _derive_all(facts: dict[str, Fact], refused: set[str], problems: list[Problem]) -> dict[str, Fact]:
    """Compute derived figures in an order in which their parts are known; keeps the order of the files."""
    waiting: dict[str, list[str]] = {}
    users: dict[str, list[str]] = {}
    ready: list[str] = []
    for fact in facts.values():
        if fact.derived is None:
            continue
        unknown = [part for part in fact.derived.parts if part not in facts]
        for part in unknown:
            if part not in refused:
                message = f"there is no fact {show(part)}{closest(part, facts)}"
                problems.append(Problem(fact.place, f"figures.{fact.id}.derived", message))
        parts = list(dict.fromkeys(part for part in fact.derived.parts if part in facts and facts[part].derived))
        waiting[fact.id] = parts + unknown
        for part in parts:
            users.setdefault(part, []).append(fact.id)
        if not waiting[fact.id]:
            ready.append(fact.id)
    done = dict(facts)
    while ready:
        fact = facts[ready.pop()]
        del waiting[fact.id]
        try:
            done[fact.id] = _derive(fact, [done[part] for part in fact.derived.parts] if fact.derived else [])
        except ValueError as error:
            problems.append(Problem(fact.place, f"figures.{fact.id}.derived", str(error)))
            continue
        for user in users.get(fact.id, ()):
            waiting[user].remove(fact.id)
            if not waiting[user]:
                ready.append(user)
    for start in waiting:
        ring = [start]
        while (after := waiting[ring[-1]][0]) in waiting and after not in ring:
            ring.append(after)
        if after == start:
            message = f"follows from itself: {' <- '.join([*ring, start])}"
            problems.append(Problem(facts[start].place, f"figures.{start}.derived", message))
    return done


def _derive(fact: Fact, parts: list[Fact]) -> Fact:
    """A derived figure with its value, bound, period, reliability and source; ValueError says what does not fit."""
    derived = fact.derived
    assert derived is not None
    for part in parts:
        if part.is_rejected:
            raise ValueError(f"fact {part.id!r} was rejected and is no source: {part.note}")
        if isinstance(part.value, str):
            raise ValueError(f"fact {part.id!r} is {part.unit} {part.value!r}, not a number")
    first, last = parts[0], parts[-1]
    unit, period = first.unit, first.period
    numbers = [part.value for part in parts if not isinstance(part.value, str)]
    value: int | float = numbers[0]
    bound: Bound = first.bound
    if derived.rule == "ratio":
        if not numbers[1]:
            raise ValueError(f"fact {last.id!r} is 0, nothing can be divided by it")
        value = numbers[0] / numbers[1]
        if value > LARGEST:
            raise ValueError(f"the ratio is larger than {LARGEST:g}")
        unit = "number" if first.unit == last.unit else f"{first.unit}/{last.unit.removesuffix('s')}"
    elif derived.rule == "minus":
        if first.unit != last.unit or UNITS[unit][0] != "count":
            raise ValueError(f"a difference needs two counts in one unit, got {first.unit} and {last.unit}")
        value = numbers[0] - numbers[1]
        period = _remainder(first, last)
        if value < 0:
            raise ValueError(f"the difference is negative: {numbers[0]} - {numbers[1]}")
    if derived.rule != "fact" and not all(part.bound == "exact" for part in parts):
        bound = "about"
    if derived.per:
        value = value / _spans(derived.per, period, first)
        unit = f"{unit}/{'day' if derived.per == 'days' else 'h'}"
    if fact.unit != unit:
        cure = f"write 'unit: {unit}'" if unit in UNITS else "no unit fits"
        raise ValueError(f"the figure is in {unit}, not in {fact.unit}; {cure}")
    return replace(
        fact,
        value=value,
        period=period,
        bound=bound,
        reliability=max((part.reliability for part in parts), key=RELIABILITIES.index),
        counts=fact.counts or first.counts,
        source=_joined([part.source for part in parts]),
    )


def _remainder(first: Fact, last: Fact) -> Period:
    """The period of the difference of two running counts: what follows the earlier one."""
    whole, part = first.period, last.period
    if whole is None or part is None or whole.end is None or part.end is None or whole.start is None:
        raise ValueError("a difference needs two figures with periods")
    if whole.start != part.start or part.end >= whole.end or whole.timezone != part.timezone:
        raise ValueError(f"the periods must begin together and {last.id} end earlier, got {whole} and {part}")
    return Period(part.end, whole.end, whole.timezone)


def _spans(per: str, period: Period | None, first: Fact) -> float:
    """How many days or hours the period has."""
    if UNITS[first.unit][0] != "count":
        raise ValueError(f"'per: {per}' needs a count, got {first.unit}")
    if per == "days":
        days = period.days if period else None
        if not days:
            raise ValueError(f"'per: days' needs a period of whole days, got {period or 'none'}")
        return days
    length = period.length if period else None
    if not length or length.total_seconds() <= 0:
        raise ValueError(f"'per: hours' needs a period with both ends, got {period or 'none'}")
    return length.total_seconds() / 3600


def _joined(sources: list[Source]) -> Source:
    """Several sources as one: each text once, in order."""
    unique = list(dict.fromkeys(sources))
    return Source(
        title="; ".join(dict.fromkeys(source.title for source in unique)),
        publisher="; ".join(dict.fromkeys(source.publisher for source in unique)),
        date=max(source.date for source in unique),
        where="; ".join(dict.fromkeys(source.where for source in unique)),
    )
