"""Writes down what happens, in compact columns, and hands them over as tables when the run ends."""

from __future__ import annotations

from array import array

import numpy as np
from numpy.typing import NDArray

from portsim.model.network import NONE
from portsim.model.records import LEVELS, UNITS, VISITS, WORK, Records, UnitOutcome, VisitOutcome, empty, table
from portsim.model.traffic import Traffic

STILL_THERE = UnitOutcome.IN_PORT


class Recorder:
    """One entry per unit and one per step of every journey, filled in as things happen.

    The columns are plain `array`s: written from Python they cost a third of a numpy element, and 8 bytes each.
    """

    def __init__(self, traffic: Traffic) -> None:
        units, steps = len(traffic), int(traffic.first[-1])
        self._traffic = traffic
        self.arrived = array("q", [NONE]) * units
        self.out = array("q", [NONE]) * units
        self.outcome = array("b", [STILL_THERE]) * units
        self.joined = array("q", [NONE]) * steps
        self.started = array("q", [NONE]) * steps
        self.ended = array("q", [NONE]) * steps
        self.left = array("q", [NONE]) * steps
        self.lane = array("h", [NONE]) * steps
        self.role = array("h", [NONE]) * steps
        self.crew = array("h", [NONE]) * steps
        self.officers = array("h", [0]) * steps
        self.paused: list[int] = []
        self._pieces: list[tuple[int, int, int, int, int, int]] = []
        self._levels: list[tuple[int, int, int, int, int]] = []

    def piece(self, unit: int, row: int, crew: int, officers: int, since: int, until: int) -> None:
        """Add one unbroken piece of an interrupted service."""
        self._pieces.append((unit, row - int(self._traffic.first[unit]), crew, officers, since, until))

    def level(self, tick: int, pool: int, crew: int, officers: int) -> None:
        """Add a change of level that the run itself decided."""
        self._levels.append((tick, 1, pool, crew, officers))

    def tables(self, end: int) -> Records:
        """The records of everything that happened before tick `end`."""
        traffic = self._traffic
        arrived = np.frombuffer(self.arrived, np.int64)
        here = np.flatnonzero(arrived != NONE)
        units = {
            "unit": here,
            "arrived": arrived[here],
            "out": np.frombuffer(self.out, np.int64)[here],
            "outcome": np.frombuffer(self.outcome, np.int8)[here],
        }
        for name in ("flow", "kind", "parent", "priority", "persons", "goods", "wanted"):
            units[name] = getattr(traffic, name)[here]

        joined = np.frombuffer(self.joined, np.int64)
        rows = np.flatnonzero(joined != NONE)
        unit = np.searchsorted(traffic.first, rows, side="right") - 1
        columns = {
            "unit": unit,
            "step": rows - traffic.first[unit],
            "leg": traffic.leg[rows],
            "direction": traffic.direction[rows],
            "stage": traffic.stage[rows],
            "joined": joined[rows],
            "outcome": self._visit_outcomes(rows, unit),
        }
        for name in ("lane", "role", "started", "ended", "left", "officers", "crew"):
            column: array[int] = getattr(self, name)
            columns[name] = np.frombuffer(column, column.typecode)[rows]

        pieces = np.array(sorted(self._pieces, key=lambda piece: (piece[0], piece[1], piece[4])), np.int64)
        work = table(WORK, dict(zip(WORK, pieces.T, strict=True))) if self._pieces else empty(WORK)
        steps = np.array(sorted(self._levels), np.int64)
        levels = table(LEVELS, dict(zip(LEVELS, steps.T, strict=True))) if self._levels else empty(LEVELS)
        return Records(table(UNITS, units), table(VISITS, columns), work, levels, end)

    def _visit_outcomes(self, rows: NDArray[np.int64], unit: NDArray[np.int64]) -> NDArray[np.int8]:
        started, ended, left = (
            np.frombuffer(column, np.int64)[rows] for column in (self.started, self.ended, self.left)
        )
        outcome = np.full(rows.size, VisitOutcome.DONE, np.int8)
        outcome[ended == NONE] = VisitOutcome.IN_SERVICE
        outcome[np.isin(rows, self.paused)] = VisitOutcome.PAUSED
        outcome[started == NONE] = VisitOutcome.WAITING
        outcome[(ended != NONE) & (left == NONE)] = VisitOutcome.BLOCKED
        gone = (started == NONE) & (left != NONE)
        outcome[gone] = VisitOutcome.LEFT
        return outcome
