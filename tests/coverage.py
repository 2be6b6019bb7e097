"""How often the intervals that portsim prints cover the truth, where theory knows it.

    python -m tests.verification coverage        # writes the table of docs/verification.md

One port holds many small experiments: a stage of its own for each flow, with draws of its own. What is measured of each
flow goes through the same functions as every row that is printed: `summarise`, `differences`, `assess`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from portsim.engines import choose, simulate
from portsim.experiments.precision import Precision, assess
from portsim.experiments.replicate import replicate
from portsim.experiments.warmup import WarmUpAdvice
from portsim.model import draw, lower
from portsim.model.network import NONE, Network
from portsim.model.records import Records
from portsim.model.streams import Streams
from portsim.model.traffic import Traffic
from portsim.results import Measure, summarise
from portsim.results.differences import DifferenceRow, PlanMeasures, differences
from portsim.results.selection import Selection
from portsim.scenario import Scenario, load_text
from tests.verification import DAY, flow, port

Floats = NDArray[np.float64]

DEFAULT, DEEP = 1_000, 4_000
"""Experiments of a case, in the default tests and in the deep ones."""

AT_ONCE = 100
"""Experiments in one port."""


@dataclass(frozen=True)
class Coverage:
    """In how many experiments of a case the interval covered the truth.

    is_promised : whether the truth is that of a run that starts and ends as stated, which the interval is made for
    remark : what is to be known where it is not
    """

    case: str
    what: str
    truth: str
    covered: int
    experiments: int
    is_promised: bool
    remark: str = ""

    @property
    def share(self) -> float:
        return self.covered / self.experiments

    @property
    def allowed(self) -> float:
        """Four standard deviations of the share: 1.4 % of 4,000 experiments, 2.8 % of 1,000."""
        return 4 * math.sqrt(0.95 * 0.05 / self.experiments)

    def __str__(self) -> str:
        return (
            f"| {self.case} | {self.what} | {self.truth} | {100 * self.share:.1f} % | {self.experiments:,} "
            f"| {'95 %' if self.is_promised else self.remark} |"
        )


@dataclass(frozen=True)
class Case:
    """One stage and one flow, what theory says of them, and how many replications an experiment has."""

    name: str
    stage: str
    arrivals: str
    length: int
    metric: str
    truth: float
    replications: int
    is_promised: bool = True
    remark: str = ""
    warm_up: int = 0
    at_once: int = AT_ONCE

    @property
    def value(self) -> Callable[[Network, Traffic, Records], Floats]:
        """What is measured of each flow."""
        return crossings if self.metric == "crossings" else mean_wait

    def scenario(self, stage: str | None = None, prefix: str = "check", more: str = "") -> Scenario:
        """The port of many such stages; `prefix` decides the draws, as streams belong to names."""
        names = range(self.at_once)
        return load_text(
            port(
                stages="\n".join(f"{prefix}_{name}: {stage or self.stage}" for name in names),
                flows="\n".join(flow(f"flow_{name}", self.arrivals, journey=f"{prefix}_{name}") for name in names),
                length=self.length,
                warm_up=self.warm_up,
                more=more,
            )
        )

    def measured(self, scenario: Scenario, seed: int) -> dict[int, tuple[Measure, ...]]:
        """Of each replication one measure a flow, worked out from the records."""
        network = lower(scenario)
        found = {}
        for number in range(self.replications):
            traffic = draw(scenario, network, seed=seed, replication=number)
            engine = choose("auto", traffic, replications=1000).engine
            values = self.value(network, traffic, simulate(network, traffic, engine=engine))
            found[number] = tuple(
                Measure(self.metric, "", name, None, None, None, None, value)
                for name, value in zip(network.flows, values.tolist(), strict=True)
            )
        return found

    def coverage(self, experiments: int) -> Coverage:
        """Run so many experiments, each of `replications`, and count."""
        covered = done = 0
        scenario = self.scenario()
        for seed in range(experiments // self.at_once):
            rows = summarise("theory", list(self.measured(scenario, seed).values()))
            covered += sum(row.ci_low <= self.truth <= row.ci_high for row in rows)
            done += len(rows)
        what = f"{self.metric}, {self.replications} replications"
        return Coverage(self.name, what, f"{self.truth:.5g}", covered, done, self.is_promised, self.remark)


def mean_wait(network: Network, traffic: Traffic, records: Records) -> Floats:
    """Mean wait of the units of each flow that arrive in the measured stretch, min; each has one stage."""
    units, visits = records.units, records.visits
    measured = units["arrived"] >= network.measure_from
    started = np.full(len(traffic), network.end)  # who still waits has waited until the end
    begun = visits["started"] != NONE
    started[visits["unit"][begun]] = visits["started"][begun]
    flows = units["flow"][measured]
    waits = (started[units["unit"]] - units["arrived"])[measured] / 60_000
    sums = np.bincount(flows, weights=waits, minlength=len(network.flows))
    means: Floats = sums / np.bincount(flows, minlength=len(network.flows))
    return means


def crossings(network: Network, traffic: Traffic, records: Records) -> Floats:
    """Units of each flow that are done with their stage."""
    visits = records.visits
    done = visits["ended"] != NONE
    flows: Floats = np.bincount(traffic.flow[visits["unit"][done]], minlength=len(network.flows)).astype(np.float64)
    return flows


def lined_up(trucks: int, lanes: int) -> float:
    """Mean wait of trucks that all stand there at the start, exponential service of mean 1.

    All lanes are busy until the last has begun, so that truck k, from 1, begins at the (k - lanes)-th end of a service,
    (k - lanes)/lanes from the start on average.
    """
    return sum(max(number - lanes, 0) / lanes for number in range(1, trucks + 1)) / trucks


def cases() -> list[Case]:
    """Cases whose truth is exact, those the interval is made for first."""
    one_lane = "{lanes: 1, service: {exponential: {mean: 1 min}}}"
    return [
        Case(
            "40 trucks stand before one lane", one_lane, "queue_at_start: 40", 300, "wait_mean_min", lined_up(40, 1), 10
        ),
        Case(
            "40 trucks stand before three lanes",
            "{lanes: 3, service: {exponential: {mean: 1 min}}}",
            "queue_at_start: 40",
            120,
            "wait_mean_min",
            lined_up(40, 3),
            10,
        ),
        Case(
            "trucks that come at random, 6 min at a stage without lanes, 1 h",
            "{counted: true, service: 6 min}",
            "rate: 40/h",
            60,
            "crossings",
            40 * 54 / 60,
            10,
        ),
        Case(
            "the same, one in a run of 1 h on average",
            "{counted: true, service: 6 min}",
            "rate: 1/h",
            60,
            "crossings",
            54 / 60,
            10,
            is_promised=False,
            remark="few and whole: a Poisson number of mean 0.9",
        ),
        Case(
            "3 trucks stand before one lane",
            one_lane,
            "queue_at_start: 3",
            300,
            "wait_mean_min",
            lined_up(3, 1),
            5,
            is_promised=False,
            remark="skewed, and 5 replications only",
        ),
        Case(
            "one truck whose service has cv 3, before another",
            "{lanes: 1, service: {lognormal: {mean: 1 min, cv: 3}}}",
            "queue_at_start: 2",
            DAY,
            "wait_mean_min",
            0.5,
            10,
            is_promised=False,
            remark="very skewed: rare long services are seldom among ten",
        ),
    ]


def steady_cases() -> list[Case]:
    """A port in its long run, which a run from an empty start only comes near to."""
    stage = "{lanes: 1, service: {exponential: {mean: 1 min}}}"
    long_run = 0.9 / (1 - 0.9)
    return [
        Case(
            "M/M/1, load 0.9, its long run, from an empty start, 8 h",
            stage,
            "rate: 0.9/min",
            480,
            "wait_mean_min",
            long_run,
            10,
            is_promised=False,
            remark="the run is too short to have forgotten its start; `--steady-state` says so",
            at_once=20,
        ),
        Case(
            "the same, 16 h before it is measured",
            stage,
            "rate: 0.9/min",
            480,
            "wait_mean_min",
            long_run,
            10,
            is_promised=False,
            remark="the start is forgotten; waits are skewed still",
            warm_up=960,
            at_once=20,
        ),
    ]


# Differences ----------------------------------------------------------------------------------------------------------


def compared(case: Case, scenarios: dict[str, Scenario], seed: int) -> tuple[DifferenceRow, ...]:
    """The differences of the others from the first scenario, one a plan and flow."""
    measured = {name: case.measured(scenario, seed) for name, scenario in scenarios.items()}
    plans = [
        PlanMeasures(name, by_number, summarise("theory", list(by_number.values())))
        for name, by_number in measured.items()
    ]
    return differences(plans[0], plans[1:])


def paired(experiments: int) -> Coverage:
    """Three lanes in place of one before 40 trucks: the difference of both means is exact."""
    case = cases()[0]
    truth = lined_up(40, 3) - lined_up(40, 1)
    scenarios = {
        "one": case.scenario(),
        "three": case.scenario("{lanes: 3, service: {exponential: {mean: 1 min}}}"),
    }
    covered = done = 0
    for seed in range(experiments // case.at_once):
        rows = compared(case, scenarios, seed)
        covered += sum(row.ci_low <= truth <= row.ci_high for row in rows)
        done += len(rows)
    what = "difference of wait_mean_min, 10 replications"
    return Coverage("three lanes in place of one before 40 trucks", what, f"{truth:.5g}", covered, done, True)


PLANS = 5


def equal_plans(experiments: int) -> Coverage:
    """Five plans that differ from the baseline by chance alone: in how many comparisons is none called different."""
    case = replace(cases()[0], arrivals="queue_at_start: 6", replications=5)
    scenarios = {prefix: case.scenario(prefix=prefix) for prefix in ("base", *(f"plan{n}" for n in range(PLANS)))}
    quiet = done = 0
    for seed in range(experiments // case.at_once):
        verdicts: dict[str, set[str]] = {}
        for row in compared(case, scenarios, seed):
            # Interval, p value and verdict never disagree.
            assert (row.ci_low > 0 or row.ci_high < 0) is (row.p <= 0.05) is (row.verdict in ("better", "worse"))
            assert row.flow is not None
            verdicts.setdefault(row.flow, set()).add(row.verdict)
        quiet += sum(said == {"no difference shown"} for said in verdicts.values())
        done += len(verdicts)
    what = "no plan is called better or worse, 5 replications"
    return Coverage(f"{PLANS} plans equal to the baseline", what, "no difference", quiet, done, True)


# Sequential -----------------------------------------------------------------------------------------------------------


def sequential(experiments: int, shape: float, relative: float) -> tuple[Coverage, float]:
    """Replications whose measure is gamma of this shape, mean 1, until it is known to so much; and how many it took."""
    from scipy.special import gammaincinv

    precision = Precision(relative, (Selection("wait_mean_min"),))
    most = precision.most
    covered = taken = 0
    for number in range(experiments):
        values = gammaincinv(shape, Streams(1, number).uniforms("coverage", str(shape), count=most)) / shape
        rows = [(Measure("wait_mean_min", "min", None, None, None, None, None, value),) for value in values.tolist()]
        for look in precision.looks:
            stopping = assess(precision, rows[:look])
            if stopping.is_reached:
                break
        mean = float(np.mean(values[:look]))
        covered += abs(mean - 1) <= stopping.reached[0].error * mean
        taken += look
    case = f"a measure of cv {1 / math.sqrt(shape):.2g} known to {100 * relative:g} %"
    what = f"sequential, {taken / experiments:.0f} replications on average"
    return Coverage(case, what, "1", covered, experiments, True), taken / experiments


def every(experiments: int) -> Iterator[Coverage]:
    """All cases of the table."""
    for case in cases():
        yield case.coverage(experiments)
    yield paired(experiments)
    yield equal_plans(experiments)
    for shape, relative in ((100.0, 0.05), (25.0, 0.05), (4.0, 0.1)):
        yield sequential(experiments, shape, relative)[0]
    for case in steady_cases():
        yield case.coverage(experiments // 10)


@cache
def advice(case: Case) -> tuple[str, ...]:
    """What the tool says of a case for which a steady state is claimed."""
    found = WarmUpAdvice()
    scenario = case.scenario()

    def take(played) -> None:  # type: ignore[no-untyped-def]
        found.add(played.hours)

    replicate(scenario, replications=case.replications, seed=1, tables=True, on_replication=take)
    return tuple(found.sentences(scenario))


HEADER = "| case | interval | truth | covered in | experiments | promised, or why not |\n|---|---|---:|---:|---:|---|\n"


def table(found: Sequence[Coverage]) -> str:
    """The table of the page."""
    return HEADER + "".join(f"{one}\n" for one in found)
