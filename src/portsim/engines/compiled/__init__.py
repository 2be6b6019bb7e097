"""The compiled engine: the meaning of the reference engine, file by file, on arrays."""

from __future__ import annotations

import numpy as np

from portsim.engines.compiled import port, state
from portsim.engines.compiled.paper import state_of
from portsim.engines.compiled.recorder import records_of
from portsim.errors import LimitError
from portsim.model.network import Network
from portsim.model.records import Records
from portsim.model.traffic import Traffic


def simulate(network: Network, traffic: Traffic, *, units_in_port: int) -> Records:
    s = state_of(network, traffic, units_in_port)
    while True:
        code = port.play(s.table.ctypes.data)
        if code == port.DONE:
            return records_of(network, traffic, s, network.end)
        if code == port.NO_ROOM:
            s.lengthen("ends", "pieces", "levels")
        elif code != port.SLICED:
            raise _limit(network, traffic, s, code)


def _limit(network, traffic, s, code):
    tick = int(s.x[state.NOW])
    if code == port.TOO_MANY_ROUNDS:
        names = ", ".join(network.stages[turn].name for turn in np.flatnonzero(s.touched))
        message = f"more than {port.MOST_ROUNDS} rounds at one instant (tick {tick}): stages {names} never come to rest"
    else:
        standing = s.stages["waiting"] + s.stages["at_door"]
        longest = int(np.argmax(standing))
        message = (
            f"more than {s.x[state.MOST_INSIDE]} units in the port; most of them, {standing[longest]}, stand at stage "
            f"{network.stages[longest].name}, which gets more than it can do: open more lanes or hours there, lower the "
            "demand, or raise limits.units_in_port"
        )
    stop = LimitError(message, tick=tick)
    stop.records = records_of(network, traffic, s, tick + 1)
    return stop
