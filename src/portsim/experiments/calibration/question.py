"""What a calibration asks: which numbers of a scenario are unknown, and which figures are to say something of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from portsim.errors import Place
from portsim.experiments.calibration.priors import Floats, Prior
from portsim.facts import Fact
from portsim.scenario.scenario import Scenario

Load = Callable[[Sequence[str]], Scenario]
"""Gives the scenario with settings `path=value`."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """An unknown number.

    sets : the paths of the scenario that follow it, with what each is multiplied with
    why : why the prior is what it is
    """

    name: str
    sets: tuple[tuple[str, float], ...]
    prior: Prior
    why: str
    place: Place

    def settings(self, value: float) -> list[str]:
        """The texts that give the scenario a value of it."""
        return [f"{path}={self.prior.written(value, times)}" for path, times in self.sets]


@dataclass(frozen=True, slots=True)
class Measured:
    """What of a replication a figure is compared with.

    metric : `crossings`, `persons`, `goods` of the window, the same by the day, on the busiest day or by the hour,
        `persons_per_crossing`, or any measure of a run, of which the window is then the measured stretch
    part : a flow, kind, direction, stage or pool; None for the whole port
    kinds : of a count, the kinds that are counted; empty for all
    start_ms, end_ms : the window, UTC epoch ms
    rank : 2 for the second busiest day, and so on
    """

    metric: str
    part: str | None
    kinds: tuple[str, ...]
    start_ms: int
    end_ms: int
    rank: int = 1

    @property
    def unit(self) -> str:
        """In which it is given."""
        return UNITS.get(self.metric, "")


COUNTS = ("crossings", "persons", "goods")
PER_DAY = {f"{what}_per_day": what for what in COUNTS}
PER_HOUR = {f"{what}_per_h": what for what in COUNTS}
BUSIEST = {f"{what}_max_per_day": what for what in COUNTS}
RATIO = "persons_per_crossing"
COUNTED = {what: what for what in COUNTS} | PER_DAY | PER_HOUR | BUSIEST | {RATIO: "persons"}
"""Measures of a calibration that are counts in a window, and what each counts."""

UNITS = (
    {what: what for what in COUNTS}
    | {name: f"{what}/day" for name, what in (PER_DAY | BUSIEST).items()}
    | {name: f"{what}/h" for name, what in PER_HOUR.items()}
    | {RATIO: "persons/crossing"}
)


@dataclass(frozen=True, slots=True)
class Error:
    """How far a figure may be from what happened.

    below, above : the figure says that the true count lies in (value - below, value + above); infinite for a bound
    counting : standard deviation of the difference between counting bodies, a share of the figure
    body : figures of one body are off by the same share; None where each is off by its own
    spread : standard deviation of any other error, a share of the figure
    cut_off_ms : the window may end so much earlier than stated, at an unknown hour
    """

    below: float = 0.0
    above: float = 0.0
    counting: float = 0.0
    body: str | None = None
    spread: float = 0.0
    cut_off_ms: int = 0

    def interval(self, value: float) -> tuple[float, float]:
        """Where the count of this body lies, both ends included."""
        return value - self.below, value + self.above

    def __str__(self) -> str:
        parts = []
        if math.isinf(self.above):
            parts.append("lower bound")
        elif math.isinf(self.below):
            parts.append("upper bound")
        elif self.above > 1 and self.below == 0:
            parts.append(f"rounded down to {self.above:g}")
        elif self.above > 0.5:
            parts.append(f"rounded to {2 * self.above:g}")
        if self.counting:
            parts.append(f"{196 * self.counting:.3g} % between bodies")
        if self.spread:
            parts.append(f"within {196 * self.spread:.3g} %")
        if self.cut_off_ms:
            parts.append(f"ends up to {self.cut_off_ms / 3_600_000:g} h earlier")
        return ", ".join(parts) or "exact"


SHARES = ("share", "utilisation", "within_target", "index")
SMALL = 0.02


@dataclass(frozen=True, slots=True)
class Target:
    """A figure, what it is compared with, and how far it may be off.

    is_fitted : whether it says something of the parameters, or is only predicted
    value : in the unit of the measure
    fact : None for what the user observed
    source : where it is from, for the report
    would_take : what might explain it, said if the model does not reach it
    """

    name: str
    value: float
    measured: Measured
    error: Error
    is_fitted: bool
    fact: Fact | None
    source: str
    would_take: str
    place: Place

    @property
    def is_by_log(self) -> bool:
        """Whether it is looked at on a scale of ratios: times and queues go over several sizes, counts do not."""
        return self.measured.metric not in COUNTED and not any(word in self.measured.metric for word in SHARES)

    def scaled(self, values: Floats | float) -> Floats:
        """Values of the measure on the scale on which chance and errors are about normal."""
        values = np.asarray(values, np.float64)
        return np.log(np.maximum(values, 0.0) + self._least) if self.is_by_log else values

    @property
    def interval(self) -> tuple[float, float]:
        """Where the figure lies, on that scale."""
        low, high = self.error.interval(self.value)
        return float(self.scaled(low)), math.inf if math.isinf(high) else float(self.scaled(high))

    def off(self, share: float) -> float:
        """A share of the figure, on that scale."""
        return share * self.value / (self.value + self._least) if self.is_by_log else share * self.value

    @property
    def _least(self) -> float:
        """What is added, so that none at all has a logarithm: little beside the figure."""
        return SMALL * abs(self.value) or SMALL


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A calibration file, read and checked.

    load : gives the scenario, the file's own settings on it, with further ones
    scenario : it without any of them
    files : (path as given, sha256 hex) of every file that was read
    plan, settings : the file's own, settings as texts
    copies : (name below its folder, where it stands) of every file a copy of the scenario needs; none of a shipped one
    """

    name: str
    file: str
    source: str
    load: Load = field(repr=False)
    scenario: Scenario = field(repr=False)
    plan: str | None
    settings: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    targets: tuple[Target, ...]
    files: tuple[tuple[str, str], ...]
    seed: int
    copies: tuple[tuple[str, Path], ...] = ()

    @property
    def fitted(self) -> list[int]:
        """Places among the targets of those that say something."""
        return [place for place, target in enumerate(self.targets) if target.is_fitted]

    def texts(self, values: Mapping[str, float] | Sequence[float]) -> list[str]:
        """The settings of a point."""
        given = list(values.values()) if isinstance(values, Mapping) else list(values)
        return [text for one, value in zip(self.parameters, given, strict=True) for text in one.settings(float(value))]
