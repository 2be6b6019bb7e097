"""The same work for portsim: networks and traffic built directly, and workload B as a scenario."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import ArrayLike

from benchmarks.plain_simpy import DAY, SHIFTS, Draws
from portsim.model.network import NONE, Closing, Network, Stage, StepFunction, frozen
from portsim.model.traffic import Direction, Traffic, WhenFull

GREEN, GENERAL = 0, 1
ROLES = ("green", "general")
GENERAL_LIST, GREEN_LIST = 0, 1
STAGES_B = 5
ROLE_LISTS = (((GENERAL, False),), ((GREEN, False),))


@dataclass(frozen=True)
class Work:
    """What an engine is given."""

    network: Network
    traffic: Traffic

    @property
    def units(self) -> int:
        """How many units run through it."""
        return len(self.traffic)


def workload_a(draws: Draws) -> Work:
    """M/M/3 at load 0.9 from the draws of the plain model."""
    return Work(_network([_stage("check", StepFunction.constant(3))], draws.end), _traffic(draws))


def workload_b(draws: Draws) -> Work:
    """Five stages in tandem with lanes in shifts, from the draws of the plain model."""
    days = range(0, draws.end, DAY)
    lanes = StepFunction.of((day + tick, level) for day in days for tick, level in SHIFTS)
    stages = [_stage(f"stage_{number}", lanes) for number in range(len(draws.work))]
    return Work(_network(stages, draws.end), _traffic(draws))


def backlog_of_trucks(backlog: int) -> Work:
    """One lane, arrivals twice as fast as it serves until `backlog` units wait inside; then the queue drains."""
    return _overload(backlog, waiting_space=NONE)


def backlog_at_door(backlog: int) -> Work:
    """The same with waiting space for 20: nearly all of them wait outside."""
    return _overload(backlog, waiting_space=20)


def backlog_without_lane(backlog: int) -> Work:
    """The same with every other unit waiting for a green lane that opens only at the end: they are passed over."""
    return _overload(backlog, waiting_space=NONE, green_opens_late=True)


def _overload(backlog: int, *, waiting_space: int, green_opens_late: bool = False) -> Work:
    units = 2 * backlog
    service = 60_000
    arrived = np.arange(units) * (service // 2)
    priority = np.where(np.arange(units) % 10 == 0, -1, 0)
    last = units * service
    roles = np.full(units, GENERAL_LIST)
    lanes: list[tuple[int, StepFunction]] = [(GENERAL, StepFunction.constant(1))]
    if green_opens_late:
        roles[::2] = GREEN_LIST
        lanes.append((GREEN, StepFunction.of([(last // 2, 1)])))
    stage = Stage(
        "check", 0, True, tuple(lanes), StepFunction.constant(1), Closing.FINISH, waiting_space, NONE, officers=0
    )
    network = _network([stage], last + DAY)
    return Work(network, _units(arrived, priority, np.full((1, units), service), roles))


def scenario_a(units: int) -> str:
    """Workload A as a planner writes it: YAML, about `units` units."""
    stage = "{lanes: 3, service: {exponential: {mean: 1 min}}}"
    return _scenario("A, one stage", units / 2.7, [stage], "2.7/min", priority="")


def scenario_b(units: int) -> str:
    """Workload B as a planner writes it: YAML, about `units` units."""
    stage = "{lanes: {0-8: 4, 8-16: 3, 16-24: 2}, service: {exponential: {mean: 2 min}}}"
    return _scenario("B, five stages in tandem", units, [stage] * STAGES_B, "1/min", priority="{high: 10%}")


def _scenario(name: str, minutes: float, stage: list[str], rate: str, *, priority: str) -> str:
    start = datetime(2025, 1, 1)
    stages = "\n".join(f"  stage_{number}: {text}" for number, text in enumerate(stage))
    journey = ", ".join(f"stage_{number}" for number in range(len(stage)))
    return f"""\
portsim: 1
name: Workload {name}
port: benchmark
from: {start:%Y-%m-%d %H:%M}
to: {start + timedelta(minutes=round(minutes)):%Y-%m-%d %H:%M}
sides:
  own: {{timezone: UTC}}
stages:
{stages}
flows:
  trucks:
    kind: truck
    direction: out
    journey: [{journey}]
    priority: {priority or "{}"}
    arrivals: {{rate: {rate}}}
sources:
  stages.*: {{assumed: benchmark}}
  flows.*: {{assumed: benchmark}}
"""


def _stage(name: str, lanes: StepFunction) -> Stage:
    always = StepFunction.constant(1)
    return Stage(name, 0, True, ((GENERAL, lanes),), always, Closing.FINISH, NONE, NONE, officers=0)


def _network(stages: list[Stage], end: int) -> Network:
    return Network(
        port="benchmark",
        start_ms=0,
        end=end,
        measure_from=0,
        clock="UTC",
        midnights=frozen(np.arange(0, end + DAY, DAY), np.int64),
        first_day=datetime(1970, 1, 1).toordinal(),
        stages=tuple(stages),
        pools=(),
        sides=("own",),
        side_open=(StepFunction.constant(1),),
        flows=("trucks",),
        kinds=("truck",),
        roles=ROLES,
        role_lists=ROLE_LISTS,
        windows=(),
    )


def _traffic(draws: Draws) -> Traffic:
    arrived = np.array(draws.arrived)
    return _units(arrived, np.array(draws.priority), np.array(draws.work), np.full(arrived.size, GENERAL_LIST))


def _units(arrived: ArrayLike, priority: ArrayLike, work: ArrayLike, roles: ArrayLike) -> Traffic:
    """Units that pass all stages in order; work : int64[stages, units], ms."""
    by_unit = np.asarray(work).T
    units, stages = by_unit.shape
    rows = units * stages
    return Traffic.of(
        flow=np.zeros(units),
        kind=np.zeros(units),
        parent=np.full(units, NONE),
        split_step=np.full(units, NONE),
        priority=priority,
        persons=np.ones(units),
        goods=np.zeros(units),
        wanted=arrived,
        arrived=arrived,
        patience=np.full(units, NONE),
        when_full=np.full(units, WhenFull.WAIT_OUTSIDE),
        first=np.arange(units + 1) * stages,
        stage=np.tile(np.arange(stages), units),
        leg=np.zeros(rows),
        direction=np.full(rows, Direction.OUT),
        work=by_unit.ravel(),
        hold=np.zeros(rows),
        roles=np.repeat(roles, stages),
        is_join=np.zeros(rows, dtype=bool),
        join_limit=np.full(rows, NONE),
        stayed_away=np.zeros(1),
    )
