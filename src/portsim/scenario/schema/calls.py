"""The part of the schema that says when waiting units are called in: `stages.*.waves` and `stages.*.batch`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from portsim.scenario import profiles, units
from portsim.scenario.levels import DAY_MS, Wave
from portsim.scenario.schema.fields import Model, Quantity, read_list, read_parts
from portsim.scenario.schema.values import read_clock_times
from portsim.scenario.units import shown

MOST_CALLED = 1_000_000
"""Most units of one wave, and of one batch."""

SHORTEST_GAP_MS = 60_000
"""Between waves that come at regular gaps."""

_DAILY = tuple(range(7))
_WAVES_RULE = "write {every: 30 min, up_to: 20}, or the calls of the day as a list: [{at: '10:00', up_to: 40}]"
_SLOTS_RULE = "write {every: 1 h, up_to: 30}, or the slots of the day as a list: [{at: '10:00', up_to: 20}]"


@dataclass(frozen=True, slots=True)
class WavesEntry:
    """Waves as written: one call for each entry of the list, or one for all those at regular gaps from 00:00 on."""

    calls: tuple[tuple[Wave, ...], ...]


def read_waves(value: Any) -> WavesEntry:
    """Waves at regular gaps through the day, or a list of calls."""
    if isinstance(value, list):
        calls: tuple[tuple[Wave, ...], ...] = read_list(value, _read_call, _WAVES_RULE)
        if not calls:
            raise ValueError(f"got an empty list, and nobody would ever be called; {_WAVES_RULE}")
        return WavesEntry(calls)
    if not isinstance(value, dict) or not value or "at" in value:
        what = "one call that is not in a list" if isinstance(value, dict) and value else shown(value)
        raise ValueError(f"got {what}; {_WAVES_RULE}")
    return WavesEntry((_read_regular(value, ("every",), "waves come"),))


def read_slots(value: Any) -> WavesEntry:
    """Slots that can be booked: written as waves are, and each says how many places it has."""
    if isinstance(value, list):
        slots: tuple[tuple[Wave, ...], ...] = read_list(value, _read_slot, _SLOTS_RULE)
        if not slots:
            raise ValueError(f"got an empty list, and nobody could ever come; {_SLOTS_RULE}")
        return WavesEntry(slots)
    if not isinstance(value, dict) or not value or "at" in value:
        what = "one slot that is not in a list" if isinstance(value, dict) and value else shown(value)
        raise ValueError(f"got {what}; {_SLOTS_RULE}")
    return WavesEntry((_read_regular(value, ("every", "up_to"), "slots are offered"),))


def _read_regular(value: dict[str, Any], needed: tuple[str, ...], what: str) -> tuple[Wave, ...]:
    """What is due at regular gaps through the day."""

    def read_gap(written: Any) -> int:
        gap = units.parse_duration(written)
        if not SHORTEST_GAP_MS <= gap <= DAY_MS:
            raise ValueError(f"got {shown(written)}; {what} every 1 min to 24 h, counted from 00:00 of each day")
        return gap

    parts = read_parts(value, {"every": read_gap, "up_to": _read_units}, needed)
    return tuple(Wave(at_ms, _DAILY, parts.get("up_to")) for at_ms in range(0, DAY_MS, parts["every"]))


def _read_call(value: Any) -> tuple[Wave, ...]:
    if not isinstance(value, dict):
        raise ValueError(f"got {shown(value)}; write a call as {{at: '10:00', days: mon-fri, up_to: 40}}")
    return _read_by_clock(value, ("at",))


def _read_slot(value: Any) -> tuple[Wave, ...]:
    if not isinstance(value, dict):
        raise ValueError(f"got {shown(value)}; write a slot as {{at: '10:00', days: mon-fri, up_to: 20}}")
    return _read_by_clock(value, ("at", "up_to"))


def _read_by_clock(value: dict[str, Any], needed: tuple[str, ...]) -> tuple[Wave, ...]:
    parts = {"at": read_clock_times, "days": profiles.parse_days, "up_to": _read_units}
    read = read_parts(value, parts, needed)
    return tuple(Wave(at_ms, read.get("days", _DAILY), read.get("up_to")) for at_ms in read["at"])


def _read_units(value: Any) -> int:
    return units.parse_count(value, at_least=1, at_most=MOST_CALLED)


def _read_longest(value: Any) -> int:
    longest = units.parse_duration(value)
    if longest == 0:
        raise ValueError(f"got {shown(value)}, and nobody would wait for a batch; leave `batch` out for that")
    return longest


class BatchModel(Model):
    """Units that go in together: when enough of them wait, or when one has waited long enough."""

    size: Annotated[int, Quantity(_read_units, "count")]
    """How many units make a batch, a whole number from 1 to a million. Required."""

    at_most: Annotated[int, Quantity(_read_longest, "duration")] | None = None
    """How long a unit waits for a batch to fill: then all who wait are called, however few. Default no limit.

    Without it the last units of a day may wait until others come.
    """
