"""Which assumption matters most: elementary effects of all assumed numbers of a scenario (Morris)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portsim.engines import EngineName
from portsim.errors import ArgumentError, ScenarioError
from portsim.experiments.executors import Executor, Task, executor_for
from portsim.experiments.replicate import Gathering
from portsim.experiments.sweep import Load
from portsim.model.streams import Streams
from portsim.results.measure import Measure
from portsim.results.selection import Selection
from portsim.results.statistics import interval
from portsim.scenario import units
from portsim.scenario.quantities import Dimension, dimension
from portsim.scenario.scenario import NumberSource, Scenario

LEVELS = 4
STEP = LEVELS / (2 * (LEVELS - 1))
"""Of the four levels 0, 1/3, 2/3 and 1 of each range a step passes two, so that every level is reached as often."""

ATTEMPTS = 20
"""Trajectories tried before it is said that the assumptions cannot be varied together."""

EXCLUDED: dict[Dimension, str] = {
    "clock": "a clock time",
    "date": "a date",
    "file": "a file",
}
_NUMBER = re.compile(r"([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(.*)", re.S)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Factor:
    """One assumed number and the range it is varied over.

    text : as the scenario has it; unit : what stands behind the number
    """

    path: str
    text: str
    reason: str
    low: float
    high: float
    unit: str
    is_whole: bool

    def value(self, share: float) -> float:
        """Its value so far from the low end, 0, to the high one, 1."""
        value = self.low + share * (self.high - self.low)
        return float(round(value)) if self.is_whole else float(f"{value:.8g}")

    def written(self, share: float) -> str:
        """The same as `--set` takes it."""
        value = self.value(share)
        return f"{int(value) if self.is_whole else format(value, '.8g')}{self.unit}"

    @property
    def span(self) -> str:
        """The range in words: `2.4 min to 3.6 min`."""
        return f"{self.written(0)} to {self.written(1)}"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An assumed number that is not varied, and why."""

    path: str
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What varying one assumption does to one measure, over the trajectories.

    mu_star : mean size of the effect of going through the whole range, in the unit of the measure
    ci_low, ci_high : its 95 % t interval over trajectories, not below 0
    mu : mean effect, with its sign; sigma : standard deviation of the effects, large where they depend on the others
    n : trajectories in which it is defined
    """

    measure: str
    unit: str
    path: str
    mu_star: float
    ci_low: float
    ci_high: float
    mu: float
    sigma: float
    n: int


@dataclass(frozen=True, slots=True, eq=False)
class Screening:
    """How much each assumption matters.

    effects : by measure as asked, and within it the largest first
    within : share by which each number was varied, up and down
    played : simulations; stopped : how many of them had to stop at a limit
    """

    scenario: Scenario
    seed: int
    trajectories: int
    within: float
    factors: tuple[Factor, ...]
    left_out: tuple[LeftOut, ...]
    selections: tuple[Selection, ...]
    effects: tuple[Effect, ...]
    played: int
    stopped: int
    is_interrupted: bool

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before it is used."""
        found = []
        if self.is_interrupted:
            found.append(f"interrupted: the effects are of {self.trajectories} trajectories")
        if self.stopped:
            found.append(
                f"{self.stopped} of {self.played} simulations had to stop at a limit; their measures are of the part "
                "played, so large effects may be larger still"
            )
        return tuple(found)


def factors_of(load: Load, within: float) -> tuple[list[Factor], list[LeftOut]]:
    """The assumed numbers of a scenario with their ranges, and those that cannot be varied, each in file order.

    A number is varied by the share `within` up and down. Whole numbers stay whole, move by one at least, and do not
    fall below 1; shares stay within 0 and 1. Left out are clock times, dates and files, zeros, and numbers whose range
    the scenario does not allow.
    """
    factors: list[Factor] = []
    left_out: list[LeftOut] = []
    for source in load(()).sources:
        if source.kind != "assumed":
            continue
        found = _factor(source, within)
        if isinstance(found, Factor):
            found = _allowed(load, found)
        (factors if isinstance(found, Factor) else left_out).append(found)  # type: ignore[arg-type]
    return factors, left_out


def screen(
    load: Load,
    selections: Sequence[Selection],
    *,
    trajectories: int = 10,
    within: float = 0.2,
    seed: int | None = None,
    engine: EngineName = "auto",
    executor: Executor | None = None,
    on_replication: Callable[[int], None] | None = None,
    on_notice: Callable[[str], None] | None = None,
) -> Screening:
    """Rank the assumptions of a scenario by what they do to some measures.

    Each trajectory starts at random levels of all ranges and changes one number after another, in random order, so
    that each gives one effect: the change of the measure over the change of the number, the whole range being 1 (Morris
    1991, Technometrics 33, 161-174; the mean of absolute effects after Campolongo, Cariboni and Saltelli 2007,
    Environmental Modelling and Software 22, 1509-1518). Trajectory k plays replication k throughout, so that effects
    are of the numbers and not of chance, and the spread over trajectories holds both.

    Raises ArgumentError if nothing can be varied, or not together.
    """
    if trajectories < 2:
        raise ArgumentError(f"an interval takes at least 2 trajectories, got {trajectories}")
    if not 0 < within < 1:
        raise ArgumentError(f"numbers are varied by more than 0 % and less than 100 %, got {100 * within:g} %")
    base = load(())
    used = base.seed if seed is None else seed
    factors, left_out = factors_of(load, within)
    if not factors:
        raise ArgumentError("no number of this scenario is assumed and can be varied; portsim check shows the sources")
    expected = trajectories * (len(factors) + 1)
    executor = executor_for() if executor is None else executor
    gathering = Gathering(
        base, seed=used, engine=engine, keep="none", replications=expected, executor=executor, on_notice=on_notice
    )
    chosen = gathering.task(0).engine
    walks: list[Floats] = []

    def tasks() -> Iterator[Task]:
        for number in range(trajectories):
            walk, scenarios = _walk(load, factors, used, number)
            walks.append(walk)
            for scenario in scenarios:
                yield Task(scenario, number, used, chosen)

    outcomes: list[tuple[Measure, ...]] = []
    stopped = 0
    is_interrupted = False
    try:
        with closing(executor.play(tasks())) as results:
            for played in results:
                outcomes.append(played.measures)
                stopped += played.stopped is not None
                if on_replication is not None:
                    on_replication(expected)
    except KeyboardInterrupt:
        if len(outcomes) < 2 * (len(factors) + 1):
            raise
        is_interrupted = True
    whole = len(outcomes) // (len(factors) + 1)
    effects = [
        effect
        for selection in selections
        for effect in _effects(selection, factors, walks[:whole], outcomes[: whole * (len(factors) + 1)])
    ]
    return Screening(
        scenario=base,
        seed=used,
        trajectories=whole,
        within=within,
        factors=tuple(factors),
        left_out=tuple(left_out),
        selections=tuple(selections),
        effects=tuple(effects),
        played=len(outcomes),
        stopped=stopped,
        is_interrupted=is_interrupted,
    )


