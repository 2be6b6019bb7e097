"""`portsim sweep`: a scenario at many points of some of its numbers, and which of its assumptions matters most."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from portsim.cli.app import Debug, Exit, Json
from portsim.cli.conditions import FailIf, Of, conditions_of, failures
from portsim.cli.options import (
    ClusterOption,
    EngineChoice,
    EngineOption,
    InsecureOption,
    NoPlotsOption,
    PlanOption,
    ProgressChoice,
    ProgressOption,
    QuietOption,
    ReplicationsOption,
    ScenarioArgument,
    SeedOption,
    SetOption,
    WorkersOption,
    numbers_of,
)
from portsim.cli.outcomes import ending, show, tell
from portsim.cli.progress import Bar
from portsim.errors import ArgumentError

if TYPE_CHECKING:
    from portsim.api.sweeps import Screening, Sweep
    from portsim.results import MetricRow

REPLICATIONS = 10
"""Of each point, unless it is said."""


def sweep(
    scenario: ScenarioArgument,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            "--vary", metavar="PATH=VALUES", help="What varies: stages.scan.lanes=1:4, or a,b,c (repeatable)."
        ),
    ] = None,
    points: Annotated[
        int | None, typer.Option("--points", metavar="N", min=1, help="N quasi-random points, not every combination.")
    ] = None,
    assumed: Annotated[
        bool, typer.Option("--assumed", help="Rank all assumed numbers by how much they matter (Morris).")
    ] = False,
    trajectories: Annotated[
        int | None, typer.Option("--trajectories", metavar="N", min=2, help="With --assumed; default 10.")
    ] = None,
    within: Annotated[
        str | None,
        typer.Option("--within", metavar="SHARE", help="With --assumed: up and down by so much; default 20%."),
    ] = None,
    replications: ReplicationsOption = "",
    seed: SeedOption = None,
    plan: PlanOption = None,
    sets: SetOption = None,
    of: Of = None,
    fail_if: FailIf = None,
    engine: EngineOption = EngineChoice.auto,
    workers: WorkersOption = None,
    cluster: ClusterOption = None,
    insecure_cluster: InsecureOption = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Write tables and the picture.")
    ] = None,
    no_plots: NoPlotsOption = False,
    as_json: Json = False,
    progress: ProgressOption = ProgressChoice.bar,
    quiet: QuietOption = False,
    debug: Debug = False,
) -> Exit:
    """Vary numbers of a scenario, or rank its assumptions.

    Every combination of the values given, or quasi-random points, each with its intervals; with --assumed which assumed
    number matters most for a measure.
    """
    del debug
    conditions = conditions_of(fail_if)
    given = {"points": points, "trajectories": trajectories, "within": within, "replications": replications or None}
    _check_use(vary, assumed, given)
    if assumed and conditions:
        raise ArgumentError("--fail-if goes with --vary: a screening has no one value of a measure")
    from portsim.api import sweeps

    result: Sweep | Screening
    with Bar(None, is_wanted=not quiet, choice=progress) as bar:
        if assumed:
            result = sweeps.screen(
                scenario,
                of=of or ("wait_mean_min",),
                trajectories=trajectories or 10,
                within=within or "20%",
                seed=seed,
                plan=plan,
                sets=sets or (),
                engine=engine.value,
                workers=workers,
                cluster=cluster,
                insecure_cluster=insecure_cluster,
                on_replication=bar.advance,
                on_notice=bar.say,
            )
        else:
            result = sweeps.sweep(
                scenario,
                vary or (),
                points=points,
                replications=numbers_of(replications or str(REPLICATIONS)),
                seed=seed,
                plan=plan,
                sets=sets or (),
                of=of or (),
                conditions=conditions,
                engine=engine.value,
                workers=workers,
                cluster=cluster,
                insecure_cluster=insecure_cluster,
                on_replication=bar.advance,
                on_notice=bar.say,
            )
    show(result, as_json=as_json)
    if output is not None:
        result.write(output, with_picture=not no_plots)
    tell(result, output, is_quiet=quiet)
    return ending(result, lambda: [] if assumed else failures(conditions, _by_point(result)))


def _check_use(vary: list[str] | None, assumed: bool, given: Mapping[str, object]) -> None:
    """Raise ArgumentError for options that do not go together."""
    if assumed is bool(vary):
        raise ArgumentError("say what varies: --vary PATH=VALUES, or --assumed for all assumed numbers, and not both")
    own = ("trajectories", "within") if not assumed else ("points", "replications")
    for name in own:
        if given[name] is not None:
            other = "--assumed" if not assumed else "--vary"
            raise ArgumentError(f"--{name} goes with {other}")


def _by_point(result: Sweep | Screening) -> list[tuple[str | None, tuple[MetricRow, ...]]]:
    from portsim.api.sweeps import Sweep

    assert isinstance(result, Sweep)
    return [(result.data.name_of(point), point.run.rows) for point in result.data.points]
