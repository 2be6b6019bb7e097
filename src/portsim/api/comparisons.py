"""Comparing plans, or scenarios, from Python."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portsim.api.arguments import several
from portsim.api.outcome import Outcome
from portsim.api.plotting import ComparisonPlots, selections_of
from portsim.engines import EngineName
from portsim.errors import ArgumentError, Place, Problem, ScenarioError
from portsim.experiments.compare import Candidate, label_of
from portsim.experiments.compare import Comparison as ComparisonData
from portsim.experiments.compare import compare as compare_candidates
from portsim.experiments.equalhours import equalise, rostered_hours
from portsim.experiments.executors import Executor, executor_for
from portsim.experiments.measures import check_selections
from portsim.experiments.replicate import numbers_of
from portsim.experiments.together import play_together
from portsim.results.differences import ChanceRow, DifferenceRow, Plan
from portsim.results.files import write_whole
from portsim.results.selection import Condition, Selection
from portsim.scenario.reader import Reader
from portsim.scenario.scenario import Scenario
from portsim.scenario.units import suggestion
from portsim.tables import Line, Table
from portsim.views.compared import comparison_blocks
from portsim.views.csvtables import comparison_files
from portsim.views.documents import comparison_document
from portsim.views.plots import EXPERIMENTS, Compared, Drawn, draw_all, write_drawn
from portsim.views.plots.studies import COMPARISON

if TYPE_CHECKING:
    import pandas as pd

PILOT = 3
"""Replications that say how long reserves are on duty, before officers are made equal."""

Source = Scenario | str | os.PathLike[str]


class Comparison(Outcome[ComparisonData]):
    """What plans gave on the same chance; `print` shows verdicts and tables, and so does a notebook."""

    def __init__(self, data: ComparisonData, wanted: Sequence[Selection] = ()) -> None:
        self.data = data
        self._wanted = wanted

    @property
    def wanted(self) -> tuple[Selection, ...]:
        """The measures that were asked for with `of`; none where the usual ones are shown."""
        return tuple(self._wanted)

    @property
    def rows(self) -> tuple[DifferenceRow, ...]:
        """Every measure of every plan less the baseline's."""
        return self.data.differences

    @property
    def differences(self) -> pd.DataFrame:
        """The same as a table: plan, baseline, measure, part of the port, mean, sd, interval, n, p, verdict, method.

        The scenario without a plan is called `(no plan)`.
        """
        return _frame(self.data.differences, DifferenceRow)

    @property
    def best(self) -> pd.DataFrame:
        """How likely each plan is the best in each measure that has a good direction."""
        return _frame(self.data.chances, ChanceRow)

    def ranges(self) -> pd.DataFrame:
        """Where the differences of a single replication lie, of scenarios with a posterior; see `Run.ranges`."""
        from portsim.api.frames import ranges_frame

        return ranges_frame(self.data.ranges)

    def summary(self) -> pd.DataFrame:
        """Every measure of every plan, as `Run.summary`, with the plan in the first column."""
        import pandas as pd

        from portsim.api.frames import summary_frame

        frames = []
        for played in self.data.plans:
            frame = summary_frame(played.run.rows)
            frame.insert(0, "plan", played.label)
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    @property
    def officer_hours(self) -> Mapping[str, float]:
        """Officer-hours of each plan."""
        return {played.label: played.officer_hours for played in self.data.plans}

    @property
    def scenarios(self) -> Mapping[str, Scenario]:
        """What was simulated, by the name it was compared as, the baseline first."""
        return {played.label: played.candidate.scenario for played in self.data.plans}

    @property
    def plot(self) -> ComparisonPlots:
        """Pictures of it: `comparison.plot.plans()`, `.queues()`, each taking `ax=` and returning Axes."""
        return ComparisonPlots(self.data, self._wanted)

    def to_dict(self) -> dict[str, Any]:
        """The object `portsim compare --json` prints."""
        return comparison_document(self.data, self._wanted)

    def write(self, folder: str | os.PathLike[str], *, with_picture: bool = True) -> list[Path]:
        """Write tables, the JSON object and the pictures into a new or empty folder; return their paths.

        Raises ScenarioError if something is in the folder, OSError.
        """
        drawn: Mapping[str, Drawn] = {}
        if with_picture:
            drawn, _ = draw_all(EXPERIMENTS[COMPARISON], Compared.of(self.data, self._wanted))
        document = json.dumps(self.to_dict(), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
        return write_folder(Path(folder), comparison_files(self.data) | {COMPARISON: document.encode()}, drawn)

    def blocks(self) -> list[Line | Table]:
        """The readable result, as lines and tables."""
        return comparison_blocks(self.data, self._wanted)

    def __repr__(self) -> str:
        labels = ", ".join(played.label for played in self.data.plans)
        return f"<Comparison of {labels}: {len(self.data.numbers)} replications, seed {self.data.seed}>"


def compare(
    scenario: Source | Sequence[Source],
    *,
    plans: str | Sequence[str | None] | None = None,
    baseline: str | None = None,
    replications: int | Iterable[int] = 30,
    seed: int | None = None,
    sets: str | Sequence[str] = (),
    of: str | Sequence[str] = (),
    equal_hours: bool = False,
    conditions: Sequence[Condition] = (),
    engine: EngineName = "auto",
    workers: int | None = None,
    cluster: str | None = None,
    insecure_cluster: bool = False,
    on_replication: Callable[[int], None] | None = None,
    on_notice: Callable[[str], None] | None = None,
) -> Comparison:
    """Play the plans of a scenario, or several scenarios, on the same chance, and hold each against a baseline.

    scenario : one (a path, a shipped name or what `load` gave), whose plans are compared; or several
    plans : which of its plans, None among them for the scenario without one; all of them if not given
    baseline : the plan, or of several scenarios the file's name, that the others are held against; by default the
        scenario without a plan, or the first of several
    replications, seed, engine : as for `run`; the baseline's seed holds for all
    sets : texts `path=value`, laid on all of them after the plan
    of : measures that are shown first, `wait_p95_min` or `wait_p95_min of outbound`
    conditions : of the command line's `--fail-if`: here it is only seen to that their measures and plans exist
    equal_hours : change levels and crew sizes of the plans so that officer-hours come as near the baseline's as whole
        officers can
    workers, cluster, insecure_cluster : who plays them, as for `run`
    on_replication : called when a replication of a plan is done, with how many there will be of all

    Raises ScenarioError, and ValueError for an argument that means nothing.
    """
    wanted, sets = selections_of(of), several(sets)
    named = None if plans is None else several(plans)
    sources = [scenario] if isinstance(scenario, Scenario | str | os.PathLike) else list(scenario)
    found = _plans(sources[0], named, baseline, sets) if len(sources) == 1 else _several(sources, named, baseline, sets)
    candidates = [candidate for candidate, _ in found]
    for candidate in candidates:
        check_selections(candidate.scenario, [*wanted, *conditions])
    for condition in conditions:
        if condition.plan is not None and condition.plan not in [candidate.plan for candidate in candidates]:
            listed = ", ".join(label_of(candidate.plan) for candidate in candidates)
            raise ArgumentError(
                f"{condition.text!r} names {condition.plan!r}, which is not compared; there are: {listed}"
            )
    expected = len(candidates) * len(numbers_of(replications))
    executor = executor_for(workers=workers, cluster=cluster, insecure=insecure_cluster, expected=expected)
    with executor:
        if equal_hours:
            candidates = _equal(found, replications, seed, engine, executor)
        data = compare_candidates(
            candidates,
            replications=replications,
            seed=seed,
            engine=engine,
            executor=executor,
            on_replication=on_replication,
            on_notice=on_notice,
        )
    return Comparison(data, wanted)


def write_folder(folder: Path, files: Mapping[str, bytes], pictures: Mapping[str, Drawn]) -> list[Path]:
    """Write files and pictures into a folder that is new or empty; return their paths.

    Raises ScenarioError if something is in it, OSError.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        rule = "is there already and not an empty folder; name a new one, nothing is overwritten"
        raise ScenarioError([Problem(Place(str(folder), 0, 0), "", rule)])
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_whole(folder / name, [content])
        paths.append(folder / name)
    return [*paths, *write_drawn(pictures, folder)]


Found = list[tuple[Candidate, Callable[[Sequence[str]], Scenario]]]
"""What is compared, each with what reads it again with further settings."""


def _plans(source: Source, plans: Sequence[str | None] | None, baseline: str | None, sets: Sequence[str]) -> Found:
    """The baseline and the plans of one scenario."""
    reader = Reader(source, () if isinstance(source, Scenario) else sets)
    more = tuple(sets) if isinstance(source, Scenario) else ()
    if isinstance(source, Scenario) and source.plan is not None:
        raise ArgumentError(
            f"the scenario was loaded with plan {source.plan!r}: load it without, and name plans to compare"
        )
    known = reader.scenario(None, more).plans
    names: list[Plan] = list(known if plans is None else dict.fromkeys(plans))
    for name in (*names, *([] if baseline is None else [baseline])):
        if name is not None and name not in known:
            listed = f"there are: {', '.join(known)}" if known else "this scenario has no plans"
            raise ScenarioError(
                [Problem(None, "plans", f"there is no plan {name!r}{suggestion(str(name), known) or '; ' + listed}")]
            )
    if plans is None and baseline is not None:
        names = [None, *names]  # all there is is held against the plan that is named
    order: list[Plan] = [baseline, *(name for name in names if name != baseline)]
    if len(order) < 2:
        none = "this scenario has no plans" if not known else "name a plan that is not the baseline"
        rule = f"{none}; compare it with another scenario, or write plans: into it (docs/scenario-reference.md)"
        raise ScenarioError([Problem(None, "plans", rule)])

    def reading(plan: Plan) -> Callable[[Sequence[str]], Scenario]:
        return lambda texts: reader.scenario(plan, (*more, *texts))

    return [(Candidate(plan, reading(plan)(())), reading(plan)) for plan in order]


def _several(
    sources: Sequence[Source], plans: Sequence[str | None] | None, baseline: str | None, sets: Sequence[str]
) -> Found:
    """Several scenarios, each under the name of its file."""
    if plans:
        raise ArgumentError("plans are those of one scenario: compare one scenario with its plans, or several without")
    if not sources:
        raise ArgumentError("there is nothing to compare: name a scenario with plans, or several scenarios")
    found: Found = []
    for source in sources:
        reader = Reader(source, () if isinstance(source, Scenario) else sets)
        plan = source.plan if isinstance(source, Scenario) else None
        more = tuple(sets) if isinstance(source, Scenario) else ()

        def read(
            texts: Sequence[str], reader: Reader = reader, plan: Plan = plan, more: tuple[str, ...] = more
        ) -> Scenario:
            return reader.scenario(plan, (*more, *texts))

        scenario = read(()) if not isinstance(source, Scenario) or more else source
        stem = Path(reader.origin.source).stem
        found.append((Candidate(f"{stem}:{plan}" if plan else stem, scenario), read))
    names = [label_of(candidate.plan) for candidate, _ in found]
    twice = [name for place, name in enumerate(names) if name in names[:place]]
    if twice:
        raise ArgumentError(f"two scenarios are called {twice[0]}: each is compared under the name of its file")
    if baseline is not None:
        if baseline not in names:
            raise ArgumentError(f"there is no scenario {baseline!r} among {', '.join(names)}")
        found.insert(0, found.pop(names.index(baseline)))
    return found


def _equal(
    found: Found, replications: int | Iterable[int], seed: int | None, engine: EngineName, executor: Executor
) -> list[Candidate]:
    """The candidates with their officers changed until their hours are nearly the baseline's."""
    base = found[0][0].scenario
    rostered = [rostered_hours(candidate.scenario) for candidate, _ in found]
    has_reserves = [
        any(pool.reserves for regime in candidate.scenario.regimes for pool in regime.pools) for candidate, _ in found
    ]
    called: list[dict[str, float]] = [{} for _ in found]
    if any(has_reserves):  # how long they are on duty only a run can tell
        places = [place for place, has_some in enumerate(has_reserves) if has_some]
        numbers = numbers_of(replications)[:PILOT]
        pilots = play_together(
            [found[place][0].scenario for place in places],
            numbers,
            seed=base.seed if seed is None else seed,
            engine=engine,
            executor=executor,
        )
        for place, run in zip(places, pilots.runs, strict=True):
            for row in run.rows:
                if row.metric == "officer_hours" and row.pool is not None:
                    called[place][row.pool] = row.mean - rostered[place][row.pool]
    wanted = {pool: hours + called[0].get(pool, 0.0) for pool, hours in rostered[0].items()}
    candidates = [found[0][0]]
    for (candidate, read), own in zip(found[1:], called[1:], strict=True):
        scenario, adjusted = equalise(read, wanted, own)
        candidates.append(Candidate(candidate.plan, scenario, adjusted))
    return candidates


def _frame(rows: Sequence[Any], kind: type[DifferenceRow | ChanceRow]) -> pd.DataFrame:
    from dataclasses import asdict

    import pandas as pd

    frame = pd.DataFrame([asdict(row) for row in rows], columns=list(kind.__dataclass_fields__))
    for column in ("plan", "baseline"):
        if column in frame:
            frame[column] = [label_of(name) for name in (getattr(row, column) for row in rows)]
    return frame
