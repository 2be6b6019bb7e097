"""Equal effort: the officers of a plan, in whole officers, until its hours are as near another's as they can be."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from portsim.model import lower
from portsim.scenario.scenario import Scenario

HOUR_MS = 3_600_000

Load = Callable[[Sequence[str]], Scenario]
"""Gives the scenario of a plan with further settings `path=value` on it."""


@dataclass(frozen=True, slots=True)
class Adjusted:
    """A number of officers that was changed: its path in the scenario, and officers before and after."""

    path: str
    before: int
    after: int

    @property
    def setting(self) -> str:
        """As `--set` would write it."""
        return f"{self.path}={self.after}"


@dataclass(frozen=True, slots=True)
class Share:
    """One number of officers of a pool.

    hours : of one officer of it, within the measured stretch
    least : officers it may fall to
    """

    path: str
    officers: int
    hours: float
    least: int


def rostered_hours(scenario: Scenario) -> dict[str, float]:
    """Hours on the roster of each pool within the measured stretch, reserves not called."""
    network = lower(scenario)
    since, until = network.measure_from, network.end
    return {
        pool.name: sum(crew.rostered.integral(since, until) for crew in pool.crews) / HOUR_MS for pool in network.pools
    }


def equalise(
    load: Load, wanted: Mapping[str, float], called: Mapping[str, float]
) -> tuple[Scenario, tuple[Adjusted, ...]]:
    """Change levels and crew sizes so that each pool has as nearly as possible the hours wanted of it.

    wanted : hours by pool; a pool that is not named stays as it is
    called : hours by pool of reserves while on duty, which come on top of the roster

    All numbers of a pool are changed in proportion and rounded down; what is left then goes, one officer at a time, to
    the numbers that lost most by rounding (largest remainder), as long as that brings the hours nearer. None falls
    below what one service takes, and 0 stays 0. Levels from a CSV or a forecast are not changed.
    """
    scenario = load(())
    adjusted: list[Adjusted] = []
    now = rostered_hours(scenario)
    for pool, hours in wanted.items():
        if pool not in now:
            continue
        shares = _shares(load, scenario, pool, now[pool])
        fixed = now[pool] - sum(share.officers * share.hours for share in shares)
        officers = apportion(shares, hours - fixed - called.get(pool, 0.0))
        adjusted += [
            Adjusted(share.path, share.officers, number)
            for share, number in zip(shares, officers, strict=True)
            if number != share.officers
        ]
    return (load([one.setting for one in adjusted]) if adjusted else scenario), tuple(adjusted)


def apportion(shares: Sequence[Share], hours: float) -> list[int]:
    """Whole officers of each share whose hours add up to nearly so many, in the proportion they had."""
    before = sum(share.officers * share.hours for share in shares)
    if not before:
        return [share.officers for share in shares]
    exact = [share.officers * max(hours, 0.0) / before for share in shares]
    # A share that comes out whole up to rounding is whole.
    officers = [max(math.floor(one + 1e-9), share.least) for one, share in zip(exact, shares, strict=True)]
    left = hours - sum(number * share.hours for number, share in zip(officers, shares, strict=True))
    order = sorted(range(len(shares)), key=lambda place: (officers[place] - exact[place], place))
    for place in order:
        if abs(left - shares[place].hours) < abs(left):
            officers[place] += 1
            left -= shares[place].hours
    return officers


def _shares(load: Load, scenario: Scenario, pool: str, hours: float) -> list[Share]:
    """The numbers that say how many officers of the pool there are, those without hours in the stretch left out."""
    needed = max(
        (stage.officers for regime in scenario.regimes for stage in regime.stages if stage.pool == pool), default=1
    )
    shares = []
    for source in scenario.sources:
        if _is_officers(source.path.split("."), pool):
            officers = int(float(source.text))
            more = rostered_hours(load([f"{source.path}={officers + 1}"]))[pool] - hours
            if officers and more > 0:
                shares.append(Share(source.path, officers, more, min(needed, officers)))
    return shares


def _is_officers(path: list[str], pool: str) -> bool:
    match path:
        case ["changes", _, "set", "officers", name, *rest] | ["officers", name, *rest]:
            is_number = rest == ["crew_size"] or (rest[:1] == ["level"] and not {"csv", "forecast"} & set(rest))
            return name == pool and is_number
    return False
