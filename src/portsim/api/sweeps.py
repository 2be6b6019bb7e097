"""Sweeping numbers of a scenario, and screening its assumptions, from Python."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portsim.api.arguments import several
from portsim.api.comparisons import Source, write_folder
from portsim.api.outcome import Outcome
from portsim.api.plotting import ScreeningPlots, SweepPlots, selections_of
from portsim.engines import EngineName
from portsim.errors import ArgumentError
from portsim.experiments.executors import executor_for
from portsim.experiments.measures import check_selections
from portsim.experiments.replicate import numbers_of
from portsim.experiments.screening import Screening as Screened
from portsim.experiments.screening import screen as screen_assumptions
from portsim.experiments.sweep import Load
from portsim.experiments.sweep import Sweep as Swept
from portsim.experiments.sweep import sweep as sweep_points
from portsim.experiments.vary import Axis, Listed, factorial, parse_axis, quasi_random
from portsim.results.selection import Condition, Selection
from portsim.scenario.reader import Reader
from portsim.scenario.scenario import Scenario
from portsim.scenario.units import parse_share
from portsim.tables import Line, Shown, Table
from portsim.views import plots as views
from portsim.views.csvtables import screening_files, sweep_files
from portsim.views.documents import screening_document, sweep_document
from portsim.views.plots import EXPERIMENTS, draw_all
from portsim.views.plots.studies import SCREENING, SWEEP
from portsim.views.swept import screening_blocks, sweep_blocks

if TYPE_CHECKING:
    import pandas as pd


class Sweep(Outcome[Swept]):
    """What a scenario gave at many points; `print` shows a line for each, and so does a notebook."""

    def __init__(self, data: Swept, wanted: Sequence[Selection] = ()) -> None:
        self.data = data
        self._wanted = wanted

    def summary(self) -> pd.DataFrame:
        """Every measure at every point: its number, a column for each path varied, then as `Run.summary`."""
        import pandas as pd

        from portsim.api.frames import summary_frame

        frames = []
        for number, point in enumerate(self.data.points):
            frame = summary_frame(point.run.rows)
            for place, (path, value) in enumerate(zip(self.data.paths, point.values, strict=True)):
                frame.insert(place, path, value)
            frame.insert(0, "point", number)
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    @property
    def plot(self) -> SweepPlots:
        """Its picture: `sweep.plot.sweep()`, taking `ax=` and returning Axes."""
        return SweepPlots(self.data, self._wanted)

    def to_dict(self) -> dict[str, Any]:
        """The object `portsim sweep --json` prints."""
        return sweep_document(self.data, self._wanted)

    def write(self, folder: str | os.PathLike[str], *, with_picture: bool = True) -> list[Path]:
        """Write the table, the JSON object and the picture into a new or empty folder; return their paths."""
        pictures = draw_all(EXPERIMENTS[SWEEP], views.Swept.of(self.data, self._wanted))[0] if with_picture else {}
        return write_folder(Path(folder), sweep_files(self.data) | _json(SWEEP, self.to_dict()), pictures)

    def blocks(self) -> list[Line | Table]:
        """The readable result, as lines and tables."""
        return sweep_blocks(self.data, self._wanted)

    def __repr__(self) -> str:
        paths = ", ".join(self.data.paths)
        return f"<Sweep of {paths}: {len(self.data.points)} points, seed {self.data.seed}>"


class Screening(Shown):
    """How much each assumption of a scenario matters; `print` shows the ranking, and so does a notebook."""

    def __init__(self, data: Screened) -> None:
        self.data = data

    def summary(self) -> pd.DataFrame:
        """One row per measure and assumed number, the largest effect first."""
        from dataclasses import asdict

        import pandas as pd

        from portsim.experiments.screening import Effect

        return pd.DataFrame([asdict(one) for one in self.data.effects], columns=list(Effect.__dataclass_fields__))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before the figures are used."""
        return self.data.warnings

    @property
    def stopped(self) -> str | None:
        """None: a simulation that has to stop is counted in `warnings`."""
        return None

    @property
    def is_interrupted(self) -> bool:
        """Whether Ctrl-C ended it; the effects are of the trajectories that were done."""
        return self.data.is_interrupted

    @property
    def plot(self) -> ScreeningPlots:
        """Its picture: `screening.plot.assumptions()`, taking `ax=` and returning Axes."""
        return ScreeningPlots(self.data)

    def to_dict(self) -> dict[str, Any]:
        """The object `portsim sweep --assumed --json` prints."""
        return screening_document(self.data)

    def write(self, folder: str | os.PathLike[str], *, with_picture: bool = True) -> list[Path]:
        """Write the tables, the JSON object and the picture into a new or empty folder; return their paths."""
        pictures = draw_all(EXPERIMENTS[SCREENING], views.Screened.of(self.data))[0] if with_picture else {}
        files = screening_files(self.data) | _json(SCREENING, self.to_dict())
        return write_folder(Path(folder), files, pictures)

    def blocks(self) -> list[Line | Table]:
        """The readable result, as lines and tables."""
        return screening_blocks(self.data)

    def __repr__(self) -> str:
        return f"<Screening of {self.data.scenario.name!r}: {len(self.data.factors)} numbers, seed {self.data.seed}>"


