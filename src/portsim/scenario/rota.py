"""Crews on a rota by the clock: who is on duty when, which shifts nobody works, how long a crew rests (rule 23)."""

from __future__ import annotations

from dataclasses import dataclass, field

from portsim.scenario import calendar
from portsim.scenario.calendar import Steps
from portsim.scenario.levels import DAY_MS
from portsim.scenario.officers import Rota, Shift
from portsim.scenario.profiles import Key, ProfileError


@dataclass(frozen=True, slots=True)
class Duty:
    """One crew as two step functions: the officers it can give to services, and those on the roster."""

    level: Steps
    rostered: Steps


def duties(
    rota: Rota, zone: str, run_start_ms: int, start_ms: int, end_ms: int, *, strict: bool = True
) -> tuple[Duty, ...]:
    """Every crew on [start_ms, end_ms), in order; the first step of each stands exactly at start_ms.

    run_start_ms : instant whose date in `zone` is the first date of the scenario, on which crew 0 begins the cycle

    With `strict` a clock time of a shift or break that does not exist, or is ambiguous, on a date within the stretch on
    which a crew works it raises ProfileError; its path leads from the pool to the part.
    """
    first_date = calendar.to_local(run_start_ms, zone).toordinal()
    first, last = (calendar.to_local(ms, zone).toordinal() for ms in (start_ms, end_ms))
    clock = _Clock(rota, zone, (start_ms, end_ms) if strict else None)
    found = []
    for crew in range(rota.crews):
        level: Steps = [(start_ms, 0.0)]
        rostered: Steps = [(start_ms, 0.0)]
        # A shift lasts a day at most: one that began two days before has ended.
        for ordinal in range(first - 1, last + 1):
            shift = rota.cycle[(ordinal - first_date + crew) % len(rota.cycle)]
            if shift is not None:
                worked = clock.worked(shift, ordinal)
                level += worked.level
                rostered += worked.rostered
        found.append(Duty(_within(level, start_ms, end_ms), _within(rostered, start_ms, end_ms)))
    return tuple(found)


def _within(steps: Steps, start_ms: int, end_ms: int) -> Steps:
    """The steps from start_ms on, those before it counting only by the level they leave."""
    return calendar.cut([(max(at, start_ms), level) for at, level in steps], (), end_ms)


@dataclass(slots=True)
class _Clock:
    """The shifts of single dates as steps, each worked out once for all crews."""

    rota: Rota
    zone: str
    strict_within: tuple[int, int] | None
    known: dict[tuple[Shift, int], Duty] = field(default_factory=dict)

    def worked(self, shift: Shift, ordinal: int) -> Duty:
        """One crew's shift on one date, back to 0 at its end."""
        if (shift, ordinal) not in self.known:
            start, end = (self._instant(ordinal, ms, "shifts", shift.name) for ms in (shift.start_ms, shift.end_ms))
            self.known[shift, ordinal] = Duty(
                self._level(shift, ordinal, start, end), [(start, float(self.rota.crew_size)), (end, 0.0)]
            )
        return self.known[shift, ordinal]

    def _level(self, shift: Shift, ordinal: int, start: int, end: int) -> Steps:
        size = self.rota.crew_size
        ready = start + self.rota.handover_ms
        away = []
        for index, one in enumerate(shift.breaks):
            begin = self._instant(ordinal, one.at_ms, "breaks", shift.name, index, "at")
            away.append((begin, begin + one.for_ms, size if one.officers is None else one.officers))
        turns = sorted({start, ready, *(at for begin, until, _ in away for at in (begin, until))})
        level: Steps = []
        for at in turns:
            on_break = sum(officers for begin, until, officers in away if begin <= at < until)
            level.append((at, float(max(size - on_break, 0)) if at >= ready else 0.0))
        # A shift that clocks put forward have shortened may end within a break or its handover.
        return [*((at, officers) for at, officers in level if at < end), (end, 0.0)]

    def _instant(self, ordinal: int, ms: int, *path: str | int) -> int:
        try:
            return calendar.clock_instant(ordinal, ms, self.zone, strict_within=self.strict_within)
        except ValueError as error:
            key: Key = path
            raise ProfileError(str(error), key) from None


def unstaffed(rota: Rota) -> dict[str, tuple[int, ...]]:
    """The days of the cycle, from 1 on the scenario's first date, on which no crew works a shift, by shift."""
    length = len(rota.cycle)
    found: dict[str, list[int]] = {}
    for day in range(length):
        worked = {rota.cycle[(day + crew) % length] for crew in range(min(rota.crews, length))}
        for shift in dict.fromkeys(rota.cycle):
            if shift is not None and shift not in worked:
                found.setdefault(shift.name, []).append(day + 1)
    return {name: tuple(days) for name, days in found.items()}


def rests(rota: Rota) -> dict[tuple[str, str], int]:
    """The shortest rest, in ms by the clock, a crew has between a shift and its next one, by the names of the two."""
    length = len(rota.cycle)
    found: dict[tuple[str, str], int] = {}
    for day, shift in enumerate(rota.cycle):
        if shift is None:
            continue
        ahead = next(ahead for ahead in range(1, length + 1) if rota.cycle[(day + ahead) % length] is not None)
        following = rota.cycle[(day + ahead) % length]
        assert following is not None
        rest = ahead * DAY_MS + following.start_ms - shift.end_ms
        pair = (shift.name, following.name)
        found[pair] = min(found.get(pair, rest), rest)
    return found
