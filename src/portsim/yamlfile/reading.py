"""Reads YAML safely, the YAML 1.2 way, with the place of every key and value.

PyYAML's own loader follows YAML 1.1 (20:00 becomes 1200, NO becomes False, 010 becomes 8), keeps the last of two equal
keys without a word, and can be brought down by a few bytes of nested brackets or aliases. Only its event parser is used
here: values are built from events one by one, without recursion and within limits, and plain scalars are read by the
core schema of YAML 1.2.2 (section 10.3.2). Quoted text always stays text, and keys are always text as written.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

import yaml

from portsim.errors import Place, Problem, ScenarioError

Path = tuple[str | int, ...]
"""Where a value stands below the top of a document: keys of mappings and positions in lists."""

MAX_BYTES = 1_000_000
MAX_DEPTH = 32
MAX_NODES = 100_000
MAX_PROBLEMS = 100
MAX_NUMBER_CHARACTERS = 100

TOO_DEEP = f"nested more than {MAX_DEPTH} deep, the most a YAML file may be here"

# Neither printable by YAML nor, as U+0085, U+2028, U+2029 and U+FEFF, plainly one thing to every reader.
UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_BREAK = re.compile("\r\n|\r|\n")
_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_SIMPLE_KEY = re.compile(r"[^\s'\"]{1,80}")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML file as plain values, and where each of them stands.

    file : the name as shown to the user
    value : dict, list, str, int, float, bool or None; keys are text
    places : the place of each value, by path; `()` is the whole document
    key_places : the place of the key of each mapping entry; the path includes the key
    sha256 : of the bytes read, hexadecimal
    """

    file: str
    value: Any
    places: Mapping[Path, Place]
    key_places: Mapping[Path, Place]
    sha256: str


def read(path: FilePath, shown: str | None = None) -> Document:
    """Read a YAML file; `shown` is the name used in messages (default: the path as given).

    Raises ScenarioError, with every problem that can be found, for a file that cannot be read, is too large, is not
    UTF-8 text, is not YAML, or uses what portsim does not read (aliases, tags, merge keys, several documents).
    """
    file = os.fspath(path) if shown is None else shown
    try:
        with open(path, "rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ScenarioError([Problem(Place(file, 0, 0), "", f"cannot be read: {reason}")]) from None
    except ValueError:  # a path with a null character
        raise ScenarioError([Problem(None, "", f"{show(file)} is not the name of a file")]) from None
    return _build(_decode(data, file), file, hashlib.sha256(data).hexdigest())


def parse(text: str, file: str) -> Document:
    """Read YAML from text; `file` is the name used in messages. Raises ScenarioError as `read` does."""
    sha256 = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return _build(text.removeprefix("\ufeff"), file, sha256)


def key_path(path: Path) -> str:
    """A path as messages print it, `stages.scan.lanes` or `changes.0.set`; odd keys are quoted."""
    return ".".join(
        str(part) if isinstance(part, int) or (_SIMPLE_KEY.fullmatch(part) and part.isprintable()) else show(part)
        for part in path
    )


def show(value: Any) -> str:
    """A value as messages print it: text quoted, unprintable characters escaped, cut when longer than 60 characters."""
    text = repr(value)
    return text if len(text) <= 62 else f"{text[:58]}...{text[-1]}"


def _decode(data: bytes, file: str) -> str:
    """The text of a file, without a byte order mark."""

    def refuse(message: str, at: int = 0) -> ScenarioError:
        return ScenarioError([Problem(_place_in(data[:at].decode("utf-8", "replace"), file), "", message)])

    if len(data) > MAX_BYTES:
        raise refuse(f"the file is larger than {MAX_BYTES:,} bytes, the most a YAML file may have here")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise refuse("the file is UTF-16 text; save it as UTF-8")
    if b"\0" in data:
        raise refuse("the file is binary (it holds null bytes), not YAML text", data.index(b"\0"))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        start = error.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)
        raise refuse(f"byte 0x{data[start]:02x} is not UTF-8 text; save the file as UTF-8", start) from None


def _place_in(before: str, file: str) -> Place:
    """The place of the character after `before`."""
    breaks = list(_LINE_BREAK.finditer(before))
    start = breaks[-1].end() if breaks else 1 if before.startswith("\ufeff") else 0
    return Place(file, len(breaks) + 1, len(before) - start + 1)


class _Stop(Exception):
    """Reading ends here: the last problem said why."""


