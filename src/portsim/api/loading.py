"""Loading a scenario or a region from Python."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from portsim.api.arguments import several
from portsim.scenario.loading import ScenarioSource
from portsim.scenario.region import Region, RegionSource, open_source, open_text
from portsim.scenario.scenario import Origin, Scenario


def load(
    source: str | os.PathLike[str],
    *,
    plan: str | None = None,
    sets: str | Sequence[str] = (),
    facts: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
) -> Scenario | Any:
    """Read a scenario file, or a shipped scenario by its name, and check all of it; of a region it gives a `Region`.

    plan : name of one of the scenario's plans; sets : texts `path=value` that come last; facts : further files of
    published figures. A region has no plans, its file names those of its ports. Raises ScenarioError with every problem
    found, each with its place.
    """
    sets, facts = several(sets), several(facts)
    origin = Origin(os.fspath(source), tuple(sets), tuple(os.fspath(file) for file in facts))
    return _with_origin(load_opened(open_source(source, facts), plan, sets), origin)


def load_text(
    text: str,
    *,
    file: str = "scenario.yaml",
    folder: Path | None = None,
    plan: str | None = None,
    sets: str | Sequence[str] = (),
    facts: str | os.PathLike[str] | Sequence[str | os.PathLike[str]] = (),
) -> Scenario | Any:
    """Read a scenario or a region from text, as `load` does; `file` is the name in messages.

    folder : where files that the text names are looked for; without it the text can only name shipped scenarios.
    """
    sets, facts = several(sets), several(facts)
    origin = Origin(file, tuple(sets), tuple(os.fspath(name) for name in facts), text, folder)
    return _with_origin(load_opened(open_text(text, file=file, folder=folder, facts=facts), plan, sets), origin)


def load_opened(opened: ScenarioSource | RegionSource, plan: str | None, sets: Sequence[str]) -> Scenario | Region:
    """What an opened file gives. Raises ScenarioError as `load` does."""
    return opened.region(plan, sets) if isinstance(opened, RegionSource) else opened.scenario(plan, sets)


def _with_origin(loaded: Scenario | Region, origin: Origin) -> Scenario | Region:
    return replace(loaded, origin=origin) if isinstance(loaded, Scenario) else loaded
