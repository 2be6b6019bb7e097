"""`portsim run`: simulate a scenario and say how long everybody waits."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from portsim.cli import streams
from portsim.cli.app import Debug, Exit, Json
from portsim.cli.conditions import FailIf, Of, check_conditions, conditions_of, failures
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
from portsim.cli.outcomes import CONTINUE, ending, hint, show, tell
from portsim.cli.progress import Bar
from portsim.errors import PortsimError

if TYPE_CHECKING:
    from portsim.api import Run
    from portsim.experiments import Played
    from portsim.views.textcharts import Glyphs


RUN = "run.json"


class KeepChoice(StrEnum):
    """Replications whose records go into the run folder."""

    first = "first"
    all = "all"
    none = "none"


class FormatChoice(StrEnum):
    """Formats of the tables in a run folder."""

    csv = "csv"
    parquet = "parquet"


def run(
    context: typer.Context,
    scenario: ScenarioArgument,
    replications: ReplicationsOption = "10",
    seed: SeedOption = None,
    plan: PlanOption = None,
    sets: SetOption = None,
    precision: Annotated[
        str | None,
        typer.Option(metavar="SHARE", help="Play until measures are known to so much: 5% (in place of -n)."),
    ] = None,
    of: Of = None,
    least: Annotated[
        int | None, typer.Option("--min", metavar="N", min=2, help="With --precision: replications at least.")
    ] = None,
    most: Annotated[
        int | None, typer.Option("--max", metavar="N", min=2, help="With --precision: replications at most.")
    ] = None,
    steady_state: Annotated[
        bool, typer.Option("--steady-state", help="Claim a steady state, and be warned if there is none yet.")
    ] = False,
    fail_if: FailIf = None,
    engine: EngineOption = EngineChoice.auto,
    workers: WorkersOption = None,
    cluster: ClusterOption = None,
    insecure_cluster: InsecureOption = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="DIR", help="Write a run folder.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue a run that was broken off there.")] = False,
    keep: Annotated[KeepChoice, typer.Option(help="Whose records go into the run folder.")] = KeepChoice.first,
    table_format: Annotated[
        FormatChoice, typer.Option("--format", help="Of the run folder's tables.")
    ] = FormatChoice.csv,
    no_plots: NoPlotsOption = False,
    as_json: Json = False,
    progress: ProgressOption = ProgressChoice.bar,
    quiet: QuietOption = False,
    debug: Debug = False,
) -> Exit:
    """Simulate a scenario and say who waits how long.

    Crossings, waits, queues and use of lanes and officers, each mean with its 95 % interval; of a region every port and
    what they add up to.
    """
    del debug
    conditions = conditions_of(fail_if)
    from portsim import api

    numbers = numbers_of(replications)
    source = context.get_parameter_source("replications")
    if precision is not None and source is not None and source.name == "COMMANDLINE":
        raise typer.BadParameter("--precision plays as many as it takes, in place of -n; --min and --max bound them")
    if resume and output is None:
        raise typer.BadParameter("--resume continues what stands in a folder: name it with -o DIR")
    loaded = api.load(scenario, plan=plan, sets=sets or ())
    ports = [port.name for port in loaded.ports] if isinstance(loaded, api.Region) else []
    if conditions:
        check_conditions(loaded, conditions)

    def warn(notice: str) -> None:
        if not quiet:
            streams.say(f"warning: {notice}")

    with (
        Bar(None if precision else len(numbers) * max(len(ports), 1), is_wanted=not quiet, choice=progress) as bar,
        hint(output, RUN, is_quiet=quiet),
    ):

        def on_replication(played: Played) -> None:
            if ports:
                bar.advance()
            else:
                bar.count(played)

        result = api.run(
            loaded,
            replications=numbers,
            seed=seed,
            engine=engine.value,
            keep="none",
            workers=workers,
            cluster=cluster,
            insecure_cluster=insecure_cluster,
            folder=output,
            folder_keep=keep.value,
            table_format=table_format.value,
            precision=precision,
            of=of or (),
            least=least,
            most=most,
            steady_state=steady_state,
            resume=resume,
            on_replication=on_replication,
            on_notice=bar.say,
            on_damage=warn,
        )
    show(result, as_json=as_json)
    if isinstance(result, api.Run) and not as_json:
        _chart(result)
    tell(result, output, is_quiet=quiet)
    if result.is_interrupted and output is not None and not quiet:
        streams.say(CONTINUE.format(folder=output))
    if output is not None and not no_plots and not result.is_interrupted:
        for folder in [output / port for port in ports] or [output]:
            for notice in _draw(folder):
                if not quiet:
                    streams.say(f"warning: {notice}")
    return ending(result, lambda: failures(conditions, [(plan, result.rows)]))


def _chart(result: Run) -> None:
    """The queue over the run, on a terminal."""

    def draw(columns: int, glyphs: Glyphs) -> list[str]:
        from portsim.views.textcharts import queue_chart

        return queue_chart(result.data, columns, glyphs)

    streams.chart(draw)


def _draw(folder: Path) -> list[str]:
    """Draw the pictures of a finished run folder; return notices, why it has none among them."""
    from portsim.api.plotting import plot_folder

    try:
        return plot_folder(folder)[1]
    except (PortsimError, OSError) as error:
        return [f"the run is written, its pictures are not: {error}"]
    except KeyboardInterrupt:
        return [f"interrupted while drawing; the run is written, portsim plot {folder} draws its pictures"]
