"""Time on an axis: hours since the start, marked where a clock of the port shows a round time or a new date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from portsim.scenario import calendar
from portsim.scenario.levels import DAY_MS
from portsim.scenario.scenario import Scenario

HOUR_MS = 3_600_000
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

MOST = 12
"""Marks that fit the width."""

_HOURS = (1, 2, 3, 6, 12)
_DAYS = (1, 2, 4)
_MONTHS = (1, 2, 3, 6, 12)


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on an axis of time: hours since the start, what stands there, and below it where it changes."""

    hour: float
    label: str
    below: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """One clock of the port over the stretch a picture shows.

    zone : IANA name; start_ms : UTC epoch ms of tick 0
    has_years : whether dates need their year to be told apart
    """

    zone: str
    start_ms: int
    has_years: bool = False

    @classmethod
    def of(cls, scenario: Scenario) -> Clock:
        """The port's own clock."""
        first, last = (calendar.to_local(ms, scenario.clock).year for ms in (scenario.start_ms, scenario.end_ms - 1))
        return cls(scenario.clock, scenario.start_ms, first != last)

    def local(self, tick: int) -> datetime:
        """What this clock shows at a tick."""
        return calendar.to_local(self.start_ms + tick, self.zone)

    def date(self, tick: int) -> str:
        """The date at a tick: `1 June`."""
        local = self.local(tick)
        return f"{local.day} {MONTHS[local.month - 1]}" + (f" {local.year}" if self.has_years else "")

    def moment(self, tick: int) -> str:
        """Date and time at a tick: `1 June 10:00`."""
        return f"{self.date(tick)} {self.local(tick):%H:%M}"

    def span(self, start: int, end: int) -> str:
        """Clock times from one tick to another of the same date: `23:00 to 24:00`."""
        until = f"{self.local(end):%H:%M}"
        return f"{self.local(start):%H:%M} to {'24:00' if until == '00:00' else until}"

    def years(self, end: int) -> str:
        """The years from tick 0 until `end`: `2025` or `2024-2025`."""
        first, last = self.local(0).year, self.local(end - 1).year
        return str(first) if first == last else f"{first}-{last}"

    def shift_ms(self, tick: int) -> int:
        """This clock less UTC."""
        return (self.local(tick) - datetime(1970, 1, 1)) // timedelta(milliseconds=1) - self.start_ms - tick

    def midnights(self, end: int) -> list[float]:
        """Hours since the start at which a date begins in 0 <= t < end."""
        days = calendar.midnights(self.zone, self.start_ms, self.start_ms + end)
        return [(at - self.start_ms) / HOUR_MS for _, at in days if 0 <= at - self.start_ms < end]

    def marks(self, end: int, most: int = MOST) -> list[Mark]:
        """Round times in 0 <= t <= end, no more than `most`, the larger unit below where it changes."""
        for hours in _HOURS:
            if end / HOUR_MS / hours <= most:
                return self._hours(end, hours)
        return [mark for mark in self.days(end, most) if mark.hour >= 0]

    def days(self, end: int, most: int = MOST) -> list[Mark]:
        """The same of dates alone, that of tick 0 included: where it begins, before tick 0 or at it."""
        days = end / DAY_MS
        for step in _DAYS:
            if days / step <= most:
                return self._days(end, step)
        for weeks in (1, 2):
            if days / (7 * weeks) <= most:
                return self._weeks(end, weeks)
        months = next((step for step in _MONTHS if days / (30 * step) <= most), 12 * max(1, round(days / 365 / most)))
        return self._months(end, months)

    def _dates(self, end: int) -> list[tuple[datetime, int]]:
        """Every date of the stretch and the tick it begins at, the last one after its end included."""
        days = calendar.midnights(self.zone, self.start_ms, self.start_ms + end + 1)
        return [(datetime.fromordinal(ordinal), at - self.start_ms) for ordinal, at in days]

    def _hours(self, end: int, step: int) -> list[Mark]:
        found: list[Mark] = []
        below = None
        for date, _ in self._dates(end):
            for hour in range(0, 24, step):
                ms = hour * HOUR_MS
                tick = calendar.clock_instant(date.toordinal(), ms, self.zone) - self.start_ms
                # Where clocks are put forward, two round times are one instant.
                if 0 <= tick <= end and not (found and found[-1].hour >= tick / HOUR_MS):
                    under = f"{DAYS[date.weekday()][:3]} {date.day} {MONTHS[date.month - 1]}"
                    found.append(Mark(tick / HOUR_MS, f"{hour:02d}:00", "" if under == below else under))
                    below = under
        return found

    def _days(self, end: int, step: int) -> list[Mark]:
        found: list[Mark] = []
        below = None
        chosen = [
            (date, tick)
            for date, tick in self._dates(end)
            if tick <= end and (date.day - 1) % step == 0 and (step == 1 or date.day + step / 2 < 32)
        ]
        for date, tick in chosen:
            month = MONTHS[date.month - 1]
            above = f"{DAYS[date.weekday()][:3]} {date.day}" if step == 1 else str(date.day)
            found.append(Mark(tick / HOUR_MS, above, "" if month == below else month))
            below = month
        return found

    def _weeks(self, end: int, step: int) -> list[Mark]:
        mondays = [(date, tick) for date, tick in self._dates(end) if tick <= end and date.weekday() == 0]
        found, below = [], None
        for date, tick in mondays[::step]:
            month = MONTHS[date.month - 1]
            found.append(Mark(tick / HOUR_MS, str(date.day), "" if month == below else month[:3]))
            below = month
        return found

    def _months(self, end: int, step: int) -> list[Mark]:
        found: list[Mark] = []
        below = None
        for date, tick in self._dates(end):
            number = 12 * date.year + date.month - 1
            if tick <= end and date.day == 1 and number % step == 0:
                year = str(date.year)
                above = MONTHS[date.month - 1][:3] if step < 12 else year
                found.append(Mark(tick / HOUR_MS, above, "" if year in (below, above) else year))
                below = year
        return found
