"""Engines: a network and its traffic in, records out. Both engines mean the same; `reference` defines it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from portsim.errors import UnavailableError
from portsim.model.network import Network
from portsim.model.records import Records
from portsim.model.traffic import Traffic

EngineName = Literal["auto", "reference", "compiled"]
Playing = Literal["reference", "compiled"]
"""An engine that runs."""

DEFAULT_UNITS_IN_PORT = 200_000

REFERENCE_VISIT_S = 23e-6
COMPILED_VISIT_S = 0.5e-6
"""Processor time of one visit: workload B of the benchmark, 100,000 units at five stages, records made."""

LOAD_S = 1.1
COMPILE_S = 13.0
"""Processor time until the kernel is ready: numba and a kept kernel loaded, or the kernel compiled. Measured, as the
above, on one core of an Intel Xeon at 2.1 GHz on 2026-11-22; only how they compare decides, and that differs little
between machines."""

NOT_WORTH_IT_S = 0.1
"""What is done within this is left to the reference engine: nobody would notice."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The engine that runs, and what to tell whoever asked for another or would have been better off with it."""

    engine: Playing
    notice: str | None = None


def check_name(engine: str) -> None:
    """ValueError unless there is such an engine, or it is "auto"."""
    if engine not in get_args(EngineName):
        raise ValueError(f"engine {engine!r} does not exist; use 'auto', 'reference' or 'compiled'")


def choose(
    engine: EngineName,
    work: Traffic | int,
    *,
    replications: int = 1,
    on_notice: Callable[[str], None] | None = None,
) -> Choice:
    """The engine that will run when this one is asked for; it is ready then.

    "auto" is the one that will be done sooner with so many replications, the time counted until the kernel is loaded or
    compiled; where the compiled engine cannot run it is the reference engine, with a notice.

    work : the traffic of a replication, or about how many visits it has

    Raises ValueError for an engine that does not exist, UnavailableError when "compiled" cannot run here.
    """
    check_name(engine)
    if engine == "reference":
        return Choice("reference")
    from portsim.engines import compiled

    if engine == "auto" and not _pays(visits_in(work) * replications, _seconds_to_kernel()):
        return Choice("reference")
    try:
        compiled.load(on_notice)
    except UnavailableError as error:
        if engine == "compiled":
            raise
        return Choice("reference", f"the reference engine ran, which takes many times as long: {error}")
    return Choice("compiled")


def visits_in(work: Traffic | int) -> int:
    """About how many visits a replication has: of its traffic, or as is said."""
    return work if isinstance(work, int) else int(work.first[-1])


def simulate(
    network: Network,
    traffic: Traffic,
    *,
    units_in_port: int = DEFAULT_UNITS_IN_PORT,
    wall_time: float | None = None,
    engine: EngineName = "auto",
) -> Records:
    """Run the traffic through the network and return everything that happened.

    wall_time : seconds of computing after which the run stops, None for any

    Raises LimitError (with the records up to then) when more units than `units_in_port` are inside or before the
    port at once, when an instant never comes to rest, or when the run takes longer than `wall_time`.
    """
    if choose(engine, traffic).engine == "compiled":
        from portsim.engines import compiled

        return compiled.simulate(network, traffic, units_in_port=units_in_port, wall_time=wall_time)
    from portsim.engines import reference

    return reference.simulate(network, traffic, units_in_port=units_in_port, wall_time=wall_time)


def _pays(visits: int, seconds_to_kernel: float) -> bool:
    """Whether so many visits are sooner done by the compiled engine."""
    return visits * COMPILED_VISIT_S + seconds_to_kernel < visits * REFERENCE_VISIT_S


def _seconds_to_kernel() -> float:
    from portsim.engines import compiled

    if compiled.is_loaded():
        return NOT_WORTH_IT_S
    return LOAD_S if compiled.is_kept() else COMPILE_S
