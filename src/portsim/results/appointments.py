"""How long units wait in all, elsewhere and at the port, and whether they catch the departure they are booked for.

virtual wait  of a unit: from wanting to come until it comes
total wait    of a unit: the virtual wait and the wait at the port

Both belong to the measured stretch in which the unit wanted to come; passengers, who come with their vehicle, are left
out. A unit that has not come by the end of the run counts with the time until then, so that a queue which is moved
elsewhere does not vanish. Units that stay away, or book a slot and do not come, have neither time.

A departure belongs to the stretch in which it is. It is caught by the units that start at that very tick.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portsim.model.network import NONE
from portsim.model.records import UnitOutcome
from portsim.results.areas import Ints
from portsim.results.ledger import Ledger
from portsim.results.measure import Sheet, ratio
from portsim.results.waits import time_statistics, unit_times

VIRTUAL_WAIT = "virtual_wait"
TOTAL_WAIT = "total_wait"


@dataclass(frozen=True, slots=True, eq=False)
class Elsewhere:
    """Units that wanted to come before the end of the run and have not come by then, passengers with their vehicle.

    flow : int16[n]; wanted : int64[n], ticks; is_passenger : bool[n]
    """

    flow: NDArray[np.int16]
    wanted: Ints
    is_passenger: NDArray[np.bool_]

    @classmethod
    def of(cls, ledger: Ledger) -> Elsewhere:
        """Those who come only after the run, and those whom a run that had to stop did not get to."""
        traffic, end = ledger.traffic, ledger.end
        arrived = np.where(traffic.parent == NONE, traffic.arrived, traffic.arrived[traffic.parent])
        missed = (arrived >= end) & (traffic.wanted < end)
        later = traffic.later_wanted < end
        flow = np.concatenate((traffic.later_flow[later], traffic.flow[missed]))
        wanted = np.concatenate((traffic.later_wanted[later], traffic.wanted[missed]))
        return cls(flow, wanted, np.isin(flow, ledger.network.aboard))


def measure_total_waits(ledger: Ledger, sheet: Sheet) -> None:
    """Write down virtual and total waits, how many never came and how many have not come yet: port and flows."""
    units, start, end = ledger.units, ledger.start, ledger.end
    elsewhere = Elsewhere.of(ledger)
    came = (units["wanted"] >= start) & ~ledger.is_passenger
    comes_later = (elsewhere.wanted >= start) & ~elsewhere.is_passenger
    until_end = end - elsewhere.wanted[comes_later]
    virtual = units["arrived"] - units["wanted"]
    total = virtual + unit_times(ledger)[0]
    in_port = units["outcome"] == UnitOutcome.IN_PORT
    first_row = len(sheet.rows)
    for number, name in ((None, None), *enumerate(ledger.network.flows)):
        if name is not None and len(ledger.network.flows) == 1:
            sheet.write_again(first_row, flow=name)
            break
        is_here = came if number is None else came & (units["flow"] == number)
        is_elsewhere = slice(None) if number is None else elsewhere.flow[comes_later] == number
        for metric, ms, chosen, is_open in (
            (VIRTUAL_WAIT, virtual, is_here, None),
            (TOTAL_WAIT, total, is_here & ledger.is_admitted, in_port),
        ):
            missing = until_end[is_elsewhere]
            unfinished = missing.size + (0 if is_open is None else int(np.count_nonzero(is_open[chosen])))
            every = np.concatenate((ms[chosen], missing))
            sheet.write(f"{metric}_unfinished_share", "share", ratio(unfinished, every.size), flow=name)
            for statistic, value in time_statistics(every):
                sheet.write(f"{metric}_{statistic}_min", "min", value, flow=name)
        of_flow = slice(None) if number is None else number
        sheet.write("no_shows", "units", int(ledger.traffic.no_shows[of_flow].sum()), flow=name)
        waiting = elsewhere.flow.size if number is None else np.count_nonzero(elsewhere.flow == number)
        sheet.write("waiting_elsewhere", "units", int(waiting), flow=name)


def measure_departures(ledger: Ledger, sheet: Sheet) -> None:
    """Write down `booked` and `caught_share` where units are booked for departures: by flow and stage.

    Booked are units that come in the run, whatever becomes of them; one that has not reached the stage has missed it.
    """
    network, traffic, visits = ledger.network, ledger.traffic, ledger.visits
    if not network.booked:
        return
    unit = np.repeat(np.arange(len(traffic)), np.diff(traffic.first))
    started = np.full(unit.size, NONE, np.int64)
    started[traffic.first[visits["unit"]] + visits["step"]] = visits["started"]
    is_measured = (traffic.hold >= ledger.start) & (traffic.hold < ledger.end)
    flow = traffic.flow[unit]
    rows = {
        (number, stage): np.flatnonzero(is_measured & (flow == number) & (traffic.stage == stage))
        for number, stage in network.booked
    }

    def write(booked: NDArray[np.intp], flow: str | None, stage: str | None) -> None:
        caught = int(np.count_nonzero(started[booked] == traffic.hold[booked]))
        sheet.write("booked", "units", booked.size, flow=flow, stage=stage)
        sheet.write("caught_share", "share", ratio(caught, booked.size), flow=flow, stage=stage)

    write(np.concatenate(list(rows.values())), None, None)
    for number in dict.fromkeys(number for number, _ in network.booked):
        write(np.concatenate([rows[key] for key in network.booked if key[0] == number]), network.flows[number], None)
    for stage in dict.fromkeys(stage for _, stage in network.booked):
        write(
            np.concatenate([rows[key] for key in network.booked if key[1] == stage]), None, network.stages[stage].name
        )
