"""A region folder filled while the replications are played: the run folder of every port, then what they add up to."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Any

import portsim
from portsim import yamlfile
from portsim.experiments.executors import Played
from portsim.experiments.regional import RegionRun
from portsim.experiments.saving import Saving
from portsim.results.manifest import REGION_SCHEMA
from portsim.results.regionstore import write_region
from portsim.results.runtables import Format, Keep
from portsim.results.store import check_new
from portsim.scenario.calendar import moment
from portsim.scenario.region import Region


class RegionSaving:
    """Writes each replication of each port when it is done.

    Raises ScenarioError at once if the folder is not empty or Parquet cannot be written, and OSError while writing.
    """

    def __init__(self, region: Region, path: Path, *, keep: Keep = "first", table_format: Format = "csv") -> None:
        check_new(path)
        self._path = path
        self._ports = {
            port.name: Saving(port.scenario, path / port.name, keep=keep, table_format=table_format)
            for port in region.ports
        }

    def add(self, port: str, played: Played) -> None:
        """Write a replication of a port."""
        self._ports[port].add(played)

    def finish(self, run: RegionRun) -> None:
        """Finish the folder of every port, then write the totals and, last, the region's manifest."""
        for name, saving in self._ports.items():
            saving.finish(run.runs[name])
        text = yamlfile.dump(run.region.values)
        write_region(self._path, text, run.rows, run.numbers, run.totals, _manifest(run))


def _manifest(run: RegionRun) -> dict[str, Any]:
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
