"""Writes plain values as YAML that the reader reads back equal."""

from __future__ import annotations

import re
from typing import Any

from portsim.yamlfile.reading import MAX_DEPTH, MAX_NUMBER_CHARACTERS, SURROGATE, UNREADABLE

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_/.-]*(?: [A-Za-z0-9_/.()-]+)*|[0-9]+(?:\.[0-9]+)? [a-z]+")
_BLOCK = re.compile(r"(?:[!-~](?:[ -~]*[!-~])?\n){2,}")
"""Text of several plain lines, which is written as it stands."""

_WORDS_OF_YAML_1_1 = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})


def dump(value: Any) -> str:
    """Write plain values as YAML that `parse` reads back equal: block style, order kept, one entry a line.

    Text that any reader could take for a number, a date, a time or a truth value is quoted. Raises TypeError for
    anything but dict (with text keys), list, tuple, str, int, float, bool and None, ValueError beyond the limits of
    reading (nesting, digits of an integer, lone surrogates).
    """
    return "".join(f"{line}\n" for line in _lines(value, 0))


def _lines(value: Any, depth: int) -> list[str]:
    """The lines of a value, not indented; a scalar or an empty collection is one line."""
    if isinstance(value, dict | list | tuple):
        if depth == MAX_DEPTH:
            raise ValueError(f"nested more than {MAX_DEPTH} deep")
        if not value:
            return ["{}" if isinstance(value, dict) else "[]"]
        below = depth + 1
        if isinstance(value, dict):
            return [line for key, inner in value.items() for line in _entry(key, inner, _lines(inner, below))]
        return [line for inner in value for line in _hang("- ", _lines(inner, below))]
    return [_scalar(value)]


def _entry(key: Any, value: Any, lines: list[str]) -> list[str]:
    if not isinstance(key, str):
        raise TypeError(f"a key is text, not {type(key).__name__}")
    name = _scalar(key)
    if isinstance(value, str) and _BLOCK.fullmatch(value) and len(name) <= 256:
        return [f"{name}: |", *(f"  {line}" for line in value.splitlines())]
    # A key longer than 1,024 characters is only read in the explicit form.
    head = [f"{name}:"] if len(name) <= 256 else [f"? {name}", ":"]
    if isinstance(value, dict | list | tuple) and value:
        return [*head, *(f"  {line}" for line in lines)]
    return [*head[:-1], f"{head[-1]} {lines[0]}"]


def _hang(sign: str, lines: list[str]) -> list[str]:
    return [f"{sign}{lines[0]}", *(f"  {line}" for line in lines[1:])]


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        if abs(value) >= 10 ** (MAX_NUMBER_CHARACTERS - 1):
            raise ValueError(f"an integer has fewer than {MAX_NUMBER_CHARACTERS} digits")
        return int.__repr__(value)
    if isinstance(value, float):
        text = float.__repr__(value)
        return {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(text, text)
    if isinstance(value, str):
        return _text(value)
    raise TypeError(f"{type(value).__name__} cannot be written as YAML")


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS_OF_YAML_1_1:
        return text
    return quoted(text)


def quoted(text: str) -> str:
    """Text in double quotes on one line, which reads back equal. Raises ValueError for lone surrogates."""
    if SURROGATE.search(text):
        raise ValueError("half of a surrogate pair cannot be written")
    import json

    return UNREADABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))
