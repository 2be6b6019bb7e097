"""A scenario file, read once, that gives the scenario of each plan with any settings; and a loaded scenario again."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

from portsim.errors import Problem, ScenarioError
from portsim.scenario.region import RegionSource, open_source, open_text
from portsim.scenario.scenario import Origin, Scenario
from portsim.scenario.settings import Setting


class Reader:
    """A scenario file that is read once and gives the scenario of each of its plans, with any settings.

    source : a path, a shipped name, or a scenario that `load`, `load_text` or an edit gave: its file is read again,
        its settings and edits first

    Raises ScenarioError as `load` does, also for a region and for a file that has changed since; ValueError for a
    scenario that was not read by either.
    """

    def __init__(self, source: Scenario | str | os.PathLike[str], sets: Sequence[Setting] = ()) -> None:
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

    def scenario(self, plan: str | None = None, sets: Sequence[Setting] = ()) -> Scenario:
        """The scenario with a plan and further settings. Raises ScenarioError."""
        every = (*self.origin.sets, *sets)
        scenario = self._opened.scenario(plan, every)
        before = dict(self.loaded.files) if self.loaded is not None else {}
        for file, sha256 in scenario.files:
            if before.get(file, sha256) != sha256:
                raise ScenarioError([Problem(None, file, "has changed since the scenario was loaded: load it again")])
        return replace(scenario, origin=replace(self.origin, sets=every))
