"""Several scenarios played on the same chance: the one place from which comparisons and sweeps get their replications."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from portsim.engines import EngineName
from portsim.experiments.replicate import Gathering, Replication, Run
from portsim.scenario.scenario import Scenario

MOST_READY = 64
"""Scenarios kept ready to be played on; a screening has thousands, each played once."""


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """Replication `number` of a scenario."""

    scenario: Scenario
    number: int


@dataclass(frozen=True, slots=True, eq=False)
class Together:
    """What playing several scenarios gave.

    runs : of each scenario in order, of the same replications, unless one had to stop
    is_interrupted : whether Ctrl-C ended it; all runs are then of the replications that all of them have done
    """

    runs: tuple[Run, ...]
    is_interrupted: bool


def play_turns(
    turns: Iterable[Turn],
    *,
    seed: int,
    engine: EngineName,
    expected: int,
    on_notice: Callable[[str], None] | None = None,
) -> Iterator[Replication]:
    """Play turns in their order. `seed` holds for all, so that replications of one number share their chance.

    expected : how many there will be, which decides what engine is done sooner
    """
    ready: dict[int, tuple[Scenario, Gathering]] = {}
    for turn in turns:
        if id(turn.scenario) not in ready:
            if len(ready) >= MOST_READY:
                ready.pop(next(iter(ready)))
            gathering = Gathering(
                turn.scenario, seed=seed, engine=engine, keep="none", replications=expected, on_notice=on_notice
            )
            ready[id(turn.scenario)] = turn.scenario, gathering
        yield ready[id(turn.scenario)][1].play(turn.number)


def play_together(
    scenarios: Sequence[Scenario],
    numbers: Sequence[int],
    *,
    seed: int,
    engine: EngineName = "auto",
    on_replication: Callable[[int], None] | None = None,
    on_notice: Callable[[str], None] | None = None,
) -> Together:
    """Play the same replications of several scenarios, replication by replication.

    on_replication : called when one is done, with how many there will be of all scenarios together

    A scenario that has to stop at a limit is not played further, the others are. Ctrl-C ends all with the replications
    that every scenario has done, or is raised as KeyboardInterrupt where there are none.
    """
    expected = len(scenarios) * len(numbers)
    gatherings = [
        Gathering(scenario, seed=seed, engine=engine, keep="none", replications=expected, on_notice=on_notice)
        for scenario in scenarios
    ]
    stopped: set[int] = set()
    order = [(position, number) for number in numbers for position in range(len(scenarios))]
    turns = (Turn(scenarios[position], number) for position, number in order)
    done: list[set[int]] = [set() for _ in scenarios]
    is_interrupted = False
    try:
        played = play_turns(turns, seed=seed, engine=engine, expected=expected, on_notice=on_notice)
        for (position, number), replication in zip(order, played, strict=True):
            if position not in stopped:
                gatherings[position].add(replication)
                done[position].add(number)
                if replication.stopped is not None:
                    stopped.add(position)
            if on_replication is not None:
                on_replication(expected)
    except KeyboardInterrupt:
        shared = set.intersection(*(of_one for place, of_one in enumerate(done) if place not in stopped), set(numbers))
        if not shared or not all(done):
            raise
        for gathering, of_one in zip(gatherings, done, strict=True):
            for number in sorted(of_one - shared, reverse=True):
                gathering.drop(number)
        extent = f"interrupted: the figures are of {len(shared)} of {len(numbers)} replications"
        return Together(tuple(gathering.finish(extent, is_interrupted=True) for gathering in gatherings), True)
    return Together(tuple(gathering.finish() for gathering in gatherings), is_interrupted)
