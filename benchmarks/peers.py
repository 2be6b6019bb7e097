"""Other tools on workloads A and B, beside portsim with everything it records and measures.

Each tool plays the plain SimPy model's draws in the model a good practitioner of it writes, and keeps a record of
every visit. portsim draws, simulates, keeps all records and measures within the time taken. Models that are slower by
far play fewer units: what is compared is units a second.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from statistics import median

from benchmarks import peer_simmer, plain_simpy, workloads
from benchmarks.kernel import Whole
from benchmarks.measurements import Row, seconds
from benchmarks.plain_simpy import Draws
from portsim.errors import UnavailableError

FEWER = 10
"""How many times as many units portsim plays as a model that is slower by far."""

ABSENT = "{} is not compared, it is not installed: python -m pip install '.[benchmark]'"

Play = Callable[[Draws], float]
"""Plays some draws and returns the processor time it took, in seconds."""


@dataclass(frozen=True)
class Peer:
    """A tool's model of a workload.

    name : the tool, its version and what is special about the model
    units : how many it plays
    """

    name: str
    units: int
    play: Play


def measure_peers(units: int, repeats: int) -> Iterator[Row]:
    """Units a second of the compiled engine from drawing to measures, beside each tool that is here, on B and A."""
    from portsim.engines import compiled
    from portsim.scenario import load_text

    compiled.load(print)
    for letter, many in (("b", units), ("a", 2 * units)):
        whole = Whole(load_text(getattr(workloads, f"scenario_{letter}")(many)))
        whole.play("compiled")
        peers = [*_in_python(letter, many), *_in_r(letter, many)]
        draws = {size: getattr(plain_simpy, f"draw_{letter}")(size, seed=1) for size in {peer.units for peer in peers}}
        ours: list[float] = []
        theirs: list[list[float]] = []
        for _ in range(repeats):
            gc.collect()
            ours.append(whole.play("compiled") / sum(whole.rounds[-1]))
            theirs.append([peer.units / peer.play(draws[peer.units]) for peer in peers])
        for peer, speeds in zip(peers, zip(*theirs, strict=True), strict=True):
            yield Row(
                f"{letter.upper()} / {peer.name}, {peer.units:,} units",
                f"{median(ours):,.0f} units/s",
                f"{median(speeds):,.0f} units/s",
                median(our / their for our, their in zip(ours, speeds, strict=True)),
                bar=1,
                at_least=True,
            )
    for sentence in absent():
        print(sentence)


def _in_python(letter: str, units: int) -> Iterator[Peer]:
    simulate = f"simulate_{letter}"
    yield Peer(f"plain SimPy {version('simpy')}", units, _timed(getattr(plain_simpy, simulate)))
    if find_spec("ciw"):
        from benchmarks import peer_ciw

        yield Peer(f"Ciw {version('ciw')}", units // FEWER, _timed(getattr(peer_ciw, simulate)))
    if find_spec("salabim"):
        from benchmarks import peer_salabim

        name = f"salabim {version('salabim')}"
        on_tuples = getattr(peer_salabim, f"{simulate}_on_tuples")
        yield Peer(name, units // FEWER, _timed(getattr(peer_salabim, simulate)))
        yield Peer(f"{name} on tuples", units, _timed(on_tuples))


def _in_r(letter: str, units: int) -> Iterator[Peer]:
    try:
        name = f"simmer {peer_simmer.version()}"
    except UnavailableError:
        return
    simulate = getattr(peer_simmer, f"simulate_{letter}")
    yield Peer(name, units, lambda draws: float(simulate(draws)[1]))


def _timed(simulate: Callable[[Draws], object]) -> Play:
    return lambda draws: seconds(lambda: simulate(draws), time.process_time)


def absent() -> Iterator[str]:
    """A sentence for each tool that is not here."""
    for name, package in (("Ciw", "ciw"), ("salabim", "salabim")):
        if not find_spec(package):
            yield ABSENT.format(name)
    try:
        peer_simmer.version()
    except UnavailableError as error:
        yield str(error)
