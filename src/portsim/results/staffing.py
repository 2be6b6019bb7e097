"""How much of the lanes and officers is used, what they cost, and what is worked after a shift has ended."""

from __future__ import annotations

import numpy as np

from portsim.model.network import Crew, Network, Stage, StepFunction
from portsim.results.areas import areas_split, level_of, levels_at, while_above_zero, within
from portsim.results.ledger import Ledger, Pieces
from portsim.results.measure import HOUR_MS, Sheet, ratio
from portsim.results.presence import Presence


def lanes_in_use(ledger: Ledger, stage: int, pieces: Pieces, role: int) -> Presence:
    """Lanes of this role whose unit is being served, neither paused nor blocked."""
    lanes = ledger.network.stages[stage].lanes or ()
    if len(lanes) == 1:
        return Presence.of(pieces.start, pieces.end, ledger.start, ledger.end)
    chosen = np.flatnonzero(ledger.visits["role"][pieces.visit] == role)
    return Presence.of(pieces.start[chosen], pieces.end[chosen], ledger.start, ledger.end)


def lanes_offered(stage: Stage) -> list[StepFunction]:
    """Lanes of each role that can take a unit: those open while the stage itself is open."""
    return [while_above_zero(level, stage.is_open) for _, level in stage.lanes or ()]


def officers_in_use(ledger: Ledger, pieces: list[Pieces], crew: int) -> Presence:
    """Officers of one crew at work at the stages its pool serves."""
    chosen = [np.flatnonzero(piece.crew == crew) for piece in pieces]
    start, end, officers = (
        np.concatenate([getattr(piece, name)[rows] for piece, rows in zip(pieces, chosen, strict=True)])
        for name in ("start", "end", "officers")
    )
    return Presence.of(start, end, ledger.start, ledger.end, officers)


class LaneTally:
    """Use of a stage's lanes and the time it is out, added up part by part."""

    def __init__(self, network: Network, number: int) -> None:
        self._number, self._stage = number, network.stages[number]
        self._used = self._total = self._out = 0

    def add(self, ledger: Ledger) -> None:
        """Take in a part."""
        start, end = ledger.start, ledger.end
        pieces = ledger.pieces(self._number)
        is_open = within(self._stage.is_open, start, end)
        for role, on_paper in self._stage.lanes or ():
            level = while_above_zero(within(on_paper, start, end), is_open)
            self._total += level.integral(start, end)
            in_use = lanes_in_use(ledger, self._number, pieces, role)
            if ledger.is_interrupted([self._number]):
                self._used += areas_split(level_of(in_use.starts, in_use.ends), level, start, end)[0]
            else:
                self._used += in_use.area() - in_use.excess(level)
        outages = (outage for outage in ledger.network.outages if outage.stage == self._number)
        self._out += sum(max(min(outage.end, end) - max(outage.start, start), 0) for outage in outages)

    def write(self, sheet: Sheet) -> None:
        """Write the rows.

        `lane_utilisation` is the area of lanes serving, up to the lanes open, over the area of lanes open, each role by
        itself and only while the stage is open: it does not pass 1. `outage_h` is how long the stage is out in the
        measured stretch, whether or not it would be open by the clock.
        """
        sheet.write("lane_utilisation", "share", ratio(self._used, self._total), stage=self._stage.name)
        sheet.write("outage_h", "h", self._out / HOUR_MS, stage=self._stage.name)


class StaffingTally:
    """Use, hours, overtime and cost of officers by pool and in all, added up part by part."""

    def __init__(self, network: Network) -> None:
        self._pools = network.pools
        self._areas = np.zeros((len(network.pools), 4), np.int64)

    def add(self, ledger: Ledger) -> None:
        """Take in a part."""
        for number in range(len(self._pools)):
            stages = enumerate(ledger.network.stages)
            at_pool = [ledger.pieces(index) for index, stage in stages if stage.pool == number]
            self._areas[number] += _officer_areas(ledger, number, at_pool)

    def write(self, sheet: Sheet) -> None:
        """Write the rows.

        `officer_utilisation` is the area of each crew's officers in use, up to its level, over the area of its level:
        late finishers show as overtime and never as use of those who came after them, and it does not pass 1.
        `officer_hours` are rostered hours, those of reserves while on duty included. `overtime_hours` is the integral
        of officers in use above their crew's rostered size; `officer_cost` prices both at the pool's cost per hour, and
        is undefined without one (in all: unless every pool has one).
        """
        hours = overtime = 0
        cost = 0.0
        for pool, areas in zip(self._pools, self._areas.tolist(), strict=True):
            used, level, rostered, over = areas
            per_hour = pool.cost_per_hour if pool.cost_per_hour is not None else float("nan")
            pool_cost = (rostered + over) / HOUR_MS * per_hour
            sheet.write("officer_utilisation", "share", ratio(used, level), pool=pool.name)
            sheet.write("officer_hours", "h", rostered / HOUR_MS, pool=pool.name)
            sheet.write("overtime_hours", "h", over / HOUR_MS, pool=pool.name)
            sheet.write("officer_cost", "cost", pool_cost, pool=pool.name)
            hours, overtime, cost = hours + rostered, overtime + over, cost + pool_cost
        sheet.write("officer_hours", "h", hours / HOUR_MS)
        sheet.write("overtime_hours", "h", overtime / HOUR_MS)
        sheet.write("officer_cost", "cost", cost if self._pools else float("nan"))


def _officer_areas(ledger: Ledger, pool: int, pieces: list[Pieces]) -> tuple[int, int, int, int]:
    """Officer-ms of all crews: in use within the level, the level, rostered, in use above the rostered size."""
    start, end = ledger.start, ledger.end
    used = level = rostered = over = 0
    stages = [stage for stage, known in enumerate(ledger.network.stages) if known.pool == pool]
    is_interrupted = ledger.is_interrupted(stages)
    for number in range(len(ledger.network.pools[pool].crews)):
        whole = ledger.crew(pool, number)
        crew = Crew(within(whole.level, start, end), within(whole.rostered, start, end))
        level += crew.level.integral(start, end)
        rostered += crew.rostered.integral(start, end)
        if not pieces:
            continue
        in_use = officers_in_use(ledger, pieces, number)
        if is_interrupted or not _is_never_above(crew.level, crew.rostered):
            assert in_use.weights is not None
            in_full = level_of(in_use.starts, in_use.ends, in_use.weights)
            used += areas_split(in_full, crew.level, start, end)[0]
            over += areas_split(in_full, crew.rostered, start, end)[1]
        else:
            used += in_use.area() - in_use.excess(crew.level)
            over += in_use.excess(crew.rostered)
    return used, level, rostered, over


def _is_never_above(level: StepFunction, ceiling: StepFunction) -> bool:
    ticks = np.union1d(level.at, ceiling.at)
    return bool(np.all(levels_at(level, ticks) <= levels_at(ceiling, ticks)))
