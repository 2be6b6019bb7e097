"""Loading a scenario or a region from Python, and a loaded one again with another plan or other settings."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from portsim.errors import Problem, ScenarioError
from portsim.scenario.loading import ScenarioSource
from portsim.scenario.region import Region, RegionSource, open_source, open_text
from portsim.scenario.scenario import Origin, Scenario


def load(
    source: str | os.PathLike[str],
    *,
    plan: str | None = None,
    sets: Sequence[str] = (),
    facts: Sequence[str | os.PathLike[str]] = (),
) -> Scenario | Any:
    """Read a scenario file, or a shipped scenario by its name, and check all of it; of a region it gives a `Region`.

    plan : name of one of the scenario's plans; sets : texts `path=value` that come last; facts : further files of
    published figures. A region has no plans, its file names those of its ports. Raises ScenarioError with every problem
    found, each with its place.
    """
    origin = Origin(os.fspath(source), tuple(sets), tuple(os.fspath(file) for file in facts))
    return _with_origin(load_opened(open_source(source, facts), plan, sets), origin)


def load_text(
    text: str,
    *,
    file: str = "scenario.yaml",
    folder: Path | None = None,
    plan: str | None = None,
    sets: Sequence[str] = (),
    facts: Sequence[str | os.PathLike[str]] = (),
) -> Scenario | Any:
    """Read a scenario or a region from text, as `load` does; `file` is the name in messages.

    folder : where files that the text names are looked for; without it the text can only name shipped scenarios.
    """
    origin = Origin(file, tuple(sets), tuple(os.fspath(name) for name in facts), text, folder)
    return _with_origin(load_opened(open_text(text, file=file, folder=folder, facts=facts), plan, sets), origin)


def load_opened(opened: ScenarioSource | RegionSource, plan: str | None, sets: Sequence[str]) -> Scenario | Region:
    """What an opened file gives. Raises ScenarioError as `load` does."""
    return opened.region(plan, sets) if isinstance(opened, RegionSource) else opened.scenario(plan, sets)


def _with_origin(loaded: Scenario | Region, origin: Origin) -> Scenario | Region:
    return replace(loaded, origin=origin) if isinstance(loaded, Scenario) else loaded


class Reader:
    """A scenario file that is read once and gives the scenario of each of its plans, with any settings.

    source : a path, a shipped name, or a scenario that `load` or `load_text` gave: its file is read again, its settings
        first

    Raises ScenarioError as `load` does, also for a region and for a file that has changed since; ValueError for a
    scenario that was not read by either.
    """

    def __init__(self, source: Scenario | str | os.PathLike[str], sets: Sequence[str] = ()) -> None:
        self.loaded = source if isinstance(source, Scenario) else None
        if self.loaded is not None:
            if self.loaded.origin is None:
                raise ValueError("this scenario was not read by load() or load_text(), so its plans are not known")
            self.origin = self.loaded.origin
        else:
            assert not isinstance(source, Scenario)
            self.origin = Origin(os.fspath(source), tuple(sets))
        origin = self.origin
        opened = (
            open_source(origin.source, origin.facts)
            if origin.text is None
            else open_text(origin.text, file=origin.source, folder=origin.folder, facts=origin.facts)
        )
        if isinstance(opened, RegionSource):
            rule = "this is a region, and plans are those of a scenario; name that of one of its ports"
            raise ScenarioError([Problem(None, origin.source, rule)])
        self._opened = opened

    def scenario(self, plan: str | None = None, sets: Sequence[str] = ()) -> Scenario:
        """The scenario with a plan and further settings. Raises ScenarioError."""
        every = (*self.origin.sets, *sets)
        scenario = self._opened.scenario(plan, every)
        before = dict(self.loaded.files) if self.loaded is not None else {}
        for file, sha256 in scenario.files:
            if before.get(file, sha256) != sha256:
                raise ScenarioError([Problem(None, file, "has changed since the scenario was loaded: load it again")])
        return replace(scenario, origin=replace(self.origin, sets=every))
