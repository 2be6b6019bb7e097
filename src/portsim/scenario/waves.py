"""When the waves of a stage are due, and how many units each of them calls (contract rule 25)."""

from __future__ import annotations

from collections.abc import Iterable

from portsim.scenario import calendar
from portsim.scenario.levels import Wave


def calls(
    waves: Iterable[Wave], zone: str, start_ms: int, end_ms: int, *, strict: bool = False
) -> list[tuple[int, int | None]]:
    """(UTC ms, units called at most) of every wave due in [start_ms, end_ms), ascending; None for everyone waiting.

    A wave is due whenever the clock of `zone` shows its time on one of its days: not at all where the clocks skip it,
    twice where they show it twice. With `strict` such a time within the stretch raises ValueError with the rule.
    """
    listed = list(waves)
    due: list[tuple[int, int | None]] = []
    first, last = (calendar.to_local(at_ms, zone).toordinal() for at_ms in (start_ms, end_ms))
    for ordinal in range(first - 1, last + 2):
        midnight = calendar.steady_day_start(ordinal, zone)
        for wave in listed:
            if (ordinal + 6) % 7 not in wave.weekdays:
                continue
            if midnight is not None:
                shown: tuple[int, ...] = (midnight + wave.at_ms,)
            else:
                shown = calendar.showings(ordinal, wave.at_ms, zone)
                if strict:
                    calendar.clock_instant(ordinal, wave.at_ms, zone, strict_within=(start_ms, end_ms))
            due += [(at_ms, wave.up_to) for at_ms in shown if start_ms <= at_ms < end_ms]
    return sorted(due, key=lambda call: call[0])
