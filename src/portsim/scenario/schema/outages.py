"""The part of the schema that says when a stage is out: `stages.*.outages`."""

from __future__ import annotations

from typing import Annotated

from portsim.scenario.levels import Distribution
from portsim.scenario.schema.fields import Model, Quantity
from portsim.scenario.schema.values import DurationTable, read_distribution

SHORTEST_BETWEEN_MS = 60_000
"""Mean time between outages at least: what stops more often belongs to the service times."""


class OutagesModel(Model):
    """How often the stage is out, by chance, and for how long: a scanner that breaks down, a system that fails."""

    every: Annotated[Distribution | DurationTable, Quantity(read_distribution, "distribution")]
    """From the end of one outage to the beginning of the next, a duration or a distribution. Required.

    The first is counted from the start of the run, and hours closed count. The mean is 1 min or more.
    """

    last: Annotated[Distribution | DurationTable, Quantity(read_distribution, "distribution")]
    """How long one outage lasts, a duration or a distribution. Required; hours closed count, the mean is above 0."""
