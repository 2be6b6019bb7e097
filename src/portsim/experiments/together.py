"""Several scenarios played on the same chance: where comparisons and sweeps get their replications."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from portsim.engines import EngineName
from portsim.experiments.executors import Executor, Task, executor_for
from portsim.experiments.replicate import Gathering, Run
from portsim.scenario.scenario import Scenario


@dataclass(frozen=True, slots=True, eq=False)
class Together:
    """What playing several scenarios gave.

    runs : of each scenario in order, of the same replications, unless one had to stop
    is_interrupted : whether Ctrl-C ended it; all runs are then of the replications that all of them have done
    """

    runs: tuple[Run, ...]
    is_interrupted: bool


def play_together(
    scenarios: Sequence[Scenario],
    numbers: Sequence[int],
    *,
    seed: int,
    engine: EngineName = "auto",
    waiting: bool = False,
    executor: Executor | None = None,
    expected: int | None = None,
    on_replication: Callable[[int], None] | None = None,
    on_notice: Callable[[str], None] | None = None,
) -> Together:
    """Play the same replications of several scenarios, replication by replication.

    seed : holds for all, so that replications of one number share their chance
    waiting : whether each run has the units waiting in each hour
    executor : who plays them, from `executor_for`; without it one after another in this process
    expected : how many there will be, where these are not all
    on_replication : called when one is done, with how many there will be

    A scenario that has to stop at a limit is not played further, the others are. Ctrl-C ends all with the replications
    that every scenario has done, or is raised as KeyboardInterrupt where there are none.
    """
    expected = len(scenarios) * len(numbers) if expected is None else expected
    executor = executor_for() if executor is None else executor
    gatherings = [
        Gathering(
            scenario,
            seed=seed,
            engine=engine,
            keep="none",
            waiting=waiting,
            first=numbers[0],
            replications=expected,
            executor=executor,
            on_notice=on_notice,
        )
        for scenario in scenarios
    ]
    stopped: set[int] = set()
    done: list[set[int]] = [set() for _ in scenarios]
    order = [(place, number) for number in numbers for place in range(len(scenarios))]
    given: list[tuple[int, int]] = []

    def tasks() -> Iterator[Task]:
        for place, number in order:
            if place not in stopped:
                given.append((place, number))
                yield gatherings[place].task(number)

    try:
        with closing(executor.play(tasks())) as results:
            for count, played in enumerate(results):
                place, number = given[count]
                # What was under way when its scenario had to stop is no part of it.
                if place not in stopped:
                    gatherings[place].add(played)
                    done[place].add(number)
                    if played.stopped is not None:
                        stopped.add(place)
                if on_replication is not None:
                    on_replication(expected)
    except KeyboardInterrupt:
        shared = set(numbers).intersection(*(of_one for place, of_one in enumerate(done) if place not in stopped))
        if not shared or not all(done):
            raise
        for gathering, of_one in zip(gatherings, done, strict=True):
            for number in sorted(of_one - shared, reverse=True):
                gathering.drop(number)
        extent = f"interrupted: the figures are of {len(shared)} of {len(numbers)} replications"
        return Together(tuple(gathering.finish(extent, is_interrupted=True) for gathering in gatherings), True)
    return Together(tuple(gathering.finish() for gathering in gatherings), False)
