"""YAML files: read safely, the 1.2 way, with the place of everything; and written so that they read back equal."""

from __future__ import annotations

import hashlib
import math
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from portsim import yamlfile
from portsim.errors import Place, ScenarioError
from portsim.yamlfile import dump, key_path, parse, read

SCENARIO = """\
# yaml-language-server: $schema=scenario.schema.json
portsim: 1
name: Irkeshtam, 14 hours to round the clock
port: irkeshtam
from: 2025-05-24 00:00          # clock of the first side
to: 2025-06-16 00:00
targets: {wait_p95_min: 120}
sides:
  china:  {timezone: Asia/Shanghai, open: "10:00-24:00", closed: [2025-05-31]}
  kyrgyz: {timezone: Asia/Bishkek,  open: "08:00-22:00", closed: [2025-05-31]}
changes:
  - at: 2025-06-01 10:00        # the pilot begins
    set: {sides.china.open: "00:00-24:00", sides.kyrgyz.open: "00:00-24:00"}
stages:
  border_check: {side: china, counted: true, lanes: {0-8: 2, 8-24: 6}, service: {lognormal: {mean: 3 min, cv: 0.5}}}
  scan:         {side: china, lanes: 2, service: {lognormal: {mean: 4 min, cv: 0.4}}}
flows:
  outbound:
    kind: truck
    journey: [border_check, {scan: 15%}]
    arrivals:
      per_day: {fact: irkeshtam.vehicles_spring_2025, times: 0.5}
      by_hour: {0-8: 1, 8-12: 3, 12-18: 5, 18-24: 3}
plans:
  no_pilot: {changes: []}
  three: {officers.border_police: {crews: 3, rota: [day, night, rest]}}
sources:
  flows.*: {assumed: 'half of the count each way; one officer''s words'}
"""


def problems(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as caught:
        parse(text, "port.yaml")
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("08:00", "08:00"),
        ("20:00", "20:00"),
        ("7:30", "7:30"),
        ("NO", "NO"),
        ("off", "off"),
        ("yes", "yes"),
        ("2025-05-31", "2025-05-31"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("0-8", "0-8"),
        ("+-3", "+-3"),
        ("010", 10),
        ("+5", 5),
        ("-17", -17),
        ("0o17", 15),
        ("0xFf", 255),
        ("1e3", 1000.0),
        ("-.5", -0.5),
        ("6.", 6.0),
        ("1.5E-2", 0.015),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ('"5"', "5"),
        ("'true'", "true"),
        ('""', ""),
        ("١٢", "١٢"),
    ],
)
def test_scalars_are_read_by_the_core_schema_of_yaml_1_2(written: str, value: Any) -> None:
    read_value = parse(f"key: {written}\n", "port.yaml").value["key"]
    assert read_value == value
    assert type(read_value) is type(value)


def test_not_a_number_is_read_as_a_float() -> None:
    assert math.isnan(parse("key: .NaN", "port.yaml").value["key"])


def test_keys_are_text_as_written() -> None:
    value = parse("{2025-01-01: a, 0-8: b, 1: c, true: d, 010: e, 'x': f}", "port.yaml").value
    assert value == {"2025-01-01": "a", "0-8": "b", "1": "c", "true": "d", "010": "e", "x": "f"}


def test_every_key_and_value_has_its_place() -> None:
    document = parse("sides:\n  china: {open: always}\nflows:\n  - a\n  -   b: 1\n", "port.yaml")
    assert document.places == {
        (): Place("port.yaml", 1, 1),
        ("sides",): Place("port.yaml", 2, 3),
        ("sides", "china"): Place("port.yaml", 2, 10),
        ("sides", "china", "open"): Place("port.yaml", 2, 17),
        ("flows",): Place("port.yaml", 4, 3),
        ("flows", 0): Place("port.yaml", 4, 5),
        ("flows", 1): Place("port.yaml", 5, 7),
        ("flows", 1, "b"): Place("port.yaml", 5, 10),
    }
    assert document.key_places == {
        ("sides",): Place("port.yaml", 1, 1),
        ("sides", "china"): Place("port.yaml", 2, 3),
        ("sides", "china", "open"): Place("port.yaml", 2, 11),
        ("flows",): Place("port.yaml", 3, 1),
        ("flows", 1, "b"): Place("port.yaml", 5, 7),
    }


