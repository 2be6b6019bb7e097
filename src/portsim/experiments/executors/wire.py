"""What goes to another process and what comes back: text and numbers, never a pickled model.

A request is the scenario as JSON, its dataclasses by name, and which replication is wanted. An answer is JSON with the
measures, and behind it the bytes of the arrays. Either can only be read as what it is meant to be: nothing in it says
which code to run.
"""

from __future__ import annotations

import builtins
import json
import os
import platform
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from portsim import errors
from portsim.errors import PortsimError
from portsim.experiments.executors.tasks import MOST_NETWORKS, Played, Task
from portsim.experiments.executors.versions import check_versions, versions
from portsim.experiments.findings import Finding
from portsim.model.records import Records, Table
from portsim.results import Measure
from portsim.scenario import arrivals, levels, officers, scenario
from portsim.scenario.scenario import Scenario

_CLASSES: Mapping[str, type] = {
    name: value
    for module in (arrivals, levels, officers, scenario)
    for name, value in vars(module).items()
    if isinstance(value, type) and is_dataclass(value)
}
"""What a scenario is made of."""

_TASK = ("number", "seed", "engine", "tables", "records", "waiting", "counts_only")
_TABLES = ("units", "visits", "work", "levels")


class Requests:
    """Makes the requests of tasks; the text of a scenario is made once for many.

    versions : those that whoever plays them must have
    """

    def __init__(self, versions: Mapping[str, str] | None = None) -> None:
        self._versions = dict(versions or {})
        self._texts: dict[int, tuple[Scenario, bytes]] = {}

    def of(self, task: Task) -> bytes:
        """All that somebody else needs to play a task."""
        known = self._texts.get(id(task.scenario))
        if known is None:
            known = self._texts[id(task.scenario)] = (task.scenario, scenario_text(task.scenario))
            for key in list(self._texts)[:-MOST_NETWORKS]:
                self._texts.pop(key, None)
        head = {name: getattr(task, name) for name in _TASK} | {"versions": self._versions}
        return _message(head, [known[1]])


def task_of(request: bytes) -> Task:
    """The task of a request; the same object for the scenario of each of the last requests with the same.

    Raises WorkerError where this process has other versions than it asks for.
    """
    head, rest = _taken_apart(request)
    if head["versions"]:
        check_versions(head["versions"], versions(), f"worker process {os.getpid()} on {platform.node()}")
    return Task(scenario_of(rest), **{name: head[name] for name in _TASK})


def scenario_text(scenario: Scenario) -> bytes:
    """A scenario as compressed JSON, without what no replication needs: its sources, facts, files, values as text."""
    played = replace(
        scenario,
        description="",
        sources=(),
        facts={},
        warnings=(),
        plans=(),
        resolved={},
        files=(),
        attachments=(),
        posterior=None,
        origin=None,
    )
    return zlib.compress(json.dumps(_plain(played), separators=(",", ":")).encode(), level=1)


@lru_cache(maxsize=MOST_NETWORKS)
def scenario_of(text: bytes) -> Scenario:
    """The scenario of such a text, equal in everything that is played."""
    value = _whole(json.loads(zlib.decompress(text)))
    assert isinstance(value, Scenario)
    return value


def answer_of(played: Played) -> bytes:
    """What came of a replication."""
    tables = {"days": played.days, "hours": played.hours}
    if played.records is not None:
        tables |= {name: getattr(played.records, name) for name in _TABLES}
    arrays: dict[str, np.ndarray[Any, Any]] = {"in_port": played.finding.in_port}
    if played.waiting is not None:
        arrays["waiting"] = played.waiting
    head = {
        "number": played.number,
        "measures": [[getattr(measure, name) for name in _MEASURE] for measure in played.measures],
        "ring": played.finding.ring,
        "stopped": played.stopped,
        "end": played.end,
        "arrays": [[None, name, *_shape(array)] for name, array in arrays.items()]
        + [
            [table, name, *_shape(array)]
            for table, columns in tables.items()
            for name, array in (columns or {}).items()
        ],
    }
    parts = [*arrays.values(), *(array for columns in tables.values() for array in (columns or {}).values())]
    return _message(head, (np.ascontiguousarray(array).tobytes() for array in parts))


def failure_of(error: BaseException) -> bytes:
    """That a replication could not be played, and why."""
    return _message({"error": type(error).__name__, "message": str(error)}, [])


def played_of(answer: bytes) -> Played:
    """What came of a replication, from an answer; raises what whoever played it raised."""
    head, rest = _taken_apart(answer)
    if "error" in head:
        raise _error(head["error"], head["message"])
    tables: dict[str | None, Table] = {}
    place = 0
    for table, name, kind, size in head["arrays"]:
        array = np.frombuffer(rest, np.dtype(kind), size, place)
        tables.setdefault(table, {})[name] = array
        place += array.nbytes
    return Played(
        number=head["number"],
        measures=tuple(Measure(*row) for row in head["measures"]),
        finding=Finding(tables[None]["in_port"], tuple(head["ring"])),
        stopped=head["stopped"],
        end=head["end"],
        days=tables.get("days"),
        hours=tables.get("hours"),
        records=Records(**{name: tables[name] for name in _TABLES}, end=head["end"]) if "units" in tables else None,
        waiting=tables[None].get("waiting"),
    )


_MEASURE = tuple(field.name for field in fields(Measure))


def _shape(array: np.ndarray[Any, Any]) -> tuple[str, int]:
    return array.dtype.str, array.size


def _message(head: Mapping[str, Any], parts: Iterator[bytes] | list[bytes]) -> bytes:
    """One line of JSON, then bytes."""
    return b"".join([json.dumps(head, separators=(",", ":")).encode(), b"\n", *parts])


def _taken_apart(message: bytes) -> tuple[dict[str, Any], bytes]:
    head, _, rest = message.partition(b"\n")
    return json.loads(head), rest


def _plain(value: Any) -> Any:
    """A part of a scenario as JSON has it: {"NAME": [values of its fields]}, {"": [key, value ...]} for a map."""
    if isinstance(value, Mapping):
        return {"": [_plain(item) for pair in value.items() for item in pair]}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    name = type(value).__name__
    if is_dataclass(value) and _CLASSES.get(name) is type(value):
        return {name: [_plain(getattr(value, field.name)) for field in fields(value)]}
    if value is None or type(value) in (bool, int, float, str):
        return value
    raise TypeError(f"a scenario has no {name}: {value!r}")


def _whole(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_whole, value))
    if not isinstance(value, dict):
        return value
    [(name, items)] = value.items()
    if name:
        return _CLASSES[name](*map(_whole, items))
    return dict(zip(map(_whole, items[::2]), map(_whole, items[1::2]), strict=True))


def _error(name: str, message: str) -> Exception:
    """An error of this name: portsim's own, or Python's."""
    kind = getattr(errors, name, None) or getattr(builtins, name, None)
    if not isinstance(kind, type) or not issubclass(kind, Exception):
        return RuntimeError(f"{name}: {message}")
    if issubclass(kind, PortsimError):  # made whole again without what its own construction would add to it
        error = kind.__new__(kind)
        error.args = (message,)
        return error
    return kind(message)
