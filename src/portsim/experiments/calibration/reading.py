"""Reading a calibration file: everything that is wrong with it at once, each with its place."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from portsim import shipped, yamlfile
from portsim.errors import CalibrationError, Place, Problem, ScenarioError
from portsim.experiments.calibration.comparing import check_period, in_unit_of, whole_days
from portsim.experiments.calibration.priors import Prior, Shape
from portsim.experiments.calibration.question import (
    BUSIEST,
    COUNTED,
    PER_DAY,
    Error,
    Measured,
    Parameter,
    Question,
    Target,
)
from portsim.experiments.measures import measures_of
from portsim.facts import Counts, Fact, load_facts, lookup
from portsim.facts.units import UNITS
from portsim.results import Measure
from portsim.results.selection import Selection
from portsim.scenario.calendar import to_utc_ms
from portsim.scenario.loading import ScenarioSource, open_file
from portsim.scenario.quantities import dimension
from portsim.scenario.scenario import Scenario
from portsim.scenario.schema.fields import is_name
from portsim.scenario.units import parse_duration, parse_local_datetime, parse_share, shown, suggestion
from portsim.yamlfile import Path as Keys

FORMAT = 1
MOST_PARAMETERS = 12
MOST_TARGETS = 400
KEEPS = 1.96
"""`within: 3%` is that much in 95 cases of 100: so many standard deviations."""

LIMIT = "limits.units_in_port=100000000"
"""A port that cannot keep up has to be played to its end: that it cannot is what the figures are to say."""

_TOP = {"calibration", "name", "scenario", "plan", "set", "facts", "fit", "targets", "check", "seed"}
_FIT = {"sets", "prior", "why"}
_TARGET = {"fact", "value", "unit", "source", "measure", "kinds", "rank", "error", "why", "would_take"}
_ERROR = {"counting", "counted_by", "rounded", "rounded_down", "at_least", "at_most", "within", "cut_off"}
_SHAPES: Mapping[str, Shape] = {
    "uniform": "uniform",
    "log_uniform": "log_uniform",
    "triangular": "triangular",
    "normal": "normal",
    "lognormal": "lognormal",
    "whole": "whole",
}
_PRIOR_RULE = (
    "write {uniform: [300, 900]}, {log_uniform: [1 min, 12 min]}, {whole: [1, 8]}, {triangular: [1, 2, 5]}, "
    "{normal: {mean: 500, sd: 50}} or {lognormal: {mean: 3 min, cv: 0.5}}"
)
_MEASURE_RULE = (
    "write MEASURE, MEASURE of PART or MEASURE of PART in FROM .. TO, for instance crossings in 2025-06-01 10:00 .. "
    "2025-06-02 08:00"
)
_MEASURE = re.compile(
    r"\s*(?P<metric>[A-Za-z]\w*)(?:\s+of\s+(?P<part>\S+))?"
    r"(?:\s+in\s+(?P<start>[\d: T-]+?)\s*\.\.\s*(?P<end>[\d: T-]+?))?\s*"
)
_QUANTITY = re.compile(r"\s*([+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)\s*([A-Za-z%/][A-Za-z%/]*)?\s*")


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
        self.document = document
        self.folder = folder
        self.problems: list[Problem] = []
        self.facts: Mapping[str, Fact] = {}
        self.rows: tuple[Measure, ...] | None = None

    def question(self, sets: Sequence[str], with_checks: bool, seed: int | None) -> Question:
        top = self.mapping((), _TOP, {"calibration", "scenario", "fit", "targets"})
        if top is None:
            raise CalibrationError(self.problems)
        if "calibration" in top and (type(top["calibration"]) is not int or top["calibration"] != FORMAT):
            self.refuse(("calibration",), f"the format is {FORMAT}, got {shown(top['calibration'])}")
        self._read_facts()
        opened = self._scenario_source()
        settings = [LIMIT, *self._settings(), *sets]
        plan = top.get("plan")
        used = seed
        if used is None:
            used = top.get("seed", 1)
            if type(used) is not int or not 0 <= used < 2**63:
                self.refuse(("seed",), f"a whole number from 0 is needed, got {shown(used)}")
                used = 1
        if opened is None:
            raise CalibrationError(self.problems)
        source, loading = opened

        def load(texts: Sequence[str]) -> Scenario:
            return loading.scenario(plan, [*settings, *texts])

        try:
            scenario = load(())
        except ScenarioError as error:
            raise ScenarioError([*self.problems, *error.problems]) from None
        parameters = self._parameters()
        targets = self._targets("targets", scenario, is_fitted=True)
        targets += self._targets("check", scenario, is_fitted=with_checks)
        if not targets and not self.problems:
            self.refuse(("targets",), "at least one figure is needed to say something of the parameters")
        if len(targets) > MOST_TARGETS:
            self.refuse(("targets",), f"there are {len(targets)} figures, {MOST_TARGETS} are the most")
        if not self.problems:
            self._try(load, parameters)
        if self.problems:
            raise CalibrationError(self.problems)
        files = {self.document.file: self.document.sha256, **dict(scenario.files)}
        return Question(
            name=str(top.get("name") or Path(self.document.file).stem),
            file=self.document.file,
            source=source,
            load=load,
            scenario=scenario,
            settings=tuple(settings),
            parameters=tuple(parameters),
            targets=tuple(targets),
            files=tuple(files.items()),
            seed=used,
        )

    # ---- the parts of the file --------------------------------------------------------------------------------

    def _read_facts(self) -> None:
        extra = []
        for place, name in enumerate(self.items(("facts",))):
            path = self.folder / str(name)
            if not isinstance(name, str) or not path.is_file():
                self.refuse(("facts", place), f"there is no file {shown(name)} beside the calibration file")
            else:
                extra.append(path)
        try:
            self.facts = load_facts(extra)
        except ScenarioError as error:
            self.problems += error.problems
            self.facts = load_facts()

    def _scenario_source(self) -> tuple[str, ScenarioSource] | None:
        name = self.value(("scenario",))
        if not isinstance(name, str) or not name.strip():
            self.refuse(("scenario",), f"got {shown(name)}; write a file beside this one or a shipped scenario")
            return None
        is_shipped = is_name(name) and (shipped.folder("scenarios") / f"{name}.yaml").is_file()
        source = name if is_shipped or not (self.folder / name).is_file() else str(self.folder / name)
        try:
            return source, open_file(source)
        except ScenarioError as error:
            for problem in error.problems:
                self.refuse(("scenario",), str(problem))
            return None

    def _settings(self) -> list[str]:
        found = self.value(("set",)) if "set" in self.document.value else {}
        if not isinstance(found, dict):
            self.refuse(("set",), "write paths of the scenario with their values")
            return []
        return [f"{path}={json.dumps(value, ensure_ascii=False)}" for path, value in found.items()]

    def _parameters(self) -> list[Parameter]:
        found = self.value(("fit",))
        if not isinstance(found, dict) or not found:
            self.refuse(("fit",), "write the unknown numbers by names of your own, each with sets, prior and why")
            return []
        if len(found) > MOST_PARAMETERS:
            self.refuse(("fit",), f"there are {len(found)} unknown numbers, {MOST_PARAMETERS} are the most")
        parameters = []
        owners: dict[str, str] = {}
        for name in found:
            keys: Keys = ("fit", name)
            if not is_name(name):
                self.refuse(keys, f"{shown(name)} is not a name", key=True)
                continue
            if self.mapping(keys, _FIT, _FIT) is None or not found[name].keys() >= _FIT:
                continue
            sets = self._sets((*keys, "sets"))
            prior = self._prior((*keys, "prior"))
            why = self.text((*keys, "why"))
            for path, _ in sets:
                if path in owners:
                    self.refuse((*keys, "sets"), f"{path} is set by {owners[path]} already")
                owners[path] = name
            if sets and prior is not None:
                parameters.append(Parameter(name, tuple(sets), prior, why, self.place(keys, key=True)))
        return parameters

    def _sets(self, keys: Keys) -> list[tuple[str, float]]:
        found = self.value(keys)
        if isinstance(found, str):
            found = {found: 1}
        elif isinstance(found, list) and all(isinstance(path, str) for path in found):
            found = dict.fromkeys(found, 1)
        if not isinstance(found, dict) or not found:
            self.refuse(
                keys, "write a path of the scenario, a list of them, or paths with what each is multiplied with"
            )
            return []
        sets = []
        for path, times in found.items():
            if isinstance(times, bool) or not isinstance(times, int | float) or not math.isfinite(times):
                self.refuse(keys, f"{path} is multiplied with a number, got {shown(times)}")
            elif dimension(tuple(path.split("."))) in (None, "clock", "date", "file"):
                self.refuse(keys, f"{path} is no number of a scenario")
            else:
                sets.append((path, float(times)))
        return sets

    def _prior(self, keys: Keys) -> Prior | None:
        found = self.value(keys)
        if not isinstance(found, dict) or len(found) != 1 or next(iter(found)) not in _SHAPES:
            self.refuse(keys, f"got {shown(found)}; {_PRIOR_RULE}")
            return None
        [(name, body)] = found.items()
        wanted = {"triangular": 3}.get(name, 2)
        named = {"normal": ("mean", "sd"), "lognormal": ("mean", "cv")}.get(name)
        values = [body.get(key) for key in named] if named and isinstance(body, dict) else body
        if (named and (not isinstance(body, dict) or set(body) != set(named))) or not isinstance(values, list):
            self.refuse(keys, f"got {shown(found)}; {_PRIOR_RULE}")
            return None
        parts = [_quantity(value) for value in values]
        if len(parts) != wanted or not all(parts):
            self.refuse(keys, f"got {shown(found)}; {_PRIOR_RULE}")
            return None
        numbers = [part[0] for part in parts if part]
        units = {part[1] for part in parts if part and part[1]}
        if len(units) > 1:
            self.refuse(keys, f"has the units {', '.join(sorted(units))}; write one of them")
            return None
        if wrong := _wrong_with(name, numbers):
            self.refuse(keys, wrong)
            return None
        return Prior(
            _SHAPES[name], numbers[0], numbers[1], numbers[2] if wanted == 3 else math.nan, next(iter(units), "")
        )

    def _targets(self, section: str, scenario: Scenario, *, is_fitted: bool) -> list[Target]:
        found = self.document.value.get(section) or {}
        if not isinstance(found, dict):
            self.refuse((section,), "write figures by names of your own, each with a fact and its measure")
            return []
        targets = []
        for name in found:
            before = len(self.problems)
            target = self._target((section, name), scenario, is_fitted=is_fitted)
            if target is not None and len(self.problems) == before:
                targets.append(target)
        return targets

    def _target(self, keys: Keys, scenario: Scenario, *, is_fitted: bool) -> Target | None:
        found = self.mapping(keys, _TARGET, {"measure"})
        if found is None or "measure" not in found:
            return None
        if ("fact" in found) is ("value" in found):
            self.refuse(keys, "name a fact, or give a value of your own with its unit and source", key=True)
            return None
        fact = self._fact((*keys, "fact")) if "fact" in found else None
        if fact is None and "fact" in found:
            return None
        counts: Counts | None = None
        if fact is not None:
            if isinstance(fact.value, str):
                self.refuse((*keys, "fact"), f"{fact.id} is {fact.unit} {fact.value!r}, not a number")
                return None
            value, unit, counts = float(fact.value), fact.unit, fact.counts
            source = fact.id
        else:
            unit = found.get("unit", "")
            if unit not in UNITS:
                self.refuse(
                    (*keys, "unit") if "unit" in found else keys,
                    f"{shown(unit)} is not a unit of a figure{suggestion(str(unit), UNITS)}",
                )
                return None
            number = found["value"]
            if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
                self.refuse((*keys, "value"), f"a number is needed, got {shown(number)}")
                return None
            if "source" not in found:
                self.refuse(keys, "a value of your own needs 'source': who observed it", key=True)
                return None
            value, source = float(number), self.text((*keys, "source"))
        measured = self._measured(keys, found, fact, scenario)
        if measured is None:
            return None
        try:
            value = in_unit_of(measured, value, unit, counts, scenario)
        except ValueError as error:
            self.refuse((*keys, "measure"), f"{fact.id if fact else 'the value'} {error}")
            return None
        off = self._error(keys, found, fact, value, value / float(fact.value) if fact and fact.value else 1.0)
        if fact is not None and "why" not in found:
            wrong = check_period(fact, measured, off.cut_off_ms, scenario.clock)
            if wrong:
                self.refuse((*keys, "measure"), wrong)
        if off.cut_off_ms and measured.metric not in ("crossings", "persons", "goods"):
            self.refuse((*keys, "error", "cut_off"), "only a running count has an unknown hour at which it ends")
        for name in ("why", "would_take"):
            if name in found:
                self.text((*keys, name))
        return Target(
            name=str(keys[-1]),
            value=value,
            measured=measured,
            error=off,
            is_fitted=is_fitted,
            fact=fact,
            source=source,
            would_take=str(found.get("would_take", "")),
            place=self.place(keys, key=True),
        )

    def _fact(self, keys: Keys) -> Fact | None:
        name = self.value(keys)
        if not isinstance(name, str):
            self.refuse(keys, f"got {shown(name)}; write the id of a fact")
            return None
        try:
            return lookup(self.facts, name)
        except ScenarioError as error:
            self.refuse(keys, str(error))
            return None

    def _measured(self, keys: Keys, found: Mapping[str, Any], fact: Fact | None, scenario: Scenario) -> Measured | None:
        at = (*keys, "measure")
        text = self.text(at)
        parsed = _MEASURE.fullmatch(text)
        if parsed is None:
            self.refuse(at, f"got {shown(text)}; {_MEASURE_RULE}")
            return None
        window = self._window(at, parsed, fact, scenario)
        kinds = tuple(self.items((*keys, "kinds")))
        known = sorted({flow.kind for flow in scenario.flows})
        for kind in kinds:
            if kind not in known:
                self.refuse((*keys, "kinds"), f"no flow is of the kind {shown(kind)}; there are: {', '.join(known)}")
                return None
        rank = found.get("rank", 1)
        if window is None:
            return None
        metric, part = parsed["metric"], parsed["part"]
        measured = Measured(metric, part, kinds, *window, rank if type(rank) is int else 1)
        if "rank" in found and (type(rank) is not int or not 1 <= rank <= 1000 or metric not in BUSIEST):
            self.refuse(
                (*keys, "rank"), "a whole number from 1, of a measure on the busiest day: 2 for the second busiest"
            )
        if metric in COUNTED:
            parts = {name for flow in scenario.flows for name in (flow.name, flow.kind, flow.direction)}
            if part is not None and part not in parts:
                meant = suggestion(part, parts) or f"; there are: {', '.join(sorted(parts))}"
                self.refuse(at, f"{metric} is of a flow, kind or direction, not of {shown(part)}{meant}")
                return None
            if (metric in PER_DAY or metric in BUSIEST) and not whole_days(measured, scenario.clock):
                self.refuse(at, f"{metric} needs a window of whole days of the port's clock")
                return None
            return measured
        if kinds:
            self.refuse((*keys, "kinds"), f"only counts are of kinds, and {metric} is none")
        try:
            if self.rows is None:
                self.rows = measures_of(scenario)
            Selection(metric, part).check(self.rows)
        except ValueError as error:
            self.refuse(at, f"{error}")
            return None
        return measured

    def _window(self, at: Keys, parsed: re.Match[str], fact: Fact | None, scenario: Scenario) -> tuple[int, int] | None:
        if parsed["start"] is None:
            period = fact.period if fact is not None else None
            if period is None or period.start is None or period.end is None:
                return scenario.measure_from_ms, scenario.end_ms
            start, end = period.start, period.end
        else:
            try:
                start, end = _moment(parsed["start"]), _moment(parsed["end"], is_end=True)
            except ValueError as error:
                self.refuse(at, str(error))
                return None
        try:
            window = to_utc_ms(start, scenario.clock), to_utc_ms(end, scenario.clock)
        except ValueError as error:
            self.refuse(at, str(error))
            return None
        if window[0] >= window[1]:
            self.refuse(at, "the window ends before it begins")
            return None
        if window[0] < scenario.start_ms or window[1] > scenario.end_ms:
            run = " to ".join(_local(ms, scenario.clock) for ms in (scenario.start_ms, scenario.end_ms))
            self.refuse(at, f"the window lies outside the run of the scenario, {run}")
            return None
        return window

    def _error(self, keys: Keys, found: Mapping[str, Any], fact: Fact | None, value: float, scale: float) -> Error:
        """How far a figure may be off: as its bound says unless the file says more."""
        at = (*keys, "error")
        stated = found.get("error", {})
        if stated and self.mapping(at, _ERROR, ()) is None:
            return Error()
        below, above = 0.0, 0.0
        measured_unit = fact.unit if fact is not None else found.get("unit", "")
        if UNITS.get(measured_unit, ("", 0))[0] == "count" and float(value).is_integer():
            below = above = 0.5
        bound = fact.bound if fact is not None else "exact"
        limits = [name for name in ("at_least", "at_most", "rounded", "rounded_down") if name in stated]
        if len(limits) > 1:
            self.refuse(at, f"{' and '.join(limits)} exclude one another")
        for name in ("at_least", "at_most"):
            if name in stated and stated[name] is not True:
                self.refuse((*at, name), f"write '{name}: true', or leave it out")
        numbers = {name: self._positive((*at, name)) for name in ("rounded", "rounded_down") if name in stated}
        if bound == "at_least" and not {"rounded", "rounded_down"} & stated.keys():
            below, above = 0.0, math.inf
        if bound == "at_most" and not {"rounded", "rounded_down"} & stated.keys():
            below, above = math.inf, 0.0
        if "at_least" in stated:
            below, above = 0.0, math.inf
        elif "at_most" in stated:
            below, above = math.inf, 0.0
        elif "rounded" in stated:
            below = above = scale * numbers["rounded"] / 2
        elif "rounded_down" in stated:
            below, above = 0.0, scale * numbers["rounded_down"]
        shares = {name: self._share((*at, name)) / KEEPS for name in ("counting", "within") if name in stated}
        if bound == "about" and not shares and not limits:
            self.refuse(
                keys,
                f"{fact.id if fact else ''} is about right only: say how far it may be off, for instance "
                "'error: {within: 5%}'",
                key=True,
            )
        body = stated.get("counted_by")
        if body is not None and (not isinstance(body, str) or "counting" not in stated):
            self.refuse((*at, "counted_by"), "a name, beside 'counting': figures of one body are off by the same share")
            body = None
        cut_off = 0
        if "cut_off" in stated:
            try:
                cut_off = parse_duration(stated["cut_off"])
            except ValueError as error:
                self.refuse((*at, "cut_off"), str(error))
        return Error(below, above, shares.get("counting", 0.0), body, shares.get("within", 0.0), cut_off)

    # ---- trying the priors ------------------------------------------------------------------------------------

    def _try(self, load: Any, parameters: Sequence[Parameter]) -> None:
        """Whether the scenario is one at both ends of every prior, the others at their medians."""
        medians = {one.name: float(one.prior.value(0.5)) for one in parameters}
        refused: set[Problem] = set()
        for one in parameters:
            for share in (0.5, 0.0, 1.0):
                values = {**medians, one.name: float(one.prior.value(share))}
                texts = [text for other in parameters for text in other.settings(values[other.name])]
                try:
                    load(texts)
                except ScenarioError as error:
                    paths = [path for path, _ in one.sets]
                    own = [problem for problem in error.problems if _is_of(problem, paths)]
                    for problem in own or (error.problems if share != 0.5 else []):
                        key = "sets" if share == 0.5 else "prior"
                        value = one.prior.written(values[one.name])
                        text = f"at {value} the scenario is not valid: {problem.key}: {problem.message}"
                        found = Problem(self.place(("fit", one.name, key)), f"fit.{one.name}.{key}", text)
                        if found not in refused:
                            refused.add(found)
                            self.problems.append(found)
                    if own:
                        break

    # ---- values with their places -----------------------------------------------------------------------------

    def value(self, keys: Keys) -> Any:
        value = self.document.value
        for key in keys:
            value = value[key]
        return value

    def place(self, keys: Keys, *, key: bool = False) -> Place:
        places = self.document.key_places if key and keys in self.document.key_places else self.document.places
        while keys not in places:
            keys = keys[:-1]
        return places[keys]

    def refuse(self, keys: Keys, message: str, *, key: bool = False) -> None:
        self.problems.append(Problem(self.place(keys, key=key), yamlfile.key_path(keys), message))

    def mapping(self, keys: Keys, known: Collection[str], required: Collection[str]) -> dict[str, Any] | None:
        value = self.value(keys)
        if not isinstance(value, dict):
            self.refuse(keys, f"a mapping is needed with the keys {', '.join(sorted(known))}")
            return None
        for name in value:
            if name not in known:
                cure = suggestion(name, sorted(known)) or f"; known keys are {', '.join(sorted(known))}"
                self.refuse((*keys, name), f"unknown key{cure}", key=True)
        for name in sorted(required):
            if name not in value:
                self.refuse(keys, f"the key {name!r} is missing", key=True)
        return value if set(required) <= value.keys() else None

    def items(self, keys: Keys) -> list[Any]:
        holder = self.value(keys[:-1])
        value = holder.get(keys[-1]) if isinstance(holder, dict) else None
        if value is None:
            return []
        if not isinstance(value, list):
            self.refuse(keys, f"a list is needed, got {shown(value)}")
            return []
        return value

    def text(self, keys: Keys) -> str:
        value = self.value(keys)
        if isinstance(value, str) and value.strip():
            return value.strip()
        self.refuse(keys, f"text is needed, got {shown(value)}")
        return ""

    def _positive(self, keys: Keys) -> float:
        value = self.value(keys)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            self.refuse(keys, f"a number above 0 is needed, got {shown(value)}")
            return 1.0
        return float(value)

    def _share(self, keys: Keys) -> float:
        try:
            share = parse_share(self.value(keys))
        except ValueError as error:
            self.refuse(keys, str(error))
            return 0.0
        if not share:
            self.refuse(keys, "a share above 0 is needed")
        return share


def _is_of(problem: Problem, paths: Iterable[str]) -> bool:
    return any(
        problem.key.startswith(path) or (problem.place and f"--set {path}=" in problem.place.file) for path in paths
    )


def _quantity(value: Any) -> tuple[float, str] | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return (float(value), "") if math.isfinite(value) else None
    found = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    return (float(found[1]), found[2] or "") if found else None


def _wrong_with(name: str, numbers: Sequence[float]) -> str:
    """What is wrong with the numbers of a prior, nothing if they make one."""
    first, second = numbers[:2]
    if name in ("normal", "lognormal"):
        what = "sd" if name == "normal" else "cv"
        if second <= 0:
            return f"the {what} is above 0, got {second:g}"
        return f"the mean is above 0, got {first:g}" if name == "lognormal" and first <= 0 else ""
    if any(low > high for low, high in pairwise(numbers)) or numbers[0] == numbers[-1]:
        return f"goes up, got {', '.join(f'{number:g}' for number in numbers)}"
    if name == "log_uniform" and first <= 0:
        return f"a range by the log is above 0, got {first:g}"
    if name == "whole" and any(number != round(number) for number in numbers):
        return "a range of whole numbers has whole ends"
    return ""


def _moment(text: str, *, is_end: bool = False) -> datetime:
    """A local time; a date alone is its midnight, or the midnight after it if it ends a window."""
    if ":" not in text:
        return parse_local_datetime(f"{text.strip()} 00:00") + timedelta(days=is_end)
    return parse_local_datetime(text.strip())


def _local(at_ms: int, clock: str) -> str:
    from portsim.scenario.calendar import to_local
    from portsim.scenario.units import format_local

    return format_local(to_local(at_ms, clock))
