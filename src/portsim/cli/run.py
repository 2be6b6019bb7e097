"""`portsim run`: simulate a scenario and say how long everybody waits."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from portsim.cli import streams
from portsim.cli.app import Debug, Exit, Json
from portsim.cli.conditions import FailIf, Of, check_conditions, conditions_of, failures
from portsim.cli.options import (
    ClusterOption,
    InsecureOption,
    ProgressChoice,
    ProgressOption,
    ReplicationsOption,
    WorkersOption,
    numbers_of,
)
from portsim.cli.progress import Bar
from portsim.errors import PortsimError, WorkerError

if TYPE_CHECKING:
    from portsim.api import Run
    from portsim.experiments import Played
    from portsim.views.textcharts import Glyphs


RUN = "run.json"
CONTINUE = "what is done is kept in {folder}: the same command with --resume continues it"


class EngineChoice(StrEnum):
    """Engines a user can ask for."""

    auto = "auto"
    reference = "reference"
    compiled = "compiled"


class KeepChoice(StrEnum):
    """Replications whose records go into the run folder."""

    first = "first"
    all = "all"
    none = "none"


class FormatChoice(StrEnum):
    """Formats of the tables in a run folder."""

    csv = "csv"
    parquet = "parquet"


ScenarioArgument = Annotated[str, typer.Argument(metavar="SCENARIO", help="A file, or the name of a shipped scenario.")]
PlanOption = Annotated[str | None, typer.Option("--plan", metavar="NAME", help="A plan of the scenario.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one value: stages.border_check.lanes=8 (repeatable)."),
]


def run(
    context: typer.Context,
    scenario: ScenarioArgument,
    replications: ReplicationsOption = "10",
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", min=0, max=2**63 - 1, help="In place of the scenario's seed.")
    ] = None,
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
    engine: Annotated[EngineChoice, typer.Option(help="The engine that simulates.")] = EngineChoice.auto,
    workers: WorkersOption = None,
    cluster: ClusterOption = None,
    insecure_cluster: InsecureOption = False,
    output: Annotated[Path | None, typer.Option("-o", "--output", metavar="DIR", help="Write a run folder.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Continue a run that was broken off there.")] = False,
    keep: Annotated[KeepChoice, typer.Option(help="Whose records go into the run folder.")] = KeepChoice.first,
    table_format: Annotated[
        FormatChoice, typer.Option("--format", help="Of the run folder's tables.")
    ] = FormatChoice.csv,
    no_plots: Annotated[bool, typer.Option("--no-plots", help="No pictures in the run folder.")] = False,
    as_json: Json = False,
    progress: ProgressOption = ProgressChoice.bar,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Neither progress nor warnings on stderr.")] = False,
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
        _with_hint(output, is_quiet=quiet),
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
    if as_json:
        streams.write(json.dumps(result.to_dict(), ensure_ascii=False, indent=2, allow_nan=False))
    else:
        streams.show(result.blocks())
        if isinstance(result, api.Run):
            _chart(result)
    if not quiet:
        for warning in result.warnings:
            streams.say(f"warning: {warning}")
        if output is not None:
            streams.say(f"written to {output}")
    if result.is_interrupted:
        if output is not None and not quiet:
            streams.say(CONTINUE.format(folder=output))
        return Exit.INTERRUPTED
    if output is not None and not no_plots:
        for folder in [output / port for port in ports] or [output]:
            for notice in _draw(folder):
                if not quiet:
                    streams.say(f"warning: {notice}")
    if result.stopped is not None:
        return Exit.STOPPED
    held = failures(conditions, [(plan, result.rows)])
    for text in held:
        streams.say(f"failed: {text}")
    return Exit.FAILED if held else Exit.DONE


@contextmanager
def _with_hint(output: Path | None, *, is_quiet: bool) -> Iterator[None]:
    """Say, where the work ends in an error, that a run folder keeps what is done."""
    try:
        yield
    except (OSError, WorkerError, KeyboardInterrupt):
        if output is not None and not is_quiet and (output / RUN).is_file():
            streams.say(CONTINUE.format(folder=output))
        raise


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
