"""`portsim compare`: which plan is better, by how much, how sure that is, and at what officer-hours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from portsim.cli import streams
from portsim.cli.app import Debug, Exit, Json
from portsim.cli.conditions import FailIf, Of, conditions_of, failures
from portsim.cli.options import (
    ClusterOption,
    EngineChoice,
    EngineOption,
    InsecureOption,
    NoPlotsOption,
    ProgressChoice,
    ProgressOption,
    QuietOption,
    ReplicationsOption,
    SeedOption,
    SetOption,
    WorkersOption,
    numbers_of,
)
from portsim.cli.outcomes import ending, show, tell
from portsim.cli.progress import Bar

if TYPE_CHECKING:
    from portsim.api import Comparison
    from portsim.views.textcharts import Glyphs


def compare(
    scenarios: Annotated[
        list[str],
        typer.Argument(metavar="SCENARIO...", help="A file or shipped scenario, whose plans are compared; or several."),
    ],
    plans: Annotated[
        list[str] | None,
        typer.Option("--plan", metavar="NAME", help="A plan to compare (repeatable); default all of the scenario."),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="The plan, or scenario, the others are held against; default without a plan."
        ),
    ] = None,
    replications: ReplicationsOption = "30",
    seed: SeedOption = None,
    sets: SetOption = None,
    of: Of = None,
    equal_hours: Annotated[
        bool, typer.Option("--equal-hours", help="Change the plans' officers to the baseline's officer-hours.")
    ] = False,
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
    """Compare plans of a scenario, or scenarios, on the same traffic.

    Differences replication by replication with their intervals, a verdict in words, and officer-hours beside it.
    """
    del debug
    conditions = conditions_of(fail_if)
    from portsim import api

    with Bar(None, is_wanted=not quiet, choice=progress) as bar:
        result = api.compare(
            scenarios[0] if len(scenarios) == 1 else scenarios,
            plans=plans or None,
            baseline=baseline,
            replications=numbers_of(replications),
            seed=seed,
            sets=sets or (),
            of=of or (),
            conditions=conditions,
            equal_hours=equal_hours,
            engine=engine.value,
            workers=workers,
            cluster=cluster,
            insecure_cluster=insecure_cluster,
            on_replication=bar.advance,
            on_notice=bar.say,
        )
    show(result, as_json=as_json)
    if not as_json:
        _chart(result)
    if output is not None:
        result.write(output, with_picture=not no_plots)
    tell(result, output, is_quiet=quiet)
    return ending(
        result, lambda: failures(conditions, [(played.plan, played.run.rows) for played in result.data.plans])
    )


def _chart(result: Comparison) -> None:
    """The differences with their intervals, on a terminal."""

    def draw(columns: int, glyphs: Glyphs) -> list[str]:
        from portsim.views.textcharts import differences_chart

        return differences_chart(result.data, columns, glyphs, result.wanted)

    streams.chart(draw)
