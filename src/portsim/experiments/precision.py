"""As many replications as it takes to know some measures to a stated precision."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

from portsim import yamlfile
from portsim.engines import EngineName
from portsim.errors import ArgumentError, ScenarioError
from portsim.experiments.executors import Executor, Played, executor_for
from portsim.experiments.measures import measures_of
from portsim.experiments.replicate import Gathering, Known, Run
from portsim.results import Measure
from portsim.results.runtables import Keep
from portsim.results.selection import Selection
from portsim.results.statistics import MAXIMA, interval
from portsim.scenario.scenario import Scenario
from portsim.scenario.units import parse_share, shown

LEAST, MOST = 20, 500
STEP = 10
"""It is looked whether the precision is reached after the least number, and after every so many more.

Fixed, so that neither the number of workers nor the order in which they are done changes where it stops.
"""

DEFAULT = (Selection("wait_mean_min"),)
METHOD = "t over replications"
SEQUENTIAL = "t over replications, sequential"


@dataclass(frozen=True, slots=True)
class Precision:
    """What is to be known how well: the half width of each interval at most `relative` of the true mean.

    of : the measures; least, most : replications that are played at least and at most
    """

    relative: float
    of: tuple[Selection, ...] = DEFAULT
    least: int = LEAST
    most: int = MOST

    def check(self, scenario: Scenario) -> None:
        """Raise ArgumentError for limits that mean nothing, or a measure that does not exist or has no interval."""
        if self.least < 2:
            raise ArgumentError(f"an interval takes at least 2 replications, got a minimum of {self.least}")
        if self.most < self.least:
            raise ArgumentError(f"the most replications, {self.most}, are fewer than the least, {self.least}")
        rows = measures_of(scenario)
        for selection in self.of:
            selection.check(rows)
            if selection.metric in MAXIMA:
                raise ArgumentError(f"{selection.metric} is a maximum and has no interval: ask for another measure")

    @property
    def looks(self) -> Iterator[int]:
        """After how many replications it is looked."""
        yield from range(self.least, self.most, STEP)
        yield self.most


@dataclass(frozen=True, slots=True)
class Reached:
    """How well one measure is known.

    error : half width over the absolute mean; infinite where nothing can be said
    needed : about how many replications the precision would take, None where it is reached or cannot be said
    """

    selection: Selection
    error: float
    is_reached: bool
    needed: int | None


@dataclass(frozen=True, slots=True)
class Stopping:
    """Why a sequential run ended where it did."""

    precision: Precision
    replications: int
    reached: tuple[Reached, ...]

    @property
    def is_reached(self) -> bool:
        """Whether all measures are known as well as was asked."""
        return all(one.is_reached for one in self.reached)

    @property
    def reason(self) -> str:
        """The same in words."""
        asked = f"{100 * self.precision.relative:g} %"
        known = ", ".join(f"{one.selection} is known to ± {_percent(one.error)}" for one in self.reached)
        if self.is_reached:
            return f"stopped after {self.replications} replications, as precise as asked ({asked}): {known}"
        cap = "at the most that was allowed" if self.replications >= self.precision.most else "before it was reached"
        needed = max((one.needed for one in self.reached if one.needed is not None), default=None)
        more = f"; about {needed:,} replications would reach it" if needed is not None else ""
        return f"stopped after {self.replications} replications, {cap}, short of {asked}: {known}{more}"


def asked_for(
    precision: float | str | None, of: str | Sequence[str] = (), least: int | None = None, most: int | None = None
) -> Precision | None:
    """What is asked for as it is written, None if nothing is; ArgumentError with the rule."""
    if precision is None:
        if of or least is not None or most is not None:
            raise ArgumentError("measures, a least and a most number of replications go with a precision, such as 5%")
        return None
    try:
        relative = parse_share(yamlfile.parse(precision, "").value if isinstance(precision, str) else precision)
    except (ValueError, ScenarioError):
        relative = 0.0
    if not 0 < relative < 1:
        raise ArgumentError(f"got {shown(precision)}; write a precision above 0 % and below 100 %, such as 5%")
    chosen = tuple(map(Selection.parse, [of] if isinstance(of, str) else of)) or DEFAULT
    least = min(LEAST, LEAST if most is None else most) if least is None else least
    return Precision(relative, chosen, least, max(MOST, least) if most is None else most)


def replicate_until(
    scenario: Scenario,
    precision: Precision,
    *,
    seed: int | None = None,
    engine: EngineName = "auto",
    keep: Keep = "none",
    executor: Executor | None = None,
    known: Known | None = None,
    tables: bool = False,
    records: Keep = "none",
    on_replication: Callable[[Played], None] | None = None,
    on_notice: Callable[[str], None] | None = None,
) -> tuple[Run, Stopping]:
    """Simulate a scenario until some measures are as precise as asked, or the most replications are played.

    The rest is as for `replicate`, and replication k is the same as there.

    It stops at the first look at which, for all measures, half width / |mean| <= r / (1 + r): then the error relative
    to the *true* mean is at most r with the confidence of the interval (Law 2015, Simulation Modeling and Analysis,
    section 9.4.1, after Chow and Robbins 1965). A rule that stops when the spread happens to look small
    covers less often than it says; the least number of replications, so many that the spread is known to a sixth, keeps
    that within one per cent or so (docs/verification.md has what was measured).

    Raises ArgumentError as `Precision.check` does, and ValueError as `replicate` does.
    """
    precision.check(scenario)
    executor = executor_for() if executor is None else executor
    gathering = Gathering(
        scenario,
        seed=seed,
        engine=engine,
        keep=keep,
        known=known,
        tables=tables,
        records=records,
        waiting=True,
        replications=precision.least,
        executor=executor,
        on_notice=on_notice,
    )
    done: list[Sequence[Measure]] = []
    first = 0
    is_interrupted = False
    for look in precision.looks:
        numbers = range(first, look)
        tasks = (gathering.task(number) for number in numbers if not gathering.knows(number))
        try:
            with closing(executor.play(tasks)) as results:
                for number in numbers:
                    played = gathering.recall(number) if gathering.knows(number) else next(results)
                    if on_replication is not None:
                        on_replication(played)
                    gathering.add(played)
                    if played.stopped is not None:
                        break
                    done.append(played.measures)
        except KeyboardInterrupt:
            if not gathering.numbers:
                raise
            is_interrupted = True
        first = look
        if len(done) < look or assess(precision, done).is_reached:
            break
    extent = f"interrupted: the figures are of {len(gathering.numbers)} replications" if is_interrupted else ""
    run = gathering.finish(extent, is_interrupted=is_interrupted)
    return run, assess(precision, done)


def assess(precision: Precision, done: Sequence[Sequence[Measure]]) -> Stopping:
    """How well each measure is known after these replications."""
    return Stopping(
        precision, len(done), tuple(_assess(precision.relative, selection, done) for selection in precision.of)
    )


def named(run: Run) -> Run:
    """The run with rows whose method says that their number of replications was not fixed beforehand."""
    rows = tuple(replace(row, method=row.method.replace(METHOD, SEQUENTIAL)) for row in run.rows)
    return replace(run, rows=rows)


def _assess(relative: float, selection: Selection, done: Sequence[Sequence[Measure]]) -> Reached:
    place = next((place for place, row in enumerate(done[0]) if selection.matches(row)), None) if done else None
    column = [] if place is None else [measures[place].value for measures in done]
    values = [value for value in column if not math.isnan(value)]
    mean, _, low, high = interval(values)
    if len(values) < 2:
        return Reached(selection, math.inf, False, None)
    half = (high - low) / 2
    if half == 0:
        return Reached(selection, 0.0, True, None)
    error = half / abs(mean) if mean else math.inf
    allowed = relative / (1 + relative)
    if error <= allowed:
        return Reached(selection, error, True, None)
    # Half widths shrink with the square root of the number; at the most the t quantile hardly changes any more.
    needed = None if math.isinf(error) else math.ceil(len(done) * (error / allowed) ** 2)
    return Reached(selection, error, False, needed)


def _percent(share: float) -> str:
    return "any %" if math.isinf(share) else f"{100 * share:.2g} %"
