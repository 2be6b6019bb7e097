"""Everything portsim raises on purpose.

```
PortsimError                 any of them; `exit_code` is what the command line ends with
├── ScenarioError      3     a scenario or its data is wrong: every problem at once, each with its place
│   ├── FactError      3     a file of published figures is wrong, or a figure may not be used
│   └── CalibrationError 3   a calibration file is wrong, or a calibration cannot be done as it asks
├── LimitError         4     the simulation had to stop; carries what was recorded until then
├── ArgumentError      2     an argument means nothing, such as a measure that does not exist; a ValueError as well
├── UnavailableError   2     what was asked for needs something this installation does not have
├── WorkerError        4     a replication was lost with the process or machine that played it, again and again
└── EngineError        1     an engine broke its own rules: our mistake, please report it
```
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portsim.model.records import Records


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands in a text file: file name as the user gave it, line and column from 1."""

    file: str
    line: int
    col: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.col}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where it stands, which key, what is wrong and what would be right."""

    place: Place | None
    key: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.place or ""), self.key, self.message) if part)


class PortsimError(Exception):
    """Any error portsim raises on purpose."""

    exit_code = 1


class ScenarioError(PortsimError):
    """A scenario, or data it names, is wrong; `problems` holds everything found, in file order."""

    exit_code = 3

    def __init__(self, problems: Iterable[Problem] | str) -> None:
        if isinstance(problems, str):
            problems = [Problem(None, "", problems)]
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class FactError(ScenarioError):
    """A file of published figures is wrong, or a figure is asked for that does not exist or was rejected."""


class CalibrationError(ScenarioError):
    """A calibration file is wrong, or a calibration cannot be done as it asks."""


class LimitError(PortsimError):
    """The simulation had to stop: which limit, at which stage, and what was recorded until then."""

    exit_code = 4

    def __init__(self, message: str, *, tick: int, records: Records | None = None) -> None:
        super().__init__(message)
        self.tick = tick
        self.records = records


class ArgumentError(PortsimError, ValueError):
    """An argument means nothing: which, what is allowed, and what was probably meant."""

    exit_code = 2


class UnavailableError(PortsimError):
    """What was asked for needs something that is missing here; the message says what to do."""

    exit_code = 2


class WorkerError(PortsimError):
    """Replications cannot be played where they were given to: a process or a machine was lost."""

    exit_code = 4


class EngineError(PortsimError):
    """An engine broke its own rules; the message asks for a report."""

    def __init__(self, message: str) -> None:
        super().__init__(f"{message}. This is a mistake in portsim: please report it with the scenario and the seed.")
