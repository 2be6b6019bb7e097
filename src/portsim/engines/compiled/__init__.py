"""The compiled engine: the meaning of the reference engine, file by file, on arrays.

docs/engines.md says how to read it. Nothing here imports numba before a kernel is asked for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from portsim.engines import limits
from portsim.engines.compiled import keeping, state
from portsim.engines.compiled.carrying import carry
from portsim.engines.compiled.paper import state_of
from portsim.engines.compiled.recorder import records_of
from portsim.engines.compiled.state import State
from portsim.errors import LimitError, UnavailableError
from portsim.model.network import Network
from portsim.model.records import Records
from portsim.model.traffic import Traffic

SLICE = 65_536
"""Events after which the kernel hands back, so that Ctrl-C is heard and the clock on the wall is looked at: 20 ms."""

COMPILING = "compiling the kernel of the compiled engine, once: it is kept in {folder} for later runs"

Play = Callable[[int, int], int]


def simulate(
    network: Network,
    traffic: Traffic,
    *,
    units_in_port: int,
    wall_time: float | None = None,
    on_notice: Callable[[str], None] | None = None,
) -> Records:
    """Play every instant 0 <= t < `network.end` and return what happened.

    Raises what the reference engine does, in the same words, and UnavailableError.
    """
    course = Course(network, traffic, units_in_port=units_in_port, wall_time=wall_time, on_notice=on_notice)
    return course.play(network.end, is_last=True)


class Course:
    """A run under way: played up to a tick, then further with other units.

    Arguments are those of `simulate`. Raises UnavailableError.
    """

    def __init__(
        self,
        network: Network,
        traffic: Traffic,
        *,
        units_in_port: int,
        wall_time: float | None = None,
        on_notice: Callable[[str], None] | None = None,
    ) -> None:
        self._play = load(on_notice)
        self._wall_time = wall_time
        self._deadline = None if wall_time is None else time.monotonic() + wall_time
        self._network, self._traffic = network, traffic
        self._state = state_of(network, traffic, units_in_port)
        self._is_part = False

    def play(self, until: int, *, is_last: bool = False) -> Records:
        """Play every instant up to `until` that was not, and return the records of the units at hand.

        Their memory is the run's: with `is_last` it is theirs, else they hold until the run goes on.
        """
        network, traffic, s = self._network, self._traffic, self._state
        s.x[state.END] = until
        while True:
            code = self._play(s.table.ctypes.data, SLICE)
            if code == state.DONE:
                self._is_part = self._is_part or not is_last
                return records_of(traffic, s, until, is_last=is_last)
            if code == state.NO_ROOM:
                s.lengthen("ends", "pieces", "levels")
            elif code != state.SLICED:
                stop = _stop(network, s, code)
                raise self._with_records(stop, is_part=not is_last)
            elif self._deadline is not None and time.monotonic() > self._deadline:
                assert self._wall_time is not None
                late = limits.too_long(network, int(s.x[state.NOW]), self._wall_time, _standing(s))
                raise self._with_records(late, is_part=not is_last)

    def _with_records(self, stop: LimitError, *, is_part: bool) -> LimitError:
        records = records_of(self._traffic, self._state, stop.tick + 1, is_last=True)
        return limits.with_records(stop, self._network, records, is_part=is_part or self._is_part)

    def go_on(self, traffic: Traffic, moved: NDArray[np.int64]) -> None:
        """Have other units from here on: those of the traffic so far that are not gone, and more.

        moved : int64[units so far], number of each in the new traffic, ascending; NONE for those that are gone, which
            are out with all their passengers, or the vehicle they were aboard

        New units come at the tick played up to or later.
        """
        self._state = carry(self._state, self._network, traffic, moved, int(self._state.x[state.END]))
        self._traffic = traffic


def is_loaded() -> bool:
    """Whether this process has the kernel ready."""
    return _load.cache_info().currsize > 0


def is_kept() -> bool:
    """Whether the kernel need not be compiled any more, only loaded."""
    return find_spec("numba") is not None and keeping.is_kept()


def load(on_notice: Callable[[str], None] | None = None) -> Play:
    """The kernel's entry: loaded if it was kept, else compiled, which `on_notice` is told, and kept.

    Raises UnavailableError if numba is missing or of no use, or if there is no place to keep the kernel.
    """
    if not is_loaded() and on_notice is not None and find_spec("numba") is not None and not keeping.is_kept():
        on_notice(COMPILING.format(folder=keeping.folder()))
    return _load()


@cache
def _load() -> Play:
    if find_spec("numba") is None:
        raise UnavailableError("the compiled engine needs numba, which is not installed: python -m pip install numba")
    try:
        folder = keeping.prepare()
    except (OSError, RuntimeError) as error:
        raise UnavailableError(
            f"the compiled engine has no place to keep its kernel ({error}): set NUMBA_CACHE_DIR to a folder that "
            "can be written to"
        ) from error
    was_kept = keeping.is_kept()
    try:
        from portsim.engines.compiled.loading import kernel_in

        play = kernel_in(folder)
    except ImportError as error:
        raise UnavailableError(f"numba does not load ({error}): install one that fits this Python and numpy") from error
    if not was_kept:
        keeping.remove_oldest()
    return play


def _stop(network: Network, s: State, code: int) -> LimitError:
    """Which limit was reached."""
    tick = int(s.x[state.NOW])
    if code == state.TOO_MANY_ROUNDS:
        return limits.too_many_rounds(network, tick, np.flatnonzero(s.touched).tolist())
    return limits.too_many_units(network, tick, int(s.x[state.MOST_INSIDE]), _standing(s))


def _standing(s: State) -> list[int]:
    """Units that wait or stand at the door, by stage."""
    standing: list[int] = (s.stages["waiting"] + s.stages["at_door"]).tolist()
    return standing
