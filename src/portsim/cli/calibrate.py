"""`portsim calibrate`: what published figures say of the unknown numbers of a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from portsim.cli import streams
from portsim.cli.app import Debug, Exit, Json
from portsim.cli.options import (
    ClusterOption,
    EngineChoice,
    EngineOption,
    InsecureOption,
    NoPlotsOption,
    ProgressChoice,
    ProgressOption,
    QuietOption,
    SeedOption,
    SetOption,
    WorkersOption,
)
from portsim.cli.outcomes import hint, show, tell
from portsim.cli.progress import Bar

RUNS = "runs.jsonl"


def calibrate(
    calibration: Annotated[
        str, typer.Argument(metavar="CALIBRATION", help="A calibration file, or the name of a shipped one.")
    ],
    runs: Annotated[
        int, typer.Option("-n", "--runs", metavar="N", min=60, help="Points of the unknown numbers that are played.")
    ] = 320,
    seed: SeedOption = None,
    sets: SetOption = None,
    with_checks: Annotated[
        bool, typer.Option("--with-checks", help="Fit the figures under `check` too, in place of predicting them.")
    ] = False,
    engine: EngineOption = EngineChoice.auto,
    workers: WorkersOption = None,
    cluster: ClusterOption = None,
    insecure_cluster: InsecureOption = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Write the posterior, tables and picture.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue the calibration that was broken off in that folder.")
    ] = False,
    no_plots: NoPlotsOption = False,
    as_json: Json = False,
    progress: ProgressOption = ProgressChoice.bar,
    quiet: QuietOption = False,
    debug: Debug = False,
) -> Exit:
    """Say what published figures tell of the unknown numbers of a scenario.

    Of each number what is known, bounded or not identified, and of each figure what the model gives beside it.
    """
    del debug
    from portsim.api import calibrations

    if resume and output is None:
        raise typer.BadParameter("--resume continues what stands in a folder: name it with -o DIR")
    with Bar(None, is_wanted=not quiet, choice=progress) as bar, hint(output, RUNS, is_quiet=quiet):
        result = calibrations.calibrate(
            calibration,
            runs=runs,
            seed=seed,
            sets=sets or (),
            with_checks=with_checks,
            folder=output,
            resume=resume,
            with_picture=not no_plots,
            engine=engine.value,
            workers=workers,
            cluster=cluster,
            insecure_cluster=insecure_cluster,
            on_replication=bar.advance,
            on_notice=bar.say,
        )
    show(result, as_json=as_json)
    if not quiet:
        streams.say(result.speed)
    tell(result, output, is_quiet=quiet)
    return Exit.DONE
