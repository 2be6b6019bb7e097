"""Running a scenario, or a region, from Python."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from portsim.api.loading import load
from portsim.api.regionruns import run_region
from portsim.api.runresult import Run
from portsim.engines import EngineName
from portsim.errors import ArgumentError
from portsim.experiments import Played, Saving, executor_for, replicate
from portsim.experiments.precision import Stopping, asked_for, named, replicate_until
from portsim.experiments.replicate import numbers_of
from portsim.experiments.warmup import WarmUpAdvice, with_warnings
from portsim.results.runtables import Format, Keep
from portsim.scenario.region import Region
from portsim.scenario.scenario import Scenario


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
