"""Who waits, hour by hour, under each plan of a comparison, and when the port is open under it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from portsim.experiments.compare import Comparison, Played, label_of
from portsim.results.areas import Ints
from portsim.results.hours import hours_of
from portsim.scenario.calendar import moment, to_local
from portsim.views.plots.clock import Clock
from portsim.views.plots.paper import Band
from portsim.views.plots.shading import Span, shading_of
from portsim.views.plots.timeline import Clocks

VALUES = "queues.csv"
VALUE_COLUMNS = ("plan", "tick", "until", "date", "hour", "mean", "low", "high")
HOURS = "hours.csv"
HOUR_COLUMNS = ("plan", "what", "tick", "until", "name")


@dataclass(frozen=True, slots=True, eq=False)
class PlanQueue:
    """One plan: the units that wait in and before the port, and when nobody can cross.

    waiting : means over each hour, over the replications
    closed : while nobody can cross; closures : beyond the daily hours; changes : ticks of the dated changes
    """

    label: str
    waiting: Band
    closed: tuple[Span, ...]
    closures: tuple[Span, ...]
    changes: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Queues:
    """The queues of plans over the same stretch of time, the baseline's first.

    start_ms : UTC epoch ms of tick 0; edges : int64[hours + 1], ticks
    sides : name and zone of each side, the port's own first
    left_out : plans of another stretch, or that had to stop
    """

    start_ms: int
    edges: Ints
    sides: tuple[tuple[str, str], ...]
    kinds: tuple[str, ...]
    replications: int
    plans: tuple[PlanQueue, ...]
    left_out: tuple[str, ...] = ()

    @property
    def end(self) -> int:
        """The tick at which they end."""
        return int(self.edges[-1])

    @property
    def clocks(self) -> Clocks:
        """The clocks of the port."""
        zone = self.sides[0][1]
        first, last = (to_local(self.start_ms + tick, zone).year for tick in (0, self.end - 1))
        return Clocks.among(Clock(zone, self.start_ms, first != last), self.sides)

    @classmethod
    def of(cls, comparison: Comparison) -> Queues | None:
        """Those of a comparison in memory; None where the baseline kept nothing by the hour, or had to stop."""
        base = comparison.baseline
        stretch = _stretch(base)
        shown = [played for played in comparison.plans if _is_whole(played) and _stretch(played) == stretch]
        if base not in shown:
            return None
        scenario = base.candidate.scenario
        edges = hours_of(base.run.network, base.run.network.end)
        return cls(
            start_ms=scenario.start_ms,
            edges=edges,
            sides=tuple((side.name, side.timezone) for side in scenario.regimes[0].sides),
            kinds=tuple(base.run.network.kinds),
            replications=len(comparison.numbers),
            plans=tuple(_plan(played, edges) for played in shown),
            left_out=tuple(played.label for played in comparison.plans if played not in shown),
        )

    @classmethod
    def read(
        cls, document: Mapping[str, Any], values: Sequence[Mapping[str, str]], spans: Sequence[Mapping[str, str]]
    ) -> Queues:
        """Those of a folder. document : comparison.json; values, spans : rows of queues.csv and hours.csv.

        Raises KeyError and ValueError if they are not as `of` writes them.
        """
        labels = list(dict.fromkeys(row["plan"] for row in values))
        of_plan = {label: [row for row in values if row["plan"] == label] for label in labels}
        first = of_plan[labels[0]]
        edges = np.array([int(row["tick"]) for row in first] + [int(first[-1]["until"])], np.int64)
        every = [label_of(one["plan"]) for one in document["plans"]]
        return cls(
            start_ms=round(datetime.fromisoformat(document["start"]).timestamp() * 1000),
            edges=edges,
            sides=tuple((name, zone) for name, zone in document["sides"].items()),
            kinds=tuple(document["kinds"]),
            replications=document["replications"],
            plans=tuple(
                _read_plan(label, of_plan[label], [row for row in spans if row["plan"] == label], edges)
                for label in labels
            ),
            left_out=tuple(label for label in every if label not in labels),
        )

    def values(self) -> Iterator[Sequence[Any]]:
        """Rows of queues.csv."""
        clock = self.clocks.own
        labels = [(local.date().isoformat(), local.hour) for local in map(clock.local, self.edges[:-1].tolist())]
        for plan in self.plans:
            band = plan.waiting
            columns = (self.edges[:-1].tolist(), self.edges[1:].tolist(), labels)
            numbers = (band.mean.tolist(), band.low.tolist(), band.high.tolist())
            for tick, until, (date, hour), *row in zip(*columns, *numbers, strict=True):
                yield (plan.label, tick, until, date, hour, *row)

    def spans(self) -> Iterator[Sequence[Any]]:
        """Rows of hours.csv."""
        for plan in self.plans:
            for what, spans in (("closed", plan.closed), ("closure", plan.closures)):
                yield from ((plan.label, what, span.start, span.end, span.name) for span in spans)
            yield from ((plan.label, "change", tick, tick, "") for tick in plan.changes)

    def start(self) -> str:
        """Tick 0 by the port's clock."""
        return moment(self.start_ms, self.sides[0][1])


def _is_whole(played: Played) -> bool:
    return played.run.stopped is None and played.run.waiting is not None


def _stretch(played: Played) -> tuple[int, int, str]:
    scenario = played.candidate.scenario
    return scenario.start_ms, scenario.end_ms, scenario.clock


def _plan(played: Played, edges: Ints) -> PlanQueue:
    waiting = played.run.waiting
    assert waiting is not None
    shading = shading_of(played.candidate.scenario, played.run.network, int(edges[-1]))
    return PlanQueue(
        played.label,
        Band.of(waiting / np.diff(edges)),
        shading.closed,
        shading.closures,
        shading.changes,
    )


def _read_plan(
    label: str, values: Sequence[Mapping[str, str]], spans: Sequence[Mapping[str, str]], edges: Ints
) -> PlanQueue:
    if [int(row["tick"]) for row in values] != edges[:-1].tolist():
        raise ValueError(f"the hours of {label} are not those of the others")
    mean, low, high = (np.array([float(row[name]) for row in values]) for name in ("mean", "low", "high"))

    def found(what: str) -> list[Span]:
        return [Span(int(row["tick"]), int(row["until"]), row["name"]) for row in spans if row["what"] == what]

    changes = tuple(span.start for span in found("change"))
    return PlanQueue(label, Band(mean, low, high), tuple(found("closed")), tuple(found("closure")), changes)
