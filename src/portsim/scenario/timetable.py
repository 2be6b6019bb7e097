"""When the departures of a timetable are due."""

from __future__ import annotations

from datetime import datetime, timedelta

from portsim.scenario import calendar
from portsim.scenario.arrivals import TimetableArrivals
from portsim.scenario.levels import DAY_MS


def departures(arrivals: TimetableArrivals, clock: str, start_ms: int, end_ms: int) -> list[tuple[int, int]]:
    """(UTC ms, line of the timetable) of everything due in [start_ms, end_ms), ascending.

    Raises ValueError for the first clock time that does not exist or is ambiguous on a date within the run.
    """
    due: list[tuple[int, int]] = []
    first, last = (calendar.to_local(at_ms, clock).toordinal() for at_ms in (start_ms, end_ms))
    for ordinal in range(first - 1, last + 1):  # a line at 24:00 belongs to the day before
        for line, departure in enumerate(arrivals.departures):
            if (ordinal + 6) % 7 not in departure.weekdays:
                continue
            days, ms = divmod(departure.at_ms, DAY_MS)
            if not ms:
                at_ms = calendar.day_start(ordinal + days, clock)
            elif start_ms <= calendar.clock_instant(ordinal + days, ms, clock) < end_ms:
                at_ms = calendar.to_utc_ms(datetime.fromordinal(ordinal + days) + timedelta(milliseconds=ms), clock)
            else:
                continue
            if start_ms <= at_ms < end_ms:
                due.append((at_ms, line))
    return sorted(due)
