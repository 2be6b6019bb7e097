"""A facts file, checked key by key: text in, facts out, every problem with its place."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, cast, get_args

from portsim.errors import Place, Problem
from portsim.facts.fact import (
    RELIABILITIES,
    Answer,
    Bound,
    Counts,
    Derived,
    Direction,
    Fact,
    Period,
    Rule,
    Source,
    Span,
)
from portsim.facts.units import TRAFFIC, UNITS
from portsim.yamlfile import Document, Path, key_path, show

FORMAT = 1
LARGEST = 1e18

_ID = re.compile(r"[a-z][a-z0-9-]*\.[a-z][a-z0-9_]*")
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[ T](\d\d):(\d\d))?)?)?", re.ASCII)
_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00", re.ASCII)
_STATED = {"measure", "unit", "value", "counts", "period", "bound", "reliability", "source", "note", "change_on_year"}
_FOLLOWING = {"measure", "unit", "derived", "counts", "note"}
_SOURCE = {"title", "publisher", "date", "where"}


def closest(word: str, known: Iterable[str]) -> str:
    """The end of a message that names the known word nearest to a misspelt one; empty if none is near."""
    import difflib

    found = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean {found[0]!r}?" if found else ""


def read_date(text: str, *, end: bool) -> datetime:
    """The first instant of "2025", "2025-06", "2025-06-01" or "2025-06-01 10:00"; with `end` the first after it.

    A clock time is an instant, so `end` changes nothing there. Raises ValueError for anything else.
    """
    found = _DATE.fullmatch(text)
    if not found:
        raise ValueError(f"{show(text)} is not a date: write 2025, 2025-06, 2025-06-01 or 2025-06-01 10:00")
    year, month, day, hour, minute = (int(part) if part else None for part in found.groups())
    if not 1900 <= (year or 0) < 2200:
        raise ValueError(f"{show(text)} is not between 1900 and 2199")
    try:
        first = datetime(year or 0, month or 1, day or 1, hour or 0, minute or 0)
        if not end or hour is not None:
            return first
        if day is not None:
            return first + timedelta(days=1)
        if month is None:
            return first.replace(year=first.year + 1)
        return first.replace(year=first.year + month // 12, month=month % 12 + 1)
    except ValueError:
        raise ValueError(f"{show(text)} is not in the calendar") from None


def _needs_counts(unit: str) -> bool:
    return UNITS[unit][0] in ("count", "rate") and unit.partition("/")[0] in TRAFFIC


class Entries:
    """Reads the figures of one document; `facts` and `problems` hold the outcome, `refused` the ids of wrong figures.

    A derived figure leaves here without its value: the library computes it when every file is read.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.facts: list[Fact] = []
        self.refused: set[str] = set()
        self.problems: list[Problem] = []
        self.shared: dict[str, Any] | None = None
        top = self._mapping((), {"facts", "source", "figures"}, {"facts", "figures"})
        if top is None:
            return
        if "facts" in top and (type(top["facts"]) is not int or top["facts"] != FORMAT):
            self._refuse(("facts",), f"the format is {FORMAT}, got {show(top['facts'])}; write 'facts: {FORMAT}'")
        if "source" in top:
            self.shared = self._mapping(("source",), _SOURCE, _SOURCE - {"date"}) or {}
        figures = top.get("figures", {})
        if not isinstance(figures, dict):
            self._refuse(("figures",), "figures are a mapping of ids to figures")
            return
        for name in figures:
            before = len(self.problems)
            fact = self._read_figure(name)
            if fact is None or len(self.problems) > before:
                self.refused.add(name)
            else:
                self.facts.append(fact)

    def _place(self, path: Path, *, key: bool = False) -> Place:
        places = self.document.key_places if key and path in self.document.key_places else self.document.places
        while path not in places:
            path = path[:-1]
        return places[path]

    def _refuse(self, path: Path, message: str, *, key: bool = False) -> None:
        self.problems.append(Problem(self._place(path, key=key), key_path(path), message))

    def _value(self, path: Path) -> Any:
        value = self.document.value
        for part in path:
            value = value[part]
        return value

    def _mapping(self, path: Path, known: Collection[str], required: Collection[str]) -> dict[str, Any] | None:
        value = self._value(path)
        if not isinstance(value, dict):
            self._refuse(path, f"a mapping is needed with the keys {', '.join(sorted(known))}")
            return None
        for key in value:
            if key not in known:
                cure = closest(key, sorted(known)) or f"; known keys are {', '.join(sorted(known))}"
                self._refuse((*path, key), f"unknown key{cure}", key=True)
        for key in sorted(required):
            if key not in value:
                self._refuse(path, f"the key {key!r} is missing", key=True)
        return value

    def _text(self, path: Path) -> str:
        value = self._value(path)
        if isinstance(value, str) and value.strip():
            return value.strip()
        self._refuse(path, f"text is needed, got {show(value)}")
        return ""

    def _choice(self, path: Path, options: Iterable[str]) -> str | None:
        value, known = self._value(path), list(options)
        if isinstance(value, str) and value in known:
            return value
        cure = closest(value, known) if isinstance(value, str) else ""
        self._refuse(path, f"{show(value)} is not one of {', '.join(known)}{cure}")
        return None

    def _number(self, path: Path) -> int | float | None:
        value = self._value(path)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._refuse(path, f"a number is needed, got {show(value)}")
        elif not math.isfinite(value):
            self._refuse(path, f"a finite number is needed, got {show(value)}")
        elif abs(value) > LARGEST:
            self._refuse(path, f"a figure is at most {LARGEST:g}, got {show(value)}")
        else:
            return value
        return None

    def _date_text(self, path: Path) -> str:
        """A date as it stands, checked; a bare year reads as a number."""
        value = self._value(path)
        text = value if isinstance(value, str) else str(value)
        try:
            read_date(text, end=True)
        except ValueError as error:
            self._refuse(path, str(error))
            return ""
        return text

    def _read_figure(self, name: str) -> Fact | None:
        path: Path = ("figures", name)
        if not _ID.fullmatch(name):
            rule = "an id is <port>.<name> in small letters, digits, '_' (and '-' in the port)"
            self._refuse(path, f"{rule}, for example irkeshtam.vehicles_2025", key=True)
            return None
        value = self._value(path)
        is_derived = isinstance(value, dict) and "derived" in value
        known = _FOLLOWING if is_derived else _STATED
        required = {"measure", "unit", "derived"} if is_derived else {"measure", "unit", "value", "reliability"}
        figure = self._mapping(path, known, required)
        if figure is None:
            return None
        unit = self._choice((*path, "unit"), UNITS) if "unit" in figure else None
        bound = self._choice((*path, "bound"), get_args(Bound)) if "bound" in figure else "exact"
        grade = self._choice((*path, "reliability"), RELIABILITIES) if "reliability" in figure else RELIABILITIES[0]
        note = self._text((*path, "note")) if "note" in figure else ""
        if grade == "reject" and not note:
            self._refuse(path, "a rejected figure needs a note that says why", key=True)
        if unit is not None and _needs_counts(unit) and not is_derived and "counts" not in figure:
            self._refuse(path, f"a figure in {unit} needs 'counts': what, direction, drivers_included", key=True)
        derived = self._read_derived((*path, "derived")) if is_derived else None
        return Fact(
            id=name,
            measure=self._text((*path, "measure")) if "measure" in figure else "",
            value=self._read_value((*path, "value"), unit) if "value" in figure and unit else math.nan,
            unit=unit or "number",
            counts=self._read_counts((*path, "counts")) if "counts" in figure else None,
            period=self._read_period((*path, "period")) if "period" in figure else None,
            bound=cast(Bound, bound or "exact"),
            reliability=grade or RELIABILITIES[0],
            source=self._read_source(path, is_derived),
            note=note,
            change_on_year=self._read_change((*path, "change_on_year")) if "change_on_year" in figure else None,
            derived=derived,
            place=self._place(path, key=True),
        )

    def _read_value(self, path: Path, unit: str) -> int | float | str:
        if UNITS[unit][0] == "text":
            return self._read_words(path, unit)
        value = self._number(path)
        if value is None:
            return math.nan
        if value < 0 and unit != "number":
            self._refuse(path, f"a figure in {unit} is not negative, got {show(value)}")
        if unit == "share" and value > 1:
            self._refuse(path, f"a share is between 0 and 1, got {show(value)}")
        return value

    def _read_change(self, path: Path) -> float | None:
        value = self._number(path)
        if value is not None and value < -1:
            self._refuse(path, f"a change is a share and not below -1 (-1 is -100 %), got {show(value)}")
        return value

    def _read_words(self, path: Path, unit: str) -> str:
        text = self._text(path)
        if not text or unit == "text":
            return text
        parts = text.split("-" if unit == "clock" else "..")
        if unit == "clock":
            if len(parts) > 2 or not all(_CLOCK.fullmatch(part) for part in parts):
                self._refuse(path, f'{show(text)} is not a clock time: write "16:00" or "11:00-14:00"')
            return text
        length = 10 if unit == "date" else 16
        try:
            moments = [read_date(part, end=False) for part in parts]
            if len(parts) > 2 or any(len(part) != length for part in parts) or moments != sorted(moments):
                raise ValueError
        except ValueError:
            example = "2025-05-31" if unit == "date" else "2025-06-01 10:00"
            self._refuse(
                path, f"{show(text)} is not a {unit}: write {example}, or two with '..' between, earlier first"
            )
        return text

    def _read_counts(self, path: Path) -> Counts | None:
        counts = self._mapping(path, {"what", "direction", "drivers_included"}, {"what"})
        if counts is None:
            return None
        direction = self._choice((*path, "direction"), get_args(Direction)) if "direction" in counts else ""
        drivers = self._choice((*path, "drivers_included"), get_args(Answer)) if "drivers_included" in counts else ""
        return Counts(
            what=self._text((*path, "what")) if "what" in counts else "",
            direction=cast(Direction, direction or "unknown"),
            drivers_included=cast(Answer, drivers or "unknown"),
        )

    def _read_period(self, path: Path) -> Period | None:
        period = self._mapping(path, {"from", "to", "timezone"}, ())
        if period is None:
            return None
        if not period.keys() & {"from", "to"}:
            self._refuse(path, "a period has 'from', 'to' or both")
        start_text = self._date_text((*path, "from")) if "from" in period else ""
        end_text = self._date_text((*path, "to")) if "to" in period else ""
        start = read_date(start_text, end=False) if start_text else None
        end = read_date(end_text, end=True) if end_text else None
        if start is not None and end is not None and start >= end:
            self._refuse(path, f"the period ends ({end_text}) before it begins ({start_text})")
        zone = self._read_timezone((*path, "timezone")) if "timezone" in period else None
        return Period(start, end, zone)

    def _read_timezone(self, path: Path) -> str | None:
        from zoneinfo import ZoneInfo

        name = self._text(path)
        try:
            return ZoneInfo(name).key if name else None
        except (KeyError, ValueError, OSError):
            self._refuse(path, f"{show(name)} is not a time zone of the IANA list, for example Asia/Shanghai")
            return None

    def _read_source(self, path: Path, is_derived: bool) -> Source:
        """The figure's own source, each missing key taken from the one at the top of the file."""
        if is_derived:
            return Source("", "", "", "")
        own = self._mapping((*path, "source"), _SOURCE, ()) if "source" in self._value(path) else {}
        texts = dict.fromkeys(("title", "publisher", "date", "where"), "")
        for key in texts:
            if own and key in own:
                here: Path = (*path, "source", key)
            elif self.shared and key in self.shared:
                here = ("source", key)
            else:
                if key != "date" and self.shared is None:
                    self._refuse(path, f"the source needs {key!r}, here or at the top of the file", key=True)
                continue
            texts[key] = self._date_text(here) if key == "date" else self._text(here)
        return Source(**texts)

    def _read_derived(self, path: Path) -> Derived | None:
        rules = self._mapping(path, {*get_args(Rule), "per"}, ())
        if rules is None:
            return None
        named = [rule for rule in get_args(Rule) if rule in rules]
        if len(named) != 1:
            self._refuse(path, "exactly one of minus, ratio and fact says what the figure follows from")
            return None
        rule = named[0]
        value = rules[rule]
        parts = [value] if rule == "fact" else value
        length = 1 if rule == "fact" else 2
        if not (isinstance(parts, list) and len(parts) == length and all(isinstance(part, str) for part in parts)):
            self._refuse((*path, rule), f"{rule} takes {'one id' if length == 1 else 'two ids, [first, second]'}")
            return None
        per = self._choice((*path, "per"), get_args(Span)) if "per" in rules else None
        if rule == "fact" and "per" not in rules:
            self._refuse(path, "a figure that follows from one fact needs 'per: days' or 'per: hours'")
        if rule == "ratio" and per:
            self._refuse((*path, "per"), "a ratio has no 'per'")
        return Derived(cast(Rule, rule), tuple(parts), cast(Span | None, per))
