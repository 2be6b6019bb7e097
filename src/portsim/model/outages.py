"""Draw when stages are out, and cut their hours by it (contract rule 32).

Chance enters here and in the traffic, nowhere else. The traffic is drawn with the network as `lower` made it: nobody
knows of an outage beforehand. Then the network of the replication is made, which engines and results use.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from portsim.model.distributions import durations
from portsim.model.network import Closed, Network, StepFunction
from portsim.model.streams import Streams
from portsim.scenario.scenario import Outages, Scenario

MOST_AT_ONCE = 65_536
"""Outages drawn in one block: their sum stays far inside 64 bits however long each is."""

Ints = NDArray[np.int64]


def with_outages(scenario: Scenario, network: Network, *, seed: int, replication: int) -> Network:
    """The network of one replication: each stage is closed while it is out. The same network if no stage has outages.

    network : what `lower` made of the same scenario
    replication : counted from 0; drawn alone it equals the same one drawn among many

    A stage's outages follow from seed, replication, its name and its own `outages` alone.
    """
    described = scenario.regimes[0].stages
    if all(stage.outages is None for stage in described):
        return network
    stages = list(network.stages)
    found: list[Closed] = []
    streams = Streams(seed, replication)
    for number, stage in enumerate(described):
        if stage.outages is None:
            continue
        starts, ends = draw_outages(stage.name, stage.outages, streams, network.end)
        hours = stages[number].on_paper
        stages[number] = replace(stages[number], is_open=_without(hours, starts, ends), hours=hours)
        found += [Closed(number, start, end) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    return replace(network, stages=tuple(stages), outages=tuple(found))


def draw_outages(stage: str, outages: Outages, streams: Streams, end: int) -> tuple[Ints, Ints]:
    """The outages of a stage in 0 <= t < end, as ticks at which they begin and at which they are over: int64[n] each.

    Row k of both streams belongs to the k-th outage. Those that touch are one, those without length none; the last one
    is cut at the end.
    """
    starts: list[Ints] = []
    ends: list[Ints] = []
    total, k = 0, 0
    expected = end / (outages.every.mean_ms + outages.last.mean_ms)
    while total < end:
        count = min(int(1.2 * expected) + 16, MOST_AT_ONCE)
        every = durations(outages.every, streams.uniforms("outage every", stage, count=count, skip=k))
        last = durations(outages.last, streams.uniforms("outage last", stage, count=count, skip=k))
        over = total + np.cumsum(every + last)
        starts.append(over - last)
        ends.append(over)
        total, k = int(over[-1]), k + count
    start, over = np.concatenate(starts), np.concatenate(ends)
    known = (start < end) & (over > start)
    start, over = start[known], np.minimum(over[known], end)
    is_apart = start[1:] > over[:-1]
    return np.concatenate((start[:1], start[1:][is_apart])), np.concatenate((over[:-1][is_apart], over[-1:]))


def _without(level: StepFunction, starts: Ints, ends: Ints) -> StepFunction:
    """The level, and 0 in each stretch start <= t < end; they ascend and do not touch."""
    at = np.union1d(level.at, np.concatenate((starts, ends)))
    values = np.concatenate(([0], level.value))[np.searchsorted(level.at, at, side="right")]
    is_out = np.searchsorted(starts, at, side="right") > np.searchsorted(ends, at, side="right")
    return StepFunction.of(zip(at.tolist(), np.where(is_out, 0, values).tolist(), strict=True))
