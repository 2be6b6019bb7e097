"""Replications at points of the parameters, and what each gives of the figures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from portsim.engines import EngineName
from portsim.errors import CalibrationError, ScenarioError
from portsim.experiments.calibration.comparing import whole_days
from portsim.experiments.calibration.question import (
    BUSIEST,
    COUNTED,
    PER_DAY,
    PER_HOUR,
    RATIO,
    Measured,
    Question,
    Target,
)
from portsim.experiments.executors import Executor, Played, Task
from portsim.experiments.replicate import Gathering
from portsim.model import lower
from portsim.model.records import Table
from portsim.model.streams import Streams
from portsim.results.measure import HOUR_MS
from portsim.results.names import DIRECTIONS
from portsim.results.selection import Selection
from portsim.scenario.calendar import midnights
from portsim.scenario.scenario import CountWindow, Scenario

Floats = NDArray[np.float64]

CUT_OFFS = 5
"""Hours at which a count with an unknown cut-off is taken, evenly spaced; between two of them it is a straight line."""


@dataclass(frozen=True, slots=True)
class Point:
    """Values of all parameters, and the replication that is played there.

    key : what it is played for and its place there, by which it is known again when a calibration is continued
    """

    key: str
    values: tuple[float, ...]
    number: int


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A stretch that is played at each point: measured from and to (UTC epoch ms), with the windows counted in it.

    targets : places of the figures that are read off it
    counts_only : whether these are all counts
    """

    from_ms: int
    to_ms: int
    windows: tuple[CountWindow, ...]
    targets: tuple[int, ...]
    counts_only: bool = False


class Playing:
    """Plays points and reads off what they give of each figure of a question.

    known : outputs of points that need not be played, by key
    on_point : called with the key and outputs of each point that was played
    on_replication : called when a replication is done, with how many there will be, without those known
    """

    def __init__(
        self,
        question: Question,
        *,
        executor: Executor,
        engine: EngineName,
        expected: int,
        known: dict[str, Floats],
        on_point: Callable[[str, Floats], None] | None = None,
        on_replication: Callable[[int], None] | None = None,
        on_notice: Callable[[str], None] | None = None,
    ) -> None:
        self._question = question
        self._executor = executor
        self._known = known
        self._on_point = on_point
        self._on_replication = on_replication
        self._stretches = _stretches(question)
        self._has_days = any(target.measured.metric in BUSIEST for target in question.targets)
        self._network = lower(question.scenario)
        self._expected = max(expected - len(known), 0) * len(self._stretches)
        first = self._scenario(question.scenario, self._stretches[0])
        gathering = Gathering(
            first,
            seed=question.seed,
            engine=engine,
            keep="none",
            replications=expected * len(self._stretches),
            executor=executor,
            on_notice=on_notice,
        )
        self._engine = gathering.task(0).engine
        self.played = 0

    def play(self, points: Sequence[Point]) -> Floats:
        """What each point gives of each figure: float64[points, figures]; NaN where it is undefined.

        Raises CalibrationError for a point that makes no valid scenario.
        """
        outputs = np.full((len(points), len(self._question.targets)), np.nan)
        wanted = [place for place, point in enumerate(points) if point.key not in self._known]
        for place, point in enumerate(points):
            if point.key in self._known:
                outputs[place] = self._known[point.key]

        def tasks() -> Iterator[Task]:
            for place in wanted:
                scenario = self._at(points[place])
                for stretch in self._stretches:
                    part = self._scenario(scenario, stretch)
                    yield Task(
                        part,
                        points[place].number,
                        self._question.seed,
                        self._engine,
                        tables=self._has_days,
                        counts_only=stretch.counts_only,
                    )

        with closing(self._executor.play(tasks())) as results:
            for place in wanted:
                for stretch in self._stretches:
                    played = next(results)
                    self.played += 1
                    for target in stretch.targets:
                        outputs[place, target] = self._read(self._question.targets[target], played)
                    if self._on_replication is not None:
                        self._on_replication(self._expected)
                if self._on_point is not None:
                    self._on_point(points[place].key, outputs[place])
        return outputs

    def _at(self, point: Point) -> Scenario:
        texts = self._question.texts(point.values)
        try:
            return self._question.load(texts)
        except ScenarioError as error:
            problem = error.problems[0]
            raise CalibrationError(
                f"with {', '.join(texts)} the scenario is not valid: {problem.key}: {problem.message}; make the priors "
                "exclude that"
            ) from None

    def _scenario(self, scenario: Scenario, stretch: _Stretch) -> Scenario:
        return replace(scenario, measure_from_ms=stretch.from_ms, end_ms=stretch.to_ms, windows=stretch.windows)

    def _read(self, target: Target, played: Played) -> float:
        measured = target.measured
        if measured.metric in BUSIEST:
            assert played.days is not None
            return self._busiest(measured, played.days)
        if measured.metric not in COUNTED:
            row = Selection(measured.metric, measured.part).find(played.measures)
            return row.value if row is not None else float("nan")
        counts = [self._count(window.name, measured, played) for window in _windows(target)]
        if len(counts) > 1:
            streams = Streams(self._question.seed, played.number)
            # What was counted over the same stretch, vehicles and persons for instance, was counted to the same hour.
            stretch = f"{measured.start_ms}..{measured.end_ms}"
            share = float(streams.uniforms("cut-off", stretch, count=1)[0]) * (len(counts) - 1)
            low = int(share)
            return counts[low] + (share - low) * (counts[low + 1] - counts[low])
        return counts[0]

    def _count(self, window: str, measured: Measured, played: Played) -> float:
        def of(what: str, name: str = window) -> float:
            row = Selection(f"{what}_in_{name}", measured.part).find(played.measures)
            return row.value if row is not None else float("nan")

        if measured.metric == RATIO:  # all persons, on foot as well, for each of the vehicles
            crossings = of("crossings")
            return of("persons", _name(measured, measured.end_ms, ())) / crossings if crossings else float("nan")
        count = of(COUNTED[measured.metric])
        if measured.metric in PER_DAY:
            return count / (whole_days(measured, self._question.scenario.clock) or 1)
        if measured.metric in PER_HOUR:
            return count / ((measured.end_ms - measured.start_ms) / HOUR_MS)
        return count

    def _busiest(self, measured: Measured, days: Table) -> float:
        """The count of the busiest day of the window, or of the one of that rank."""
        scenario, network = self._question.scenario, self._network
        starts = [at_ms for _, at_ms in midnights(scenario.clock, scenario.start_ms, scenario.end_ms)]
        inside = [day for day, at_ms in enumerate(starts) if measured.start_ms <= at_ms < measured.end_ms]
        chosen = np.ones(days["date"].size, np.bool_)
        if measured.part is not None:
            by_flow = np.isin(days["flow"], [n for n, name in enumerate(network.flows) if name == measured.part])
            by_kind = np.isin(days["kind"], [n for n, name in enumerate(network.kinds) if name == measured.part])
            by_way = np.isin(days["direction"], [n for n, name in enumerate(DIRECTIONS) if name == measured.part])
            chosen &= by_flow | by_kind | by_way
        if measured.kinds:
            kinds = [n for n, name in enumerate(network.kinds) if name in measured.kinds]
            chosen &= np.isin(days["kind"], kinds)
        totals = np.bincount(
            days["date"][chosen], weights=days[BUSIEST[measured.metric]][chosen], minlength=len(starts)
        )
        ranked = np.sort(totals[inside])[::-1]
        return float(ranked[measured.rank - 1]) if measured.rank <= ranked.size else float("nan")


