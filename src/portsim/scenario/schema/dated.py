"""The parts of the schema with dates of their own: `windows` and `changes`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from portsim.scenario import units
from portsim.scenario.schema.fields import Model, Quantity, Text, read_map
from portsim.scenario.schema.values import read_kinds


def _read_setting(value: Any) -> dict[str, Any]:
    return read_map(value, "write what changes, for instance {sides.china.open: always}")


LocalTime = Annotated[datetime, Quantity(units.parse_local_datetime, "local_time")]


class WindowModel(Model):
    """A named stretch of time in which crossings are counted, to compare with a published figure."""

    from_: LocalTime = Field(alias="from")
    """When counting begins, clock of the first side. Required."""

    to: LocalTime
    """When counting ends, clock of the first side. Required."""

    published: Text | None = None
    """Id of the published fact it is compared with. Default none.

    A count of persons or of goods is compared with those aboard what crosses, any other with the crossings.
    """

    kinds: Annotated[tuple[str, ...], Quantity(read_kinds, "kinds")] = ()
    """Kinds of units that are counted, [bus, car], where a figure counts some only. Default all."""


class ChangeModel(Model):
    """What the port changed on a date."""

    at: LocalTime
    """When it took effect, clock of the first side. Required. Before the start of the run it holds from the start."""

    set: Annotated[dict[str, Any], Quantity(_read_setting, "settings")]
    """What changed: {sides.china.open: always}. Required.

    Hours, closures, lanes, pace and levels of officers: sides.*.open, sides.*.closed, stages.*.open, stages.*.closed,
    stages.*.lanes, stages.*.pace.by_hour, officers.*.level, officers.*.crews, officers.*.crew_size, officers.*.rota,
    officers.*.shifts, officers.*.handover, officers.*.breaks.
    """
