"""Engines: a network and its traffic in, records out. Both engines mean the same; `reference` defines it."""

from __future__ import annotations

from typing import Literal

from portsim.model.network import Network
from portsim.model.records import Records
from portsim.model.traffic import Traffic

EngineName = Literal["auto", "reference"]

DEFAULT_UNITS_IN_PORT = 200_000


def choose(engine: EngineName) -> Literal["reference"]:
    """The engine that will run when this one is asked for."""
    if engine not in ("auto", "reference"):
        raise ValueError(f"engine {engine!r} does not exist; use 'auto' or 'reference'")
    return "reference"


def simulate(
    network: Network,
    traffic: Traffic,
    *,
    units_in_port: int = DEFAULT_UNITS_IN_PORT,
    engine: EngineName = "auto",
) -> Records:
    """Run the traffic through the network and return everything that happened.

    Raises LimitError (with the records up to then) when more units than `units_in_port` are inside or before the
    port at once, or when an instant never comes to rest.
    """
    choose(engine)
    from portsim.engines import reference

    return reference.simulate(network, traffic, units_in_port=units_in_port)
