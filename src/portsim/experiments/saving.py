"""A run folder filled while the replications are played, and finished with their summary."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from portsim import yamlfile
from portsim.experiments.executors import Played
from portsim.experiments.findings import Finding
from portsim.experiments.replicate import Known, Run, numbers_of
from portsim.model import lower
from portsim.results.journal import Asked, Entry, versions_that_count
from portsim.results.manifest import manifest_of
from portsim.results.opening import open_folder
from portsim.results.runtables import Format, Keep
from portsim.results.store import RunFolder
from portsim.scenario.scenario import Scenario


class Saving:
    """Writes each replication when it is done; until the first is, nothing is written. A context manager.

    replications, seed : those of the run, as for `replicate`
    is_continued : whether replications that a run of the same has left in the folder are taken from there; `replicate`
        is given them as `known`
    on_damage : called with a text for each file that is damaged, whose replication is played again

    Raises ScenarioError at once if the folder is not empty, holds another run than the one that is continued, or is
    written by another process; if Parquet cannot be written, or a file the scenario names cannot be saved. OSError
    while writing.
    """

    def __init__(
        self,
        scenario: Scenario,
        path: Path,
        *,
        replications: int | Iterable[int] = 10,
        seed: int | None = None,
        keep: Keep = "first",
        table_format: Format = "csv",
        is_continued: bool = False,
        on_damage: Callable[[str], None] | None = None,
    ) -> None:
        numbers = numbers_of(replications)
        self._keep = keep
        self._first = numbers[0]
        self._newest: int | None = None
        self._started_s = time.perf_counter()
        self._folder: RunFolder = open_folder(
            path,
            lower(scenario),
            Asked(
                versions=versions_that_count(table_format),
                scenario=scenario.name,
                port=scenario.port,
                plan=scenario.plan,
                seed=scenario.seed if seed is None else seed,
                numbers=tuple(numbers),
                keep=keep,
                format=table_format,
            ),
            inputs={name: Path(place) for name, place in scenario.attachments},
            text=yamlfile.dump(scenario.resolved),
            is_continued=is_continued,
            on_damage=on_damage,
        )
        self.known: Known = _Saved(self._folder)

    def add(self, played: Played) -> None:
        """Write a replication, and before the first the scenario; one that stands there already is only counted."""
        assert played.days is not None
        self._newest = played.number
        if played.number in self.known:
            self._folder.count_in(played.number, played.days, played.hours)
            return
        is_kept = self._keep == "all" or (self._keep == "first" and self._first == played.number)
        self._folder.write_replication(
            played.number,
            played.measures,
            played.days,
            played.hours,
            played.records if is_kept else None,
            end=played.end,
            in_port=played.finding.in_port,
            ring=played.finding.ring,
            stopped=played.stopped,
        )

    def adopt(self, source: Path, entry: Entry) -> None:
        """Copy a replication from the folder of another run; what came of it is then `known`."""
        is_kept = self._keep == "all" or (self._keep == "first" and self._first == entry.number)
        self._folder.copy_replication(source, entry, is_kept=is_kept)

    def finish(self, run: Run, *, manifest: dict[str, Any] | None = None) -> None:
        """Write the tables over all replications and, last, the manifest.

        A replication that was written and is no part of the run (Ctrl-C kept it from being finished, or another port of
        the region had to stop in it) is in no table, and its folder goes. Those that a run which is continued and
        interrupted again has not come to stay for the next.

        manifest : what it says in place of what it would
        """
        mine = manifest_of(
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
        for number in self._folder.numbers:
            is_newest = number == self._newest
            if number not in run.numbers and (run.stopped is None or not is_newest):
                if is_newest or not run.is_interrupted:
                    self._folder.drop_replication(number)
                else:
                    self._folder.leave_out(number)
        self._folder.finish(run.rows, mine | (manifest or {}))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        del kind, error, where
        self.close()

    def close(self) -> None:
        """Let others write into the folder."""
        self._folder.close()


class _Saved:
    """The replications that stand in a run folder, each read when it is asked for, without its records."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder

    def __contains__(self, number: object) -> bool:
        return number in self._folder

    def __getitem__(self, number: int) -> Played:
        entry, measures, days, hours = self._folder.read_replication(number)
        return Played(
            number=number,
            measures=measures,
            finding=Finding(entry.in_port, entry.ring),
            stopped=entry.stopped,
            end=entry.end,
            days=days,
            hours=hours,
        )
