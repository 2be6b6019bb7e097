"""Following one unit through a run folder."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from portsim.errors import Place, Problem, ScenarioError
from portsim.model import draw, lower, scenario_of, with_outages
from portsim.model.records import Records
from portsim.model.traffic import Traffic
from portsim.results import Ledger, read_manifest, read_records
from portsim.results import trace as tracing
from portsim.scenario import load
from portsim.tables import Line, Shown, Table
from portsim.views.traced import trace_blocks, trace_document


@dataclass(frozen=True, slots=True, repr=False)
class Trace(Shown):
    """One unit's way through the port; `print` tells it in words, and so does a notebook.

    data : every stay with its ticks and what was waited for
    """

    replication: int
    data: tracing.Trace

    def to_dict(self) -> dict[str, Any]:
        """The object `portsim trace --json` prints."""
        return trace_document(self.data, self.replication)

    def blocks(self) -> list[Line | Table]:
        """The readable result, as lines and tables."""
        return trace_blocks(self.data, self.replication)

    def __repr__(self) -> str:
        return f"<Trace of unit {self.data.unit} ({self.data.kind}, {self.data.flow}), replication {self.replication}>"


def trace(folder: str | os.PathLike[str], *, unit: int | None = None, replication: int | None = None) -> Trace:
    """Follow one unit through a replication whose records are in a run folder.

    unit : its number, as in units.csv; None for the one that waited longest of those the measures are of
    replication : None for the first that was kept

    Raises ScenarioError if there is no such unit or it never arrived, if the records of the replication were not
    kept, or if the folder is damaged; OSError if a file cannot be read.
    """
    path = Path(folder)
    manifest = read_manifest(path)
    kept = [entry["replication"] for entry in manifest["kept"]]
    if replication is None:
        if not kept:
            cure = (
                "--set records=all"
                if load(path / "scenario.yaml").records == "summary"
                else "--keep first or --keep all"
            )
            raise _problem(path, f"the records of no replication were kept: run with {cure}")
        replication = kept[0]
    records = read_records(path, replication)
    seed: int = manifest["seed"]
    scenario = scenario_of(load(path / "scenario.yaml"), seed=seed, replication=replication)
    network = lower(scenario)
    traffic = draw(scenario, network, seed=seed, replication=replication)
    if not _fits(traffic, records):
        raise _problem(path, "its records are not of its scenario: `portsim verify` says what was changed")
    ledger = Ledger(with_outages(scenario, network, seed=seed, replication=replication), traffic, records)
    zones = {side.name: side.timezone for side in scenario.regimes[0].sides}
    number = tracing.longest_wait(ledger) if unit is None else unit
    return Trace(replication, tracing.trace_unit(ledger, number, zones))


def _fits(traffic: Traffic, records: Records) -> bool:
    """Whether the records are of these units, on these steps."""
    units, visits = records.units, records.visits
    if max(int(table["unit"].max(initial=0)) for table in (units, visits)) >= max(len(traffic), 1):
        return False
    rows = traffic.first[visits["unit"]] + visits["step"]
    return (
        bool(np.all(rows < traffic.first[visits["unit"] + 1]))
        and np.array_equal(traffic.stage[rows], visits["stage"])
        and np.array_equal(traffic.wanted[units["unit"]], units["wanted"])
        and np.array_equal(traffic.flow[units["unit"]], units["flow"])
    )


def _problem(path: Path, message: str) -> ScenarioError:
    return ScenarioError([Problem(Place(str(path), 0, 0), "", message)])
