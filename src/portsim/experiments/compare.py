"""Plans, or scenarios, on the same chance: which is better, by how much, and at what officer-hours."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from portsim.engines import EngineName
from portsim.errors import ArgumentError
from portsim.experiments.demand import demand_differences
from portsim.experiments.equalhours import Adjusted
from portsim.experiments.executors import Executor
from portsim.experiments.replicate import Run, numbers_of
from portsim.experiments.together import play_together
from portsim.results.differences import (
    ChanceRow,
    DifferenceRow,
    Plan,
    PlanMeasures,
    chances,
    differences,
)
from portsim.results.ranges import RangeRow, difference_ranges
from portsim.scenario.scenario import Scenario

HOURS_APART = 0.01
"""From this share of the baseline's officer-hours on a plan is flagged: it may be better for having more of them."""

FEWER = 0.01
"""From this share of the baseline's arrivals on it is said that a plan loses units."""

NO_PLAN = "(no plan)"
"""How the scenario without a plan is written where a name is needed; no plan can be called so."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """What is compared: a scenario under the name it is compared as, None for a scenario without its plans."""

    plan: Plan
    scenario: Scenario
    adjusted: tuple[Adjusted, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """A candidate with what its replications gave."""

    candidate: Candidate
    run: Run

    @property
    def plan(self) -> Plan:
        """The name it is compared as."""
        return self.candidate.plan

    @property
    def label(self) -> str:
        """The same, for people."""
        return label_of(self.plan)

    @property
    def officer_hours(self) -> float:
        """Officer-hours on the roster, mean over the replications; 0 without officers."""
        rows = (row for row in self.run.rows if row.metric == "officer_hours" and row.pool is None)
        return next((row.mean for row in rows if not math.isnan(row.mean)), 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """What playing plans on the same chance gave; the baseline stands first.

    numbers : replications that every plan has done
    differences : each measure of each plan less the baseline's
    chances : how likely each is the best in each measure
    warnings : what to know before a plan is chosen
    ranges : where the differences of a single replication lie, of scenarios with a posterior; none of any others
    """

    plans: tuple[Played, ...]
    numbers: tuple[int, ...]
    seed: int
    differences: tuple[DifferenceRow, ...]
    chances: tuple[ChanceRow, ...]
    warnings: tuple[str, ...]
    is_interrupted: bool
    ranges: tuple[RangeRow, ...] = ()

    @property
    def baseline(self) -> Played:
        """What the others are held against."""
        return self.plans[0]

    @property
    def stopped(self) -> str | None:
        """Why the first plan that had to stop did, None if none had to."""
        found = [f"{played.label}: {played.run.stopped}" for played in self.plans if played.run.stopped]
        return found[0] if found else None

    def hours_apart(self, played: Played) -> float:
        """How much more officer-hours a plan has, as a share of the baseline's; 0 where neither has any."""
        return hours_apart(played.officer_hours, self.baseline.officer_hours)


def hours_apart(hours: float, base: float) -> float:
    """How much more officer-hours than the baseline's, as a share of these; 0 where there are none of either."""
    more = hours - base
    return more / base if base else math.copysign(math.inf, more) if more else 0.0


def label_of(plan: Plan) -> str:
    """A plan's name for people."""
    return NO_PLAN if plan is None else plan


def compare(
    candidates: Sequence[Candidate],
    *,
    replications: int | Iterable[int] = 30,
    seed: int | None = None,
    engine: EngineName = "auto",
    executor: Executor | None = None,
    on_replication: Callable[[int], None] | None = None,
    on_notice: Callable[[str], None] | None = None,
) -> Comparison:
    """Play the same replications of every candidate and hold each against the first, the baseline.

    seed : in place of the baseline's, for all candidates
    on_replication : called when a replication of one of them is done, with how many there will be in all
    The rest is as for `replicate`. A candidate that has to stop at a limit has no verdict. Ctrl-C ends the comparison
    with the replications that all have done.

    Raises ArgumentError for fewer than two candidates or two of one name.
    """
    if len(candidates) < 2:
        raise ArgumentError("a comparison needs at least two: plans of a scenario, or scenarios")
    names = [candidate.plan for candidate in candidates]
    if len(set(names)) < len(names):
        twice = next(name for position, name in enumerate(names) if name in names[:position])
        raise ArgumentError(f"{label_of(twice)} is there twice: each is compared once")
    numbers = numbers_of(replications)
    base = candidates[0].scenario
    used = base.seed if seed is None else seed
    together = play_together(
        [candidate.scenario for candidate in candidates],
        numbers,
        seed=used,
        engine=engine,
        waiting=True,
        executor=executor,
        on_replication=on_replication,
        on_notice=on_notice,
    )
    plans = tuple(Played(candidate, run) for candidate, run in zip(candidates, together.runs, strict=True))
    measured = [
        PlanMeasures(
            played.plan,
            dict(zip(played.run.numbers, played.run.measures, strict=True)),
            played.run.rows,
            is_whole=played.run.stopped is None,
        )
        for played in plans
    ]
    is_drawn = any(candidate.scenario.posterior is not None for candidate in candidates)
    whole = [set(played.run.numbers) for played in plans if played.run.stopped is None]
    shared = sorted(set.intersection(*whole)) if whole else []
    unpaired = [
        f"{label_of(candidate.plan)} and {label_of(candidates[0].plan)} do not meet the same units ({text}): "
        "differences between them are of two demands, and in part unpaired, which makes their intervals wider"
        for candidate in candidates[1:]
        for text in demand_differences(base, candidate.scenario, seed=used, number=numbers[0])
    ]
    return Comparison(
        plans=plans,
        numbers=tuple(shared),
        seed=used,
        differences=differences(measured[0], measured[1:]),
        chances=chances(measured[0], measured[1:]),
        warnings=tuple(dict.fromkeys([*unpaired, *_of_fewer(plans), *_warnings(plans)])),
        is_interrupted=together.is_interrupted,
        ranges=difference_ranges(measured[0], measured[1:]) if is_drawn else (),
    )


def _of_fewer(plans: Sequence[Played]) -> Iterator[str]:
    """A warning for each plan that loses units the baseline serves: short waits of few are no gain."""
    lost = {"stayed_away": "stay away", "left": "give up waiting", "turned_away": "are turned away"}
    base = _port_rows(plans[0])
    for played in plans[1:]:
        own = _port_rows(played)
        for metric, words in lost.items():
            more = own.get(metric, 0.0) - base.get(metric, 0.0)
            if more > FEWER * base.get("arrived", 0.0):
                yield (
                    f"{played.label}: {more:,.0f} more units {words} than in {plans[0].label}, on average, so its "
                    "waits are those of fewer units: read them with crossings"
                )


def _port_rows(played: Played) -> dict[str, float]:
    """The means of the whole port."""
    return {
        row.metric: row.mean
        for row in played.run.rows
        if (row.flow, row.kind, row.direction, row.stage, row.pool) == (None,) * 5 and not math.isnan(row.mean)
    }


def _warnings(plans: Sequence[Played]) -> list[str]:
    """The warnings of every plan; what all of them say is said once."""
    said: dict[str, list[str]] = {}
    for played in plans:
        for warning in played.run.warnings:
            said.setdefault(warning, []).append(played.label)
    return [
        warning if len(labels) == len(plans) else f"{', '.join(labels)}: {warning}" for warning, labels in said.items()
    ]
