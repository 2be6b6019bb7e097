"""What a second processor is worth: replications played two at a time beside one after another."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.measurements import Row, interleaved, seconds, times_as_fast

if TYPE_CHECKING:
    from portsim.experiments import Executor
    from portsim.scenario.scenario import Scenario

REPLICATIONS = 200
SCENARIO = "irkeshtam-24h"


def measure_parallel(units: int, repeats: int) -> Iterator[Row]:
    """200 replications of irkeshtam-24h from drawing to measures by the clock on the wall, the kernel compiled before.

    Beside one process, that has the kernel loaded: two processes that are started and have it loaded too, two that are
    started for this, and two threads. The machine needs two processors, and nothing else to do.
    """
    from portsim.engines import compiled
    from portsim.experiments import executor_for
    from portsim.scenario import load

    del units
    compiled.load(print)
    scenario = load(SCENARIO)
    with (
        _all_processors(),
        executor_for() as one,
        executor_for(workers=2) as two,
        executor_for(workers=2, kind="threads") as threads,
    ):
        for executor in (one, two, threads):
            _play(executor, scenario, 4)
        alone, shared, threaded = interleaved(
            repeats,
            lambda: _play(one, scenario),
            lambda: _play(two, scenario),
            lambda: _play(threads, scenario),
            clock=time.perf_counter,
        )
        cold = [seconds(lambda: _start_and_play(scenario), time.perf_counter) for _ in range(repeats)]
    yield _row("2 processes / 1", shared, alone, bar=1.7)
    yield _row("2 processes from their start / 1", cold, alone)
    yield _row("2 threads / 1", threaded, alone)


def _row(what: str, times: list[float], base: list[float], *, bar: float | None = None) -> Row:
    ratio = times_as_fast(base, times)
    return Row(f"{SCENARIO}, {what}", _speed(times), _speed(base), ratio, bar, at_least=True, unit=" times")


def _speed(times: list[float]) -> str:
    return f"{REPLICATIONS / median(times):.1f} runs/s"


def _play(executor: Executor, scenario: Scenario, count: int = REPLICATIONS) -> None:
    from portsim.experiments import replicate

    replicate(scenario, replications=count, engine="compiled", executor=executor)


def _start_and_play(scenario: Scenario) -> None:
    from portsim.experiments import executor_for

    with executor_for(workers=2) as executor:
        _play(executor, scenario)


@contextmanager
def _all_processors() -> Iterator[None]:
    """Let this process, and those it starts, use every processor meanwhile."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, range(os.cpu_count() or 1))
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
