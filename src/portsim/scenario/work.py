"""How much work one unit is at a step, on average: its service time, once or for each person or goods unit."""

from __future__ import annotations

from collections.abc import Sequence

from portsim.scenario.arrivals import RecordedArrivals
from portsim.scenario.levels import Amount, Distribution
from portsim.scenario.scenario import Flow, Stage, Step


def service_of(flow: Flow, step: Step, stage: Stage) -> Distribution:
    """How long one service takes: the step's own, else the stage's for the kind, else the stage's for other kinds."""
    if step.service is not None:
        return step.service
    return stage.service[flow.kind] if flow.kind in stage.service else stage.service[None]


def mean_number(flow: Flow, step: Step) -> float:
    """How many service times a unit takes at a step on average: 1, or its mean number of persons or goods.

    Of a flow recorded in a file the numbers written there count, where it has any.
    """
    recorded = flow.arrivals if isinstance(flow.arrivals, RecordedArrivals) else None
    match step.service_per:
        case "person":
            return _mean(flow.persons, recorded.persons if recorded else None)
        case "goods":
            return _mean(flow.goods, recorded.goods if recorded else None)
        case "unit":
            return 1.0


def mean_work_ms(flow: Flow, step: Step, stage: Stage) -> float:
    """Mean work of one unit at a step at the ordinary pace, ms."""
    return mean_number(flow, step) * service_of(flow, step, stage).mean_ms


def _mean(amount: Amount, recorded: Sequence[int] | None) -> float:
    return sum(recorded) / len(recorded) if recorded else amount.mean
