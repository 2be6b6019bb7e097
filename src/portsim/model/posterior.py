"""Which draw of a posterior each replication is played with.

It depends on the seed and the number of the replication alone, so that every plan of a comparison is played with the
same, and replication 57 alone with that of replication 57 of 100.
"""

from __future__ import annotations

from portsim.model.streams import Streams
from portsim.scenario.scenario import Scenario


def draw_of(scenario: Scenario, *, seed: int, replication: int) -> int | None:
    """The place of the draw, each of them equally likely; None of a scenario without a posterior."""
    if scenario.posterior is None:
        return None
    share = float(Streams(seed, replication).uniforms("posterior", count=1)[0])
    return int(share * len(scenario.posterior.draws))


def scenario_of(scenario: Scenario, *, seed: int, replication: int) -> Scenario:
    """The scenario that a replication is played with: that of its draw, or the scenario itself.

    Raises ScenarioError where the draw makes no valid scenario.
    """
    draw = draw_of(scenario, seed=seed, replication=replication)
    return scenario if draw is None or scenario.posterior is None else scenario.posterior.load(draw)
