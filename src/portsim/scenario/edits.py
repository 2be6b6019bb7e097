"""Values of Python as a scenario file would have them: what `Scenario.with_` takes, written as YAML on one line."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from numbers import Integral, Real
from typing import Any

from portsim.errors import ArgumentError
from portsim.scenario.settings import Edit
from portsim.scenario.units import format_clock, format_local
from portsim.yamlfile import quoted, show

_CURE = "give what a scenario file can say: a number, text, true or false, None, a date or time, a list or a dict"
_MOST_DIGITS = 40


def edits_of(values: Mapping[str, Any]) -> tuple[Edit, ...]:
    """The entries of a dict as settings, in its order; what YAML cannot say keeps its place and says why.

    Dates, clock times and lengths of time are written as in a file; numbers and arrays of numpy and pandas as plain
    ones. Raises ArgumentError, a ValueError, if this is no dict with paths of text as keys.
    """
    if not isinstance(values, Mapping):
        raise ArgumentError(f'got {show(values)}; give values by their path, {{"stages.scan.lanes": 3}}')
    made = []
    for path, value in values.items():
        if not isinstance(path, str):
            raise ArgumentError(f'got the path {show(path)}; a path is text such as "stages.scan.lanes"')
        try:
            made.append(Edit(path, _flow(value, 0)))
        except _NotSaid as refused:
            made.append(Edit(path, "", str(refused)))
    return tuple(made)


class _NotSaid(Exception):
    """A value that YAML has no way to say; the message is the rule with its cure."""


def _flow(value: Any, depth: int) -> str:
    """A value in flow style, which JSON is a part of."""
    value = _plain(value)
    if isinstance(value, dict | list) and depth > 30:
        raise _NotSaid("is nested more than 30 deep, more than a scenario file may be")
    if isinstance(value, dict):
        inner = (f"{_quoted(_key(key))}: {_flow(one, depth + 1)}" for key, one in value.items())
        return f"{{{', '.join(inner)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_flow(one, depth + 1) for one in value)}]"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**_MOST_DIGITS:
        raise _NotSaid(f"is a whole number of more than {_MOST_DIGITS} digits")
    return _quoted(value) if isinstance(value, str) else json.dumps(value)


def _quoted(text: str) -> str:
    try:
        return quoted(text)
    except ValueError as error:
        raise _NotSaid(f"got {show(text)}: {error}") from None


def _key(key: Any) -> str:
    """The key of a dict as text: keys of a file are text as written, 8-20, 2025-06-01 or 3."""
    plain = _plain(key)
    if isinstance(plain, bool) or not isinstance(plain, str | int):
        raise _NotSaid(f"has the key {show(key)}; keys are text, whole numbers or dates")
    return str(plain)


def _plain(value: Any) -> Any:
    """The value as text, number, truth value, None, dict or list. Raises _NotSaid."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        if value.tzinfo is not None:
            raise _NotSaid(f"got {value}; times are by the clock of the side, so leave the zone out")
        ms = ((value.hour * 60 + value.minute) * 60 + value.second) * 1000 + value.microsecond // 1000
        return format_clock(ms)
    if isinstance(value, timedelta):
        return _length(value)
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, list | tuple | range):
        return list(value)
    # Truth values and arrays of numpy, and columns of pandas, give themselves as plain ones.
    turned = getattr(value, "tolist", None)
    if callable(turned):
        return _plain(turned())
    raise _NotSaid(f"got {show(value)} of type {type(value).__name__}; {_CURE}")


def _moment(value: datetime) -> str:
    if value != value:  # NaT, which is not equal to itself
        raise _NotSaid("got NaT, which is no date")
    if value.tzinfo is not None:
        raise _NotSaid(f"got {value}; times are by the clock of the side, so leave the zone out")
    return format_local(value)


def _length(value: timedelta) -> str:
    if value != value:
        raise _NotSaid("got NaT, which is no length of time")
    ms, rest = divmod(value, timedelta(milliseconds=1))
    if rest:
        raise _NotSaid(f"got {value}; lengths of time are whole milliseconds")
    for unit, size in (("h", 3_600_000), ("min", 60_000), ("s", 1000)):
        if ms % size == 0:
            return f"{ms // size} {unit}"
    return f"{ms} ms"
