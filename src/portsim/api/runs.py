"""Running a scenario from Python, and looking at what came out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portsim.api import eventlogs, frames
from portsim.api.eventlogs import LogStyle
from portsim.api.loading import load
from portsim.api.outcome import Outcome
from portsim.api.plotting import Plots
from portsim.engines import EngineName
from portsim.errors import ArgumentError
from portsim.experiments import Played, Replication, Saving, executor_for, replicate
from portsim.experiments import Run as Replicated
from portsim.experiments.precision import Stopping, asked_for, named, replicate_until
from portsim.experiments.replicate import numbers_of
from portsim.experiments.warmup import WarmUpAdvice, with_warnings
from portsim.results import MetricRow
from portsim.results.runtables import Format, Keep
from portsim.scenario.region import Region
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


def run(
    scenario: Scenario | Region | str | os.PathLike[str],
    *,
    replications: int | Iterable[int] = 10,
    seed: int | None = None,
    plan: str | None = None,
    sets: str | Sequence[str] = (),
    engine: EngineName = "auto",
    keep: Keep = "first",
    workers: int | None = None,
    cluster: str | None = None,
    insecure_cluster: bool = False,
    folder: str | os.PathLike[str] | None = None,
    folder_keep: Keep = "first",
    table_format: Format = "csv",
    precision: float | str | None = None,
    of: str | Sequence[str] = (),
    least: int | None = None,
    most: int | None = None,
    steady_state: bool = False,
    resume: bool = False,
    on_replication: Callable[[Played], None] | None = None,
    on_notice: Callable[[str], None] | None = None,
    on_damage: Callable[[str], None] | None = None,
) -> Run | Any:
    """Simulate a scenario several times; or every port of a region, which gives a `RegionRun`.

    scenario : a loaded scenario or region, a path, or the name of a shipped one
    plan, sets : as for `load`; only with a path or name
    keep : replications whose records the result carries for `units` and `visits`: "first", "all" or "none"
    folder : where to write a run folder, of a region one with a run folder for each port; it must not exist or be empty
    folder_keep, table_format : replications whose records are written there, and as "csv" or "parquet"
    precision : in place of `replications`, play as many as it takes to know `of` to so much: "5%" or 0.05; what came
        of it is in `Run.stopping`
    of, least, most : with `precision`: the measures (default wait_mean_min), and the replications at least and at most
    steady_state : claim that the port has one, and be warned if it does not, or is measured before it forgot its start
    resume : whether a run of the same that was broken off in that folder is continued; one that is not there is begun
    workers : how many replications are played at the same time on this machine, 1 for none but this process; without
        it so many as are worth it, which for small work is one
    cluster : address of a Dask scheduler, whose workers play them instead; see `portsim.experiments.executor_for`
    insecure_cluster : whether plain tcp to another machine is accepted
    on_damage : called with a text for each file of a run that is continued which is damaged, and made anew
    The rest is as for `portsim.experiments.replicate`, and so is what happens at a limit and at Ctrl-C.

    Raises ScenarioError, OSError while writing, and ValueError for an argument that means nothing.
    """
    if isinstance(scenario, Scenario | Region):
        if plan is not None or sets:
            raise ValueError("plan and sets belong to loading: pass them to load(), or pass a path or name to run()")
        loaded: Scenario | Region = scenario
    else:
        loaded = load(scenario, plan=plan, sets=sets)
    if resume and folder is None:
        raise ValueError("resume continues what stands in a folder: name it with folder=")
    sought = asked_for(precision, of, least, most)
    numbers = numbers_of(replications if sought is None else sought.most)
    if isinstance(loaded, Region):
        if precision is not None or steady_state:
            raise ArgumentError("a region takes no precision and claims no steady state: run its ports one by one")
        from portsim.api.regionruns import run_region  # which shows the runs of ports as this module does

        expected = len(numbers) * len(loaded.ports)
        with executor_for(workers=workers, cluster=cluster, insecure=insecure_cluster, expected=expected) as executor:
            return run_region(
                loaded,
                replications=numbers,
                seed=seed,
                engine=engine,
                keep=keep,
                executor=executor,
                folder=Path(folder) if folder is not None else None,
                folder_keep=folder_keep,
                table_format=table_format,
                is_continued=resume,
                on_damage=on_damage,
                on_replication=on_replication,
                on_notice=on_notice,
            )
    if steady_state and loaded.records == "summary":
        raise ArgumentError("a steady state is looked for hour by hour, which records: summary keeps nothing of")
    with ExitStack() as stack:
        executor = stack.enter_context(
            executor_for(workers=workers, cluster=cluster, insecure=insecure_cluster, expected=len(numbers))
        )
        saving: Saving | None = None
        if folder is not None:
            saving = stack.enter_context(
                Saving(
                    loaded,
                    Path(folder),
                    replications=numbers,
                    seed=seed,
                    keep=folder_keep,
                    table_format=table_format,
                    is_continued=resume,
                    on_damage=on_damage,
                )
            )

        advice = WarmUpAdvice() if steady_state else None

        def on_each(played: Played) -> None:
            if saving is not None:
                saving.add(played)
            if advice is not None and played.hours is not None:
                advice.add(played.hours)
            if on_replication is not None:
                on_replication(played)

        stopping: Stopping | None = None
        arguments: dict[str, Any] = {
            "seed": seed,
            "engine": engine,
            "keep": keep,
            "executor": executor,
            "known": saving.known if saving is not None else None,
            "tables": saving is not None or steady_state,
            "records": folder_keep if saving is not None else "none",
            "on_replication": on_each,
            "on_notice": on_notice,
        }
        if sought is None:
            data = replicate(loaded, replications=numbers, **arguments)
        else:
            data, stopping = replicate_until(loaded, sought, **arguments)
        if advice is not None:
            data = with_warnings(data, advice.sentences(loaded))
        if saving is not None:
            saving.finish(data)
    return Run(data if stopping is None else named(data), stopping)