class _Open:
    """A mapping or list that is being filled.

    key : of a mapping, the key whose value comes next; None while a key is expected
    lines : of a mapping, the line of each key
    is_key : this collection stands where a key should; a problem has said so
    """

    __slots__ = ("is_key", "key", "lines", "path", "value")

    def __init__(self, value: dict[str, Any] | list[Any], path: Path, is_key: bool) -> None:
        self.value = value
        self.path = path
        self.is_key = is_key
        self.key: str | None = None
        self.lines: dict[str, int] = {}


class _Builder:
    """Builds plain values from parser events, without recursion, and collects every problem.

    Whatever a problem stands in is built as well as it can be, to find the rest; nobody sees the value then.
    """

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.value: Any = None
        self.is_empty = True
        self.nodes = 0
        self.documents = 0
        self.open: list[_Open] = []
        self.places: dict[Path, Place] = {}
        self.key_places: dict[Path, Place] = {}
        self.problems: list[Problem] = []

    def run(self) -> None:
        """Take every event; afterwards `value` or `problems` holds the outcome."""
        try:
            for event in self._events():
                if isinstance(event, yaml.ScalarEvent):
                    self._take_scalar(event)
                elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
                    self._take_start(event)
                elif isinstance(event, yaml.CollectionEndEvent):
                    self._take_end()
                elif isinstance(event, yaml.AliasEvent):
                    self._take_alias(event)
                elif isinstance(event, yaml.DocumentStartEvent):
                    self._take_document(event)
        except _Stop:
            return

    def _events(self) -> Iterator[Any]:
        try:
            yield from yaml.parse(self.text, Loader=_LOADER)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = self._place(mark) if mark else Place(self.file, 1, 1)
            self.refuse(place, self._explain(error, mark))
        except yaml.YAMLError as error:
            self.refuse(Place(self.file, 1, 1), f"is not YAML: {error}")
        except (ValueError, OverflowError):
            # The parser in Python turns some escapes and version numbers into characters and numbers unchecked.
            self.refuse(Place(self.file, 1, 1), "is not YAML: an escape or a number in it is out of range")

    def _explain(self, error: yaml.MarkedYAMLError, mark: Any) -> str:
        problem = error.problem or "cannot be read"
        lines = _LINE_BREAK.split(self.text)
        rest = lines[mark.line][mark.column :] if mark and mark.line < len(lines) else ""
        if rest.startswith("\t"):
            return "a tab stands here; YAML is indented with spaces only"
        if "nesting depth" in problem:  # PyYAML's own limit, met where it reads ahead of the events (since 6.0.4)
            return TOO_DEEP
        if "cannot start any token" in problem and rest:
            return f"text may not begin with {rest[0]!r} here; put it in quotes"
        if "mapping values are not allowed" in problem:
            return "a ':' is not possible here: check the indentation, or put text that holds ': ' in quotes"
        context = f" {error.context}" if error.context else ""
        since = f" that begins at line {error.context_mark.line + 1}" if context and error.context_mark else ""
        return f"is not YAML: {problem}{context}{since}; check brackets, quotes and indentation"

    def refuse(self, place: Place, message: str, path: Path = ()) -> None:
        """Add a problem; at the last one that is listed, stop."""
        self.problems.append(Problem(place, key_path(path), message))
        if len(self.problems) == MAX_PROBLEMS:
            self.problems.append(Problem(place, "", f"reading stopped after {MAX_PROBLEMS} problems"))
            raise _Stop

    def _place(self, mark: Any) -> Place:
        return Place(self.file, mark.line + 1, mark.column + 1)

    def _take_document(self, event: yaml.DocumentStartEvent) -> None:
        place = self._place(event.start_mark)
        self.documents += 1
        if self.documents > 1:
            self.refuse(place, "a second document begins here ('---'); a file holds one")
            raise _Stop
        version = getattr(event, "version", None)
        if version is not None and tuple(version) != (1, 2):
            self.refuse(place, f"%YAML {version[0]}.{version[1]} is not read; portsim reads YAML 1.2")
        if getattr(event, "tags", None):
            self.refuse(place, "%TAG is not read; portsim files have no tags")

    def _begin(self, event: Any) -> tuple[_Open | None, Place, Path, bool]:
        """Count a node and say where it stands: (parent, place, path, whether it is a key)."""
        place = self._place(event.start_mark)
        self.nodes += 1
        self.is_empty = False
        if self.nodes > MAX_NODES:
            self.refuse(place, f"the file holds more than {MAX_NODES:,} values, the most a YAML file may have here")
            raise _Stop
        parent = self.open[-1] if self.open else None
        path: Path = ()
        is_key = False
        if parent is not None:
            if isinstance(parent.value, list):
                path = (*parent.path, len(parent.value))
            elif parent.key is not None:
                path = (*parent.path, parent.key)
            else:
                path, is_key = parent.path, True
        if event.anchor is not None:
            what = "alias" if isinstance(event, yaml.AliasEvent) else "anchor"
            sign = "*" if what == "alias" else "&"
            cure = "write the value out" if what == "alias" else f"remove it, or quote text that begins with {sign!r}"
            self.refuse(place, f"{what} {show(sign + event.anchor)} is not read; {cure}", path)
        if getattr(event, "tag", None) is not None:
            self.refuse(place, f"tag {show(event.tag)} is not read; write the value without it", path)
        return parent, place, path, is_key

    def _take_scalar(self, event: yaml.ScalarEvent) -> None:
        parent, place, path, is_key = self._begin(event)
        text: str = event.value
        is_plain = not event.style
        if SURROGATE.search(text):
            self.refuse(place, "half of a surrogate pair is not a character", path)
        if is_key and parent is not None:
            self._take_key(parent, text, is_plain, place)
            return
        if parent is None and is_plain and not text:
            self.is_empty = True
        self.places[path] = place
        self._attach(parent, self._read_plain(text, place, path) if is_plain else text)

    def _take_key(self, parent: _Open, text: str, is_plain: bool, place: Place) -> None:
        path = (*parent.path, text)
        if is_plain and text == "<<":
            self.refuse(place, "merge key '<<' is not read; write the entries out", parent.path)
        elif is_plain and not text:
            self.refuse(place, "a key is missing before ':'", parent.path)
        elif text in parent.lines:
            self.refuse(place, f"this key stands twice; the first is at line {parent.lines[text]}", path)
        parent.key = text
        parent.lines.setdefault(text, place.line)
        self.key_places[path] = place

    def _take_start(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        _, place, path, is_key = self._begin(event)
        if len(self.open) == MAX_DEPTH:
            self.refuse(place, TOO_DEEP, path)
            raise _Stop
        if is_key:
            rule = "a key is text, not a list or a mapping"
            self.refuse(place, f"{rule}; text that begins with '[' or '{{' is quoted", path)
        else:
            self.places[path] = place
        self.open.append(_Open({} if isinstance(event, yaml.MappingStartEvent) else [], path, is_key))

    def _take_end(self) -> None:
        done = self.open.pop()
        parent = self.open[-1] if self.open else None
        if done.is_key and parent is not None:
            parent.key = ""
        else:
            self._attach(parent, done.value)

    def _take_alias(self, event: yaml.AliasEvent) -> None:
        parent, place, path, is_key = self._begin(event)
        if is_key and parent is not None:
            parent.key = ""
        else:
            self.places[path] = place
            self._attach(parent, None)

    def _attach(self, parent: _Open | None, value: Any) -> None:
        if parent is None:
            self.value = value
        elif isinstance(parent.value, list):
            parent.value.append(value)
        elif parent.key is not None:
            parent.value[parent.key] = value
            parent.key = None

    def _read_plain(self, text: str, place: Place, path: Path) -> Any:
        """A plain scalar by the core schema of YAML 1.2.2, section 10.3.2."""
        if text in _NULL:
            return None
        if text in _BOOL:
            return _BOOL[text]
        is_integer = _INTEGER.fullmatch(text)
        if is_integer or _FLOAT.fullmatch(text):
            if len(text) > MAX_NUMBER_CHARACTERS:
                rule = f"a number has at most {MAX_NUMBER_CHARACTERS} characters, this one has {len(text):,}"
                self.refuse(place, f"{rule}; put it in quotes if it is text", path)
                return None
            if not is_integer:
                return float(text)
            return int(text[2:], {"0o": 8, "0x": 16}[text[:2]]) if text[:2] in ("0o", "0x") else int(text)
        return float(text.replace(".", "")) if _NOT_FINITE.fullmatch(text) else text


def _build(text: str, file: str, sha256: str) -> Document:
    if len(text) > MAX_BYTES:
        message = f"the text is longer than {MAX_BYTES:,} characters, the most YAML may have here"
        raise ScenarioError([Problem(Place(file, 1, 1), "", message)])
    unreadable = UNREADABLE.search(text)
    if unreadable:
        cure = "remove it, or write it as an escape in double quotes"
        message = f"character U+{ord(unreadable[0]):04X} may not stand in a YAML file; {cure}"
        raise ScenarioError([Problem(_place_in(text[: unreadable.start()], file), "", message)])
    builder = _Builder(text, file)
    builder.run()
    if builder.is_empty and not builder.problems:
        builder.problems.append(Problem(Place(file, 1, 1), "", "the file is empty"))
    if builder.problems:
        raise ScenarioError(builder.problems)
    return Document(file, builder.value, builder.places, builder.key_places, sha256)
