"""What came of running a scenario, as Python and notebooks look at it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from portsim.api import eventlogs, frames
from portsim.api.eventlogs import LogStyle
from portsim.api.outcome import Outcome
from portsim.api.plotting import Plots
from portsim.experiments import Replication
from portsim.experiments import Run as Replicated
from portsim.experiments.precision import Stopping
from portsim.results import MetricRow
from portsim.scenario.scenario import Scenario
from portsim.tables import Line, Table
from portsim.views.documents import run_document
from portsim.views.summary import run_blocks

if TYPE_CHECKING:
    import pandas as pd


class Run(Outcome[Replicated]):
    """What the replications of a scenario gave; `print` shows it as a table, and so does a notebook."""

    def __init__(self, data: Replicated, stopping: Stopping | None = None) -> None:
        self.data = data
        self.stopping = stopping
        """Why a run to a stated precision ended where it did; None of any other."""

    @property
    def scenario(self) -> Scenario:
        """What was simulated."""
        return self.data.scenario

    @property
    def rows(self) -> tuple[MetricRow, ...]:
        """Every measure over the replications."""
        return self.data.rows

    def summary(self) -> pd.DataFrame:
        """One row per measure: metric, unit, part of the port, mean, sd, 95 % interval, n, method."""
        return frames.summary_frame(self.data.rows)

    def ranges(self) -> pd.DataFrame:
        """Where a single replication lies in each measure, of a scenario with a posterior; without rows of any other.

        One more replication falls from `low` to `high` with probability `share`; see `portsim.results.ranges`.
        """
        return frames.ranges_frame(self.data.ranges).drop(columns="plan")

    @property
    def units(self) -> pd.DataFrame:
        """Every unit of the replications whose records were kept; ValueError if none were."""
        return frames.units_frame(self.data.network, self._kept())

    @property
    def visits(self) -> pd.DataFrame:
        """Every visit of the replications whose records were kept; ValueError if none were."""
        return frames.visits_frame(self.data.network, self._kept())

    def to_event_log(self, style: LogStyle = "xes") -> pd.DataFrame:
        """Every event of the replications whose records were kept, as another tool reads it.

        style : "xes", with the columns of process mining, or "vidigi", with those that package animates

        Raises ValueError for another, and if no records were kept.
        """
        return eventlogs.event_log(self.data.network, self._kept(), style)

    def to_ocel(self, replication: int | None = None) -> dict[str, Any]:
        """One replication as the object of an OCEL 2.0 JSON file: units, lanes and crews, and what they did together.

        replication : its number; None for the first whose records were kept

        Raises ValueError if its records were not kept.
        """
        kept = {one.number: one for one in self._kept()}
        number = next(iter(kept)) if replication is None else replication
        if number not in kept:
            raise ValueError(
                f"the records of replication {number} were not kept, those of {', '.join(map(str, kept))} were"
            )
        return eventlogs.ocel(self.data.network, kept[number])

    @property
    def plot(self) -> Plots:
        """Pictures of it: `run.plot.queue()`, `.daily()`, `.wait()`, `.use()`, each taking `ax=` and returning Axes."""
        return Plots(self.data)

    def to_dict(self) -> dict[str, Any]:
        """The object `portsim run --json` prints."""
        return run_document(self.data, self.stopping)

    def blocks(self) -> list[Line | Table]:
        """The readable result, as lines and tables."""
        return run_blocks(self.data, self.stopping)

    def __repr__(self) -> str:
        return f"<Run of {self.scenario.name!r}: {len(self.data.numbers)} replications, seed {self.data.seed}>"

    def _kept(self) -> Sequence[Replication]:
        if not self.data.kept:
            if self.scenario.records == "summary":
                raise ValueError(
                    "no records were kept, as the scenario says records: summary; load it with records=all"
                )
            raise ValueError("no records were kept: run with keep='first' or keep='all'")
        return self.data.kept
