"""What the same chance in two plans is worth: how much less their difference varies than that of independent runs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from portsim.experiments.replicate import Run
from portsim.experiments.together import play_together
from portsim.results.selection import Selection
from portsim.scenario import shipped_scenarios
from portsim.scenario.capacity import loads, overloaded
from portsim.scenario.reader import Reader

REPLICATIONS = 20
NOTHING_SHARED = {
    ("alashankou-rail", "no_gale"),
    ("horgos-exports", "no_holiday"),
    ("traveller-hall", "forecast"),
    ("urumqi-cargo", "night_closed"),
}
"""Plans that take away, or bring, what makes the waits of the scenario vary; what is left has reasons of its own."""

WAIT = Selection("wait_mean_min")


@dataclass(frozen=True)
class Pair:
    """A plan of a scenario beside the scenario without it.

    ratio : variance of the paired difference in mean wait over that of independent runs; NaN where neither varies
    is_overloaded : whether a stage of either is asked for more than it can do, or a limit was reached
    """

    scenario: str
    plan: str
    ratio: float
    is_overloaded: bool

    def __str__(self) -> str:
        ratio = "the same in each replication" if math.isnan(self.ratio) else f"{self.ratio:.2f}"
        return f"| `{self.scenario}` | `{self.plan}` | {ratio} | {'overloaded' if self.is_overloaded else ''} |"


def pairs(names: tuple[str, ...] = (), replications: int = REPLICATIONS) -> Iterator[Pair]:
    """Every plan of the shipped scenarios, or of these."""
    for name in names or tuple(known for known, _ in shipped_scenarios()):
        reader = Reader(name)
        base = reader.scenario()
        if not base.plans:
            continue
        scenarios = [base, *(reader.scenario(plan) for plan in base.plans)]
        runs = play_together(scenarios, range(replications), seed=base.seed).runs
        values = [_waits(run) for run in runs]
        for plan, scenario, run, own in zip(base.plans, scenarios[1:], runs[1:], values[1:], strict=True):
            is_overloaded = any(
                overloaded(loads(each)) or played.stopped for each, played in ((base, runs[0]), (scenario, run))
            )
            yield Pair(name, plan, _ratio(values[0], own), bool(is_overloaded))


def _waits(run: Run) -> list[float]:
    return [measure.value for measures in run.measures if (measure := WAIT.find(measures)) is not None]


def _ratio(one: list[float], other: list[float]) -> float:
    shared = min(len(one), len(other))
    one, other = one[:shared], other[:shared]
    apart = statistics.variance(one) + statistics.variance(other) if shared > 1 else 0.0
    differences = [a - b for a, b in zip(one, other, strict=True)]
    return statistics.variance(differences) / apart if apart else math.nan


HEADER = "| scenario | plan | variance of the difference, over that of independent runs | |\n|---|---|---:|---|\n"


def table(found: list[Pair]) -> str:
    """The table of the page."""
    return HEADER + "".join(f"{one}\n" for one in found)
