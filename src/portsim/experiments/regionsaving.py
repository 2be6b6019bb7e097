"""A region folder filled while the replications are played: the run folder of every port, then what they add up to."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import portsim
from portsim import yamlfile
from portsim.experiments.executors import Played
from portsim.experiments.regional import RegionRun
from portsim.experiments.replicate import Known
from portsim.experiments.saving import Saving
from portsim.results.manifest import REGION_SCHEMA
from portsim.results.regionstore import open_region, write_region
from portsim.results.runtables import Format, Keep
from portsim.scenario.calendar import moment
from portsim.scenario.region import Region, port_seed


class RegionSaving:
    """Writes each replication of each port when it is done. A context manager.

    Arguments, `known` (by port) and errors are those of `Saving`.
    """

    def __init__(
        self,
        region: Region,
        path: Path,
        *,
        replications: int | Iterable[int] = 10,
        seed: int | None = None,
        keep: Keep = "first",
        table_format: Format = "csv",
        is_continued: bool = False,
        on_damage: Callable[[str], None] | None = None,
    ) -> None:
        self._path = path
        self._folder = open_region(path, [port.name for port in region.ports], is_continued=is_continued)
        seed = region.seed if seed is None else seed
        self._ports: dict[str, Saving] = {}
        try:
            for port in region.ports:
                self._ports[port.name] = Saving(
                    port.scenario,
                    path / port.name,
                    replications=replications,
                    seed=port_seed(seed, port.name),
                    keep=keep,
                    table_format=table_format,
                    is_continued=is_continued,
                    on_damage=on_damage,
                )
        except BaseException:
            self._close()
            raise
        self.known: Mapping[str, Known] = {name: saving.known for name, saving in self._ports.items()}

    def add(self, port: str, played: Played) -> None:
        """Write a replication of a port."""
        if played.number not in self.known[port]:
            self._folder.unfinish()
        self._ports[port].add(played)

    def finish(self, run: RegionRun) -> None:
        """Finish the folder of every port, then write the totals and, last, the region's manifest."""
        for name, saving in self._ports.items():
            saving.finish(run.runs[name])
        text = yamlfile.dump(run.region.values)
        write_region(self._path, text, run.rows, run.numbers, run.totals, region_manifest(run))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        del kind, error, where
        self._close()

    def _close(self) -> None:
        for saving in self._ports.values():
            saving.close()
        self._folder.close()


def region_manifest(run: RegionRun) -> dict[str, Any]:
    """Everything of a region's manifest but its files and the hashes of the ports' own manifests."""
    region = run.region
    return {
        "schema": REGION_SCHEMA,
        "portsim": portsim.__version__,
        "python": platform.python_version(),
        "region": region.name,
        "seed": run.seed,
        "replications": list(run.numbers),
        "from": moment(region.start_ms, region.clock),
        "to": moment(region.end_ms, region.clock),
        "measure_from": moment(region.measure_from_ms, region.clock),
        "clock": region.clock,
        "ports": [
            {
                "name": port.name,
                "scenario": port.source,
                "plan": port.scenario.plan,
                "sets": list(port.sets),
                "seed": run.runs[port.name].seed,
            }
            for port in region.ports
        ],
        "warnings": list(run.warnings),
        "stopped": run.stopped,
        "is_interrupted": run.is_interrupted,
    }