def test_columns_count_characters_and_a_byte_order_mark_counts_nothing(tmp_path: Path) -> None:
    text = "{霍尔果斯: 1, b: 2}\n"
    file = tmp_path / "port.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert read(file).places[("b",)].col == 14
    assert parse("\ufeff" + text, "port.yaml").places == parse(text, "port.yaml").places


def test_a_scenario_is_read_whole() -> None:
    document = parse(SCENARIO, "port.yaml")
    assert document.value["from"] == "2025-05-24 00:00"
    assert document.value["stages"]["border_check"]["lanes"] == {"0-8": 2, "8-24": 6}
    assert document.value["sides"]["china"]["closed"] == ["2025-05-31"]
    assert document.places[("changes", 0, "at")] == Place("port.yaml", 12, 9)


def test_the_hash_is_that_of_the_bytes(tmp_path: Path) -> None:
    file = tmp_path / "port.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\r\n")
    assert read(file).sha256 == hashlib.sha256(b"\xef\xbb\xbfa: 1\r\n").hexdigest()
    assert read(file).value == {"a": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "port.yaml:1:1: the file is empty"),
        ("# only a comment\n", "port.yaml:1:1: the file is empty"),
        ("---\n", "port.yaml:1:1: the file is empty"),
        ("a: 1\nb: 2\na: 3\n", "port.yaml:3:1: a: this key stands twice; the first is at line 1"),
        ("a: 1\nb: 2\na: 3\na: 4\n", "port.yaml:3:1: a: this key stands twice; the first is at line 1\n"
         "port.yaml:4:1: a: this key stands twice; the first is at line 1"),
        ("s: {a.b: 1, 'a.b': 2}", "port.yaml:1:13: s.a.b: this key stands twice; the first is at line 1"),
        ("1: a\n'1': b\n", "port.yaml:2:1: 1: this key stands twice; the first is at line 1"),
        ("a: &x 1", "port.yaml:1:4: a: anchor '&x' is not read; remove it, or quote text that begins with '&'"),
        ("a: [*x]", "port.yaml:1:5: a.0: alias '*x' is not read; write the value out"),
        ("*x : 1", "port.yaml:1:1: alias '*x' is not read; write the value out"),
        ("a: !!int 3", "port.yaml:1:4: a: tag 'tag:yaml.org,2002:int' is not read; write the value without it"),
        ("a: ! x", "port.yaml:1:4: a: tag '!' is not read; write the value without it"),
        ("a: !!python/object:os.system []", "port.yaml:1:4: a: tag 'tag:yaml.org,2002:python/object:os.system' is "
         "not read; write the value without it"),
        ("a:\n  <<: {b: 1}", "port.yaml:2:3: a: merge key '<<' is not read; write the entries out"),
        ("? \n: 1", "port.yaml:1:2: a key is missing before ':'"),
        ("[1, 2]: x", "port.yaml:1:1: a key is text, not a list or a mapping; text that begins with '[' or '{' is "
         "quoted"),
        ("? {a: 1}\n: x\n? [2]\n: x\ny: x\n", "port.yaml:1:3: a key is text, not a list or a mapping; text that begins "
         "with '[' or '{' is quoted\nport.yaml:3:3: a key is text, not a list or a mapping; text that begins with '[' "
         "or '{' is quoted"),
        ("--- 1\n--- 2\n", "port.yaml:2:1: a second document begins here ('---'); a file holds one"),
        ("%YAML 1.1\n---\na: 1", "port.yaml:1:1: %YAML 1.1 is not read; portsim reads YAML 1.2"),
        ("%TAG ! x\n---\na: 1", "port.yaml:1:1: %TAG is not read; portsim files have no tags"),
        ("a:\n\tb: 1", "port.yaml:2:1: a tab stands here; YAML is indented with spaces only"),
        ("a: @x", "port.yaml:1:4: text may not begin with '@' here; put it in quotes"),
        ("a: %5", "port.yaml:1:4: text may not begin with '%' here; put it in quotes"),
        ("a: b: c", "port.yaml:1:5: a ':' is not possible here: check the indentation, or put text that holds ': ' "
         "in quotes"),
        ("a: [1, 2\nb: 3\n", "port.yaml:2:2: is not YAML: did not find expected ',' or ']' while parsing a flow "
         "sequence that begins at line 1; check brackets, quotes and indentation"),
        ("a: 'b\n", "port.yaml:2:1: is not YAML: found unexpected end of stream while scanning a quoted scalar that "
         "begins at line 1; check brackets, quotes and indentation"),
        ("a: b\x07", "port.yaml:1:5: character U+0007 may not stand in a YAML file; remove it, or write it as an "
         "escape in double quotes"),
        ("a: 1\nb: \u2028", "port.yaml:2:4: character U+2028 may not stand in a YAML file; remove it, or write it "
         "as an escape in double quotes"),
        ("a: " + "9" * 5000, "port.yaml:1:4: a: a number has at most 100 characters, this one has 5,000; put it in "
         "quotes if it is text"),
        ("a: 0x" + "f" * 5000, "port.yaml:1:4: a: a number has at most 100 characters, this one has 5,002; put it in "
         "quotes if it is text"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_refused_with_place_and_cure(text: str, message: str) -> None:
    assert problems(text) == message.splitlines()


def test_all_problems_are_told_at_once() -> None:
    found = problems("a: 1\na: 2\nb: &x 1\nc: {d: *x, d: !!int 3}\ne: [\n")
    assert [line.split(": ", 2)[0] for line in found] == [
        "port.yaml:2:1",
        "port.yaml:3:4",
        "port.yaml:4:8",
        "port.yaml:4:12",
        "port.yaml:4:15",
        "port.yaml:6:1",
    ]


def test_after_a_hundred_problems_reading_stops() -> None:
    found = problems("a: 1\n" * 5000)
    assert len(found) == 101
    assert found[-1] == "port.yaml:101:1: reading stopped after 100 problems"


def test_deep_nesting_is_refused_before_it_hurts() -> None:
    """A hundred thousand open brackets crash PyYAML's own composer."""
    assert problems("[" * 100_000)[0].endswith("nested more than 32 deep, the most a YAML file may be here")
    assert problems("{a: " * 100_000)[0].endswith("nested more than 32 deep, the most a YAML file may be here")
    assert problems("[" * 33 + "]" * 33)[0].startswith("port.yaml:1:33: 0.0.0")
    assert parse("[" * 32 + "]" * 32, "port.yaml").places[(0,) * 31].col == 32


def test_too_many_values_are_refused() -> None:
    assert problems("[" + "1," * 100_000 + "1]") == [
        "port.yaml:1:200000: the file holds more than 100,000 values, the most a YAML file may have here"
    ]


def test_a_merge_bomb_is_refused_at_its_first_anchor() -> None:
    bomb = "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{<<: [*a{i - 1}, *a{i - 1}]}}\n" for i in range(1, 30))
    assert problems(bomb)[0].startswith("port.yaml:1:5: a0: anchor '&a0' is not read")