def _windows(target: Target) -> list[CountWindow]:
    """The windows a count is taken in: one, or as many as there are hours tried at which it may have ended.

    Those of the same stretch and kinds have the same name, whatever the figure.
    """
    measured, ends = target.measured, CUT_OFFS if target.error.cut_off_ms else 1
    windows = []
    for number in range(ends):
        back = round(target.error.cut_off_ms * (1 - number / (ends - 1))) if ends > 1 else 0
        end_ms = max(measured.end_ms - back, measured.start_ms + 1)
        name = _name(measured, end_ms, measured.kinds)
        windows.append(CountWindow(name, measured.start_ms, end_ms, None, measured.kinds))
    return windows


def _name(measured: Measured, end_ms: int, kinds: tuple[str, ...]) -> str:
    return "_".join(["from", str(measured.start_ms), "to", str(end_ms), *kinds])


def _stretches(question: Question) -> list[_Stretch]:
    """What has to be played at a point: as few and as short stretches as the figures need."""
    scenario = question.scenario
    windows: dict[str, CountWindow] = {}
    counted: list[int] = []
    others: dict[tuple[int, int], list[int]] = {}
    for place, target in enumerate(question.targets):
        measured = target.measured
        if measured.metric in COUNTED:
            counted.append(place)
            if measured.metric not in BUSIEST:
                windows |= {window.name: window for window in _windows(target)}
            if measured.metric == RATIO:
                name = _name(measured, measured.end_ms, ())
                windows[name] = CountWindow(name, measured.start_ms, measured.end_ms, None)
        else:
            others.setdefault((measured.start_ms, measured.end_ms), []).append(place)
    until = max((question.targets[place].measured.end_ms for place in counted), default=0)
    stretches = [_Stretch(start, end, (), tuple(places)) for (start, end), places in others.items()]
    if counted:
        longest = max(stretches, key=lambda one: one.to_ms, default=None)
        if longest is not None and longest.to_ms >= until:
            stretches.remove(longest)
            both = (*longest.targets, *counted)
            stretches.append(_Stretch(longest.from_ms, longest.to_ms, tuple(windows.values()), both))
        else:
            stretches.append(
                _Stretch(scenario.start_ms, until, tuple(windows.values()), tuple(counted), counts_only=True)
            )
    return stretches
