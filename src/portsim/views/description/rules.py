"""The rules of a run that bear on a scenario, each with the numbers it has in docs/model.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from portsim.scenario.arrivals import AboardArrivals, RateArrivals
from portsim.scenario.officers import Pool
from portsim.scenario.scenario import Batch, Flow, Scenario, Stage

Rule = tuple[str, str]
"""(what it says, where it stands)"""


def rules(scenario: Scenario) -> list[Rule]:
    """The rules that this scenario makes use of; those of features it does not have are left out."""
    stages = [stage for regime in scenario.regimes for stage in regime.stages]
    pools = [pool for regime in scenario.regimes for pool in regime.pools]
    return [
        *_waiting(scenario.flows),
        *_stages(stages, scenario.flows),
        *_officers(pools, stages),
        *_demand(scenario.flows),
    ]


def _waiting(flows: tuple[Flow, ...]) -> Iterator[Rule]:
    first = "higher priority goes first, then " if any(flow.priority for flow in flows) else ""
    yield f"Order of a queue: {first}who joined earlier, then the smaller unit number", "rule 4"
    yield "Order outside a stage that is full: who came earlier; priority does not count there", "rules 4, 11"
    yield "Whoever cannot be served yet is passed over by the next who can", "rules 12, 14"
    if any(flow.patience for flow in flows):
        yield "A unit whose patience is over before its first service leaves, also while the stage is closed", "rule 9"
    if any(flow.when_full == "turn_away" for flow in flows):
        yield "A unit that finds no room at its first stage the moment it comes turns away", "rule 13"


def _stages(stages: list[Stage], flows: tuple[Flow, ...]) -> Iterator[Rule]:
    steps = [step for flow in flows for step in flow.journey]
    if any(len(step.roles) > 1 for step in steps):
        yield "Lanes: the first role in the flow's order of preference that has a free lane", "rules 14, 15"
    yield "A lane that closes does so behind its unit; nobody is interrupted by it", "rule 15"
    if any(stage.lanes is None for stage in stages):
        yield "A stage without lanes takes time and serves any number at once", "rule 16"
    yield "Nothing starts at the instant of closing; at the instant of opening things start", "rule 17"
    if any(stage.closing == "suspend" for stage in stages):
        yield "Where a stage suspends, services stop as it closes and go on with what is left as it opens", "rule 17"
    if any(stage.outages for stage in stages):
        yield "A stage that breaks down is closed meanwhile; nobody who wants to come knows of it beforehand", "rule 32"
    if any(stage.pace is not None for stage in stages):
        yield "A service takes its time over the pace of the hour, lanes and queue as it starts", "rule 19"
    if any(step.service_per != "unit" for step in steps):
        yield "Where each person or goods unit takes a service time, they are served one after another", "rule 18"
    if any(isinstance(stage.calls, Batch) for stage in stages):
        yield "Batches: units are called in together once enough wait, or one has waited its time", "rule 25"
    if any(isinstance(stage.calls, tuple) for stage in stages):
        yield "Waves: at its time so many of those waiting are called in; what is not used lapses", "rule 25"
    if any(step.rejoin is not None for step in steps):
        yield "A vehicle goes on once the passengers it brought are out, or it has waited its time for them", "rule 26"
    yield "Units that block each other in a ring stay where they are; the run names the stages", "rule 27"


def _officers(pools: list[Pool], stages: list[Stage]) -> Iterator[Rule]:
    if not pools:
        return
    sharing = Counter(pool for _, pool in {(stage.name, stage.pool) for stage in stages})
    yield "One crew staffs a service: of those able, the one that came on duty last", "rule 21"
    if any(pool.end_of_shift == "finish" for pool in pools):
        yield "Where a shift finishes its services, the time after its end is overtime", "rule 22"
    if any(pool.end_of_shift == "hand_over" for pool in pools):
        yield "Where a shift hands over, its services pause until officers take them over", "rules 8, 22"
    if any(pool.crews for pool in pools):
        yield "Crews work a cycle of days, each one day further in it than the one before", "rule 23"
    if any(pool.precedence == "fixed" and sharing[pool.name] > 1 for pool in pools):
        yield "Stages that share officers are given them in file order", "rules 12, 24"
    if any(pool.precedence == "longest_queue" for pool in pools):
        yield "With `longest_queue` officers go to the stage at which most units wait", "rule 24"
    if any(pool.precedence == "longest_wait" for pool in pools):
        yield "With `longest_wait` officers go where the unit that is next has waited longest", "rule 24"
    if any(pool.reserves for pool in pools):
        yield "Reserves are called, and sent home, by the number of units waiting at the end of an instant", "rule 24"


def _demand(flows: tuple[Flow, ...]) -> Iterator[Rule]:
    if any(isinstance(flow.arrivals, AboardArrivals) for flow in flows):
        yield "Passengers come as their vehicle joins the stage at which they get off", "rule 26"
    rates = [flow.arrivals for flow in flows if isinstance(flow.arrivals, RateArrivals)]
    if rates:
        text = "Arrivals at a rate: unit *k* comes when the cumulative rate reaches the *k*-th sum of exponential draws"
        yield text, "rule 30"
    if any(rate.day_to_day_cv for rate in rates):
        yield "Days differ: a factor of mean 1, gamma, drawn for each flow and date", "rule 30"
    if any(flow.when_closed.re_spread for flow in flows):
        yield "Where arrivals re-spread, each keeps its share of its day's rate within the open hours", "rule 30"
    if any(flow.when_closed.stay_away or flow.when_closed.come_back for flow in flows):
        yield (
            "Whether a unit that finds its first stage closed stays away, and how late it comes back, are draws",
            "rule 30",
        )
    if any(flow.appointments is not None for flow in flows):
        yield "Who asks first gets the first slot with a place at or after the time it wants to come", "rule 31"
        yield "Who comes before its slot waits for it; too late after it, it has no precedence over others", "rule 31"
    if any(step.booked_after is not None for flow in flows for step in flow.journey):
        yield "A unit that is booked goes with no call before its own; one that misses it, with the next", "rule 31"
    if any(step.share < 1 for flow in flows for step in flow.journey):
        yield "Which units go through a stage that only a share passes is drawn for each unit and step", "rule 32"
    if any(step.after or step.unless for flow in flows for step in flow.journey):
        yield "A step may be for those alone that have, or have not, stopped at another stage before", "rule 32"
