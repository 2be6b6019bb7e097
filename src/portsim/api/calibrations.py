"""Calibrating a scenario from Python: what figures say of its unknown numbers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portsim.api.arguments import several
from portsim.api.comparisons import write_folder
from portsim.api.loading import load_text
from portsim.api.plotting import CalibrationPlots
from portsim.engines import EngineName
from portsim.errors import ArgumentError
from portsim.experiments.calibration import RUNS, Journal, read_question
from portsim.experiments.calibration import Calibration as Calibrated
from portsim.experiments.calibration import calibrate as find_posterior
from portsim.experiments.executors import executor_for
from portsim.experiments.replicate import checked_seed
from portsim.results.files import write_whole
from portsim.scenario.scenario import Scenario
from portsim.tables import Line, Shown, Table
from portsim.views import plots as views
from portsim.views.calibrated import calibration_blocks, calibration_document
from portsim.views.calibratedscenario import calibrated_files, file_name, scenario_text
from portsim.views.csvtables import calibration_files
from portsim.views.plots import EXPERIMENTS, Drawn, draw_all, write_drawn
from portsim.views.plots.studies import CALIBRATION

if TYPE_CHECKING:
    import pandas as pd


class Calibration(Shown):
    """What figures say of the unknown numbers of a scenario; `print` shows it, and so does a notebook."""

    def __init__(self, data: Calibrated) -> None:
        self.data = data

    @property
    def posterior(self) -> pd.DataFrame:
        """Draws from the posterior, of equal weight: a row each, a column for each unknown number."""
        import pandas as pd

        return pd.DataFrame(self.data.values, columns=[one.name for one in self.data.question.parameters])

    def summary(self) -> pd.DataFrame:
        """One row per unknown number: its prior and posterior intervals, contraction, verdict and why."""
        import pandas as pd

        return pd.DataFrame(self.to_dict()["parameters"]).drop(columns=["sets", "distribution"])

    def figures(self) -> pd.DataFrame:
        """One row per figure: what is published, and the interval of what the model gives."""
        import pandas as pd

        return pd.DataFrame(self.to_dict()["figures"]).drop(columns=["window", "error", "kinds"])

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before it is used."""
        return self.data.warnings

    @property
    def speed(self) -> str:
        """How fast it went, in a sentence."""
        data = self.data
        seconds = max(data.seconds, 1e-9)
        return (
            f"{data.played:,} replications in {seconds:.0f} s, {data.played / seconds:.1f} a second; "
            f"{data.effective:,.0f} effective draws, {data.effective / seconds:.1f} a second"
        )

    def scenario(self, *, plan: str | None = None, sets: str | Sequence[str] = ()) -> Scenario:
        """The scenario with what is left open, as `write` writes it: each replication of a run takes a draw of it.

        plan, sets : as for `load`

        Raises ScenarioError.
        """
        question = self.data.question
        source = Path(question.source)
        return load_text(
            scenario_text(self.data, source.name if question.copies else question.source),
            file=file_name(self.data),
            folder=source.parent if question.copies else None,
            plan=plan,
            sets=several(sets),
        )

    @property
    def plot(self) -> CalibrationPlots:
        """Pictures of it: `calibration.plot.posterior()`, a Figure, and `.figures()`, which takes `ax=`."""
        return CalibrationPlots(self.data)

    def to_dict(self) -> dict[str, Any]:
        """The object `portsim calibrate --json` prints."""
        return calibration_document(self.data)

    def files(self) -> dict[str, bytes]:
        """The tables, the posterior, the JSON object and the calibrated scenario by name, as `write` writes them."""
        document = json.dumps(self.to_dict(), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
        return calibration_files(self.data) | {CALIBRATION: document.encode()} | calibrated_files(self.data)

    def write(self, folder: str | os.PathLike[str], *, with_picture: bool = True) -> list[Path]:
        """Write the tables, the posterior, the JSON object and the pictures into a new or empty folder."""
        return write_folder(Path(folder), self.files(), self._drawn() if with_picture else {})

    def _drawn(self) -> Mapping[str, Drawn]:
        return draw_all(EXPERIMENTS[CALIBRATION], views.Calibrated.of(self.data))[0]

    def blocks(self) -> list[Line | Table]:
        """The readable result, as lines and tables."""
        return calibration_blocks(self.data)

    def __repr__(self) -> str:
        names = ", ".join(one.name for one in self.data.question.parameters)
        return f"<Calibration of {names}: {self.data.points} points>"


def calibrate(
    calibration: str | os.PathLike[str],
    *,
    runs: int = RUNS,
    seed: int | None = None,
    sets: str | Sequence[str] = (),
    with_checks: bool = False,
    folder: str | os.PathLike[str] | None = None,
    resume: bool = False,
    with_picture: bool = True,
    engine: EngineName = "auto",
    workers: int | None = None,
    cluster: str | None = None,
    insecure_cluster: bool = False,
    on_replication: Callable[[int], None] | None = None,
    on_notice: Callable[[str], None] | None = None,
) -> Calibration:
    """Find what published figures, or observed ones, say of the unknown numbers of a scenario.

    calibration : a calibration file, or the name of a shipped one
    runs : points of the unknown numbers that are played in all; more make it finer
    sets : settings of the scenario, as texts `path=value`, on top of the file's own
    with_checks : whether the figures under `check` are fitted as well, in place of being predicted
    folder : where to write what `Calibration.write` writes, and each point as it is done; a new or empty folder
    resume : whether a calibration that was broken off in that folder is continued; one that is not there is begun. It
        ends as one that was never broken off
    on_replication : called when a replication is done, with how many there will be
    The rest is as for `compare`.

    Raises CalibrationError, which is a ScenarioError, with everything that is wrong with the file.
    """
    if resume and folder is None:
        raise ArgumentError("resume continues what stands in a folder: name it with folder=")
    checked = None if seed is None else checked_seed(seed)
    question = read_question(calibration, sets=several(sets), with_checks=with_checks, seed=checked)
    journal = None
    if folder is not None:
        journal = Journal(Path(folder), question, runs=runs, is_continued=resume)
    executor = executor_for(workers=workers, cluster=cluster, insecure=insecure_cluster, expected=runs)
    with journal or nullcontext(), executor:
        data = find_posterior(
            question,
            runs=runs,
            engine=engine,
            executor=executor,
            known=journal.known if journal is not None else None,
            on_point=journal.add if journal is not None else None,
            on_replication=on_replication,
            on_notice=on_notice,
        )
    result = Calibration(data)
    if folder is not None:
        for name, content in result.files().items():
            (Path(folder) / name).parent.mkdir(parents=True, exist_ok=True)
            write_whole(Path(folder) / name, [content])
        if with_picture:
            write_drawn(result._drawn(), Path(folder))
    return result