def _factor(source: NumberSource, within: float) -> Factor | LeftOut:
    kind = dimension(tuple(source.path.split(".")))
    if kind is None or kind in EXCLUDED:
        return LeftOut(source.path, source.text, EXCLUDED[kind] if kind else "not a quantity")
    number, unit = _read(source.text, kind)
    if number is None:
        return LeftOut(source.path, source.text, "not one number")
    if number == 0:
        return LeftOut(source.path, source.text, "0, of which a share is nothing")
    low, high = sorted((number * (1 - within), number * (1 + within)))
    is_whole = kind == "count"
    if is_whole:
        low, high = max(1.0, min(math.floor(low + 1e-9), number - 1)), max(math.ceil(high - 1e-9), number + 1.0)
    elif kind == "share":
        high = min(high, 100.0 if unit.strip() == "%" else 1.0)
    return Factor(source.path, source.text, source.detail, low, high, unit, is_whole)


def _read(text: str, kind: Dimension) -> tuple[float | None, str]:
    """The number of a quantity, and what stands behind it; a duration of several parts in ms."""
    found = _NUMBER.fullmatch(text.strip())
    if found is not None and not any(character.isdigit() for character in found[2]):
        return float(found[1]), found[2]
    if kind == "duration":
        return float(units.parse_duration(text)), " ms"
    return None, ""


def _allowed(load: Load, factor: Factor) -> Factor | LeftOut:
    """The factor, if the scenario is one at both ends of its range."""
    for share in (0.0, 1.0):
        try:
            load([f"{factor.path}={factor.written(share)}"])
        except ScenarioError as error:
            problem = error.problems[0]
            why = f"at {factor.written(share)} the scenario is not valid: {problem.key}: {problem.message}"
            return LeftOut(factor.path, factor.text, why)
    return factor


def _walk(load: Load, factors: Sequence[Factor], seed: int, number: int) -> tuple[Floats, list[Scenario]]:
    """A trajectory: levels of all factors at each of its points, float64[factors + 1, factors], and the scenarios."""
    streams = Streams(seed, number)
    count = len(factors)
    for attempt in range(ATTEMPTS):
        starts = streams.uniforms("screening", "start", str(attempt), count=count)
        order = np.argsort(streams.uniforms("screening", "order", str(attempt), count=count), kind="stable")
        walk = np.empty((count + 1, count))
        walk[0] = np.floor(starts * LEVELS) / (LEVELS - 1)
        for place, factor in enumerate(order, start=1):
            walk[place] = walk[place - 1]
            walk[place, factor] += STEP if walk[place, factor] < 0.5 else -STEP
        try:
            scenarios = [
                load([f"{one.path}={one.written(share)}" for one, share in zip(factors, row.tolist(), strict=True)])
                for row in walk
            ]
        except ScenarioError:
            continue
        return walk, scenarios
    raise ArgumentError(
        f"in {ATTEMPTS} attempts the assumptions could not be varied together: some values exclude one another; vary "
        "by less, or state a source for some of them"
    )


def _effects(
    selection: Selection, factors: Sequence[Factor], walks: Sequence[Floats], outcomes: Sequence[Sequence[Measure]]
) -> list[Effect]:
    """The effects on one measure, largest first."""
    place = next(place for place, row in enumerate(outcomes[0]) if selection.matches(row))
    values = np.array([measures[place].value for measures in outcomes]).reshape(len(walks), -1)
    found: list[list[float]] = [[] for _ in factors]
    for walk, along in zip(walks, values, strict=True):
        changed = np.argmax(walk[1:] != walk[:-1], axis=1)
        for step, factor in enumerate(changed.tolist()):
            one = factors[factor]
            moved = (one.value(walk[step + 1, factor]) - one.value(walk[step, factor])) / (one.high - one.low)
            effect = float(along[step + 1] - along[step])
            if moved and not math.isnan(effect):
                found[factor].append(effect / moved)
    unit = outcomes[0][place].unit
    effects = [_effect(selection, unit, factor.path, of_one) for factor, of_one in zip(factors, found, strict=True)]
    return sorted(effects, key=lambda effect: (math.isnan(effect.mu_star), -effect.mu_star, effect.path))


def _effect(selection: Selection, unit: str, path: str, found: Sequence[float]) -> Effect:
    mu_star, _, low, high = interval([abs(effect) for effect in found])
    mu, sigma, _, _ = interval(found)
    return Effect(str(selection), unit, path, mu_star, max(low, 0.0), high, mu, sigma, len(found))