def test_an_endless_file_is_refused_at_once() -> None:
    if not Path("/dev/zero").exists():
        pytest.skip("no /dev/zero here")
    with pytest.raises(ScenarioError) as caught:
        read(Path("/dev/zero"))
    assert str(caught.value) == (
        "/dev/zero:1:1: the file is larger than 1,000,000 bytes, the most a YAML file may have here"
    )


def test_a_50_mb_file_is_refused_without_being_read(tmp_path: Path) -> None:
    file = tmp_path / "big.yaml"
    with file.open("wb") as stream:
        stream.truncate(50_000_000)
    with pytest.raises(ScenarioError, match=r"^big:1:1: the file is larger than 1,000,000 bytes"):
        read(file, "big")
    with pytest.raises(ScenarioError, match=r"^big:1:1: the text is longer than 1,000,000 characters"):
        parse("#" * 1_000_001, "big")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a: 1\nb: x\xe9y\n", "f.yaml:2:5: byte 0xe9 is not UTF-8 text; save the file as UTF-8"),
        (b"\xef\xbb\xbfa: \xff", "f.yaml:1:4: byte 0xff is not UTF-8 text; save the file as UTF-8"),
        (b"\xe9\x9c\x8d: \xe9", "f.yaml:1:4: byte 0xe9 is not UTF-8 text; save the file as UTF-8"),
        ("a: 1".encode("utf-16"), "f.yaml:1:1: the file is UTF-16 text; save it as UTF-8"),
        (b"PK\x03\x04\n\x00\x00", "f.yaml:2:1: the file is binary (it holds null bytes), not YAML text"),
        (b"", "f.yaml:1:1: the file is empty"),
    ],
)
def test_bytes_that_are_not_text_are_refused_at_their_place(tmp_path: Path, data: bytes, message: str) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(data)
    with pytest.raises(ScenarioError) as caught:
        read(file, "f.yaml")
    assert str(caught.value) == message


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        read(tmp_path / "none.yaml", "none.yaml")
    assert str(caught.value) == "none.yaml: cannot be read: No such file or directory"
    with pytest.raises(ScenarioError) as caught:
        read(tmp_path, "folder")
    assert str(caught.value) == "folder: cannot be read: Is a directory"
    with pytest.raises(ScenarioError) as caught:
        read(Path("a\0b"))
    assert str(caught.value) == "'a\\x00b' is not the name of a file"