def sweep(
    scenario: Source,
    vary: Mapping[str, Iterable[Any] | str] | str | Sequence[str],
    *,
    points: int | None = None,
    replications: int | Iterable[int] = 10,
    seed: int | None = None,
    plan: str | None = None,
    sets: str | Sequence[str] = (),
    of: str | Sequence[str] = (),
    conditions: Sequence[Condition] = (),
    engine: EngineName = "auto",
    workers: int | None = None,
    cluster: str | None = None,
    insecure_cluster: bool = False,
    on_replication: Callable[[int], None] | None = None,
    on_notice: Callable[[str], None] | None = None,
) -> Sweep:
    """Play a scenario at many points of some of its numbers, all on the same chance.

    scenario : a path, a shipped name, or what `load` gave
    vary : values by path, {"stages.scan.lanes": range(1, 5)}, or a range as on the command line,
        {"stages.scan.lanes": "1:4"}; or texts as `--vary` takes them
    points : so many quasi-random points in place of every combination
    plan, sets : as for `load`
    of : measures that are shown first
    The rest is as for `compare`.

    Raises ScenarioError, before anything is played, if the scenario is not valid at a point; ArgumentError, which is a
    ValueError, for an argument that means nothing.
    """
    wanted = selections_of(of)
    axes = _axes(vary)
    load = _load(scenario, plan, several(sets))
    base = load(())
    check_selections(base, [*wanted, *conditions])
    used = base.seed if seed is None else seed
    chosen = factorial(axes) if points is None else quasi_random(axes, points, used)
    expected = len(chosen) * len(numbers_of(replications))
    with executor_for(workers=workers, cluster=cluster, insecure=insecure_cluster, expected=expected) as executor:
        data = sweep_points(
            load,
            [axis.path for axis in axes],
            chosen,
            is_factorial=points is None,
            replications=replications,
            seed=seed,
            engine=engine,
            executor=executor,
            on_replication=on_replication,
            on_notice=on_notice,
        )
    return Sweep(data, wanted)


def screen(
    scenario: Source,
    *,
    of: str | Sequence[str] = ("wait_mean_min",),
    trajectories: int = 10,
    within: float | str = 0.2,
    seed: int | None = None,
    plan: str | None = None,
    sets: str | Sequence[str] = (),
    engine: EngineName = "auto",
    workers: int | None = None,
    cluster: str | None = None,
    insecure_cluster: bool = False,
    on_replication: Callable[[int], None] | None = None,
    on_notice: Callable[[str], None] | None = None,
) -> Screening:
    """Rank the assumed numbers of a scenario by how much they matter for some measures.

    of : the measures; trajectories : each takes as many simulations as there are assumed numbers, and one
    within : by how much each number is varied, up and down: "20%" or 0.2
    The rest is as for `sweep`.

    Raises ScenarioError, and ArgumentError, which is a ValueError, for an argument that means nothing.
    """
    try:
        share = parse_share(within)
    except ValueError as error:
        raise ArgumentError(str(error)) from None
    selections = selections_of(of)
    if not selections:
        raise ArgumentError("name at least one measure, such as wait_mean_min")
    load = _load(scenario, plan, several(sets))
    check_selections(load(()), selections)
    with executor_for(workers=workers, cluster=cluster, insecure=insecure_cluster) as executor:
        data = screen_assumptions(
            load,
            selections,
            trajectories=trajectories,
            within=share,
            seed=seed,
            engine=engine,
            executor=executor,
            on_replication=on_replication,
            on_notice=on_notice,
        )
    return Screening(data)


def _load(scenario: Source, plan: str | None, sets: Sequence[str]) -> Load:
    """Gives the scenario with further settings."""
    is_loaded = isinstance(scenario, Scenario)
    if is_loaded and (plan is not None or sets):
        raise ArgumentError("plan and sets belong to loading: pass them to load(), or pass a path or name")
    reader = Reader(scenario, sets)
    own = scenario.plan if isinstance(scenario, Scenario) else plan
    return lambda texts: reader.scenario(own, texts)


def _axes(vary: Mapping[str, Iterable[Any] | str] | str | Sequence[str]) -> list[Axis]:
    if isinstance(vary, Mapping):
        axes = [
            parse_axis(f"{path}={values}") if isinstance(values, str) else Listed(path, tuple(map(str, values)))
            for path, values in vary.items()
        ]
    else:
        axes = [parse_axis(text) for text in several(vary)]
    if not axes:
        raise ArgumentError("nothing is varied: name at least one path with its values")
    for axis in axes:
        if isinstance(axis, Listed) and not axis.values:
            raise ArgumentError(f"{axis.path}: has no values")
    paths = [axis.path for axis in axes]
    twice = [path for place, path in enumerate(paths) if path in paths[:place]]
    if twice:
        raise ArgumentError(f"{twice[0]} is varied twice: write all of its values at once")
    return axes


def _json(name: str, document: dict[str, Any]) -> dict[str, bytes]:
    return {name: (json.dumps(document, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode()}
