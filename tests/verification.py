"""Queueing theory that a run has to meet, from scenario text to measures.

    python -m tests.verification        # writes the tables of docs/verification.md

Each case is a scenario as a user writes it, and numbers that theory gives for it. Chance is met with intervals: the
mean over replications has to lie within four of its standard errors. Every run starts with an empty port (or the queue
it states) and is measured from `warm_up` minutes on, by when it has forgotten its start: that is ten relaxation
times or more, 1 / (sqrt(c mu) - sqrt(lambda))^2 at M/M/c. It stops with units inside, which count with what they have
waited so far; that takes less from a mean than an eighth of its standard error.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import numpy as np

from portsim.experiments import Replication, replay
from portsim.model.network import NONE
from portsim.results.hours import HOUR_MS, count_hours
from portsim.scenario import load_text
from tests import theory
from tests.theory import Day, Shift

PAGE = Path(__file__).resolve().parent.parent / "docs" / "verification.md"
BEGIN, END = "<!-- begin table -->", "<!-- end table -->"
LONGER = 10
"""How many times as many replications the table and the deep tests take."""

DAY = 1440
MINUTE_MS = 60_000

Value = Callable[[Replication], float]


@dataclass(frozen=True)
class Finding:
    """One number of theory beside its mean over replications."""

    case: str
    what: str
    theory: float
    mean: float
    standard_error: float

    @property
    def z(self) -> float:
        """How many standard errors lie between them."""
        return (self.mean - self.theory) / self.standard_error

    def __str__(self) -> str:
        return (
            f"| {self.case} | {self.what} | {self.theory:.5g} | {self.mean:.5g} "
            f"| {self.standard_error:.2g} | {self.z:+.2f} |"
        )


@dataclass(frozen=True)
class Case:
    """A scenario and what theory says of it.

    expected : by what is measured, the number of theory and how a replication gives it
    other : a text of the scenario and another in its place: a port the theory does not fit, which has to be noticed
    supposes : what must hold in each replication for the theory to apply
    """

    name: str
    scenario: str
    expected: dict[str, tuple[float, Value]]
    other: tuple[str, str]
    replications: int = 10
    supposes: Value | None = None

    def findings(self, *, engine: str = "auto", times: int = 1) -> list[Finding]:
        """Run the case, `times` as many replications as usual, with a seed of its own."""
        values: dict[str, list[float]] = {what: [] for what in self.expected}

        scenario = load_text(self.scenario)
        for number in range(self.replications * times):
            replication = replay(scenario, number, seed=zlib.crc32(self.name.encode()), engine=engine)
            assert replication.stopped is None
            assert self.supposes is None or self.supposes(replication), f"{self.name}: the theory does not apply"
            for what, (_, value) in self.expected.items():
                values[what].append(value(replication))
        return [
            Finding(
                self.name,
                what,
                self.expected[what][0],
                statistics.fmean(found),
                statistics.stdev(found) / math.sqrt(len(found)),
            )
            for what, found in values.items()
        ]

    def with_other(self) -> Case:
        """The same theory for the port it does not fit."""
        assert self.scenario.count(self.other[0]) == 1, f"{self.name}: {self.other[0]!r} must stand there once"
        return Case(self.name, self.scenario.replace(*self.other), self.expected, self.other, self.replications)


def port(*, stages: str, flows: str, length: int, warm_up: int = 0, more: str = "") -> str:
    """A scenario that runs for `warm_up` and then `length` minutes, measured from the end of the warm-up."""
    start = datetime(2025, 1, 1)
    measured = start + timedelta(minutes=warm_up)
    return (
        f"portsim: 1\nname: theory\nport: theory\nfrom: {start:%Y-%m-%d %H:%M}\n"
        f"to: {measured + timedelta(minutes=length):%Y-%m-%d %H:%M}\nmeasure_from: {measured:%Y-%m-%d %H:%M}\n"
        f"sides:\n  own: {{timezone: UTC}}\n{more}"
        f"stages:\n{_indented(stages)}flows:\n{_indented(flows)}"
        "sources:\n  stages.*: {assumed: theory}\n  flows.*: {assumed: theory}\n"
        + ("  officers.*: {assumed: theory}\n" if "officers:" in more else "")
    )


def flow(name: str, arrivals: str, journey: str = "check", more: str = "") -> str:
    """One flow of a scenario."""
    return f"{name}: {{kind: truck, direction: out, journey: [{journey}], arrivals: {{{arrivals}}}{more}}}"


def _indented(text: str) -> str:
    return "".join(f"  {line}\n" for line in text.splitlines())


# What a replication gives ---------------------------------------------------------------------------------------------


def measured(metric: str, *, flow: str | None = None, stage: str | None = None) -> Value:
    """A measure, as it stands in the results."""

    def value(replication: Replication) -> float:
        rows = [m for m in replication.measures if (m.metric, m.flow, m.stage) == (metric, flow, stage)]
        return next(m.value for m in rows if (m.kind, m.direction, m.pool) == (None, None, None))

    return value


def share_turned_away(replication: Replication) -> float:
    return measured("turned_away")(replication) / measured("arrived")(replication)


def share_that_waited(replication: Replication) -> float:
    return 1 - measured("within_target_wait_max_min")(replication)


def present(replication: Replication, stage: str) -> tuple[np.ndarray, np.ndarray]:
    """Ticks from which and until which units were at a stage, waiting or in service."""
    network, visits = replication.network, replication.records.visits
    here = visits["stage"] == [each.name for each in network.stages].index(stage)
    left = visits["left"][here]
    return visits["joined"][here], np.where(left == NONE, network.end, left)


def share_of_time(number: int, stage: str = "check") -> Value:
    """Share of the measured time in which this many units are at a stage."""

    def value(replication: Replication) -> float:
        since, end = replication.network.measure_from, replication.network.end
        joined, left = present(replication, stage)
        ticks = np.concatenate(([0], joined, left))
        changes = np.concatenate(([0], np.ones(joined.size), -np.ones(left.size)))
        order = np.argsort(ticks, kind="stable")
        lengths = np.diff(np.clip(ticks[order], since, end), append=end)
        return float(lengths[np.cumsum(changes[order]) == number].sum() / (end - since))

    return value


def present_at(hour: int, stage: str) -> Value:
    """Mean number at a stage at this hour of each measured day."""

    def value(replication: Replication) -> float:
        network = replication.network
        joined, left = present(replication, stage)
        times = np.arange(network.measure_from + hour * HOUR_MS, network.end, DAY * MINUTE_MS)
        numbers = np.searchsorted(np.sort(joined), times, side="right") - np.searchsorted(
            np.sort(left), times, side="right"
        )
        return float(numbers.mean())

    return value


def queue_by_hour(first: int, last: int) -> Value:
    """Mean number waiting or paused from hour `first` to `last` of each measured day but the last (`hourly.csv`)."""

    def value(replication: Replication) -> float:
        network = replication.network
        table = count_hours(network, replication.traffic, replication.records)
        tick, hour = table["tick"], table["tick"] // HOUR_MS % 24
        is_measured = (tick >= network.measure_from) & (tick < network.end - DAY * MINUTE_MS)
        chosen = is_measured & (first <= hour) & (hour < last)
        return float((table["waiting_ms"] + table["paused_ms"])[chosen].mean() / HOUR_MS)

    return value


def minutes_until_empty(replication: Replication) -> float:
    """From the opening at 08:00 of the first day until nobody is at the gate."""
    opening = 8 * HOUR_MS
    joined, left = (np.sort(ticks) for ticks in present(replication, "gate"))
    is_empty = (left[:-1] <= joined[1:]) & (left[:-1] > opening)
    return float((left[:-1][is_empty][0] - opening) / MINUTE_MS)


def hours_waited_by_the_first(replication: Replication) -> float:
    """Of all who came to the gate before 08:00 of the first day, from coming to their service."""
    visits = replication.records.visits
    came = visits["joined"] < 8 * HOUR_MS
    return float((visits["started"] - visits["joined"])[came].sum() / HOUR_MS)


# The cases ------------------------------------------------------------------------------------------------------------


def cases() -> Iterator[Case]:
    """Every case, simple ones first."""
    yield from _several_lanes()
    yield from _limited_room()
    yield from _impatient()
    yield from _one_lane()
    yield from _together()
    yield _breakdowns()
    yield from _paces()
    yield from _lines()
    yield from _networks()
    yield from _delays()
    yield from _passengers()
    yield from _shifts()
    yield _closed_gate()


def _several_lanes() -> Iterator[Case]:
    yield Case(
        "M/M/3, load 2.7",
        port(
            stages="check: {lanes: 3, service: {exponential: {mean: 1 min}}}",
            flows=flow("trucks", "rate: 2.7/min"),
            warm_up=DAY,
            length=2 * DAY,
            more="targets: {wait_max_min: 0, wait_p95_min: 5}\n",
        ),
        {
            "share that waits": (theory.erlang_delay(2.7, 3), share_that_waited),
            "mean wait, min": (theory.mean_wait(2.7, 1, 3), measured("wait_mean_min")),
            "share waiting 5 min at most": (
                1 - theory.share_waiting_longer(2.7, 1, 3, 5),
                measured("within_target_wait_p95_min"),
            ),
        },
        other=("lanes: 3", "lanes: 4"),
    )
    yield Case(
        "M/M/3, load 2, officers short instead of lanes",
        port(
            stages="check: {lanes: 9, officers: {police: 2}, service: {exponential: {mean: 1 min}}}",
            flows=flow("trucks", "rate: 2/min"),
            warm_up=240,
            length=1600,
            more="officers:\n  police: {level: 7}\n",
        ),
        {
            "mean wait, min": (theory.mean_wait(2, 1, 3), measured("wait_mean_min")),
            "mean queue": (2 * theory.mean_wait(2, 1, 3), measured("queue_mean", stage="check")),
        },
        other=("level: 7", "level: 8"),
    )
    waits = theory.priority_waits_at_lanes([0.4, 1.2], 1, 2)
    yield Case(
        "two classes at two lanes (M/M/2), loads 0.4 and 1.2",
        port(
            stages="check: {lanes: 2, service: {exponential: {mean: 1 min}}}",
            flows=flow("trucks", "rate: 0.4/min", more=", priority: high")
            + "\n"
            + flow("others", "rate: 1.2/min", more=", priority: ordinary"),
            warm_up=900,
            length=1800,
        ),
        {
            "mean wait of the first, min": (waits[0], measured("wait_mean_min", flow="trucks")),
            "mean wait of the second, min": (waits[1], measured("wait_mean_min", flow="others")),
        },
        other=("priority: high", "priority: ordinary"),
    )
    loads = {"high": 0.5, "ordinary": 0.7, "low": 0.9}
    waits = theory.priority_waits_at_lanes(list(loads.values()), 1, 3)
    yield Case(
        "three classes at three lanes (M/M/3), loads 0.5, 0.7 and 0.9",
        port(
            stages="check: {lanes: 3, service: {exponential: {mean: 1 min}}}",
            flows="\n".join(
                flow(f"class_{name}", f"rate: {load}/min", more=f", priority: {name}") for name, load in loads.items()
            ),
            warm_up=500,
            length=1500,
        ),
        {
            f"mean wait of the {name}, min": (wait, measured("wait_mean_min", flow=f"class_{name}"))
            for name, wait in zip(loads, waits, strict=True)
        },
        other=("priority: low", "priority: ordinary"),
    )


def _limited_room() -> Iterator[Case]:
    states = theory.finite_room(3, 4, 2, 3).tolist()
    yield Case(
        "M/M/2 with 3 places, load 0.75",
        port(
            stages="check: {lanes: 2, waiting_space: 1, service: {exponential: {mean: 15 s}}}",
            flows=flow("trucks", "rate: 3/min", more=", when_full: turn_away"),
            warm_up=30,
            length=1000,
        ),
        {f"share of time with {number} inside": (states[number], share_of_time(number)) for number in range(4)}
        | {"share turned away": (states[3], share_turned_away)},
        other=("waiting_space: 1", "waiting_space: 2"),
    )
    yield Case(
        "Erlang loss, M/G/3 without room, load 2, lognormal cv 1.5",
        port(
            stages="check: {lanes: 3, waiting_space: 0, service: {lognormal: {mean: 1 min, cv: 1.5}}}",
            flows=flow("trucks", "rate: 2/min", more=", when_full: turn_away"),
            warm_up=240,
            length=1500,
        ),
        {"share turned away": (theory.erlang_loss(2, 3), share_turned_away)},
        other=("lanes: 3", "lanes: 4"),
    )
    units, turns = 6, 260
    states = theory.finite_source(units, 1 / 5, 1, 2).tolist()
    journey = ", ".join(["yard, check"] * turns)
    yield Case(
        f"{units} trucks that come back 5 min after each check, 2 lanes",
        port(
            stages="yard: {service: {exponential: {mean: 5 min}}}\n"
            "check: {lanes: 2, service: {exponential: {mean: 1 min}}}",
            flows=flow("trucks", f"queue_at_start: {units}", journey=journey),
            warm_up=100,
            length=1200,
        ),
        {f"share of time with {number} at the check": (states[number], share_of_time(number)) for number in (0, 1, 3)},
        other=("lanes: 2", "lanes: 1"),
        replications=20,
        supposes=lambda replication: measured("released")(replication) == 0,
    )


def _impatient() -> Iterator[Case]:
    """More come than can be served: without patience there would be no long run."""
    rate, lanes, leaving = 3.6, 3, 0.5
    states = theory.impatient(rate, 1, lanes, leaving, most=60)
    queue = float(sum(max(n - lanes, 0) * share for n, share in enumerate(states)))
    yield Case(
        "M/M/3+M, load 3.6, patience 2 min on average",
        port(
            stages="check: {lanes: 3, service: {exponential: {mean: 1 min}}}",
            flows=flow("trucks", "rate: 3.6/min", more=", patience: {exponential: {mean: 2 min}}"),
            warm_up=120,
            length=1500,
        ),
        {
            "share that leaves": (
                queue * leaving / rate,
                lambda replication: measured("left")(replication) / measured("arrived")(replication),
            ),
            "mean wait of all, min": (queue / rate, measured("wait_mean_min")),
            "share of time with 3 inside": (float(states[lanes]), share_of_time(lanes)),
            "share of time with 6 inside": (float(states[6]), share_of_time(6)),
        },
        other=("patience: {exponential: {mean: 2 min}}", "patience: 2 min"),
    )


def _one_lane() -> Iterator[Case]:
    waits = theory.priority_waits([0.2, 0.6], [1, 1], [1, 1])
    yield Case(
        "two classes at one lane (M/M/1), loads 0.2 and 0.6",
        port(
            stages="check: {lanes: 1, service: {exponential: {mean: 1 min}}}",
            flows=flow("trucks", "rate: 0.2/min", more=", priority: high") + "\n" + flow("others", "rate: 0.6/min"),
            warm_up=DAY,
            length=4 * DAY,
        ),
        {
            "mean dwell of the first, min": (waits[0] + 1, measured("dwell_mean_min", flow="trucks")),
            "mean dwell of the second, min": (waits[1] + 1, measured("dwell_mean_min", flow="others")),
        },
        other=(", priority: high", ""),
    )
    exponential = "exponential: {mean: 1 min}"
    services = {
        0: ("fixed: 1 min", exponential),
        0.5: ("lognormal: {mean: 1 min, cv: 0.5}", exponential),
        1: (exponential, "fixed: 1 min"),
        2: ("lognormal: {mean: 1 min, cv: 2}", exponential),
    }
    for cv, (service, other) in services.items():
        yield Case(
            f"M/G/1, load 0.7, cv {cv:g}",
            port(
                stages=f"check: {{lanes: 1, service: {{{service}}}}}",
                flows=flow("trucks", "rate: 0.7/min"),
                warm_up=DAY,
                length=3 * DAY,
            ),
            {"mean wait, min": (theory.pollaczek_khinchine(0.7, 1, cv), measured("wait_mean_min"))},
            other=(service, other),
        )


def _together() -> Iterator[Case]:
    """Units that come together: out of buses, by a timetable; and units that are called in together.

    Of the latter the mean queue is compared, the mean wait by Little's law, which no end of a run cuts short.
    """
    hall = "hall: {lanes: 1, service: {exponential: {mean: 1 min}}}"
    wilder = hall.replace("exponential: {mean", "lognormal: {cv: 2, mean")
    for aboard, number, sizes, other in (
        ("1 to 5", "{from: 1, to: 5}", [0.2] * 5, (hall, wilder)),
        ("4", "4", [0, 0, 0, 1.0], ("number: 4", "number: {from: 1, to: 7}")),
    ):
        rate = 0.6 / sum(size * share for size, share in enumerate(sizes, 1))
        yield Case(
            f"passengers of buses at one counter (M^X/M/1), load 0.6, {aboard} aboard",
            port(
                stages=f"road: {{service: {{lognormal: {{mean: 20 min, cv: 0.8}}}}}}\nstop: {{service: 1 min}}\n{hall}",
                flows=flow("buses", f"rate: {rate * 60:g}/h", journey="road, stop")
                + "\n"
                + flow("people", f"aboard: {{flow: buses, number: {number}, get_off_at: stop}}", journey="hall"),
                warm_up=1200,
                length=3 * DAY,
            ),
            {"mean wait, min": (theory.batch_arrivals(rate, sizes, 1, 1), measured("wait_mean_min", stage="hall"))},
            other=other,
        )
    clock = ", ".join(f'"{hour:02}:{minute:02}"' for hour in range(24) for minute in (0, 30))
    yield Case(
        "20 trucks together every half an hour (D^X/M/1), load 0.8",
        port(
            stages="check: {lanes: 1, service: {exponential: {mean: 72 s}}}",
            flows=flow("trucks", f"timetable: [{{at: [{clock}], units: 20}}]"),
            warm_up=DAY,
            length=3 * DAY,
        ),
        {"mean wait, min": (theory.timetable_wait(20, 30, 1 / 1.2), measured("wait_mean_min"))},
        other=("units: 20}]", "units: 20}], late: {exponential: {mean: 20 min}}"),
    )
    yield Case(
        "one lane into which trucks are called four at a time, load 0.7",
        port(
            stages="check: {lanes: 1, batch: {size: 4}, service: {exponential: {mean: 1 min}}}",
            flows=flow("trucks", "rate: 0.7/min"),
            warm_up=900,
            length=2 * DAY,
        ),
        {"mean queue": (0.7 * theory.batch_calls_wait(0.7, 4, 1), measured("queue_mean", stage="check"))},
        other=("size: 4", "size: 3"),
    )
    yield Case(
        "waves of 8 places every 10 min (Bailey), 6.4 come meanwhile",
        port(
            stages="yard: {waves: {every: 10 min, up_to: 8}, service: 1 min}",
            flows=flow("trucks", "rate: 0.64/min", journey="yard"),
            warm_up=1200,
            length=2 * DAY,
        ),
        {"mean queue": (0.64 * theory.waves_wait(0.64, 10, 8), measured("queue_mean", stage="yard"))},
        other=("up_to: 8", "up_to: 9"),
    )


def _breakdowns() -> Case:
    inside = theory.broken_down(0.4, 1, 1 / 30, 1 / 10)
    return Case(
        "M/M/1 that fails every 30 min for 10 min, load 0.4 of 0.75",
        port(
            stages="check: {lanes: 1, closing: suspend, service: {exponential: {mean: 1 min}}, "
            "outages: {every: {exponential: {mean: 30 min}}, last: {exponential: {mean: 10 min}}}}",
            flows=flow("trucks", "rate: 0.4/min"),
            warm_up=DAY,
            length=4 * DAY,
        ),
        {
            "mean dwell, min": (inside, measured("dwell_mean_min")),
            "mean number inside": (0.4 * inside, measured("in_port_mean")),
            "hours out a day": (6.0, lambda replication: measured("outage_h", stage="check")(replication) / 4),
        },
        other=("last: {exponential: {mean: 10 min}}", "last: 10 min"),
    )


def _paces() -> Iterator[Case]:
    """Six paces by the number that wait as a service starts, not counting its own unit; and paces that multiply."""
    states = theory.paced_by_queue(0.7, [0.8, 0.8, 1.2, 1.2, 1.2, 1.5], most=120)
    inside = float(states @ np.arange(states.size))
    pace = "by_queue: {0: 0.8, 2: 1.2, 5: 1.5}"
    yield Case(
        "one lane whose pace is 0.8, with 2 waiting 1.2, with 5 waiting 1.5",
        port(
            stages=f"check: {{lanes: 1, pace: {{{pace}}}, {EXPONENTIAL}}}",
            flows=flow("trucks", "rate: 0.7/min"),
            warm_up=600,
            length=3 * DAY,
        ),
        {f"share of time with {number} inside": (float(states[number]), share_of_time(number)) for number in (0, 2, 6)}
        | {"mean dwell, min": (inside / 0.7, measured("dwell_mean_min"))},
        other=(pace, "by_queue: {0: 0.8, 3: 1.2, 6: 1.5}"),
    )
    yield Case(
        "M/M/3, load 2, paces of 0.75 by the hour and 0.8 by the lanes open, base service 36 s",
        port(
            stages="check: {lanes: 3, pace: {by_hour: 0.75, by_lanes: {2: 0.9, 3: 0.8, 4: 0.5}}, "
            "service: {exponential: {mean: 36 s}}}",
            flows=flow("trucks", "rate: 2/min"),
            warm_up=240,
            length=1600,
        ),
        {"mean wait, min": (theory.mean_wait(2, 1, 3), measured("wait_mean_min"))},
        other=("3: 0.8", "3: 0.9"),
    )


def _lines() -> Iterator[Case]:
    """Saturated: the queue at the start is longer than the first lane can serve."""
    for places in ((0,), (1,), (2,), (5,), (0, 0)):
        names = [f"line{number}" for number in range(len(places) + 1)]
        stages = [f"line0: {{lanes: 1, {EXPONENTIAL}}}"]
        stages += [
            f"{name}: {{lanes: 1, waiting_space: {space}, {EXPONENTIAL}}}"
            for name, space in zip(names[1:], places, strict=True)
        ]
        rooms = " and ".join(str(space) for space in places)
        other = 2 if places == (5,) else places[-1] + 1  # the more places the less one more of them gives
        yield Case(
            f"saturated line of {len(names)} lanes, {rooms} places between",
            port(
                stages="\n".join(stages),
                flows=flow("trucks", "queue_at_start: 1800", journey=", ".join(names)),
                warm_up=60,
                length=1800,
            ),
            {
                "output per min": (
                    theory.saturated_line([1.0] * len(names), list(places)),
                    lambda replication: measured("released")(replication) / 1800,
                )
            },
            other=(stages[-1], stages[-1].replace(f"waiting_space: {places[-1]}", f"waiting_space: {other}")),
            supposes=_has_queue_at_the_end,
        )


EXPONENTIAL = "service: {exponential: {mean: 1 min}}"


def _has_queue_at_the_end(replication: Replication) -> bool:
    visits = replication.records.visits
    return bool(((visits["stage"] == 0) & (visits["started"] == NONE)).any())


def _networks() -> Iterator[Case]:
    line = {"gate": (2.0, 1), "check": (0.625, 3), "exit": (1.0, 2)}
    waits = theory.tandem(1.5, list(line.values()))
    yield Case(
        "Jackson tandem, loads 0.75, 2.4 of 3, 1.5 of 2",
        port(
            stages="gate: {lanes: 1, service: {exponential: {mean: 30 s}}}\n"
            "check: {lanes: 3, service: {exponential: {mean: 96 s}}}\n"
            "exit: {lanes: 2, service: {exponential: {mean: 1 min}}}",
            flows=flow("trucks", "rate: 1.5/min", journey="gate, check, exit"),
            warm_up=600,
            length=DAY,
        ),
        {
            f"mean wait at stage {number}, min": (wait, measured("wait_mean_min", stage=name))
            for number, (name, wait) in enumerate(zip(line, waits, strict=True), 1)
        },
        other=("lanes: 3", "lanes: 4"),
    )
    # Both directions pass the check; 30 % go to the scan, and half of the inbound ones through the check again.
    rates = theory.network_rates([1.0, 0.6, 0.0], [[0, 0, 0.3], [0.5, 0, 0], [0, 0, 0]]).tolist()
    yield Case(
        "Jackson network, two directions, referral of 30 %",
        port(
            stages="check: {lanes: 2, service: {exponential: {mean: 1 min}}}\n"
            "entry: {lanes: 1, service: {exponential: {mean: 1 min}}}\n"
            "scan: {lanes: 1, service: {exponential: {mean: 90 s}}}",
            flows=flow("trucks", "rate: 1/min", journey="check, {scan: 30%}")
            + "\n"
            + flow("others", "rate: 0.3/min", journey="entry")
            + "\n"
            + "back: {kind: truck, direction: in, journey: [entry, check, {scan: 30%}], arrivals: {rate: 0.3/min}}",
            warm_up=600,
            length=2 * DAY,
        ),
        {
            f"mean wait at the {name}, min": (
                theory.mean_wait(rate, service, lanes),
                measured("wait_mean_min", stage=name),
            )
            for name, rate, service, lanes in zip(
                ("check", "entry", "scan"), rates, (1, 1, 1 / 1.5), (2, 1, 1), strict=True
            )
        },
        other=("check, {scan: 30%}], arrivals: {rate: 0.3/min}", "check], arrivals: {rate: 0.3/min}"),
    )


def _delays() -> Iterator[Case]:
    states = theory.infinite_lanes(2.5, 5).tolist()
    yield Case(
        "M/G/infinity, load 2.5, lognormal cv 1",
        port(
            stages="yard: {service: {lognormal: {mean: 150 s, cv: 1}}}",
            flows=flow("trucks", "rate: 1/min", journey="yard"),
            warm_up=240,
            length=4000,
        ),
        {f"share of time with {number} inside": (states[number], share_of_time(number, "yard")) for number in (0, 2, 5)}
        | {"mean number inside": (2.5, measured("in_port_mean"))},
        other=("mean: 150 s", "mean: 170 s"),
    )
    weights = {(0, 6): 1, (6, 12): 5, (12, 18): 8, (18, 24): 2}
    by_hour = ", ".join(f"{first}-{last}: {weight}" for (first, last), weight in weights.items())
    rates = {hours: 1440 * weight / (6 * sum(weights.values())) for hours, weight in weights.items()}
    yield Case(
        "M(t)/M/infinity, rates by the hour, mean stay 2 h",
        port(
            stages="yard: {service: {exponential: {mean: 2 h}}}",
            flows=flow("trucks", f"per_day: 1440, by_hour: {{{by_hour}}}", journey="yard"),
            warm_up=DAY,
            length=4 * DAY,
        ),
        {
            f"mean number inside at {hour % 24:02}:00": (
                _inside_at(rates, hour, mean=2.0),
                present_at(hour, "yard"),
            )
            for hour in (0, 6, 12, 18)
        },
        other=(f"by_hour: {{{by_hour}}}", "by_hour: {0-24: 1}"),
    )
    paces = {(0, 6): 0.5, (6, 12): 1.0, (12, 18): 1.6, (18, 24): 0.8}
    by_pace = ", ".join(f"{first}-{last}: {pace}" for (first, last), pace in paces.items())
    yield Case(
        "M(t)/M(t)/infinity, a mean stay of 2 h at pace 1, paces by the hour of its start",
        port(
            stages=f"yard: {{pace: {{by_hour: {{{by_pace}}}}}, service: {{exponential: {{mean: 2 h}}}}}}",
            flows=flow("trucks", f"per_day: 720, by_hour: {{{by_hour}}}", journey="yard"),
            warm_up=2 * DAY,
            length=4 * DAY,
        ),
        {
            f"mean number inside at {hour % 24:02}:00": (
                _inside_at(rates, hour, mean=2.0, paces=paces) / 2,
                present_at(hour, "yard"),
            )
            for hour in (0, 6, 12, 18)
        },
        other=("12-18: 1.6", "12-18: 1.2"),
    )


def _inside_at(
    rates: dict[tuple[int, int], float], hour: int, mean: float, paces: dict[tuple[int, int], float] | None = None
) -> float:
    """Mean number inside at this hour, after three days of the same rates; a stay keeps the pace of its start."""
    total = 0.0
    for day in range(-3, 1):
        for (first, last), rate in rates.items():
            since, until = 24 * day + first, min(24 * day + last, hour)
            stay = mean / (paces or {}).get((first, last), 1.0)
            if since < until:
                total += theory.inside_by_time(
                    lambda _, rate=rate: rate,
                    lambda age, until=until, stay=stay: math.exp(-(age + hour - until) / stay),
                    until,
                    since,
                )
    return total


def _passengers() -> Iterator[Case]:
    """A bus is looked at for 3 min, its five passengers walk for 4 min each on average; then it waits for the last.

    Nobody waits for anything else, so there is nothing to warm up; buses come on one day, and the next lets all go.
    """
    walks = theory.last_of(5, 4), theory.last_of(5, 4, limit=3)
    for limit, end in (("true", math.inf), ("6 min", 3.0 + 6.0)):
        expected: dict[str, tuple[float, Value]] = {
            "mean rejoin, min": (theory.last_of(5, 4, limit=end) - walks[1], measured("rejoin_mean_min", flow="buses"))
        }
        if limit == "true":
            expected["mean dwell, min"] = (3 + walks[0] - walks[1], measured("dwell_mean_min", flow="buses"))
        else:
            expected["passengers left behind a bus"] = (
                5 * math.exp(-end / 4),
                lambda replication: (
                    measured("left_behind")(replication) / measured("arrived", flow="buses")(replication)
                ),
            )
        yield Case(
            f"buses that wait for the last of five passengers, {'6 min at most' if end < math.inf else 'however long'}",
            port(
                stages="inspection: {service: 3 min}\nboarding: {service: 0 s}\n"
                "hall: {service: {exponential: {mean: 4 min}}}",
                flows=flow(
                    "buses",
                    "per_day: {2025-01-01: 576, 2025-01-02: 0}",
                    journey=f"inspection, {{boarding: {{wait_for_passengers: {limit}}}}}",
                )
                + "\n"
                + flow("people", "aboard: {flow: buses, number: 5, get_off_at: inspection}", journey="hall"),
                length=2 * DAY,
            ),
            expected,
            other=("number: 5", "number: 6"),
        )


SHIFTS = (Shift(8, 1, 3.0), Shift(8, 4, 9.0), Shift(8, 2, 4.0))
"""Lanes or officers, and arrivals per hour, in three shifts from midnight; the night brings all that one can do."""


@cache
def finished_day() -> Day:
    """Services under way at a shift's end are finished."""
    return theory.day_of_shifts(SHIFTS, service_rate=3.0, most=70)


