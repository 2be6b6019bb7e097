"""Values with their places, and laying one tree of them over another.

A scenario is put together from layers: the file it extends, the file itself, a plan, `--set`. Each value keeps the
place where it was written through all of it, so that a value from the parent file is reported in the parent file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from portsim import yamlfile
from portsim.errors import Place, Problem
from portsim.scenario.units import shown, suggestion
from portsim.yamlfile import Document, Path

MarkKind = Literal["fact", "measured", "calibrated", "assumed", "plan", "set"]

NAMED_SECTIONS = frozenset({"sides", "officers", "stages", "flows", "windows", "plans"})
"""Top-level keys below which the user chooses the names."""

MOST_COMPARED = 1_000
"""Among more names than this the one that was meant is not looked for: it would take too long."""

PROVENANCE = frozenset({"fact", "assumed", "measured"})
"""Keys that make a map an inline statement of where a value comes from."""

DISTRIBUTIONS = frozenset(
    {"fixed", "uniform", "triangular", "exponential", "erlang", "gamma", "lognormal", "weibull", "empirical"}
)
"""Keys that make a map with one entry a distribution."""

LEVELS = frozenset({"csv", "forecast"})
"""Keys that make a map with one entry a level of officers that does not go by the clock."""

WHOLE = {"waves": frozenset({"every", "up_to"}), "when_closed": frozenset({"stay_away", "come_back"})}
"""Maps whose keys belong together, by name: one of them laid on another replaces it."""

_DAY = "(?:mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?|daily)"
_CLOCK_OR_DAYS = re.compile(rf"[0-9].*|{_DAY}(?:\s*[-,]\s*{_DAY})*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mark:
    """What vouches for a number.

    detail : the fact's id, the reason, the plan's name or the `--set` text
    times : what the fact's value is multiplied with
    rank : how closely the pattern in `sources` named the number; a higher rank prevails
    """

    kind: MarkKind
    detail: str
    times: float = 1.0
    rank: tuple[int, ...] = ()


@dataclass(slots=True)
class Node:
    """One value as it was written: where, under which key, and what vouches for it.

    value : a scalar, a dict of nodes by key or a list of nodes
    key : dotted path in the file where it was written
    key_place : where the key of a mapping's entry stands; `place` for everything else
    """

    value: Any
    place: Place
    key: str
    key_place: Place
    mark: Mark | None = None


class Problems:
    """Everything that is wrong, each thing once."""

    def __init__(self) -> None:
        self.found: dict[Problem, None] = {}

    def add(self, node: Node, message: str, *, at_key: bool = False) -> None:
        """Something is wrong with this value (with its key, if `at_key`)."""
        self.found[Problem(node.key_place if at_key else node.place, node.key, message)] = None

    def add_missing(self, node: Node, key: str, message: str) -> None:
        """Something is missing below this value."""
        self.found[Problem(node.key_place, f"{node.key}.{key}" if node.key else key, message)] = None

    def extend(self, problems: Iterable[Problem]) -> None:
        """Problems found elsewhere."""
        self.found.update(dict.fromkeys(problems))

    def copy(self) -> Problems:
        """The same problems, to be added to."""
        copied = Problems()
        copied.found.update(self.found)
        return copied

    def __bool__(self) -> bool:
        return bool(self.found)

    def sorted(self, files: Iterable[str]) -> list[Problem]:
        """All problems in file order, files in the order given."""
        rank = {file: index for index, file in enumerate(files)}

        def order(problem: Problem) -> tuple[int, str, int, int]:
            place = problem.place or Place("", 0, 0)
            return rank.get(place.file, len(rank)), place.file, place.line, place.col

        return sorted(self.found, key=order)


def plant(document: Document) -> Node:
    """The values of a document with their places."""
    places, key_places = document.places, document.key_places

    def grow(value: Any, path: Path) -> Node:
        if isinstance(value, dict):
            value = {key: grow(inner, (*path, key)) for key, inner in value.items()}
        elif isinstance(value, list):
            value = [grow(inner, (*path, index)) for index, inner in enumerate(value)]
        place = places[path]
        return Node(value, place, yamlfile.key_path(path), key_places.get(path, place))

    return grow(document.value, ())


def plain(node: Node) -> Any:
    """The values without their places."""
    if isinstance(node.value, dict):
        return {key: plain(inner) for key, inner in node.value.items()}
    if isinstance(node.value, list):
        return [plain(inner) for inner in node.value]
    return node.value


def child(node: Node | None, *path: str | int) -> Node | None:
    """The value at this path below `node`, or None."""
    for part in path:
        if node is None:
            return None
        if isinstance(node.value, dict):
            node = node.value.get(str(part))
        elif isinstance(node.value, list) and isinstance(part, int) and 0 <= part < len(node.value):
            node = node.value[part]
        else:
            return None
    return node


def nearest(node: Node, path: Iterable[str | int]) -> tuple[Node, tuple[str | int, ...]]:
    """The deepest value that exists on the way to `path`, and what of the path is left."""
    rest = tuple(path)
    while rest:
        inner = child(node, rest[0])
        if inner is None:
            break
        node, rest = inner, rest[1:]
    return node, rest


def entries(node: Node | None, *path: str) -> Mapping[str, Node]:
    """The entries of the mapping at this path; empty if there is none."""
    found = child(node, *path)
    return found.value if found is not None and isinstance(found.value, dict) else {}


def items(node: Node | None, *path: str) -> list[Node]:
    """The items of the list at this path; empty if there is none."""
    found = child(node, *path)
    return found.value if found is not None and isinstance(found.value, list) else []


def leaves(node: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Node]]:
    """Every scalar with its path, in file order; dots within a key count as steps of the path."""
    if isinstance(node.value, dict):
        for key, inner in node.value.items():
            yield from leaves(inner, (*path, *key.split(".")))
    elif isinstance(node.value, list):
        for index, inner in enumerate(node.value):
            yield from leaves(inner, (*path, str(index)))
    else:
        yield path, node


def merge(base: Node, over: Node) -> Node:
    """Lay `over` on `base`: maps merge, lists and scalars replace, null removes.

    A map that is one value (a level by the clock, waves, a distribution of another kind, a value with its source)
    replaces as a whole: half of each would mean nothing. A null that removes nothing stays, for the schema to judge its
    key.
    """
    if not isinstance(base.value, dict) or not isinstance(over.value, dict) or _is_one_value(base, over):
        return over
    merged = dict(base.value)
    for key, node in over.value.items():
        if key not in merged:
            merged[key] = node
        elif node.value is None:
            del merged[key]
        else:
            merged[key] = merge(merged[key], node)
    return replace(base, value=merged)


def _is_one_value(base: Node, over: Node) -> bool:
    below, above = base.value.keys(), over.value.keys()
    if below & PROVENANCE or above & PROVENANCE:
        return True
    if _is_whole(base):
        return True
    if base.key not in NAMED_SECTIONS and any(map(is_clock_or_days, (*above, *below))):
        return True
    kinds = LEVELS if base.key.endswith(".level") else DISTRIBUTIONS
    is_of_a_kind = len(below) == 1 and bool(below & kinds) and base.key not in NAMED_SECTIONS
    return is_of_a_kind and below.isdisjoint(above)


def _is_whole(node: Node) -> bool:
    """Whether this is waves at regular gaps or what arrivals do at a closed gate, not, say, a stage of that name."""
    name = node.key.rpartition(".")[2]
    return "." in node.key and name in WHOLE and bool(node.value) and node.value.keys() <= WHOLE[name]


def assign(tree: Node, path: tuple[str, ...], node: Node, problems: Problems) -> Node:
    """Lay `node` on what stands at `path` in `tree`; steps into a list are positions that exist.

    What is missing on the way is made, except names the user chooses: a misspelt stage would become a new one.
    """
    if not path:
        return merge(tree, node)
    head, rest = path[0], path[1:]
    if isinstance(tree.value, list):
        index = int(head) if head.isdecimal() and len(head) < 10 else -1
        if not 0 <= index < len(tree.value):
            size = len(tree.value)
            rule = f"write a position from 0 to {size - 1}, not {head!r}" if size else "write the whole list"
            problems.add(node, f"{tree.key} is a list of {size}: {rule}")
            return tree
        if not rest and node.value is None:
            problems.add(node, f"null removes entries of maps, not items of a list: write the list {tree.key} again")
            return tree
        changed = list(tree.value)
        changed[index] = assign(changed[index], rest, node, problems)
        return replace(tree, value=changed)
    if not isinstance(tree.value, dict):
        problems.add(node, f"{tree.key} is {shown(tree.value)}, with nothing below it: write all of {tree.key}")
        return tree
    # What a change sets is written with dots: changes.0.set.stages.scan.lanes finds the key stages.scan.lanes.
    for length in range(len(path), 1, -1):
        if (dotted := ".".join(path[:length])) in tree.value:
            head, rest = dotted, path[length:]
            break
    inner = tree.value.get(head)
    is_span = is_clock_or_days(head) and tree.key not in NAMED_SECTIONS
    if not rest and (is_span or _is_whole(tree)):  # one part of a value that is a map: the others stay
        others = {key: below for key, below in tree.value.items() if key != head}
        removes = node.value is None and inner is not None
        return replace(tree, value=others if removes else {**tree.value, head: node})
    if not rest:
        return merge(tree, replace(node, value={head: node}))
    if inner is None:
        if tree.key in NAMED_SECTIONS:
            problems.add(node, unknown(head, tree.value, f"there is no {head!r} under {tree.key}"), at_key=True)
            return tree
        inner = replace(node, value={}, key=f"{tree.key}.{head}" if tree.key else head)
    return replace(tree, value={**tree.value, head: assign(inner, rest, node, problems)})


def stamp(node: Node, mark: Mark) -> Node:
    """The same values, those that nothing vouches for marked as set by a plan or by `--set`."""
    value = node.value
    if isinstance(value, dict):
        value = {key: stamp(inner, mark) for key, inner in value.items()}
    elif isinstance(value, list):
        value = [stamp(inner, mark) for inner in value]
    return replace(node, value=value, mark=node.mark or mark)


def is_clock_or_days(key: str) -> bool:
    """Whether a key names a span of the clock, a date, months or days of the week: its map is one value."""
    return _CLOCK_OR_DAYS.fullmatch(key) is not None


def unknown(name: str, known: Iterable[str], message: str) -> str:
    """`message`, with the name that was probably meant or all there are."""
    names = list(known)
    if len(names) > MOST_COMPARED:
        return message
    # A name may be cut short as well as misspelt: bordr for border_check.
    starts = {other[: len(name) + 1]: other for other in reversed(names)} if len(name) > 2 else {}
    meant = suggestion(name, names)
    if not meant and (close := next((start for start in starts if suggestion(name, [start])), None)):
        meant = f"; did you mean {starts[close]!r}?"
    if meant or not names:
        return message + meant
    listed = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "")
    return f"{message}; there are: {listed}"
