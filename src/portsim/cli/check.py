"""`portsim check`: whether a scenario is valid, and what it rests on."""

from __future__ import annotations

from portsim.cli import streams
from portsim.cli.app import Debug, Exit, Json
from portsim.cli.options import PlanOption, ScenarioArgument, SetOption
from portsim.cli.outcomes import show, tell


def check(
    scenario: ScenarioArgument,
    plan: PlanOption = None,
    sets: SetOption = None,
    as_json: Json = False,
    debug: Debug = False,
) -> Exit:
    """Check a scenario and show what it rests on.

    Every problem with its place, or its closures, its numbers without a source and the load of each stage; of a region
    the largest load of each port.
    """
    del debug
    from portsim import api

    result = api.check(scenario, plan=plan, sets=sets or ())
    if as_json or result.is_valid:
        show(result, as_json=as_json)
    for problem in result.problems:
        streams.say(str(problem))
    tell(result, None, is_quiet=False)
    return Exit.DONE if result.is_valid else Exit.BAD_INPUT