@cache
def handed_over_day() -> Day:
    """They are interrupted and taken up later."""
    return theory.day_of_handovers(SHIFTS, service_rate=3.0, most=100)


def _shifts() -> Iterator[Case]:
    """Forty measured days, and one more without arrivals, on which the last night's queue is worked off."""
    per_day = "{2025-01-01: 128, 2025-02-20: 0}"
    level = "{0-8: 1, 8-16: 4, 16-24: 2}"
    service = "service: {exponential: {mean: 20 min}}"
    with_officers = f"check: {{lanes: 9, officers: {{police: 1}}, {service}}}"
    versions = {
        "lanes by shift": (f"check: {{lanes: {level}, {service}}}", "", finished_day()),
        "officers by shift, who finish": (with_officers, f"officers:\n  police: {{level: {level}}}\n", finished_day()),
        "officers by shift, who hand over": (
            with_officers,
            f"officers:\n  police: {{level: {level}, end_of_shift: hand_over}}\n",
            handed_over_day(),
        ),
    }
    for name, (stage, officers, day) in versions.items():
        expected: dict[str, tuple[float, Value]] = {
            "mean wait of a day, min": (60 * finished_day().mean_wait, measured("wait_mean_min"))
        }
        if day is handed_over_day():
            expected = {"mean delay of a day, min": (60 * day.mean_wait, measured("delay_mean_min"))}
        for index, queue in enumerate(day.mean_waiting):
            hours = 8 * index, 8 * index + 8
            expected[f"mean queue from {hours[0]} to {hours[1]} h"] = (queue, queue_by_hour(*hours))
        yield Case(
            f"M/M/c(t), {name}",
            port(
                stages=stage,
                flows=flow("trucks", f"per_day: {per_day}, by_hour: {{0-8: 3, 8-16: 9, 16-24: 4}}"),
                warm_up=10 * DAY,
                length=41 * DAY,
                more=officers,
            ),
            expected,
            other=("8-16: 4, 16-24: 2", "8-16: 5, 16-24: 2"),
            replications=12,
        )


