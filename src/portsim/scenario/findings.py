"""What reading a scenario finds: problems, warnings, and the files it needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import TypeVar

from portsim.errors import Problem, ScenarioError
from portsim.scenario.overlay import Node, Problems

Value = TypeVar("Value")


@dataclass(slots=True)
class Findings:
    """What reading finds: problems, warnings, and the files it needed.

    folders : folder of each scenario file by its name as shown; data files are looked for beside the file naming them
    home : folder of the scenario itself
    """

    home: Path | None
    problems: Problems = field(default_factory=Problems)
    warnings: list[str] = field(default_factory=list)
    folders: dict[str, Path | None] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)

    def warn(self, node: Node, message: str) -> None:
        """Note something that is probably not meant, once."""
        text = str(Problem(node.place, node.key, message))
        if text not in self.warnings:
            self.warnings.append(text)

    def folder_of(self, node: Node) -> Path | None:
        """Where the files that this value names are looked for."""
        return self.folders.get(node.place.file, self.home)

    def attempt(self, node: Node, read: Callable[[], Value]) -> Value | None:
        """What `read` returns; None, with problems at this value or in the file it names, if it refuses."""
        try:
            return read()
        except ScenarioError as error:
            beside = node.place.file if node.place.file in self.folders else ""
            self.problems.extend(_beside(beside, problem) for problem in error.problems)
        except ValueError as error:
            self.problems.add(node, str(error))
        return None

    def copy(self) -> Findings:
        """The same findings, to be added to without changing these."""
        return replace(
            self,
            problems=self.problems.copy(),
            warnings=list(self.warnings),
            folders=dict(self.folders),
            files=dict(self.files),
        )


def _beside(file: str, problem: Problem) -> Problem:
    """A problem in a data file, its path shown as that of the scenario file it stands beside."""
    if problem.place is None:
        return problem
    return replace(problem, place=replace(problem.place, file=str(PurePath(file).parent / problem.place.file)))
