"""The units that wait inside a stage, and which of them is first among those that could start."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

from portsim.engines.reference.unit import Unit

Entry = tuple[int, int, int, Unit]
"""(priority, tick joined, unit number, the unit): the order of rule 4."""


class Queue:
    """Waiting units of one stage.

    Units that accept the same lane roles can start under the same conditions, so there is one heap per role list
    and only its first unit need be looked at. Units before their hold-until tick, or still without their
    passengers, stand aside until they become ready; they wait, but cannot be first.
    """

    __slots__ = ("_aside", "_ready", "own", "waiting")

    def __init__(self) -> None:
        self.waiting = 0
        self.own: dict[int, int] = {}
        self._ready: dict[int, list[Entry]] = {}
        self._aside: set[Unit] = set()

    def join(self, unit: Unit, is_ready: bool, own_roles: tuple[int, ...]) -> None:
        """A unit is let in from the door."""
        self.waiting += 1
        for role in own_roles:
            self.own[role] = self.own.get(role, 0) + 1
        if is_ready:
            self._push(unit)
        else:
            self._aside.add(unit)

    def become_ready(self, unit: Unit) -> bool:
        """What the unit stood aside for has come; False if it did not stand aside."""
        if unit not in self._aside:
            return False
        self._aside.remove(unit)
        self._push(unit)
        return True

    def depart(self, unit: Unit, own_roles: tuple[int, ...]) -> None:
        """A unit waits no longer: its service starts, or it has left. Its heap entry is dropped by `first`."""
        self.waiting -= 1
        for role in own_roles:
            self.own[role] -= 1
        self._aside.discard(unit)

    def first(self, role_for: Callable[[int], int | None]) -> tuple[Unit, int] | None:
        """The first unit, in the order of rule 4, for which a lane is free now, with the role of that lane.

        `role_for(roles)` says which accepted role has a free lane. `take` is for the unit this found.
        """
        best: Entry | None = None
        best_role = 0
        for roles, heap in self._ready.items():
            while heap and heap[0][3].is_out:
                heappop(heap)
            if heap and (best is None or heap[0] < best):
                role = role_for(roles)
                if role is not None:
                    best, best_role = heap[0], role
        return (best[3], best_role) if best else None

    def take(self, unit: Unit, own_roles: tuple[int, ...]) -> None:
        """The unit that `first` found starts."""
        heappop(self._ready[unit.roles])
        self.depart(unit, own_roles)

    def _push(self, unit: Unit) -> None:
        heap = self._ready.get(unit.roles)
        if heap is None:
            heap = self._ready[unit.roles] = []
        heappush(heap, (unit.priority, unit.joined, unit.number, unit))
