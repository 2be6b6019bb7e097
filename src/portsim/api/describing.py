"""Describing a scenario, or a run of one, for the report of a study."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from portsim import shipped
from portsim.api.arguments import several
from portsim.errors import Place, Problem, ScenarioError
from portsim.scenario.loading import open_file
from portsim.scenario.schema.fields import is_name
from portsim.views.description import Document, Subject, description


class Description:
    """A scenario or a run in the order of the STRESS-DES checklist; `print` shows its Markdown, a notebook the page."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @property
    def to_write(self) -> tuple[tuple[str, str], ...]:
        """(number of the section, request) of everything that only the author can say."""
        return self.document.to_write

    def to_dict(self) -> dict[str, Any]:
        """The object `portsim describe --json` prints; its texts are inline Markdown."""
        return self.document.to_dict()

    def __repr__(self) -> str:
        return f"<Description: {len(self.to_write)} requests to its author>"

    def __str__(self) -> str:
        return self.document.markdown()

    def _repr_markdown_(self) -> str:
        return self.document.markdown()


def describe(
    source: str | os.PathLike[str],
    *,
    plan: str | None = None,
    sets: str | Sequence[str] = (),
    facts: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
) -> Description:
    """Say what a model contains, item by item of the STRESS-DES checklist, and what its author must still write.

    source : a scenario file, the name of a shipped scenario, or a run folder, which also knows how it was run
    plan, sets, facts : as for `load`; not with a run folder, which holds the finished scenario

    Raises ScenarioError if the scenario, or one of its plans, is wrong, or the folder is no finished run folder.
    """
    path = Path(source)
    if path.is_dir() and not _is_shipped(source):
        if plan is not None or sets or facts:
            rule = "is a run folder, whose scenario is finished: leave plan, settings and facts out, or name a scenario"
            raise ScenarioError([Problem(Place(str(path), 0, 0), "", rule)])
        return Description(description(_of_folder(path)))
    sets = several(sets)
    opened = open_file(source, several(facts))
    scenario = opened.scenario(plan, sets)
    plans = {name: opened.scenario(name, sets) for name in scenario.plans}
    base = scenario if plan is None else opened.scenario(None, sets)
    return Description(description(Subject(scenario, base, plans)))


def _is_shipped(source: str | os.PathLike[str]) -> bool:
    """Whether this is the name of a shipped scenario, which comes before a folder of that name, as in `load`."""
    is_plain = isinstance(source, str) and is_name(source)
    return is_plain and (shipped.folder("scenarios") / f"{source}.yaml").is_file()


def _of_folder(path: Path) -> Subject:
    from portsim.results.manifest import read_manifest  # what writes run folders needs numpy, describing does not

    manifest = read_manifest(path)
    scenario = open_file(path / "scenario.yaml").scenario()
    return Subject(scenario, scenario, {}, manifest)
