"""The figures of a calibration file: what each is compared with, and how far it may be off."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from portsim.errors import ScenarioError
from portsim.experiments.calibration.comparing import check_period, in_unit_of, whole_days
from portsim.experiments.calibration.page import Page
from portsim.experiments.calibration.question import BUSIEST, COUNTED, PER_DAY, Error, Measured, Target
from portsim.experiments.measures import measures_of
from portsim.facts import Counts, Fact, lookup
from portsim.facts.units import UNITS
from portsim.results import Measure
from portsim.results.selection import Selection
from portsim.scenario.calendar import to_local, to_utc_ms
from portsim.scenario.scenario import Scenario
from portsim.scenario.units import format_local, parse_duration, parse_local_datetime, shown, suggestion
from portsim.yamlfile import Path as Keys

KEEPS = 1.96
"""`within: 3%` is that much in 95 cases of 100: so many standard deviations."""

_TARGET = {"fact", "value", "unit", "source", "measure", "kinds", "rank", "error", "why", "would_take"}
_ERROR = {"counting", "counted_by", "rounded", "rounded_down", "at_least", "at_most", "within", "cut_off"}
_MEASURE_RULE = (
    "write MEASURE, MEASURE of PART or MEASURE of PART in FROM .. TO, for instance crossings in 2025-06-01 10:00 .. "
    "2025-06-02 08:00"
)
_MEASURE = re.compile(
    r"\s*(?P<metric>[A-Za-z]\w*)(?:\s+of\s+(?P<part>\S+))?"
    r"(?:\s+in\s+(?P<start>[\d: T-]+?)\s*\.\.\s*(?P<end>[\d: T-]+?))?\s*"
)


class Figures:
    """Reads `targets` and `check`.

    facts : by id; scenario : as it is without any of the unknown numbers
    """

    def __init__(self, page: Page, facts: Mapping[str, Fact], scenario: Scenario) -> None:
        self.page = page
        self.facts = facts
        self.scenario = scenario
        self.rows: tuple[Measure, ...] | None = None

    def read(self, section: str, *, is_fitted: bool) -> list[Target]:
        """The figures of a section, in the order of the file."""
        found = self.page.document.value.get(section) or {}
        if not isinstance(found, dict):
            self.page.refuse((section,), "write figures by names of your own, each with a fact and its measure")
            return []
        targets = []
        for name in found:
            before = len(self.page.problems)
            target = self._target((section, name), is_fitted=is_fitted)
            if target is not None and len(self.page.problems) == before:
                targets.append(target)
        return targets

    def _target(self, keys: Keys, *, is_fitted: bool) -> Target | None:
        found = self.page.mapping(keys, _TARGET, {"measure"})
        if found is None or "measure" not in found:
            return None
        if ("fact" in found) is ("value" in found):
            self.page.refuse(keys, "name a fact, or give a value of your own with its unit and source", key=True)
            return None
        fact = self._fact((*keys, "fact")) if "fact" in found else None
        if fact is None and "fact" in found:
            return None
        counts: Counts | None = None
        if fact is not None:
            if isinstance(fact.value, str):
                self.page.refuse((*keys, "fact"), f"{fact.id} is {fact.unit} {fact.value!r}, not a number")
                return None
            value, unit, counts = float(fact.value), fact.unit, fact.counts
            source = fact.id
        else:
            unit = found.get("unit", "")
            if unit not in UNITS:
                self.page.refuse(
                    (*keys, "unit") if "unit" in found else keys,
                    f"{shown(unit)} is not a unit of a figure{suggestion(str(unit), UNITS)}",
                )
                return None
            number = found["value"]
            if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
                self.page.refuse((*keys, "value"), f"a number is needed, got {shown(number)}")
                return None
            if "source" not in found:
                self.page.refuse(keys, "a value of your own needs 'source': who observed it", key=True)
                return None
            value, source = float(number), self.page.text((*keys, "source"))
        measured = self.measured(keys, found, fact)
        if measured is None:
            return None
        try:
            value = in_unit_of(measured, value, unit, counts, self.scenario)
        except ValueError as error:
            self.page.refuse((*keys, "measure"), f"{fact.id if fact else 'the value'} {error}")
            return None
        off = self.error(keys, found, fact, value, value / float(fact.value) if fact and fact.value else 1.0)
        if fact is not None and "why" not in found:
            wrong = check_period(fact, measured, off.cut_off_ms, self.scenario.clock)
            if wrong:
                self.page.refuse((*keys, "measure"), wrong)
        if off.cut_off_ms and measured.metric not in ("crossings", "persons", "goods"):
            self.page.refuse((*keys, "error", "cut_off"), "only a running count has an unknown hour at which it ends")
        for name in ("why", "would_take"):
            if name in found:
                self.page.text((*keys, name))
        return Target(
            name=str(keys[-1]),
            value=value,
            measured=measured,
            error=off,
            is_fitted=is_fitted,
            fact=fact,
            source=source,
            would_take=str(found.get("would_take", "")),
            place=self.page.place(keys, key=True),
        )

    def _fact(self, keys: Keys) -> Fact | None:
        name = self.page.value(keys)
        if not isinstance(name, str):
            self.page.refuse(keys, f"got {shown(name)}; write the id of a fact")
            return None
        try:
            return lookup(self.facts, name)
        except ScenarioError as error:
            self.page.refuse(keys, str(error))
            return None

    def measured(self, keys: Keys, found: Mapping[str, Any], fact: Fact | None) -> Measured | None:
        """What a figure is compared with; None, with what is wrong, if that is nothing."""
        at = (*keys, "measure")
        text = self.page.text(at)
        parsed = _MEASURE.fullmatch(text)
        if parsed is None:
            self.page.refuse(at, f"got {shown(text)}; {_MEASURE_RULE}")
            return None
        window = self._window(at, parsed, fact)
        kinds = tuple(self.page.items((*keys, "kinds")))
        known = sorted({flow.kind for flow in self.scenario.flows})
        for kind in kinds:
            if kind not in known:
                self.page.refuse(
                    (*keys, "kinds"), f"no flow is of the kind {shown(kind)}; there are: {', '.join(known)}"
                )
                return None
        rank = found.get("rank", 1)
        if window is None:
            return None
        metric, part = parsed["metric"], parsed["part"]
        measured = Measured(metric, part, kinds, *window, rank if type(rank) is int else 1)
        if "rank" in found and (type(rank) is not int or not 1 <= rank <= 1000 or metric not in BUSIEST):
            self.page.refuse(
                (*keys, "rank"), "a whole number from 1, of a measure on the busiest day: 2 for the second busiest"
            )
        if metric in COUNTED:
            parts = {name for flow in self.scenario.flows for name in (flow.name, flow.kind, flow.direction)}
            if part is not None and part not in parts:
                meant = suggestion(part, parts) or f"; there are: {', '.join(sorted(parts))}"
                self.page.refuse(at, f"{metric} is of a flow, kind or direction, not of {shown(part)}{meant}")
                return None
            if (metric in PER_DAY or metric in BUSIEST) and not whole_days(measured, self.scenario.clock):
                self.page.refuse(at, f"{metric} needs a window of whole days of the port's clock")
                return None
            return measured
        if kinds:
            self.page.refuse((*keys, "kinds"), f"only counts are of kinds, and {metric} is none")
        try:
            if self.rows is None:
                self.rows = measures_of(self.scenario)
            Selection(metric, part).check(self.rows)
        except ValueError as error:
            self.page.refuse(at, f"{error}")
            return None
        return measured

    def _window(self, at: Keys, parsed: re.Match[str], fact: Fact | None) -> tuple[int, int] | None:
        if parsed["start"] is None:
            period = fact.period if fact is not None else None
            if period is None or period.start is None or period.end is None:
                return self.scenario.measure_from_ms, self.scenario.end_ms
            start, end = period.start, period.end
        else:
            try:
                start, end = _moment(parsed["start"]), _moment(parsed["end"], is_end=True)
            except ValueError as error:
                self.page.refuse(at, str(error))
                return None
        try:
            window = to_utc_ms(start, self.scenario.clock), to_utc_ms(end, self.scenario.clock)
        except ValueError as error:
            self.page.refuse(at, str(error))
            return None
        if window[0] >= window[1]:
            self.page.refuse(at, "the window ends before it begins")
            return None
        if window[0] < self.scenario.start_ms or window[1] > self.scenario.end_ms:
            run = " to ".join(_local(ms, self.scenario.clock) for ms in (self.scenario.start_ms, self.scenario.end_ms))
            self.page.refuse(at, f"the window lies outside the run of the scenario, {run}")
            return None
        return window

    def error(self, keys: Keys, found: Mapping[str, Any], fact: Fact | None, value: float, scale: float) -> Error:
        """How far a figure may be off: as its bound says unless the file says more."""
        at = (*keys, "error")
        stated = found.get("error", {})
        if stated and self.page.mapping(at, _ERROR, ()) is None:
            return Error()
        below, above = 0.0, 0.0
        measured_unit = fact.unit if fact is not None else found.get("unit", "")
        if UNITS.get(measured_unit, ("", 0))[0] == "count" and float(value).is_integer():
            below = above = 0.5
        bound = fact.bound if fact is not None else "exact"
        limits = [name for name in ("at_least", "at_most", "rounded", "rounded_down") if name in stated]
        if len(limits) > 1:
            self.page.refuse(at, f"{' and '.join(limits)} exclude one another")
        for name in ("at_least", "at_most"):
            if name in stated and stated[name] is not True:
                self.page.refuse((*at, name), f"write '{name}: true', or leave it out")
        numbers = {name: self.page.positive((*at, name)) for name in ("rounded", "rounded_down") if name in stated}
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
        shares = {name: self.page.share((*at, name)) / KEEPS for name in ("counting", "within") if name in stated}
        if bound == "about" and not shares and not limits:
            self.page.refuse(
                keys,
                f"{fact.id if fact else ''} is about right only: say how far it may be off, for instance "
                "'error: {within: 5%}'",
                key=True,
            )
        body = stated.get("counted_by")
        if body is not None and (not isinstance(body, str) or "counting" not in stated):
            self.page.refuse(
                (*at, "counted_by"), "a name, beside 'counting': figures of one body are off by the same share"
            )
            body = None
        cut_off = 0
        if "cut_off" in stated:
            try:
                cut_off = parse_duration(stated["cut_off"])
            except ValueError as error:
                self.page.refuse((*at, "cut_off"), str(error))
        return Error(below, above, shares.get("counting", 0.0), body, shares.get("within", 0.0), cut_off)


def _moment(text: str, *, is_end: bool = False) -> datetime:
    """A local time; a date alone is its midnight, or the midnight after it if it ends a window."""
    if ":" not in text:
        return parse_local_datetime(f"{text.strip()} 00:00") + timedelta(days=is_end)
    return parse_local_datetime(text.strip())


def _local(at_ms: int, clock: str) -> str:
    return format_local(to_local(at_ms, clock))
