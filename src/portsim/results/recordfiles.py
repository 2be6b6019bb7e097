"""The four tables of an engine as files: columns, names instead of numbers, and back to the same records."""

from __future__ import annotations

import numpy as np

from portsim.model.network import NONE
from portsim.model.records import LEVELS, UNITS, VISITS, WORK, Records, Table, table
from portsim.results.areas import Ints
from portsim.results.names import DIRECTIONS, UNIT_OUTCOMES, VISIT_OUTCOMES, Names
from portsim.results.tables import Column

SPECIFICATIONS = {"units": UNITS, "visits": VISITS, "work": WORK, "levels": LEVELS}

_OPTIONAL = {
    "units": {"parent", "wanted", "out"},
    "visits": {"lane", "role", "started", "ended", "left", "crew"},
    "work": {"crew", "until"},
    "levels": set[str](),
}


def columns_of(name: str, names: Names) -> tuple[Column, ...]:
    """Columns of the file of `units`, `visits`, `work` or `levels`.

    A crew is `POOL:NUMBER` from 0. In `levels`, `where` is the path of the pool (`officers.POOL`) or stage
    (`stages.STAGE`) and `which` the lane role or the crew's number. Ticks are ms since the start.
    """
    labels: dict[str, tuple[str, ...]] = {
        "flow": names.flows,
        "kind": names.kinds,
        "stage": names.stages,
        "role": names.roles,
        "direction": DIRECTIONS,
        "crew": names.crew_labels,
        "outcome": UNIT_OUTCOMES if name == "units" else VISIT_OUTCOMES,
        "where": (*(f"officers.{pool}" for pool in names.pools), *(f"stages.{stage}" for stage in names.stages)),
        "which": (*map(str, range(max(names.crews, default=0))), *names.roles),
    }
    return tuple(
        Column(column, dtype, labels.get(column), column in _OPTIONAL[name])
        for column, dtype in SPECIFICATIONS[name].items()
    )


def to_files(records: Records, names: Names) -> dict[str, Table]:
    """The tables with crews, places and what they are of numbered as their columns' labels are."""
    pool_of_stage = np.array(names.pool_of_stage, np.int64)
    first_crew = np.array([*names.first_crews, 0], np.int64)
    visits, work, levels = records.visits, records.work, records.levels
    pool = pool_of_stage[visits["stage"]]
    files = {"units": records.units, "visits": visits | {"crew": _plus(visits["crew"], first_crew[pool])}}
    steps = int(visits["step"].max(initial=0)) + 1
    visit = np.searchsorted(visits["unit"] * steps + visits["step"], work["unit"] * steps + work["step"])
    files["work"] = work | {"crew": _plus(work["crew"], first_crew[pool[visit]])}
    is_stage = levels["is_pool"] == 0
    files["levels"] = levels | {
        "where": levels["where"] + is_stage * len(names.pools),
        "which": levels["which"] + is_stage * max(names.crews, default=0),
    }
    return files


def from_files(files: dict[str, Table], names: Names, end: int) -> Records:
    """Back to the records an engine wrote, column by column.

    end : the tick the run played up to, from the manifest
    """
    first_crew = np.array([*names.first_crews, 0], np.int64)
    pool_of_crew = np.array([*np.repeat(np.arange(len(names.crews)), names.crews), NONE], np.int64)
    tables = dict(files)
    for name in ("visits", "work"):
        crew = files[name]["crew"]
        tables[name] = files[name] | {"crew": _plus(crew, -first_crew[pool_of_crew[crew]])}
    levels = files["levels"]
    is_stage = levels["is_pool"] == 0
    tables["levels"] = levels | {
        "where": levels["where"] - is_stage * len(names.pools),
        "which": levels["which"] - is_stage * max(names.crews, default=0),
    }
    whole = {name: table(specification, tables[name]) for name, specification in SPECIFICATIONS.items()}
    return Records(whole["units"], whole["visits"], whole["work"], whole["levels"], end)


def _plus(numbers: Ints, offsets: Ints) -> Ints:
    """Numbers moved by an offset each, NONE where there is none."""
    return np.where(numbers == NONE, NONE, numbers + offsets)
