"""A run folder filled while the replications are played, and finished with their summary."""

from __future__ import annotations

import time
from pathlib import Path

from portsim import yamlfile
from portsim.experiments.executors import Played
from portsim.experiments.replicate import Run
from portsim.model import lower
from portsim.results.manifest import manifest_of
from portsim.results.runtables import Format, Keep
from portsim.results.store import RunFolder
from portsim.scenario.scenario import Scenario


class Saving:
    """Writes each replication when it is done; until the first is, nothing is written.

    Raises ScenarioError at once if the folder is not empty or Parquet cannot be written, and OSError while writing.
    """

    def __init__(self, scenario: Scenario, path: Path, *, keep: Keep = "first", table_format: Format = "csv") -> None:
        self._scenario = scenario
        self._folder = RunFolder.create(path, lower(scenario), keep=keep, table_format=table_format)
        self._keep = keep
        self._is_begun = False
        self._first: int | None = None
        self._newest: int | None = None
        self._started_s = time.perf_counter()

    def add(self, played: Played) -> None:
        """Write a replication, and before the first the scenario."""
        assert played.days is not None and played.hours is not None
        if not self._is_begun:
            inputs = {name: Path(path) for name, path in self._scenario.attachments}
            self._folder.write_scenario(yamlfile.dump(self._scenario.resolved), inputs)
            self._is_begun = True
            self._first = played.number
        self._newest = played.number
        is_kept = self._keep == "all" or (self._keep == "first" and self._first == played.number)
        self._folder.write_replication(
            played.number,
            played.measures,
            played.days,
            played.hours,
            played.records if is_kept else None,
            end=played.end,
            is_stopped=played.stopped is not None,
        )

    def finish(self, run: Run) -> None:
        """Write the tables over all replications and, last, the manifest.

        A replication that was written and is no part of the run (Ctrl-C kept it from being finished, or another port of
        the region had to stop in it) is in no table, and its folder goes.
        """
        if run.stopped is None and self._newest is not None and self._newest not in run.numbers:
            self._folder.drop_replication(self._newest)
        manifest = manifest_of(
            run.scenario,
            run.network,
            seed=run.seed,
            replications=run.numbers,
            engine=run.engine,
            warnings=run.warnings,
            stopped=run.stopped,
            is_interrupted=run.is_interrupted,
            wall_s={"run": time.perf_counter() - self._started_s},
        )
        self._folder.finish(run.rows, manifest)
