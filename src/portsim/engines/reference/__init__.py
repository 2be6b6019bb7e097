"""The reference engine: the meaning of a run, written in SimPy to be read.

Read `unit.cross` (a unit's way), `port.Port` (the rounds of an instant), `stage.Stage` (who waits and who starts),
`officers` and `calendar`, in this order; `calls`, `sharing` and `reserves` are for stages and pools that use them. The
rule numbers are those of docs/model.md. Holds (appointments, booked departures) and passengers may be skipped at a
first reading.
"""

from __future__ import annotations

from portsim.engines.limits import with_records
from portsim.engines.reference.calendar import keep_calendar
from portsim.engines.reference.port import Port
from portsim.engines.reference.unit import arrive
from portsim.errors import LimitError
from portsim.model.network import NONE, Network
from portsim.model.records import Records
from portsim.model.traffic import Traffic

__all__ = ["simulate"]


def simulate(network: Network, traffic: Traffic, *, units_in_port: int, wall_time: float | None = None) -> Records:
    """Play every instant 0 <= t < `network.end` and return what happened.

    Raises LimitError, with the records up to then, when more units than `units_in_port` are in the port at the end
    of an instant, when an instant never comes to rest, or at the end of an instant after `wall_time` seconds.
    """
    port = Port(network, traffic, units_in_port, wall_time)
    port.env.process(arrive(port))
    port.env.process(keep_calendar(port))
    try:
        port.env.run(until=network.end)
    except LimitError as stop:
        raise with_records(stop, network, _records(port, stop.tick + 1)) from None
    return _records(port, network.end)


def _records(port: Port, end: int) -> Records:
    for stage in port.stages:
        stage.write_unfinished(NONE)
    return port.recorder.tables(end)