def _closed_gate() -> Case:
    """Whatever the queue is made of, a backlog of V minutes of work takes V / (1 - load) on average to go."""
    recovery, _ = theory.fluid_recovery(60, 120, 8)
    return Case(
        "gate closed for 8 h, 60 an hour come, 120 can pass",
        port(
            stages="gate: {lanes: 1, closed: [2025-01-01 00:00..2025-01-01 08:00], "
            "service: {exponential: {mean: 30 s}}}",
            flows=flow("trucks", "rate: 60/h", journey="gate"),
            length=36 * 60,
        ),
        {
            "minutes from the opening until it is empty": (60 * recovery, minutes_until_empty),
            "hours waited by all who come before": (
                theory.closed_gate_wait(60, 1 / 120, 8),
                hours_waited_by_the_first,
            ),
        },
        other=("mean: 30 s", "mean: 35 s"),
        replications=20,
    )


# The table ------------------------------------------------------------------------------------------------------------


HEADER = "| case | measure | theory | simulated | standard error | z |\n|---|---|---:|---:|---:|---:|\n"


def table(findings: list[Finding]) -> str:
    """The table of the page."""
    return HEADER + "".join(f"{finding}\n" for finding in findings)


PARTS = ("theory", "coverage", "chance")
"""What of the page can be written anew, each between marks of its own."""


