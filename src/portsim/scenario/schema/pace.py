"""The part of the schema that says how fast a stage works: `stages.*.pace`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from portsim.scenario import profiles
from portsim.scenario.levels import WeekProfile
from portsim.scenario.scenario import Pace
from portsim.scenario.schema.fields import Found, Model, Quantity, Refusal, found_in
from portsim.scenario.units import shown

MOST_WAITING = 1_000_000
"""Largest queue a pace may go by."""

PaceByNumber = tuple[tuple[int, float], ...]


def _reader(what: str, least: int, most: int, example: str) -> Callable[[Any], PaceByNumber]:
    """Reads paces by a number of `what`, ascending: each holds from its number to the next."""

    def read(value: Any) -> PaceByNumber:
        if not isinstance(value, dict) or not value:
            got = "an empty map" if value == {} else shown(value)
            raise ValueError(f"got {got}; write the pace by {what}, for instance {example}")
        found: list[Found] = []
        paces: dict[int, float] = {}
        for key, pace in value.items():
            number = int(key) if key.isascii() and key.isdecimal() and len(key) < 10 else -1
            if not least <= number <= most:
                rule = f"got {shown(key)}; the pace goes by {what}, a whole number from {least} to {most:,}: {example}"
                found.append(Found((key,), rule, at_key=True))
            elif number in paces:
                found.append(Found((key,), f"{number} stands twice; name each number once", at_key=True))
            else:
                try:
                    paces[number] = profiles.parse_pace(pace)
                except ValueError as error:
                    found += [Found((key, *one.path), one.message, one.at_key) for one in found_in(error)]
        if found:
            raise Refusal(found)
        return tuple(sorted(paces.items()))

    return read


_read_by_lanes = _reader("lanes open", 1, profiles.HIGHEST_LEVEL, "{1: 1, 4: 0.9}")
_read_by_queue = _reader("units waiting", 0, MOST_WAITING, "{20: 1.1, 50: 1.2}")


class PaceModel(Model):
    """How fast the stage works beside its service times: 1.33 is a third more work done in the time, 0.5 half of it.

    Paces are numbers from 0.05 to 20; those by hour, lanes and queue are multiplied. A service keeps the pace at which
    it starts.
    """

    by_hour: Annotated[WeekProfile, Quantity(profiles.parse_paces, "paces")] | None = None
    """Pace by the clock of the stage's side: {0-6: 0.8}, or by day {mon-fri: {0-6: 0.8}, sat: 0.9}.

    Hours not named are 1, unlike those of a level. Default 1.
    """

    by_lanes: Annotated[PaceByNumber, Quantity(_read_by_lanes, "pace_by_number")] | None = None
    """Pace by how many lanes are open, all roles together, busy or not: {1: 1, 4: 0.9}; below the first it is 1.

    Each holds from its number of lanes on. Default 1. A stage without lanes has none.
    """

    by_queue: Annotated[PaceByNumber, Quantity(_read_by_queue, "pace_by_number")] | None = None
    """Pace by how many units wait inside the stage, without the one that starts: {20: 1.1, 50: 1.2}.

    Each holds from its number of units on; below the first it is 1. Default 1.
    """

    def of_stage(self) -> Pace:
        """The three as the scenario has them."""
        return Pace(self.by_hour or WeekProfile.constant(1), self.by_lanes or (), self.by_queue or ())
