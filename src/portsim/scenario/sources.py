"""Where each number of a scenario comes from: a published fact, the user's own measurement, or an assumption.

A number may say so itself ({fact: id, times: 0.5}, {assumed: reason, value: 6}), or the map `sources` says it by path.
A file's `sources` vouch for what the file holds with what it extends; plans and `--set` come after and are not covered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from portsim.scenario import units
from portsim.scenario.overlay import (
    PROVENANCE,
    Mark,
    MarkKind,
    Node,
    Problems,
    child,
    entries,
    leaves,
    unknown,
)
from portsim.scenario.quantities import Dimension, dimension, stated, value_of
from portsim.scenario.scenario import NumberSource
from portsim.scenario.units import shown

if TYPE_CHECKING:
    from portsim.facts import Fact

INLINE_RANK = (1_000,)
"""Rank of what a number says of itself: before any pattern."""

_RULE = "write {fact: id}, {assumed: reason} or {measured: what was measured}"
_INLINE_RULE = "write {fact: id}, {fact: id, times: 0.5}, {assumed: reason, value: 6} or {measured: what, value: 6}"

ROUNDING = 0.005
"""How far a number may be from the fact it cites before a warning, as a share of it."""

MOST_EXPLAINED = 20
"""Patterns that match nothing are explained up to here; more of them are one mistake made many times."""

ABOUT = 0.05
"""The same for a fact that is itself only about right."""


class Citations:
    """The published facts a scenario cites, looked up as they are cited; `load` is not called before the first.

    is_complete : False if a file of facts could not be read; what is not known may stand there and is no problem
    """

    def __init__(self, load: Callable[[], Mapping[str, Fact]], problems: Problems) -> None:
        self._load = load
        self._problems = problems
        self.cited: dict[str, Fact] = {}
        self.is_complete = True

    def cite(self, node: Node) -> Fact | None:
        """The fact whose id this is; None, with a problem, if it may not be used."""
        if not isinstance(node.value, str):
            self._problems.add(node, f"got {shown(node.value)}; write the id of a published fact")
            return None
        known = self._load()
        fact = known.get(node.value)
        if fact is None and not self.is_complete:
            return None
        if fact is None:
            self._problems.add(node, f"there is no fact {shown(node.value)}{_meant(node.value, known)}")
            return None
        if fact.is_rejected:
            reason = f": {fact.note}" if fact.note else ""
            self._problems.add(node, f"fact {fact.id} is rejected and cannot be used{reason}")
            return None
        self.cited[fact.id] = fact
        return fact

    def copy(self, problems: Problems) -> Citations:
        """The same citations, to be added to; their problems go elsewhere."""
        copied = Citations(self._load, problems)
        copied.cited.update(self.cited)
        copied.is_complete = self.is_complete
        return copied


def _meant(name: str, facts: Mapping[str, Fact]) -> str:
    return units.suggestion(name, facts) or "; `portsim facts` lists them"


def read_mark(
    node: Node, citations: Citations, problems: Problems, *, is_inline: bool
) -> tuple[Mark, Fact | None] | None:
    """What a statement of provenance says; None, with problems, if it is none."""
    rule = _INLINE_RULE if is_inline else _RULE
    said = entries(node)
    kinds = [key for key in said if key in PROVENANCE]
    if not isinstance(node.value, dict) or not kinds:
        keys = f"the keys {', '.join(list(said)[:4])}" if said else shown(node.value)
        problems.add(node, f"got {keys}; {rule}")
        return None
    if len(kinds) > 1:
        problems.add(said[kinds[1]], f"stands beside {kinds[0]}; a number has one source: {rule}", at_key=True)
        return None
    [kind] = kinds
    allowed = {kind, "times"} if kind == "fact" else {kind, "value"} if is_inline else {kind}
    # In {assumed: guessed, see docs} YAML takes what follows the comma for a key without a value.
    more = [key for key, below in said.items() if key not in allowed and kind != "fact" and below.value is None]
    odd = [key for key in said if key not in allowed and key not in more]
    for key in odd:
        problems.add(said[key], f"does not belong beside {kind}; {rule}", at_key=True)
    if odd:
        return None
    if kind == "fact":
        return _read_fact(said, citations, problems)
    reason = said[kind].value
    if not isinstance(reason, str) or not reason.strip():
        problems.add(said[kind], f"got {shown(reason)}; say in words {'why' if kind == 'assumed' else 'what'}")
        return None
    return Mark("measured" if kind == "measured" else "assumed", ", ".join([reason, *more])), None


def _read_fact(said: Mapping[str, Node], citations: Citations, problems: Problems) -> tuple[Mark, Fact] | None:
    fact = citations.cite(said["fact"])
    times = 1.0
    if "times" in said:
        try:
            times = units.parse_number(said["times"].value, above=0)
        except ValueError as error:
            problems.add(said["times"], str(error))
            return None
    return (Mark("fact", fact.id, times), fact) if fact else None


def vouch(tree: Node, sources: Node, citations: Citations, problems: Problems) -> Node:
    """The same values, each leaf with what the best pattern of `sources` says of it.

    Of several patterns the longer counts, of equally long ones the one that names more; what a number says of itself
    comes before all.
    """
    if not isinstance(sources.value, dict):
        problems.add(sources, f"got {shown(sources.value)}; write paths and where their numbers come from")
        return tree
    paths = [path for path, _ in leaves(tree)]
    patterns = {tuple(text.split(".")): node for text, node in sources.value.items() if node.value is not None}
    matches = _match(patterns, paths)
    best: dict[tuple[str, ...], Mark] = {}
    told = 0
    for pattern, node in patterns.items():
        if any(part != "*" and "*" in part for part in pattern):
            problems.add(node, "`*` stands for one whole name, not for a part of one", at_key=True)
            continue
        if not matches[pattern]:
            told += 1
            problems.add(node, _nothing(pattern, paths) if told <= MOST_EXPLAINED else "matches nothing", at_key=True)
        read = read_mark(node, citations, problems, is_inline=False)
        if read is None:
            continue
        mark = replace(read[0], rank=(len(pattern), *(part != "*" for part in pattern)))
        for path in matches[pattern]:
            if path not in best or best[path].rank <= mark.rank:
                best[path] = mark
    return _with_marks(tree, best, ()) if best else tree


def _match(
    patterns: Iterable[tuple[str, ...]], paths: Iterable[tuple[str, ...]]
) -> dict[tuple[str, ...], list[tuple[str, ...]]]:
    """The paths each pattern covers: those that begin as it says."""
    beginnings = {pattern[:length] for pattern in patterns for length in range(len(pattern) + 1)}
    matches: dict[tuple[str, ...], list[tuple[str, ...]]] = {pattern: [] for pattern in patterns}
    for path in paths:
        fitting: list[tuple[str, ...]] = [()]
        for step in path:
            fitting = [longer for one in fitting for longer in ((*one, step), (*one, "*")) if longer in beginnings]
            for pattern in fitting:
                if pattern in matches:
                    matches[pattern].append(path)
    return matches


def _covers(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    return len(pattern) <= len(path) and all(part in ("*", step) for part, step in zip(pattern, path, strict=False))


def _nothing(pattern: tuple[str, ...], paths: list[tuple[str, ...]]) -> str:
    """Why a pattern matches nothing, with the name that was probably meant."""
    for length in range(len(pattern), 0, -1):
        above = [path for path in paths if _covers(pattern[: length - 1], path)]
        if above:
            known = dict.fromkeys(path[length - 1] for path in above if len(path) >= length)
            where = f"under {'.'.join(pattern[: length - 1])}" if length > 1 else "at the top"
            message = f"matches nothing: there is no {pattern[length - 1]!r} {where}"
            return unknown(pattern[length - 1], known, message)
    return "matches nothing"


def _with_marks(node: Node, best: Mapping[tuple[str, ...], Mark], path: tuple[str, ...]) -> Node:
    if isinstance(node.value, dict) and node.value:
        inner = {key: _with_marks(below, best, (*path, *key.split("."))) for key, below in node.value.items()}
        return replace(node, value=inner)
    if isinstance(node.value, list) and node.value:
        listed = [_with_marks(below, best, (*path, str(index))) for index, below in enumerate(node.value)]
        return replace(node, value=listed)
    mark = best.get(path)
    return replace(node, mark=mark) if mark and (node.mark is None or node.mark.rank <= mark.rank) else node


def resolve(node: Node, citations: Citations, problems: Problems, path: tuple[str, ...] = ()) -> Node:
    """The same values, with those that state their own source replaced by plain ones that are marked.

    A value that cannot be had becomes None, after its problem.
    """
    if isinstance(node.value, list):
        listed = [resolve(below, citations, problems, (*path, str(index))) for index, below in enumerate(node.value)]
        return replace(node, value=listed)
    if not isinstance(node.value, dict):
        return node
    if node.value.keys() & PROVENANCE and path:
        return _resolve_inline(node, citations, problems, path)
    return replace(
        node,
        value={key: resolve(below, citations, problems, (*path, *key.split("."))) for key, below in node.value.items()},
    )


class _Unresolved:
    """Stands where a value could not be had; its problem is known already."""

    def __repr__(self) -> str:
        return "nothing"


UNRESOLVED = _Unresolved()


def _resolve_inline(node: Node, citations: Citations, problems: Problems, path: tuple[str, ...]) -> Node:
    failed = replace(node, value=UNRESOLVED)
    read = read_mark(node, citations, problems, is_inline=True)
    if read is None:
        return failed
    mark, fact = read
    # A plan that states a number with its source is believed; one that changes a part of a statement takes it over.
    parts = [below.mark if below.mark and below.mark.kind in ("plan", "set") else None for below in node.value.values()]
    overlaid = None if all(parts) else next((part for part in parts if part), None)
    mark = replace(overlaid or mark, rank=INLINE_RANK)
    if fact is not None:
        try:
            return replace(node, value=value_of(fact, read[0].times, dimension(path)), mark=mark)
        except ValueError as error:
            problems.add(node.value["fact"], str(error))
            return failed
    inner = child(node, "value")
    if inner is None:
        problems.add_missing(node, "value", f"is required: {_INLINE_RULE}")
        return failed
    return _mark_all(inner, mark)


def _mark_all(node: Node, mark: Mark) -> Node:
    if isinstance(node.value, dict):
        return replace(node, value={key: _mark_all(below, mark) for key, below in node.value.items()})
    if isinstance(node.value, list):
        return replace(node, value=[_mark_all(below, mark) for below in node.value])
    return replace(node, mark=mark)


def numbers(tree: Node) -> Iterator[tuple[tuple[str, ...], Node, Dimension]]:
    """Every number or quantity of the scenario with its path, in file order."""
    for section in ("sides", "officers", "stages", "flows", "changes"):
        below = child(tree, section)
        if below is None:
            continue
        for path, node in leaves(below, (section,)):
            wanted = dimension(path)
            if wanted and isinstance(node.value, str | int | float) and not isinstance(node.value, bool):
                yield path, node, wanted


def number_sources(tree: Node) -> tuple[NumberSource, ...]:
    """Where each number of the scenario comes from, in file order."""
    return tuple(
        NumberSource(
            ".".join(path),
            str(node.value),
            node.mark.kind if node.mark else "none",
            node.mark.detail if node.mark else "",
        )
        for path, node, _ in numbers(tree)
    )


def disagreements(tree: Node, facts: Mapping[str, Fact]) -> Iterator[str]:
    """Warnings for numbers that cite a fact by their exact path and do not have its value."""
    for path, node, wanted in numbers(tree):
        mark = node.mark
        if mark is None or mark.kind != "fact" or mark.rank != (len(path), *(True for _ in path)):
            continue
        fact = facts[mark.detail]
        number = stated(node.value, wanted, fact)
        if number is None:
            continue
        published = fact.amount * mark.times
        slack = abs(published) * (ABOUT if fact.bound == "about" else ROUNDING)
        is_low, is_high = number < published - slack, number > published + slack
        if (is_low and fact.bound != "at_most") or (is_high and fact.bound != "at_least"):
            times = f" times {mark.times:g}" if mark.times != 1 else ""
            here = f"{node.place}: {'.'.join(path)}: is {node.value}"
            yield f"{here}, but cites fact {fact.id}, which is {fact.value} {fact.unit}{times}"


def written(tree: Node) -> dict[str, Any]:
    """The `sources` of the finished scenario: one entry per number that something vouches for, by its exact path."""
    result: dict[str, Any] = {}
    for path, node, _ in numbers(tree):
        if node.mark and node.mark.kind != "calibrated":  # the posterior vouches for it, and says so itself
            result[".".join(path)] = _statement(node.mark)
    return result


def _statement(mark: Mark) -> dict[str, Any]:
    said: dict[MarkKind, dict[str, Any]] = {
        "fact": {"fact": mark.detail} | ({"times": mark.times} if mark.times != 1 else {}),
        "measured": {"measured": mark.detail},
        "assumed": {"assumed": mark.detail},
        "plan": {"assumed": f"set by plan {mark.detail}"},
        "set": {"assumed": f"set by {mark.detail}"},
    }
    return said[mark.kind]


def count_kinds(sources: Iterable[NumberSource]) -> dict[str, int]:
    """How many numbers each kind of source vouches for, in a fixed order, kinds without any left out."""
    order = ("fact", "measured", "calibrated", "assumed", "plan", "set", "none")
    kinds = [source.kind for source in sources]
    return {kind: kinds.count(kind) for kind in order if kind in kinds}
