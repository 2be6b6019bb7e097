"""A whole scenario as words by part and aspect, so that what a change or a plan does can be read off by comparing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from portsim.scenario.scenario import Regime, Scenario
from portsim.views.description.demand import flow_words
from portsim.views.description.document import code, escape
from portsim.views.description.officers import pool_words
from portsim.views.description.port import side_words, stage_words
from portsim.views.description.quantities import amount, moment

Aspects = dict[tuple[str, str], str]
"""(part, aspect) -> words."""

_CHANGE = "change on "


def regime_aspects(regime: Regime) -> Aspects:
    """How the port is run from an instant on."""
    zones = {side.name: side.timezone for side in regime.sides}
    said: dict[str, Mapping[str, str]] = {
        **{f"side {code(side.name)}": side_words(side) for side in regime.sides},
        **{f"officers {code(pool.name)}": pool_words(pool, zones[pool.side]) for pool in regime.pools},
        **{f"stage {code(stage.name)}": stage_words(stage) for stage in regime.stages},
    }
    return {(part, aspect): words for part, aspects in said.items() for aspect, words in aspects.items()}


def changes(scenario: Scenario) -> Iterator[tuple[str, Aspects, Aspects]]:
    """Each dated change: (when, what differs as it was before, the same as it is from then on)."""
    for before, after in pairwise(scenario.regimes):
        old, new = regime_aspects(before), regime_aspects(after)
        keys = [key for key in new if new[key] != old.get(key, _absent(key))] + [key for key in old if key not in new]
        when = moment(after.at_ms, scenario.clock)
        yield when, {key: old.get(key, _absent(key)) for key in keys}, {key: new.get(key, _absent(key)) for key in keys}


def scenario_aspects(scenario: Scenario) -> Aspects:
    """Everything a plan may change."""
    said = regime_aspects(scenario.regimes[0])
    for flow in scenario.flows:
        said |= {(f"flow {code(flow.name)}", aspect): words for aspect, words in flow_words(flow).items()}
    for when, _, after in changes(scenario):
        said |= {(f"{_CHANGE}{when}: {part}", aspect): words for (part, aspect), words in after.items()}
    said |= {("target", code(name)): amount(value) for name, value in scenario.targets.items()}
    for window in scenario.windows:
        stretch = f"{moment(window.start_ms, scenario.clock)} to {moment(window.end_ms, scenario.clock)}"
        beside = f", {', '.join(window.kinds)} only" if window.kinds else ""
        beside += f", beside {code(window.published)}" if window.published else ""
        said["window", code(window.name)] = stretch + beside
    said["run", "measured from"] = moment(scenario.measure_from_ms, scenario.clock)
    said["run", "most units in the port"] = amount(scenario.limits.units_in_port)
    said["run", "name"] = escape(scenario.name)
    said["run", "description"] = escape(scenario.description) or "none"
    said["run", "port"] = escape(scenario.port)
    return said


def differences(base: Scenario, other: Scenario) -> list[tuple[str, str, str, str]]:
    """(part, aspect, in the base, in the other) of all that differs, in the order of the base."""
    old, new = scenario_aspects(base), scenario_aspects(other)
    return [
        (
            part,
            aspect,
            old.get((part, aspect), _absent((part, aspect))),
            new.get((part, aspect), _absent((part, aspect))),
        )
        for part, aspect in dict.fromkeys([*old, *new])
        if old.get((part, aspect)) != new.get((part, aspect))
    ]


def _absent(key: tuple[str, str]) -> str:
    """Stands for a part or aspect that only the other of two has."""
    return "as before" if key[0].startswith(_CHANGE) else "not there"
