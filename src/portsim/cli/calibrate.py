"""`portsim calibrate`: what published figures say of the unknown numbers of a scenario."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from portsim.cli import streams
from portsim.cli.app import Debug, Exit, Json
from portsim.cli.options import ClusterOption, InsecureOption, ProgressChoice, ProgressOption, WorkersOption
from portsim.cli.progress import Bar
from portsim.cli.run import CONTINUE, EngineChoice, SetOption
from portsim.errors import WorkerError

RUNS = "runs.jsonl"


def calibrate(
    calibration: Annotated[
        str, typer.Argument(metavar="CALIBRATION", help="A calibration file, or the name of a shipped one.")
    ],
    runs: Annotated[
        int, typer.Option("-n", "--runs", metavar="N", min=60, help="Points of the unknown numbers that are played.")
    ] = 320,
    seed: Annotated[
        int | None, typer.Option("--seed", metavar="N", min=0, max=2**63 - 1, help="In place of the file's seed.")
    ] = None,
    sets: SetOption = None,
    with_checks: Annotated[
        bool, typer.Option("--with-checks", help="Fit the figures under `check` too, in place of predicting them.")
    ] = False,
    engine: Annotated[EngineChoice, typer.Option(help="The engine that simulates.")] = EngineChoice.auto,
    workers: WorkersOption = None,
    cluster: ClusterOption = None,
    insecure_cluster: InsecureOption = False,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Write the posterior, tables and picture.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Continue the calibration that was broken off in that folder.")
    ] = False,
    no_plots: Annotated[bool, typer.Option("--no-plots", help="No picture in the folder.")] = False,
    as_json: Json = False,
    progress: ProgressOption = ProgressChoice.bar,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Neither progress nor warnings on stderr.")] = False,
    debug: Debug = False,
) -> Exit:
    """Say what published figures tell of the unknown numbers of a scenario.

    Of each number what is known, bounded or not identified, and of each figure what the model gives beside it.
    """
    del debug
    from portsim.api import calibrations

    if resume and output is None:
        raise typer.BadParameter("--resume continues what stands in a folder: name it with -o DIR")
    with Bar(None, is_wanted=not quiet, choice=progress) as bar, _with_hint(output, is_quiet=quiet):
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
    if as_json:
        streams.write(json.dumps(result.to_dict(), ensure_ascii=False, indent=2, allow_nan=False))
    else:
        streams.show(result.blocks())
    if not quiet:
        streams.say(result.speed)
        for warning in result.warnings:
            streams.say(f"warning: {warning}")
        if output is not None:
            streams.say(f"written to {output}")
    return Exit.DONE


@contextmanager
def _with_hint(output: Path | None, *, is_quiet: bool) -> Iterator[None]:
    """Say, where the work ends in an error, that the folder keeps what is done."""
    try:
        yield
    except (OSError, WorkerError, KeyboardInterrupt):
        if output is not None and not is_quiet and (output / RUNS).is_file():
            streams.say(CONTINUE.format(folder=output))
        raise
