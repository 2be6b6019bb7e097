"""The names behind the numbers in the tables: needed to write them for people and to read them back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from portsim.model.network import Network
from portsim.model.records import UnitOutcome, VisitOutcome
from portsim.model.traffic import Direction

DIRECTIONS = tuple(direction.name.lower() for direction in Direction)
UNIT_OUTCOMES = tuple(outcome.name.lower() for outcome in UnitOutcome)
VISIT_OUTCOMES = tuple(outcome.name.lower() for outcome in VisitOutcome)


@dataclass(frozen=True, slots=True)
class Names:
    """Names of a port's flows, kinds, stages, lane roles and pools by number, and how many crews each pool has.

    first_day, days : proleptic ordinal of the first calendar day of the run, and how many it touches
    """

    flows: tuple[str, ...]
    kinds: tuple[str, ...]
    stages: tuple[str, ...]
    roles: tuple[str, ...]
    pools: tuple[str, ...]
    crews: tuple[int, ...]
    pool_of_stage: tuple[int, ...]
    first_day: int
    days: int

    @classmethod
    def of(cls, network: Network) -> Names:
        """The names of this port."""
        return cls(
            flows=network.flows,
            kinds=network.kinds,
            stages=tuple(stage.name for stage in network.stages),
            roles=network.roles,
            pools=tuple(pool.name for pool in network.pools),
            crews=tuple(len(pool.crews) for pool in network.pools),
            pool_of_stage=tuple(stage.pool for stage in network.stages),
            first_day=network.first_day,
            days=network.midnights.size - 1,
        )

    def as_plain(self) -> dict[str, Any]:
        """As values a JSON file can hold."""
        return {
            "flows": list(self.flows),
            "kinds": list(self.kinds),
            "stages": [
                {"name": name, "pool": self.pools[pool] if pool >= 0 else None}
                for name, pool in zip(self.stages, self.pool_of_stage, strict=True)
            ],
            "roles": list(self.roles),
            "pools": [{"name": name, "crews": crews} for name, crews in zip(self.pools, self.crews, strict=True)],
            "days": {"first": self.dates[0], "count": self.days},
        }

    @classmethod
    def from_plain(cls, value: Mapping[str, Any]) -> Names:
        """Back from `as_plain`; raises KeyError or ValueError if something is missing or does not fit."""
        pools = [pool["name"] for pool in value["pools"]]
        return cls(
            flows=tuple(value["flows"]),
            kinds=tuple(value["kinds"]),
            stages=tuple(stage["name"] for stage in value["stages"]),
            roles=tuple(value["roles"]),
            pools=tuple(pools),
            crews=tuple(pool["crews"] for pool in value["pools"]),
            pool_of_stage=tuple(
                -1 if stage["pool"] is None else pools.index(stage["pool"]) for stage in value["stages"]
            ),
            first_day=date.fromisoformat(value["days"]["first"]).toordinal(),
            days=value["days"]["count"],
        )

    @property
    def dates(self) -> tuple[str, ...]:
        """Every calendar day of the run, `2025-06-01`."""
        return tuple(date.fromordinal(self.first_day + day).isoformat() for day in range(self.days))

    @property
    def crew_labels(self) -> tuple[str, ...]:
        """Every crew of every pool, `border_police:0`, pool by pool."""
        return tuple(f"{pool}:{k}" for pool, crews in zip(self.pools, self.crews, strict=True) for k in range(crews))

    @property
    def first_crews(self) -> tuple[int, ...]:
        """Where each pool's crews begin in `crew_labels`."""
        return tuple(sum(self.crews[:number]) for number in range(len(self.crews)))