def test_paths_are_printed_with_dots_and_odd_keys_in_quotes() -> None:
    assert key_path(("stages", "scan", "lanes")) == "stages.scan.lanes"
    assert key_path(("changes", 0, "set", "sides.china.open")) == "changes.0.set.sides.china.open"
    assert key_path(("lanes", "08:00-20:00")) == "lanes.08:00-20:00"
    assert key_path(("stages", "customs gate")) == "stages.'customs gate'"
    assert key_path(("flows", "*")) == "flows.*"
    assert key_path(("a\x1b[31m",)) == "'a\\x1b[31m'"
    assert key_path(("x" * 500,)) == "'" + "x" * 57 + "...'"


def test_dump_writes_what_any_reader_reads_as_meant() -> None:
    value = {
        "open": "10:00-24:00",
        "from": "2025-05-24 00:00",
        "zone": "Asia/Shanghai",
        "mean": "4 min",
        "share": "15%",
        "count": "12",
        "no": "no",
        "weight": 1e300,
        "list": [1, {"a": None, "b": []}, [2, 3]],
        "empty": {},
    }
    assert dump(value) == (
        'open: "10:00-24:00"\nfrom: "2025-05-24 00:00"\nzone: Asia/Shanghai\nmean: 4 min\nshare: "15%"\ncount: "12"\n'
        '"no": "no"\nweight: 1e+300\nlist:\n  - 1\n  - a: null\n    b: []\n  - - 2\n    - 3\nempty: {}\n'
    )


def test_dump_refuses_what_parse_would_not_read_back() -> None:
    deep: list[Any] = []
    for _ in range(40):
        deep = [deep]
    for value, error, message in [
        (deep, ValueError, "nested more than 32 deep"),
        (10**200, ValueError, "an integer has fewer than 100 digits"),
        ("\ud800", ValueError, "half of a surrogate pair cannot be written"),
        ({1: 2}, TypeError, "a key is text, not int"),
        ({1, 2}, TypeError, "set cannot be written as YAML"),
    ]:
        with pytest.raises(error, match=message):
            dump(value)


TEXTS = st.text() | st.sampled_from(
    ["", " ", "~", "null", "no", "08:00", "20:00", "2025-01-01", "1e3", "0x1", "- a", "a: b", "a #b", "<<", "---", "\t",
     "a\nb\r\n", "\x00\x1b\x85\u2028\ufeff", "x" * 2000, "!tag", "&a", "*a", "%", "@", "\\", '"', "'", "a ", "4 min"]
)  # fmt: skip
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


