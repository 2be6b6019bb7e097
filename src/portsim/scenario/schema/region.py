"""The format of a region file, version 1: several scenarios over one stretch of time."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from portsim.scenario import calendar, units
from portsim.scenario.schema.dated import LocalTime
from portsim.scenario.schema.fields import Model, OneOf, Quantity, Text, read_map
from portsim.scenario.schema.file import LARGEST_SEED, read_format


def _read_settings(value: Any) -> dict[str, Any]:
    return read_map(value, "write what is set, for instance {stages.scan.lanes: 3}")


class RegionPortModel(Model):
    """One port of a region."""

    scenario: Text
    """A scenario file in the region's folder or below it, or the name of a shipped one. Required."""

    plan: Text | None = None
    """A plan of that scenario. Default none."""

    set: Annotated[dict[str, Any], Quantity(_read_settings, "settings")] | None = None
    """What is set on top of it, as with `--set`: {stages.scan.lanes: 3}. Default nothing."""


class RegionHeading(Model):
    """What the region is called, and the stretch of time of all its ports."""

    portsim: Annotated[int, Quantity(read_format, "format")]
    """Version of this format: 1. Required."""

    region: Text
    """What the region is called in results. Required; the key by which a region is told from a scenario."""

    description: Text | None = None
    """A sentence or more for whoever reads the results. Default none."""

    from_: LocalTime = Field(alias="from")
    """When every port's run begins, by the region's clock, in place of what the scenarios say. Required."""

    to: LocalTime
    """When every port's run ends, by the region's clock. Required."""

    measure_from: LocalTime | None = None
    """From when on measures count, by the region's clock. Default `from`."""

    timezone: Annotated[str, Quantity(calendar.check_zone, "text")] | None = None
    """The region's clock, an IANA zone name. Default that of the first port."""

    records: Annotated[Literal["all", "summary"], OneOf()] | None = None
    """What replications keep, for every port: all, or summary, which takes little memory. Default what each says."""

    seed: Annotated[int, Quantity(lambda value: units.parse_count(value, at_most=LARGEST_SEED), "seed")] = 1
    """Where the random numbers begin, a whole number from 0; each port's own seed is made from it. Default 1."""


class RegionFile(RegionHeading):
    """Several ports played over the same stretch of time, each on its own."""

    ports: dict[str, RegionPortModel]
    """The ports by names of your own, at least one: a scenario, or a scenario with a plan and settings. Required."""
