"""Running a region from Python, and looking at what came out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portsim import experiments
from portsim.api import frames
from portsim.api.outcome import Outcome
from portsim.api.runresult import Run
from portsim.engines import EngineName
from portsim.experiments import Executor, Played, RegionSaving, replicate_region
from portsim.experiments.replicate import numbers_of
from portsim.results import MetricRow
from portsim.results.runtables import Format, Keep
from portsim.scenario.region import Region
from portsim.tables import Line, Table
from portsim.views.region import region_blocks, region_document

if TYPE_CHECKING:
    import pandas as pd


class RegionRun(Outcome[experiments.RegionRun]):
    """What the replications of a region gave; `print` shows it as tables, and so does a notebook."""

    def __init__(self, data: experiments.RegionRun) -> None:
        self.data = data
        self._ports = {name: Run(run) for name, run in data.runs.items()}

    @property
    def region(self) -> Region:
        """What was simulated."""
        return self.data.region

    @property
    def ports(self) -> Mapping[str, Run]:
        """The run of each port, by its name in the region."""
        return self._ports

    @property
    def rows(self) -> tuple[MetricRow, ...]:
        """The totals, under the region's name as `port`, then every measure of each port under its name in it."""
        return self.data.rows

    def summary(self) -> pd.DataFrame:
        """The rows as a table: metric, unit, port, part of the port, mean, sd, 95 % interval, n, method."""
        return frames.summary_frame(self.data.rows)

    def to_dict(self) -> dict[str, Any]:
        """The object `portsim run --json` prints."""
        return region_document(self.data)

    def blocks(self) -> list[Line | Table]:
        """The readable result, as lines and tables."""
        return region_blocks(self.data)

    def __repr__(self) -> str:
        return f"<RegionRun of {self.region.name!r}: {', '.join(self.ports)}>"


def run_region(
    region: Region,
    *,
    replications: int | Iterable[int],
    seed: int | None,
    engine: EngineName,
    keep: Keep,
    executor: Executor,
    folder: Path | None,
    folder_keep: Keep,
    table_format: Format,
    is_continued: bool,
    on_damage: Callable[[str], None] | None,
    on_replication: Callable[[Played], None] | None,
    on_notice: Callable[[str], None] | None,
) -> RegionRun:
    """Simulate every port of a region several times; arguments are those of `portsim.run`."""
    numbers = numbers_of(replications)
    saving: RegionSaving | None = None
    if folder is not None:
        saving = RegionSaving(
            region,
            folder,
            replications=numbers,
            seed=seed,
            keep=folder_keep,
            table_format=table_format,
            is_continued=is_continued,
            on_damage=on_damage,
        )

    def on_each(port: str, played: Played) -> None:
        if saving is not None:
            saving.add(port, played)
        if on_replication is not None:
            on_replication(played)

    with saving or nullcontext():
        data = replicate_region(
            region,
            replications=numbers,
            seed=seed,
            engine=engine,
            keep=keep,
            executor=executor,
            known=saving.known if saving is not None else None,
            tables=saving is not None,
            records=folder_keep if saving is not None else "none",
            on_replication=on_each,
            on_notice=on_notice,
        )
        if saving is not None:
            saving.finish(data)
    return RegionRun(data)