def main() -> None:
    """Work out the tables of the page anew, or some of them, and write them into it."""
    parser = argparse.ArgumentParser(prog="python -m tests.verification", description=main.__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"only these of: {', '.join(PARTS)}")
    asked = parser.parse_args().parts
    if unknown := [part for part in asked if part not in PARTS]:
        parser.error(f"unknown part {', '.join(unknown)}; choose from {', '.join(PARTS)}")
    tables = {"theory": _theory, "coverage": _coverage, "chance": _chance}
    for part in asked or PARTS:
        begin, end = (BEGIN, END) if part == "theory" else (f"<!-- begin {part} -->", f"<!-- end {part} -->")
        made = tables[part]()
        before, rest = PAGE.read_text(encoding="utf-8").split(begin)
        after = rest.split(end)[1]
        PAGE.write_text(f"{before}{begin}\n{made}{end}{after}", encoding="utf-8")


def _theory() -> str:
    """Every case with LONGER times as many replications."""
    findings: list[Finding] = []
    for case in cases():
        sys.stderr.write(f"{case.name}\n")
        findings += case.findings(times=LONGER)
    return table(findings)


def _coverage() -> str:
    """How often intervals cover, in 4,000 experiments each."""
    from tests import coverage

    found = []
    for one in coverage.every(coverage.DEEP):
        sys.stderr.write(f"{one}\n")
        found.append(one)
    return coverage.table(found)


def _chance() -> str:
    """What the same chance is worth for the plans of the shipped scenarios."""
    from tests import chance

    found = []
    for one in chance.pairs():
        sys.stderr.write(f"{one}\n")
        found.append(one)
    return chance.table(found)


if __name__ == "__main__":
    main()
