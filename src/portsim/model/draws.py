"""Draw the traffic of one replication: every unit of every flow with all its luck, before anything moves.

Each purpose has its own stream (portsim.model.streams), addressed by the flow, and for a step also by the stage and
by how many times the journey has named that stage before. A plan that changes lanes, hours or officers reads the
same rows; one that changes a share or a service time reads the same uniforms through another inverse function. The
rows of units that stay away from a closed port are passed over.

Drawing a long run in parts gives the same units: arrivals carry (k, running sum) from part to part, every other draw is
a range of rows of its stream, reached by `skip`; the expected rates and day factors of the whole run are a few numbers
an hour and are made once. Passengers are counted over the vehicles in order of their k. Slots are given out part by
part, to units drawn as far ahead as anybody asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from portsim.model.amounts import draw_amounts
from portsim.model.appointments import Bookings, Slots, meet_slots
from portsim.model.arrivals import Coming, Source, refuse_too_many
from portsim.model.closed_gates import Gate, meet_closed, passing, re_spread
from portsim.model.distributions import durations
from portsim.model.journeys import draw_first_stages, draw_steps, nothing, possible_first_stages, steps_before
from portsim.model.network import NONE, Network
from portsim.model.passengers import rows_aboard
from portsim.model.rows import Rows
from portsim.model.streams import Streams
from portsim.model.traffic import DTYPES, ORDINARY, Direction, Traffic, WhenFull
from portsim.scenario import calendar, waves
from portsim.scenario.arrivals import AboardArrivals, Appointments, RecordedArrivals
from portsim.scenario.levels import Amount
from portsim.scenario.scenario import Flow, Scenario


def draw(scenario: Scenario, network: Network, *, seed: int, replication: int) -> Traffic:
    """All units of one replication, ordered by (flow, k).

    network : what `lower` made of the same scenario; gives stages, kinds and role lists their numbers
    replication : counted from 0; drawn alone it equals the same one drawn among many
    Raises ScenarioError if a flow brings more units than can be held.
    """
    return Drawing(scenario, network, seed=seed, replication=replication).until(network.end)


class Drawing:
    """The traffic of one replication, drawn one part of the run after another; arguments are those of `draw`."""

    def __init__(self, scenario: Scenario, network: Network, *, seed: int, replication: int) -> None:
        self._scenario, self._network = scenario, network
        self._streams = Streams(seed, replication)
        self._is_begun = False
        self._aboard = {flow.name: Aboard() for flow in scenario.flows if isinstance(flow.arrivals, AboardArrivals)}
        self._sources: dict[str, Source] = {}
        self._bookings: dict[str, tuple[Slots, Bookings]] = {}
        for flow in scenario.flows:
            if flow.name not in self._aboard:
                self._sources[flow.name] = Source(flow, self._streams, scenario.start_ms, scenario.end_ms)
                if flow.appointments is not None:
                    self._bookings[flow.name] = self._slots(flow, flow.appointments)

    def until(self, tick: int) -> Traffic:
        """Units that were not drawn yet, all among them that come before a tick: ordered by (flow, k).

        A part holds the units that stay away, do not show up or come only after the run as well, each in one part.
        """
        scenario, network = self._scenario, self._network
        comers = self._comers(tick)
        self._is_begun = True
        flows = [_draw_flow(scenario, network, number, comers) for number in range(len(scenario.flows))]
        columns = {name: _joined(name, [flow.pop(name) for flow in flows]) for name in list(flows[0])}
        steps = columns.pop("steps")
        first = np.zeros(steps.size + 1, np.int64)
        np.cumsum(steps, out=first[1:])
        return Traffic.owning(**columns, first=first, leg=np.zeros(columns["stage"].size, np.int8))

    def _comers(self, tick: int) -> list[Comers]:
        """Who comes, flow by flow; passengers come with their vehicles."""
        flows = self._scenario.flows
        number = {flow.name: number for number, flow in enumerate(flows)}
        drawn = {number[name]: self._come(flows[number[name]], tick) for name in self._sources}
        for flow in flows:
            if isinstance(flow.arrivals, AboardArrivals):
                vehicles = number[flow.arrivals.flow]
                booked = self._bookings.get(flow.arrivals.flow)
                handed = booked[1].handed if booked is not None else self._sources[flow.arrivals.flow].drawn
                aboard = self._aboard[flow.name]
                drawn[number[flow.name]] = _come_aboard(
                    flow, flow.arrivals, flows[vehicles], drawn[vehicles], aboard, handed
                )
        return [drawn[number] for number in range(len(flows))]

    def _come(self, flow: Flow, tick: int) -> Comers:
        """Units that come by themselves."""
        network, streams = self._network, self._streams
        if flow.name in self._bookings:
            assert flow.appointments is not None
            slots, bookings = self._bookings[flow.name]
            later, slot = bookings.until(tick)
            rows = Rows(flow.name, streams, 0, later.k)
            met = meet_slots(flow.appointments, slots, slot, later.wanted, network.end, rows.uniforms)
        else:
            later = self._sources[flow.name].until(tick)
            met = _meet_gate(network, flow, later, Rows(flow.name, streams, 0, later.k))
        comes = slice(None) if met.comes.all() else np.flatnonzero(met.comes)
        rows = Rows(flow.name, streams, 0 if self._is_begun else flow.queue_at_start, later.k[comes])
        standing = np.zeros(rows.standing, np.int64)
        is_measured = later.wanted >= network.measure_from
        comes_later = ~(met.comes | met.stays_away | met.never_shows)
        return Comers(
            rows=rows,
            wanted=np.concatenate((standing, later.wanted[comes])),
            arrived=np.concatenate((standing, met.arrived[comes])),
            slot=np.concatenate((standing, met.slot[comes])),
            is_overdue=np.concatenate((standing > 0, met.is_overdue[comes])),
            away=later.k[met.stays_away & is_measured],
            no_shows=later.k[met.never_shows & is_measured],
            later=later.k[comes_later],
            later_wanted=later.wanted[comes_later],
            vehicle=None,
            split_step=np.full(len(rows), NONE, np.int64),
        )

    def _slots(self, flow: Flow, appointments: Appointments) -> tuple[Slots, Bookings]:
        """The slots of a flow whose units book them."""
        network, streams = self._network, self._streams
        due = waves.calls(appointments.slots, flow.clock, network.start_ms, network.start_ms + network.end)
        slots = Slots.of(due, network.start_ms)
        stages = [stage.name for stage in network.stages]
        bookings = Bookings(
            appointments,
            slots,
            [stage.on_paper for stage in network.stages],
            sorted({stages.index(stage) for stage in possible_first_stages(flow)}),
            self._sources[flow.name],
            lambda k: Rows(flow.name, streams, 0, k),
            lambda rows: draw_first_stages(stages, flow, rows),
            network.end,
        )
        return slots, bookings


def _joined(name: str, parts: list[NDArray[Any]]) -> NDArray[Any]:
    """A column of all flows from that of each, in the dtype it has in the traffic; a single one is not copied."""
    dtype = DTYPES.get(name, np.int64)
    if all(part.strides == (0,) and part.size for part in parts) and len({part[0] for part in parts}) == 1:
        return nothing(sum(part.size for part in parts), dtype, parts[0][0])
    if len(parts) == 1:
        return parts[0].astype(dtype, copy=not parts[0].flags.owndata or parts[0].dtype != dtype)
    return np.concatenate(parts, dtype=dtype, casting="unsafe")


@dataclass(frozen=True, slots=True, eq=False)
class Comers:
    """The units of a flow that come in the run, those standing in the queue at the start first.

    wanted, arrived : int64[units], ticks; arrived is NONE for passengers
    slot : int64[units], tick of its appointment, 0 without one
    is_overdue : bool[units], whether it comes so long after its appointment that it has no precedence any more
    away : int64[a], ascending, rows of the units that stay away in the measured stretch
    no_shows : int64[b], ascending, rows of the units that booked a slot in it and do not come
    later, later_wanted : int64[d], ascending, rows of the units that come only after the run, and when they want to
    vehicle : int64[units], which of the comers of its vehicle's flow each passenger is aboard; None for other flows
    split_step : int64[units], the vehicle's step at which it gets off, NONE for units of other flows
    """

    rows: Rows
    wanted: NDArray[np.int64]
    arrived: NDArray[np.int64]
    slot: NDArray[np.int64]
    is_overdue: NDArray[np.bool_]
    away: NDArray[np.int64]
    no_shows: NDArray[np.int64]
    later: NDArray[np.int64]
    later_wanted: NDArray[np.int64]
    vehicle: NDArray[np.int64] | None
    split_step: NDArray[np.int64]


class Aboard:
    """How many vehicles of a flow were looked at for passengers, and how many those are."""

    def __init__(self) -> None:
        self.vehicles = self.passengers = 0


def _come_aboard(
    flow: Flow, arrivals: AboardArrivals, vehicles: Flow, come: Comers, aboard: Aboard, until: int
) -> Comers:
    """Passengers, who come as their vehicle joins the stage at which they get off, and stay away with it.

    come : the vehicles of this part
    until : rows of the vehicles' flow below this are of this part or of one before
    """
    rows, streams = come.rows, come.rows.streams
    since, before = aboard.vehicles, aboard.passengers
    numbers = draw_amounts(arrivals.number, streams.uniforms("aboard", flow.name, count=until - since, skip=since))
    standing = draw_amounts(
        arrivals.number, streams.uniforms("aboard", flow.name, "standing at the start", count=rows.standing)
    )
    aboard.vehicles, aboard.passengers = until, before + int(numbers.sum())
    refuse_too_many(flow, int(standing.sum()) + before + int(numbers[rows.k - since].sum()))

    def of(k: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        vehicle, row = rows_aboard(numbers, k - since)
        return vehicle, before + row

    vehicle, k = of(rows.k)
    vehicle = np.concatenate((np.repeat(np.arange(rows.standing), standing), rows.standing + vehicle))
    vehicle_later, later = of(come.later)
    return Comers(
        rows=Rows(flow.name, streams, int(standing.sum()), k),
        wanted=come.wanted[vehicle],
        arrived=np.full(vehicle.size, NONE, np.int64),
        slot=np.zeros(vehicle.size, np.int64),
        is_overdue=np.zeros(vehicle.size, np.bool_),
        away=of(come.away)[1],
        no_shows=of(come.no_shows)[1],
        later=later,
        later_wanted=come.later_wanted[vehicle_later],
        vehicle=vehicle,
        split_step=steps_before(vehicles, rows, arrivals.get_off_at)[vehicle],
    )


def _draw_flow(
    scenario: Scenario, network: Network, number: int, comers: Sequence[Comers]
) -> dict[str, NDArray[np.generic]]:
    """Columns of one flow's units and of their steps; `steps` is the number of steps of each unit.

    `stayed_away` and `no_shows` have one entry for the flow, `later_*` one for each unit that comes after the run.
    """
    flow, come = scenario.flows[number], comers[number]
    rows = come.rows
    priority, persons, goods = _draw_unit(flow, rows)
    columns = draw_steps(scenario, network, flow, rows, come.wanted, {"person": persons, "goods": goods})
    if come.slot.any():
        steps, hold = columns["steps"], columns["hold"].copy()
        columns["hold"] = hold
        first = np.cumsum(steps) - steps
        hold[first] = np.maximum(hold[first], come.slot)
    if come.is_overdue.any():
        priority = np.where(come.is_overdue, np.maximum(priority, ORDINARY), priority)
    direction = Direction.OUT if flow.direction == "out" else Direction.IN
    when_full = WhenFull.TURN_AWAY if flow.when_full == "turn_away" else WhenFull.WAIT_OUTSIDE
    return columns | {
        "flow": np.full(len(rows), number, np.int16),
        "kind": np.full(len(rows), network.kinds.index(flow.kind), np.int16),
        "parent": _parents(scenario, number, comers),
        "split_step": come.split_step,
        "priority": priority,
        "persons": persons,
        "goods": goods,
        "wanted": come.wanted,
        "arrived": come.arrived,
        "patience": _draw_patience(flow, rows),
        "when_full": np.full(len(rows), when_full, np.int8),
        "direction": np.full(columns["stage"].size, direction, np.int8),
        "stayed_away": np.array([come.away.size]),
        "no_shows": np.array([come.no_shows.size]),
        "later_flow": np.full(come.later.size, number, np.int16),
        "later_wanted": come.later_wanted,
    }


def _parents(scenario: Scenario, number: int, comers: Sequence[Comers]) -> NDArray[np.int64]:
    """Number of the unit each unit of a flow is aboard, NONE where it comes by itself: int64[units]."""
    arrivals, vehicle = scenario.flows[number].arrivals, comers[number].vehicle
    if vehicle is None or not isinstance(arrivals, AboardArrivals):
        return np.full(len(comers[number].rows), NONE, np.int64)
    vehicles = [flow.name for flow in scenario.flows].index(arrivals.flow)
    return vehicle + sum(len(come.rows) for come in comers[:vehicles])


def _meet_gate(network: Network, flow: Flow, later: Coming, rows: Rows) -> Gate:
    """Who of the units that want to come does, without a slot, and when.

    rows : theirs, without the queue at the start
    """
    when = flow.when_closed
    stages = [stage.name for stage in network.stages]
    if when.re_spread and later.rate is not None:
        days = calendar.midnights(flow.clock, network.start_ms, network.start_ms + network.end)
        midnights = np.array([at_ms - network.start_ms for _, at_ms in days], np.int64)
        is_open = network.stages[stages.index(flow.journey[0].stage)].is_open
        return passing(re_spread(later, later.rate, is_open, midnights))
    if not when.stay_away and when.come_back is None:
        return passing(later.wanted)
    first = draw_first_stages(stages, flow, rows)
    hours = [stage.is_open for stage in network.stages]
    return meet_closed(when, hours, first, later.wanted, network.end, rows.uniforms)


def _draw_patience(flow: Flow, rows: Rows) -> NDArray[np.int64]:
    """How long each unit waits for its first service, ms: int64[units], NONE for ever."""
    if flow.patience is None:
        return np.full(len(rows), NONE, np.int64)
    return np.maximum(durations(flow.patience, rows.uniforms("patience")), 1)


def _draw_unit(flow: Flow, rows: Rows) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Priority, persons and goods of each unit: int64[units] each. A recorded file's own columns count first."""
    priority = np.full(len(rows), ORDINARY, np.int64)
    if flow.priority:
        ranks = np.array([*(rank for rank, _ in flow.priority), ORDINARY], dtype=np.int64)
        shares = np.cumsum([share for _, share in flow.priority])
        priority = ranks[np.searchsorted(shares, rows.uniforms("priority"), side="right")]
    persons = _draw_amounts(flow.persons, "persons", rows)
    goods = _draw_amounts(flow.goods, "goods", rows)
    if isinstance(flow.arrivals, RecordedArrivals):
        for column, recorded in (
            (priority, flow.arrivals.priority),
            (persons, flow.arrivals.persons),
            (goods, flow.arrivals.goods),
        ):
            if recorded is not None:
                column[rows.standing :] = np.asarray(recorded, dtype=np.int64)[rows.k]
    return priority, persons, goods


def _draw_amounts(amount: Amount, purpose: str, rows: Rows) -> NDArray[np.int64]:
    """How many each unit has: int64[units]."""
    return draw_amounts(amount, np.empty(len(rows)) if amount.is_certain else rows.uniforms(purpose))
