"""Figures a user observed: a CSV file with a day in each row, and counts, waits or queues in its columns."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path

from portsim.errors import Place, ScenarioError
from portsim.experiments.calibration.comparing import in_unit_of
from portsim.experiments.calibration.figures import Figures
from portsim.experiments.calibration.question import COUNTED, COUNTS, Measured, Target
from portsim.facts.units import UNITS
from portsim.scenario.calendar import to_utc_ms
from portsim.scenario.csvfile import CsvTable
from portsim.scenario.units import parse_date, shown, suggestion
from portsim.yamlfile import Path as Keys

MOST = 60
"""Observations of all files: each is learnt on its own."""

_FILE = {"file", "columns"}
_COLUMN = {"measure", "unit", "kinds", "error"}


class Observed:
    """Reads `observed`: files by name.

    files : sha256 of each that was read
    """

    def __init__(self, figures: Figures, folder: Path) -> None:
        self.figures = figures
        self.page = figures.page
        self.folder = folder
        self.files: dict[str, str] = {}

    def read(self) -> list[Target]:
        """A figure for each cell that is filled in; empty cells and days that are not there are gaps."""
        found = self.page.document.value.get("observed") or {}
        if not isinstance(found, dict):
            self.page.refuse(("observed",), "write files by names of your own, each with file and columns")
            return []
        targets = []
        for name in found:
            keys: Keys = ("observed", name)
            if self.page.mapping(keys, _FILE, _FILE) is not None:
                targets += self._read_file(keys)
        if len(targets) > MOST:
            rule = f"there are {len(targets)} observations, {MOST} are the most; give sums over several days as targets"
            self.page.refuse(("observed",), rule)
        return targets

    def _read_file(self, keys: Keys) -> list[Target]:
        columns = self.page.value((*keys, "columns"))
        if not isinstance(columns, dict) or not columns:
            self.page.refuse(
                (*keys, "columns"), "write what each column is: {trucks: {measure: crossings, unit: vehicles}}"
            )
            return []
        known = {name: self._column((*keys, "columns", name)) for name in columns}
        if any(column is None for column in known.values()):
            return []
        try:
            table = CsvTable.read(self.page.value((*keys, "file")), self.folder, "calibration file")
            self.files[table.file] = table.sha256
            return self._rows(keys, table, {name: column for name, column in known.items() if column is not None})
        except ScenarioError as error:
            self.page.problems += error.problems
        except ValueError as error:
            self.page.refuse((*keys, "file"), str(error))
        return []

    def _column(self, keys: Keys) -> tuple[Measured, float] | None:
        """What a column is compared with, and what one of its unit is in the unit of that."""
        found = self.page.mapping(keys, _COLUMN, {"measure", "unit"})
        if found is None:
            return None
        unit = found["unit"]
        if unit not in UNITS:
            meant = suggestion(str(unit), UNITS)
            self.page.refuse((*keys, "unit"), f"{shown(unit)} is not a unit of a figure{meant}")
            return None
        measured = self.figures.measured(keys, found, None)
        if measured is None:
            return None
        if " in " in found["measure"] or (measured.metric in COUNTED and measured.metric not in COUNTS):
            rule = "a row is a day, so write crossings, persons, goods or a measure of a run, without a window"
            self.page.refuse((*keys, "measure"), rule)
            return None
        try:
            return measured, in_unit_of(measured, 1.0, unit, None, self.figures.scenario)
        except ValueError as error:
            self.page.refuse((*keys, "measure"), f"the column {error}")
            return None

    def _rows(self, keys: Keys, table: CsvTable, columns: dict[str, tuple[Measured, float]]) -> list[Target]:
        where = table.columns(["date", *columns], required=["date", *columns])
        readers: list[tuple[int, str, Callable[[str], object]]] = [(where["date"], "date", parse_date)]
        readers += [(where[name], name, _number) for name in columns]
        scenario, targets = self.figures.scenario, []
        lines: dict[date, int] = {}
        for day, *cells in table.rows(readers):
            if day in lines:
                table.problem(table.line, 1, "date", f"{day} stands already in line {lines[day]}; keep one of them")
                continue
            lines[day] = table.line
            start, end = (
                to_utc_ms(datetime.combine(day + timedelta(days=more), time.min), scenario.clock) for more in (0, 1)
            )
            if start < scenario.start_ms or end > scenario.end_ms:
                is_part = start < scenario.end_ms and end > scenario.start_ms
                where_it_is = "only in part in" if is_part else "outside"
                table.problem(table.line, 1, "date", f"{day} lies {where_it_is} the run of the scenario")
                continue
            for (name, (measured, factor)), cell in zip(columns.items(), cells, strict=True):
                if cell is None:
                    continue
                at: Keys = (*keys, "columns", name)
                value = factor * cell
                targets.append(
                    Target(
                        name=f"{name} {day}",
                        value=value,
                        measured=replace(measured, start_ms=start, end_ms=end),
                        error=self.figures.error(at, self.page.value(at), None, value, factor),
                        is_fitted=True,
                        fact=None,
                        source=table.file,
                        would_take="",
                        place=Place(table.file, table.line, 1),
                    )
                )
        table.finish("has no rows; write a day in each")
        return targets


def _number(text: str) -> float | None:
    """A number from 0, None for an empty cell."""
    if not text.strip():
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise ValueError(f"a number from 0 is needed, or nothing for a gap, got {shown(text)}")
    return value
