"""The tables of a run folder as bytes: the one place that makes them, to be written or to be compared.

Every table is a function of what was played, so a run that is played again makes the same bytes, file by file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import numpy as np

from portsim.model.network import Network
from portsim.model.records import Records, Table
from portsim.results.days import join_days
from portsim.results.hours import HOUR_SUMS, mean_hours
from portsim.results.measure import Measure
from portsim.results.names import Names
from portsim.results.parquet import parquet_bytes
from portsim.results.reading import day_columns, hour_columns, measure_lines, summary_lines
from portsim.results.recordfiles import columns_of, to_files
from portsim.results.statistics import MetricRow
from portsim.results.tables import Column, csv_line, csv_text

Keep = Literal["first", "all", "none"]
Format = Literal["csv", "parquet"]

Put = Callable[[str, Iterable[bytes], int], None]
"""Takes a table: its path in the folder, its bytes in pieces of whole lines (or all at once), its number of rows."""

REPLICATIONS = "replications"


class RunTables:
    """Makes the tables of a run, those of each replication when it is done, and hands them to `put`.

    table_format : what units, visits, work and levels are made as, of the replications whose records are given; all
        others are CSV
    """

    def __init__(self, put: Put, network: Network, *, table_format: Format) -> None:
        self._put = put
        self._network = network
        self._names = Names.of(network)
        self._format = table_format
        self._days: list[tuple[int, Table]] = []
        self._hours: Table = {}
        self._hours_end = 0
        self._newest: tuple[Table, int] | None = None
        self.kept: list[dict[str, int]] = []

    def add(
        self,
        number: int,
        measures: Sequence[Measure],
        days: Table,
        hours: Table | None,
        records: Records | None,
        *,
        end: int,
        is_stopped: bool,
    ) -> None:
        """Make the tables of one replication.

        days, hours : see `days.count_days` and `hours.count_hours`; hours are None where a summary is all that is kept
        records : for the four tables of what happened to everybody; None where they are not to be kept
        end : the tick it was played to
        is_stopped : whether it had to stop; the tables over all replications are then of the others, if there are any
        """
        folder = folder_of(number)
        self._put(f"{folder}/measures.csv", measure_lines(measures), len(measures))
        self._put_table(f"{folder}/daily.csv", day_columns(self._names), days)
        if hours is not None:
            self._put_table(f"{folder}/hourly.csv", hour_columns(self._names), hours)
        if records is not None:
            for name, table in to_files(records, self._names).items():
                self._put_table(f"{folder}/{name}.{self._format}", columns_of(name, self._names), table)
        self.count_in(number, days, hours, end=end, is_kept=records is not None, is_stopped=is_stopped)

    def count_in(
        self, number: int, days: Table, hours: Table | None, *, end: int, is_kept: bool, is_stopped: bool
    ) -> None:
        """Have the tables over all replications be of this one, whose own tables are made; arguments as for `add`."""
        self._settle()
        if is_kept:
            self.kept.append({"replication": number, "end_tick": end})
        if not is_stopped or not self._days:
            self._days.append((number, days))
            self._newest = None if hours is None else (hours, end)

    def forget(self, number: int) -> None:
        """Take back the last replication, or what was made of it."""
        self.kept = [kept for kept in self.kept if kept["replication"] != number]
        if self._days and self._days[-1][0] == number:
            self._days.pop()
            self._newest = None

    def finish(self, rows: Sequence[MetricRow]) -> None:
        """Make the tables over all replications."""
        self._settle()
        self._put("summary.csv", summary_lines(rows), len(rows))
        days = join_days(sorted(self._days, key=lambda pair: pair[0]))
        self._put_table("daily.csv", (Column("replication", np.int64), *day_columns(self._names)), days)
        if self._days and not self._hours:
            return
        hours = list(mean_hours(self._network, self._hours, len(self._days), self._hours_end))
        self._put("hourly.csv", map(csv_line, hours), len(hours) - 1)

    def _settle(self) -> None:
        """Add the hours of the last replication to the sums: from then on it cannot be taken back."""
        if self._newest is not None:
            hours, self._hours_end = self._newest
            self._hours = hours | {name: hours[name] + self._hours.get(name, 0) for name in HOUR_SUMS}
            self._newest = None

    def _put_table(self, path: str, columns: Sequence[Column], table: Table) -> None:
        is_parquet = path.endswith(".parquet")
        pieces = [parquet_bytes(columns, table)] if is_parquet else csv_text(columns, table)
        self._put(path, pieces, len(table[columns[0].name]))


def folder_of(number: int) -> str:
    """Where a replication's tables are: `replications/0000`."""
    return f"{REPLICATIONS}/{number:04d}"
