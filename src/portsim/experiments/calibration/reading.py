"""Reading a calibration file: everything that is wrong with it at once, each with its place."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from portsim import shipped, yamlfile
from portsim.errors import CalibrationError, Problem, ScenarioError
from portsim.experiments.calibration.figures import Figures
from portsim.experiments.calibration.observed import Observed
from portsim.experiments.calibration.page import Page
from portsim.experiments.calibration.parameters import Parameters
from portsim.experiments.calibration.question import Question
from portsim.facts import Fact, load_facts
from portsim.scenario.loading import ScenarioSource, open_file
from portsim.scenario.overlay import unknown
from portsim.scenario.scenario import Scenario
from portsim.scenario.schema.fields import is_name
from portsim.scenario.settings import place_of
from portsim.scenario.units import shown, suggestion

FORMAT = 1
MOST_TARGETS = 400

LIMIT = "limits.units_in_port=100000000"
"""A port that cannot keep up has to be played to its end: that it cannot is what the figures are to say."""

_TOP = {"calibration", "name", "scenario", "plan", "set", "facts", "fit", "targets", "check", "observed", "seed"}


def read_question(
    source: str | os.PathLike[str], *, sets: Sequence[str] = (), with_checks: bool = False, seed: int | None = None
) -> Question:
    """Read a calibration file, or a shipped one by its name, and check all of it.

    sets : further settings of the scenario, as texts `path=value`
    with_checks : whether the figures under `check` are fitted as well
    seed : in place of the file's

    Raises CalibrationError with every problem found, and ScenarioError if the scenario itself is not valid.
    """
    path, name = _find(source)
    return _Reading(yamlfile.read(path, name), path.parent).question(sets, with_checks, seed)


def shipped_calibrations() -> list[str]:
    """Names of the calibration files that come with portsim."""
    return sorted(path.stem for path in (shipped.folder("scenarios") / "calibration").glob("*.yaml"))


def _find(source: str | os.PathLike[str]) -> tuple[Path, str]:
    text = os.fspath(source)
    if isinstance(source, str) and is_name(text):
        path = shipped.folder("scenarios") / "calibration" / f"{text}.yaml"
        if path.is_file():
            return path, f"scenarios/calibration/{path.name}"
        if not Path(text).exists():
            known = shipped_calibrations()
            meant = suggestion(text, known) or f"; there are: {', '.join(known)}"
            none = f"there is no file and no shipped calibration {shown(text)}{meant}"
            raise CalibrationError([Problem(None, "", none)])
    return Path(text), text


class _Reading:
    """A calibration file while it is read."""

    def __init__(self, document: yamlfile.Document, folder: Path) -> None:
        self.page = Page(document)
        self.folder = folder
        self.facts: Mapping[str, Fact] = {}

    def question(self, sets: Sequence[str], with_checks: bool, seed: int | None) -> Question:
        top = self.page.mapping((), _TOP, {"calibration", "scenario", "fit"})
        if top is None:
            raise CalibrationError(self.page.problems)
        if "calibration" in top and (type(top["calibration"]) is not int or top["calibration"] != FORMAT):
            self.page.refuse(("calibration",), f"the format is {FORMAT}, got {shown(top['calibration'])}")
        self._read_facts()
        opened = self._scenario_source()
        own = self._settings()
        settings = [LIMIT, *own.values(), *sets]
        plan = top.get("plan")
        used = seed
        if used is None:
            used = top.get("seed", 1)
            if type(used) is not int or not 0 <= used < 2**63:
                self.page.refuse(("seed",), f"a whole number from 0 is needed, got {shown(used)}")
                used = 1
        if opened is None:
            raise CalibrationError(self.page.problems)
        source, loading = opened

        def load(texts: Sequence[str]) -> Scenario:
            return loading.scenario(plan, [*settings, *texts])

        try:
            if plan is not None and plan not in loading.plan_names:
                self.page.refuse(("plan",), unknown(str(plan), loading.plan_names, f"there is no plan {shown(plan)}"))
                plan = None
            scenario = load(())
        except ScenarioError as error:
            raise ScenarioError([*self.page.problems, *(self._placed(one, own) for one in error.problems)]) from None
        if scenario.posterior is not None:
            rule = "carries a posterior already: calibrate the scenario that it extends, with all of the figures"
            self.page.refuse(("scenario",), rule)
        reader = Parameters(self.page)
        parameters = reader.read()
        figures = Figures(self.page, self.facts, scenario)
        targets = figures.read("targets", is_fitted=True)
        targets += figures.read("check", is_fitted=with_checks)
        observed = Observed(figures, self.folder)
        targets += observed.read()
        if not targets and not self.page.problems:
            self.page.refuse(("targets",), "at least one figure is needed to say something of the parameters")
        if len(targets) > MOST_TARGETS:
            self.page.refuse(("targets",), f"there are {len(targets)} figures, {MOST_TARGETS} are the most")
        if not self.page.problems:
            reader.try_out(load, parameters)
        if self.page.problems:
            raise CalibrationError(self.page.problems)
        files = {self.page.document.file: self.page.document.sha256, **dict(scenario.files), **observed.files}
        return Question(
            name=str(top.get("name") or Path(self.page.document.file).stem),
            file=self.page.document.file,
            source=source,
            load=load,
            scenario=scenario,
            plan=plan,
            settings=tuple(settings),
            parameters=tuple(parameters),
            targets=tuple(targets),
            files=tuple(files.items()),
            seed=used,
            copies=tuple(_copies(loading, scenario)) if not _is_shipped(source) else (),
        )

    def _read_facts(self) -> None:
        extra = []
        for place, name in enumerate(self.page.items(("facts",))):
            path = self.folder / str(name)
            if not isinstance(name, str) or not path.is_file():
                self.page.refuse(("facts", place), f"there is no file {shown(name)} beside the calibration file")
            else:
                extra.append(path)
        try:
            self.facts = load_facts(extra)
        except ScenarioError as error:
            self.page.problems += error.problems
            self.facts = load_facts()

    def _scenario_source(self) -> tuple[str, ScenarioSource] | None:
        name = self.page.value(("scenario",))
        if not isinstance(name, str) or not name.strip():
            self.page.refuse(("scenario",), f"got {shown(name)}; write a file beside this one or a shipped scenario")
            return None
        source = name if _is_shipped(name) or not (self.folder / name).is_file() else str(self.folder / name)
        try:
            return source, open_file(source)
        except ScenarioError as error:
            for problem in error.problems:
                self.page.refuse(("scenario",), str(problem))
            return None

    def _settings(self) -> dict[str, str]:
        """The file's own settings, as texts, by path."""
        found = self.page.value(("set",)) if "set" in self.page.document.value else {}
        if not isinstance(found, dict):
            self.page.refuse(("set",), "write paths of the scenario with their values")
            return {}
        return {path: f"{path}={json.dumps(value, ensure_ascii=False)}" for path, value in found.items()}

    def _placed(self, problem: Problem, own: Mapping[str, str]) -> Problem:
        """A problem of the scenario; of one that comes of a setting of this file, where that stands."""
        path = next((path for path, text in own.items() if problem.place == place_of(text)), None)
        if path is None:
            return problem
        message = problem.message if problem.key == path else f"{problem.key}: {problem.message}"
        return Problem(self.page.place(("set", path)), yamlfile.key_path(("set", path)), message)


def _is_shipped(name: str) -> bool:
    return is_name(name) and (shipped.folder("scenarios") / f"{name}.yaml").is_file()


def _copies(loading: ScenarioSource, scenario: Scenario) -> Iterator[tuple[str, Path]]:
    """Every file that the scenario, with any of its plans, and what it extends are read from."""
    assert loading.findings.home is not None
    home = loading.findings.home.resolve()
    documents = [folder / Path(name).name for name, folder in loading.findings.folders.items() if folder is not None]
    every = [scenario, *(loading.scenario(plan) for plan in scenario.plans)]
    data = [Path(path) for one in every for _, path in one.attachments]
    for path in dict.fromkeys(path.resolve() for path in (*documents, *data)):
        if path.is_relative_to(home):
            yield path.relative_to(home).as_posix(), path
