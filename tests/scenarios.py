"""Scenarios for the tests, built straight from the dataclasses with readable defaults.

port(
    stages=[stage("check", lanes=2, service=exponential(180_000)), stage("yard", lanes=None)],
    flows=[flow("out", ["check", ("yard", 0.5)], per_day(533))],
    start="2025-05-24 00:00", end="2025-06-16 00:00",
)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from portsim.scenario import calendar
from portsim.scenario.arrivals import Arrivals, NoArrivals, RateArrivals, WhenClosed
from portsim.scenario.levels import DAY_MS, Amount, Closure, Distribution, WeekProfile
from portsim.scenario.officers import Pool
from portsim.scenario.scenario import CountWindow, Flow, Limits, Regime, Scenario, Side, Stage, Step

HOUR = 3_600_000
MINUTE = 60_000
BEIJING = "Asia/Shanghai"
BISHKEK = "Asia/Bishkek"

Level = int | Mapping[str, int]


def utc(local: str, zone: str = BEIJING) -> int:
    """UTC ms of a local time written as in a scenario."""
    return calendar.to_utc_ms(datetime.fromisoformat(local), zone)


def profile(level: Level | WeekProfile) -> WeekProfile:
    """A constant level, or {"8-20": 3, "20-4": 1} in whole hours, the same every day."""
    if isinstance(level, WeekProfile):
        return level
    if not isinstance(level, Mapping):
        return WeekProfile.constant(level)
    spans = []
    for text, value in level.items():
        start, end = (int(hour) * HOUR for hour in text.split("-"))
        spans.append((start, end if end > start else end + DAY_MS, value))
    return WeekProfile((tuple(sorted(spans)),) * 7)


def closure(first: str, last: str | None = None, zone: str = BEIJING) -> Closure:
    """Whole local days, both included."""
    end = datetime.fromisoformat(last or first) + timedelta(days=1)
    return Closure(utc(first, zone), calendar.to_utc_ms(end, zone), first)


def fixed(ms: int) -> Distribution:
    return Distribution("fixed", {"value": ms})


def exponential(mean: int) -> Distribution:
    return Distribution("exponential", {"mean": mean})


def side(
    name: str = "own", zone: str = BEIJING, hours: Level | WeekProfile = 1, closures: Sequence[Closure] = ()
) -> Side:
    return Side(name, zone, profile(hours), tuple(closures))


def stage(
    name: str = "check",
    *,
    lanes: Level | Mapping[str, Level] | None = 1,
    service: Distribution | Mapping[str | None, Distribution] | None = None,
    side: str = "own",
    hours: Level | WeekProfile | None = None,
    **other: Any,
) -> Stage:
    """`lanes` is a level of the role general, or levels by role."""
    roles = lanes if isinstance(lanes, Mapping) and not any(key[0].isdigit() for key in lanes) else {"general": lanes}
    defaults: dict[str, Any] = {
        "counted": False,
        "closures": (),
        "closing": "finish",
        "pool": None,
        "officers": 0,
        "waiting_space": None,
    }
    return Stage(
        name=name,
        side=side,
        lanes=None if lanes is None else tuple((role, profile(level)) for role, level in roles.items()),
        open=None if hours is None else profile(hours),
        service=service if isinstance(service, Mapping) else {None: service or exponential(3 * MINUTE)},
        **(defaults | other),
    )


def per_day(level: float | Mapping[str, float], **other: Any) -> RateArrivals:
    """Arrivals at a rate: one number, or {"2025-04-03": 825} by the date from which it holds."""
    dated = level if isinstance(level, Mapping) else {"2025-01-01": level}
    defaults: dict[str, Any] = {
        "by_hour": WeekProfile.constant(1),
        "by_weekday": (1.0,) * 7,
        "by_month": (1.0,) * 12,
        "growth_per_year": 0.0,
        "day_to_day_cv": 0.0,
    }
    return RateArrivals(
        per_day=tuple((date.fromisoformat(day).toordinal(), number) for day, number in dated.items()),
        **(defaults | other),
    )


def flow(
    name: str = "out",
    journey: Sequence[str | tuple[str, float] | Step] = ("check",),
    arrivals: Arrivals | None = None,
    **other: Any,
) -> Flow:
    """Steps are a stage, (stage, share) or a Step; the first two accept the role general."""
    steps = [
        step if isinstance(step, Step) else Step(*((step, 1.0) if isinstance(step, str) else step), None, GENERAL)
        for step in journey
    ]
    defaults: dict[str, Any] = {
        "kind": "truck",
        "direction": "out",
        "queue_at_start": 0,
        "priority": (),
        "persons": 1.0,
        "goods": 0.0,
        "when_full": "wait_outside",
        "when_closed": WhenClosed(),
        "clock": BEIJING,
    }
    aboard = {key: Amount(value) for key, value in (defaults | other).items() if key in ("persons", "goods")}
    return Flow(name=name, journey=tuple(steps), arrivals=arrivals or NoArrivals(), **(defaults | other | aboard))


GENERAL = (("general", False),)


def port(
    *,
    stages: Sequence[Stage] = (),
    flows: Sequence[Flow] = (),
    sides: Sequence[Side] = (),
    pools: Sequence[Pool] = (),
    changes: Mapping[str, Regime] | None = None,
    windows: Sequence[CountWindow] = (),
    start: str = "2025-03-03 00:00",
    end: str = "2025-03-10 00:00",
) -> Scenario:
    """A scenario; `changes` gives further regimes by local time of the first side. The default week has no holiday."""
    sides = tuple(sides) or (side(),)
    clock = sides[0].timezone
    start_ms = utc(start, clock)
    first = Regime(start_ms, sides, tuple(pools), tuple(stages) or (stage(),))
    later = [
        Regime(utc(at, clock), regime.sides, regime.pools, regime.stages) for at, regime in (changes or {}).items()
    ]
    return Scenario(
        name="a test",
        description="",
        port="test",
        plan=None,
        start_ms=start_ms,
        end_ms=utc(end, clock),
        measure_from_ms=start_ms,
        clock=clock,
        seed=1,
        targets={},
        limits=Limits(200_000),
        windows=tuple(windows),
        flows=tuple(flows) or (flow(),),
        regimes=(first, *later),
        sources=(),
        facts={},
        warnings=(),
        plans=(),
        resolved={},
        files=(),
    )