def same(left: Any, right: Any) -> bool:
    """Equal, of the same types, in the same order."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return list(left) == list(right) and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return len(left) == len(right) and all(map(same, left, right))
    return repr(left) == repr(right)


@given(VALUES)
@settings(max_examples=300, deadline=None)
def test_what_is_dumped_reads_back_equal(value: Any) -> None:
    assert same(parse(dump(value), "port.yaml").value, value)


def mutate(data: bytes, chance: random.Random) -> bytes:
    """A file with a few bytes or lines changed, doubled, moved or lost."""
    spice = [b"[", b"]", b"{", b"}", b":", b": ", b"- ", b"\t", b"&a ", b"*a", b"!!int ", b"!<x> ", b"'", b'"', b"|\n",
             b">-\n", b"? ", b"<<: ", b"---\n", b"...\n", b"%YAML 1.1\n", b"#", b"\n", b"\r", b"\x00", b"\xff", b"\xc2",
             b"\xe2\x80\xa8", b"\xef\xbb\xbf", b".nan", b"1e999", b"9" * 400, b"\\x", b'"\\UFFFFFFFF"', b'"\\ud800"',
             b"@", b"`", b"%", b"[" * 50, b"  "]  # fmt: skip
    for _ in range(chance.randint(1, 4)):
        at, to = sorted((chance.randrange(len(data) + 1), chance.randrange(len(data) + 1)))
        match chance.randrange(6):
            case 0 | 1:
                data = data[:at] + chance.choice(spice) + data[at:]
            case 2:
                data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
            case 3:
                data = data[:at] + data[min(to, at + 20) :]
            case 4:
                data = data[:at] + data[at : min(to, at + 200)] + data[at:]
            case _:
                lines = data.splitlines(keepends=True)
                chance.shuffle(lines)
                data = b"".join(lines)
    return data


def fuzz(tmp_path: Path, seeds: range) -> int:
    """How many mutated files were refused; anything but a ScenarioError with places escapes and fails the test."""
    file = tmp_path / "port.yaml"
    refused = 0
    for seed in seeds:
        file.write_bytes(mutate(SCENARIO.encode(), random.Random(seed)))
        try:
            document = read(file, "port.yaml")
        except ScenarioError as error:
            refused += 1
            assert error.problems, seed
            for problem in error.problems:
                assert problem.place is not None and problem.place.line >= 1 and problem.place.col >= 1, seed
                assert problem.message and str(problem).isprintable(), seed
        else:
            assert same(parse(dump(document.value), "again").value, document.value), seed
    return refused


def test_no_mutated_file_lets_anything_but_placed_problems_escape(tmp_path: Path) -> None:
    assert fuzz(tmp_path, range(3000)) > 1000


def test_the_parser_written_in_python_holds_the_same_promise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML comes without its C parser on some machines."""
    monkeypatch.setattr(yamlfile.reading, "_LOADER", yaml.SafeLoader)
    assert parse(SCENARIO, "port.yaml").value["changes"][0]["at"] == "2025-06-01 10:00"
    assert fuzz(tmp_path, range(300)) > 100
    for escape in ("UFFFFFFFF", "U00110000"):
        assert problems(f'a: "\\{escape}"') == [
            "port.yaml:1:1: is not YAML: an escape or a number in it is out of range"
        ]
    assert problems('a: "\\ud800"') == ["port.yaml:1:4: a: half of a surrogate pair is not a character"]


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_no_bytes_let_anything_but_a_scenario_error_escape(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "bytes.yaml"
    file.write_bytes(data)
    try:
        read(file, "bytes.yaml")
    except ScenarioError as error:
        assert all(problem.place is not None and problem.place.line >= 1 for problem in error.problems)


def test_reading_yaml_loads_nothing_heavy() -> None:
    code = "import portsim.yamlfile, sys; print([m for m in ('numpy', 'pydantic', 'asyncio') if m in sys.modules])"
    folder = Path(yamlfile.__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "[]"
