"""How many stand where: queues by stage, units in the port, those held over at closing, and the balance of units."""

from __future__ import annotations

import math

import numpy as np

from portsim.model.network import Network, StepFunction
from portsim.model.records import UnitOutcome
from portsim.results.areas import area_while, falls_to_zero, level_of, within
from portsim.results.ledger import Ledger
from portsim.results.measure import Sheet, ratio
from portsim.results.presence import Presence


def inside(ledger: Ledger) -> StepFunction:
    """Units in the port, outside the first door included: arrived and not out.

    The area under it equals the sum of arrived-to-out times, cut to the stretch: Little's law, exactly.
    """
    return level_of(ledger.units["arrived"], ledger.gone)


def queue(ledger: Ledger, stage: int) -> StepFunction:
    """Units waiting for a stage: joined and not started, and those outside its door on arrival."""
    starts, ends = ledger.waiting(stage)
    waited = ends > starts
    return level_of(starts[waited], ends[waited])


class PresenceTally:
    """How many are present, added up part by part.

    area : unit-ms; longest : the most at any tick once it is over; at_closings : the sum over the closings
    """

    def __init__(self) -> None:
        self.area = self.longest = self.at_closings = self.closings = 0

    def add(self, present: Presence, hours: StepFunction) -> None:
        """Take in those present in a part; hours : 1 while open by hours and closures."""
        closings = falls_to_zero(within(hours, present.start, present.end), present.start, present.end)
        self.area += present.area()
        self.longest = max(self.longest, present.largest())
        self.at_closings += int(present.at(closings).sum())
        self.closings += closings.size

    @property
    def overnight(self) -> float:
        """Mean of how many are present at the closings, NaN of none."""
        return ratio(self.at_closings, self.closings)


class PortTally:
    """How many units are in the port and held over."""

    def __init__(self) -> None:
        self._present = PresenceTally()

    def add(self, ledger: Ledger) -> None:
        """Take in a part."""
        present = Presence.of(ledger.units["arrived"], ledger.gone, ledger.start, ledger.end)
        self._present.add(present, ledger.network.side_open[0])

    def write(self, sheet: Sheet, start: int, end: int) -> None:
        """Write the rows; `overnight` is the mean number of units in the port at each closing of its first side."""
        sheet.write("in_port_mean", "units", ratio(self._present.area, end - start))
        sheet.write("in_port_max", "units", self._present.longest)
        sheet.write("overnight", "units", self._present.overnight)


class QueueTally:
    """The queue of a stage."""

    def __init__(self, network: Network, number: int) -> None:
        self._number, self._stage = number, network.stages[number]
        self._present = PresenceTally()
        self._area_open = self._open = 0

    def add(self, ledger: Ledger) -> None:
        """Take in a part."""
        stage, start, end = self._stage, ledger.start, ledger.end
        waiting = Presence.of(*ledger.waiting(self._number), start, end)
        self._present.add(waiting, stage.on_paper)
        is_open = within(stage.is_open, start, end)
        self._area_open += waiting.area_while(is_open)
        self._open += area_while(StepFunction.constant(1), is_open, start, end)

    def write(self, sheet: Sheet, start: int, end: int) -> None:
        """Write the rows.

        `queue_mean` is over the measured stretch, `queue_open_mean` over the part of it in which the stage is open,
        `queue_max` the most at any tick once the tick is over. `overnight` is the mean number waiting at each of the
        stage's closings, by its hours and closures alone: an outage is none.
        """
        cells = {
            "queue_mean": ratio(self._present.area, end - start),
            "queue_open_mean": ratio(self._area_open, self._open),
            "queue_max": self._present.longest,
            "overnight": self._present.overnight,
        }
        for metric, value in cells.items():
            sheet.write(metric, "units", value, stage=self._stage.name)


BALANCE = ("in_port_at_start", "arrived", "released", "left", "turned_away", "in_port", "stayed_away")


class BalanceTally:
    """What became of units: in_port_at_start + arrived = released + left + turned_away + in_port.

    All are events of the measured stretch, whenever a unit arrived; `stayed_away` are those who wanted to come in it.
    """

    def __init__(self, network: Network) -> None:
        self._flows = network.flows
        self._counts = {name: np.zeros(len(network.flows), np.int64) for name in BALANCE}

    def add(self, ledger: Ledger) -> None:
        """Take in the units that are settled here."""
        units, start = ledger.units, min(ledger.network.measure_from, ledger.end)
        shape = (len(self._flows), 3, len(UnitOutcome), 2)
        # Out before the stretch, in it, or not yet.
        out = np.where(units["out"] >= start, 1, 0) + 2 * (units["out"] < 0)
        cell = ((units["flow"] * 3 + out) * len(UnitOutcome) + units["outcome"]) * 2 + ledger.came_in_window
        if ledger.is_settled is not None:
            cell = cell[ledger.is_settled]
        by = np.bincount(cell, minlength=math.prod(shape)).reshape(shape)
        counts = self._counts
        counts["in_port_at_start"] += by[:, 1:, :, 0].sum(axis=(1, 2))
        counts["arrived"] += by[..., 1].sum(axis=(1, 2))
        counts["released"] += by[:, 1, UnitOutcome.RELEASED].sum(axis=1)
        counts["left"] += by[:, 1, UnitOutcome.LEFT].sum(axis=1)
        counts["turned_away"] += by[:, 1, UnitOutcome.TURNED_AWAY].sum(axis=1)
        counts["in_port"] += by[:, 2].sum(axis=(1, 2))
        counts["stayed_away"] += ledger.traffic.stayed_away

    def write(self, sheet: Sheet) -> None:
        """Write the rows, of the port and then of each flow."""
        for name in BALANCE:
            sheet.write(name, "units", int(self._counts[name].sum()))
        for number, flow in enumerate(self._flows):
            for name in BALANCE:
                sheet.write(name, "units", int(self._counts[name][number]), flow=flow)
