"""What is described: a scenario, its plans, and the run of it if there was one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portsim.scenario.levels import DAY_MS
from portsim.scenario.scenario import Regime, Scenario, Stage
from portsim.views.description.quantities import amount, moment


@dataclass(frozen=True, slots=True)
class Subject:
    """What is described.

    scenario : as it is, or was, run
    base : the same without its plan; `scenario` itself if there is none
    plans : every plan of it, laid over the base; none in a run folder, which holds the finished scenario only
    manifest : of the run folder that is described, None if it is a scenario
    """

    scenario: Scenario
    base: Scenario
    plans: Mapping[str, Scenario]
    manifest: Mapping[str, Any] | None = None

    @property
    def start(self) -> Regime:
        """How the port is run at the start."""
        return self.scenario.regimes[0]

    @property
    def plan(self) -> str | None:
        """The plan that is, or was, run."""
        return self.manifest["plan"] if self.manifest is not None else self.scenario.plan

    @property
    def zones(self) -> Mapping[str, str]:
        """The clock of each side."""
        return {side.name: side.timezone for side in self.start.sides}

    @property
    def stages(self) -> Mapping[str, Stage]:
        """The stages at the start by name."""
        return {stage.name: stage for stage in self.start.stages}

    def moment(self, utc_ms: int) -> str:
        """An instant by the port's clock."""
        return moment(utc_ms, self.scenario.clock)

    def days(self, from_ms: int, to_ms: int) -> str:
        """How long a stretch is, in days."""
        days = round((to_ms - from_ms) / DAY_MS, 2)
        return f"{amount(days)} day" if days == 1 else f"{amount(days)} days"
