"""Records and summaries as tidy pandas tables: one row each, names instead of numbers, units in the column names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from portsim.experiments import Replication
from portsim.model.network import NONE, Network
from portsim.model.records import UnitOutcome, VisitOutcome
from portsim.model.traffic import Direction
from portsim.results import MetricRow
from portsim.results.ledger import Ledger
from portsim.results.ranges import RangeRow
from portsim.results.waits import unit_times

if TYPE_CHECKING:
    import pandas as pd

MINUTE_MS = 60_000


def summary_frame(rows: Sequence[MetricRow]) -> pd.DataFrame:
    """One row per measure and part of the port, with the columns of `MetricRow`."""
    import pandas as pd

    return pd.DataFrame([asdict(row) for row in rows], columns=list(MetricRow.__dataclass_fields__))


def ranges_frame(rows: Sequence[RangeRow]) -> pd.DataFrame:
    """One row per range, with the columns of `RangeRow`."""
    import pandas as pd

    return pd.DataFrame([asdict(row) for row in rows], columns=list(RangeRow.__dataclass_fields__))


def units_frame(network: Network, kept: Sequence[Replication]) -> pd.DataFrame:
    """One row per unit of each kept replication.

    replication, unit; flow, kind, outcome (categories); parent (missing if it came by itself); priority, persons,
    goods; wanted_at, arrived_at, out_at (port's clock, NaT if it has not happened); wait_min (to the first start of
    every service, as in the measures) and dwell_min (arrived to out), both until the end of the run for a unit still
    in the port.
    """
    import pandas as pd

    frames = []
    for replication in kept:
        ledger = Ledger(network, replication.traffic, replication.records)
        units = ledger.units
        frames.append(
            pd.DataFrame(
                {
                    "replication": replication.number,
                    "unit": units["unit"],
                    "flow": _names(units["flow"], network.flows),
                    "kind": _names(units["kind"], network.kinds),
                    "parent": _known(units["parent"]),
                    "priority": units["priority"],
                    "persons": units["persons"],
                    "goods": units["goods"],
                    "wanted_at": _moments(units["wanted"], network),
                    "arrived_at": _moments(units["arrived"], network),
                    "out_at": _moments(units["out"], network),
                    "outcome": _names(units["outcome"], [outcome.name.lower() for outcome in UnitOutcome]),
                    "wait_min": unit_times(ledger)[0] / MINUTE_MS,
                    "dwell_min": (ledger.gone - units["arrived"]) / MINUTE_MS,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def visits_frame(network: Network, kept: Sequence[Replication]) -> pd.DataFrame:
    """One row per visit of each kept replication.

    replication, unit, step, leg; flow, direction, stage, role, pool, outcome (categories); lane, crew (missing where
    there is none), officers; joined_at, started_at, ended_at, left_at (port's clock, NaT if it has not happened);
    wait_min (joined to started), service_min (started to ended, pauses included) and blocked_min (ended to left),
    missing where they have not come to an end.
    """
    import pandas as pd

    stages = [stage.name for stage in network.stages]
    pools = [pool.name for pool in network.pools]
    pool_of = np.array([stage.pool for stage in network.stages], np.int64)
    frames = []
    for replication in kept:
        ledger = Ledger(network, replication.traffic, replication.records)
        visits = ledger.visits
        joined, started, ended, left = (visits[name] for name in ("joined", "started", "ended", "left"))
        frames.append(
            pd.DataFrame(
                {
                    "replication": replication.number,
                    "unit": visits["unit"],
                    "step": visits["step"],
                    "leg": visits["leg"],
                    "flow": _names(ledger.units["flow"][ledger.unit_row], network.flows),
                    "direction": _names(visits["direction"], [direction.name.lower() for direction in Direction]),
                    "stage": _names(visits["stage"], stages),
                    "role": _names(visits["role"], network.roles),
                    "lane": _known(visits["lane"]),
                    "pool": _names(pool_of[visits["stage"]], pools),
                    "crew": _known(visits["crew"]),
                    "officers": visits["officers"],
                    "joined_at": _moments(joined, network),
                    "started_at": _moments(started, network),
                    "ended_at": _moments(ended, network),
                    "left_at": _moments(left, network),
                    "outcome": _names(visits["outcome"], [outcome.name.lower() for outcome in VisitOutcome]),
                    "wait_min": _minutes(joined, started),
                    "service_min": _minutes(started, ended),
                    "blocked_min": _minutes(ended, left),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _names(codes: NDArray[np.integer[Any]], names: Sequence[str]) -> pd.Categorical:
    import pandas as pd

    return pd.Categorical.from_codes(codes.astype(np.int64), categories=pd.Index(list(names), dtype="str"))


def _known(values: NDArray[np.integer[Any]]) -> pd.arrays.IntegerArray:
    import pandas as pd

    return pd.arrays.IntegerArray(values.astype(np.int64), values == NONE)


def _moments(ticks: NDArray[np.int64], network: Network) -> pd.DatetimeIndex:
    import pandas as pd

    instants = (ticks + network.start_ms).astype("datetime64[ms]")
    instants[ticks == NONE] = np.datetime64("NaT", "ms")
    return pd.DatetimeIndex(instants).tz_localize("UTC").tz_convert(network.clock)


def _minutes(start: NDArray[np.int64], end: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where((start == NONE) | (end == NONE), np.nan, (end - start) / MINUTE_MS)
