"""The part of the schema that says which slots units book before they come: `flows.*.arrivals.appointments`."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from portsim.scenario.levels import Distribution
from portsim.scenario.schema.calls import WavesEntry, read_slots
from portsim.scenario.schema.fields import Duration, Found, Model, Quantity, Refusal, Share
from portsim.scenario.schema.values import DurationTable, read_distribution


class DeviationModel(Model):
    """Units that come at another time than the one they booked."""

    share: Share
    """Share of the units that do so, 20% or 0.2. Required."""

    by: Annotated[Distribution | DurationTable, Quantity(read_distribution, "distribution")]
    """How long before or after their slot they come, a duration or a distribution. Required."""


class AppointmentsModel(Model):
    """Slots that units book before they come (rule 31 of the model).

    Each unit gets the first slot with a free place at or after the time at which it wants to come.
    """

    slots: Annotated[WavesEntry, Quantity(read_slots, "slots")]
    """When slots are and how many places each has: {every: 1 h, up_to: 30}, or [{at: "10:00", up_to: 20}]. Required.

    By the clock of the flow's first side; `every` is from 1 min to 24 h and counts from 00:00 of each day on. A slot at
    which the unit's first stage is closed is not offered to it.
    """

    ahead: Annotated[Distribution | DurationTable, Quantity(read_distribution, "distribution")] | None = Field(
        default=None, json_schema_extra={"default": "0 min"}
    )
    """How long before it wants to come a unit asks for a slot, a duration or a distribution. Default 0 min.

    Who asks first is given a place first.
    """

    early: DeviationModel | None = None
    """Units that come before their slot, and wait at the port: {share: 20%, by: 15 min}. Default none.

    Never before the time at which they wanted to come in the first place.
    """

    late: DeviationModel | None = None
    """Units that come after their slot: {share: 10%, by: {exponential: {mean: 20 min}}}. Default none."""

    no_show: Share = 0.0
    """Share of the units that book and do not come; their places stay empty. Default 0."""

    grace: Duration = 0
    """How late a unit may come and keep its precedence over others; later it is ordinary. Default 0 min."""

    @model_validator(mode="after")
    def _early_or_late(self) -> Self:
        shares = [deviation.share for deviation in (self.early, self.late) if deviation is not None]
        if sum(shares) > 1 + 1e-9:
            rule = f"is {shares[1]:.4g}, with the early {sum(shares):.4g}; early and late are at most 1 together"
            raise Refusal([Found(("late", "share"), rule)])
        return self
