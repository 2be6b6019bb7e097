"""Appointments in words: the slots, who gets which, and how units keep to them."""

from __future__ import annotations

from portsim.scenario.arrivals import Appointments
from portsim.scenario.levels import Distribution
from portsim.views.description.port import waves
from portsim.views.description.quantities import distribution, duration, percent


def appointments(given: Appointments | None) -> str:
    """How units book a slot, and when they come to it."""
    if given is None:
        return "none: they come unannounced"
    ahead = ""
    if given.ahead.mean_ms:
        ahead = f", asked for ahead of the time they want to come: {distribution(given.ahead)}"
    parts = [f"slots {waves(given.slots)}{ahead}"]
    parts += [_deviation(*given.early, "early")] if given.early is not None else []
    parts += [_deviation(*given.late, "late")] if given.late is not None else []
    if given.late is not None:
        parts.append(
            f"late by more than {duration(given.grace_ms)} they lose their precedence"
            if given.grace_ms
            else "late they lose their precedence"
        )
    if given.no_show:
        parts.append(f"{percent(given.no_show)} do not come to their slot")
    return "; ".join(parts)


def _deviation(share: float, by: Distribution, how: str) -> str:
    return f"{percent(share)} come {how} by {distribution(by)}"
