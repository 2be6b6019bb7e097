"""Write docs/scenario-reference.md: `python docs/generate.py`; `--check` only says whether it is up to date.

The page is docs/templates/scenario-reference.md with its `{{...}}` filled in:

{{keys MODEL PATH}}    every key of a model of the schema, under PATH
{{keys . KEY ...}}     these keys of the top level
{{key KEY}}            one of them under a heading the template has already
{{about MODEL}}        what the schema says of a model as a whole
{{file PATH}}          a file of docs/
{{NAME}}               one of the limits portsim reads by

What a key means is its docstring in `portsim.scenario.schema*`; its example stands in docs/example. A key of the schema
that the template leaves out, or that no example uses, is an error here.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from portsim import json_schema, yamlfile
from portsim.scenario import (
    assembly,
    csvfile,
    flows,
    loading,
    profiles,
    units,
)
from portsim.scenario.schema import calls as schema_calls
from portsim.scenario.schema import fields as schema_fields
from portsim.scenario.schema import officers as schema_officers
from portsim.scenario.schema import values as schema_values
from portsim.yamlfile import reading

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "scenario-reference.md"
TEMPLATE = DOCS / "templates" / "scenario-reference.md"
EXAMPLES = (DOCS / "example" / "port.yaml", DOCS / "example" / "winter.yaml")

LONGEST_EXAMPLE = 100

WRITTEN = {
    "amount": "a [number](#numbers) from 0",
    "clock_times": "a clock time, or a list of them",
    "breaks": "lists of [breaks](#crews-on-a-rota), by shift",
    "closures": "a list of [closures](#closures)",
    "count": "a [whole number](#numbers)",
    "days": "[days](#days) of the week",
    "draws": "lines of text, in a block that begins with `|`",
    "distribution": "a [duration or distribution](#distributions)",
    "duration": "a [duration](#durations)",
    "files": "a list of file names",
    "flag": "`true` or `false`",
    "format": "the number 1",
    "growth": "a [share](#shares), or below 0",
    "hour_weights": "[weights](#weights) by spans of the clock",
    "hours": "[hours](#hours)",
    "journey": "a list of [steps](#steps-of-a-journey)",
    "lanes": "a [level](#levels-lanes-and-officers), or levels [by lane role](#lanes-by-role)",
    "level": "a [level](#levels-lanes-and-officers)",
    "local_time": "a [local time](#local-times)",
    "month_weights": "[weights](#weights) by months",
    "name": "a [name](#names)",
    "number": "a [number](#numbers)",
    "officers_level": "a [level](#levels-lanes-and-officers), a [CSV file](#officers-from-a-csv-file) or a "
    "[forecast](#officers-who-follow-the-forecast)",
    "officers_needed": "the name of a pool with a whole number from 1",
    "persons": "a [number](#numbers) from 0, or a map of its mean and cv, or of the least and the most",
    "goods": "a [number](#numbers) from 0, or a map of its mean and cv, or of the least and the most",
    "pace_by_number": "[paces](#pace), by whole numbers",
    "paces": "a [pace](#pace), or paces by the clock",
    "paths": "a path, a list of paths, or paths with factors",
    "per_day": "a number or [rate](#rates), or several by date",
    "plans": "maps of settings, by names of your own",
    "priority": "`high`, `ordinary` or `low`, or [shares](#shares) of high and low",
    "rate": "a [rate](#rates)",
    "rota": "a list of [shifts](#crews-on-a-rota), or `rest`",
    "seed": "a [whole number](#numbers)",
    "services": "a [duration or distribution](#distributions), or one for each kind",
    "settings": "a map from paths to values",
    "share": "a [share](#shares)",
    "shifts": "spans of the clock, by names of your own",
    "slots": "a gap with a number of places, or a list of [slots](#appointments)",
    "sources": "a map from paths to [sources](#where-a-number-comes-from)",
    "kinds": "a list of kinds",
    "stages": "a list of stages",
    "targets": "minutes, by measure",
    "text": "text",
    "texts": "a list of texts",
    "waves": "a gap with a number, or a list of [calls](#waves-and-batches)",
    "weekday_weights": "[weights](#weights) by [days](#days)",
    "when_closed": "a word or a map, [see below](#when-the-first-stage-is-closed)",
}
"""How a planner writes each quantity the schema names."""

LIMITS = {
    "first_year": f"{units.FIRST_YEAR}",
    "highest_cv": f"{schema_values.HIGHEST_CV:g}",
    "highest_level": f"{profiles.HIGHEST_LEVEL:,}",
    "highest_rate": f"{units.HIGHEST_RATE_PER_DAY:,.0f}",
    "largest_csv": f"{csvfile.LARGEST_FILE // 1_000_000}",
    "last_year": f"{units.LAST_YEAR}",
    "longest_duration": f"{units.LONGEST_MS // units.UNIT_MS['day']}",
    "longest_run": f"{assembly.LONGEST_RUN_YEARS}",
    "most_called": f"{schema_calls.MOST_CALLED:,}",
    "most_bytes": f"{reading.MAX_BYTES:,}",
    "longest_rota": f"{schema_officers.LONGEST_ROTA}",
    "most_crews": f"{schema_officers.MOST_CREWS}",
    "most_depth": f"{reading.MAX_DEPTH}",
    "most_extends": f"{loading.MAX_EXTENDS}",
    "most_goods": f"{units.MOST_GOODS:,}",
    "most_persons": f"{units.MOST_PERSONS:,}",
    "most_units": f"{flows.MOST_UNITS:,}",
    "name_rule": schema_fields.NAME_RULE,
}


class Reference:
    """The page being written.

    written : every (model, key) that has its place on it; the top level is the model "."
    """

    def __init__(self) -> None:
        self.schema = json_schema()
        self.models: dict[str, Any] = {".": self.schema} | {
            name: definition for name, definition in self.schema["$defs"].items() if "properties" in definition
        }
        self.required: dict[str, set[str]] = {
            name: set(model.get("required", [])) for name, model in self.models.items()
        }
        self.required["."] |= set(self.schema["then"]["required"])
        self.examples = [yamlfile.read(path).value for path in EXAMPLES]
        self.written: set[tuple[str, str]] = set()

    def text(self) -> str:
        """The whole page. Raises ValueError for an unknown placeholder or a key without its place or example."""
        page = re.sub(r"\{\{([a-z_]+)((?: [^}]*)?)\}\}", self._fill, TEMPLATE.read_text("utf-8"))
        every = {
            (name, key)
            for name, model in self.models.items()
            if name == "." or name.endswith("Model")
            for key in model["properties"]
        }
        if missing := sorted(every - self.written):
            raise ValueError(f"keys without a place in {TEMPLATE.name}: {missing}")
        return page

    def _fill(self, found: re.Match[str]) -> str:
        command, words = found[1], found[2].split()
        match command:
            case "key":
                return self._key(".", words[0], words[0])
            case "keys" if words[0] == ".":
                return "\n\n".join(f"### `{key}`\n\n{self._key('.', key, key)}" for key in words[1:])
            case "keys":
                model, above = words
                paths = {key: f"{above}.{key}" for key in self.models[model]["properties"]}
                return "\n\n".join(f"### `{path}`\n\n{self._key(model, key, path)}" for key, path in paths.items())
            case "about":
                return prose(self.models[words[0]]["description"])
            case "file":
                return (DOCS / words[0]).read_text("utf-8").rstrip()
            case name if name in LIMITS:
                return LIMITS[name]
        raise ValueError(f"unknown placeholder {found[0]} in {TEMPLATE.name}")

    def _key(self, model: str, key: str, path: str) -> str:
        """One key: an example, how it is written, whether it must be there, what it means."""
        field = self.models[model]["properties"][key]
        self.written.add((model, key))
        need = "required" if key in self.required[model] else "optional"
        example = self._example(path, key)
        return f"`{example}` · {written(field)} · {need}\n\n{prose(field['description'])}"

    def _example(self, path: str, key: str) -> str:
        for example in self.examples:
            for value in found_at(example, path.split(".")):
                for depth in range(6, 0, -1):
                    text = f"{key}: {flow_style(value, depth)}"
                    if len(text) <= LONGEST_EXAMPLE:
                        return text
                return text
        raise ValueError(f"no example of {path} in {', '.join(path.name for path in EXAMPLES)}")


def found_at(value: Any, path: list[str]) -> Iterator[Any]:
    """Every value at a path in which NAME is any key and N any place in a list."""
    if not path:
        yield value
        return
    head, rest = path[0], path[1:]
    if head == "NAME" and isinstance(value, dict):
        for inner in value.values():
            yield from found_at(inner, rest)
    elif head == "N" and isinstance(value, list):
        for inner in value:
            yield from found_at(inner, rest)
    elif isinstance(value, dict) and head in value:
        yield from found_at(value[head], rest)


def flow_style(value: Any, depth: int) -> str:
    """A value on one line of YAML; what lies deeper than `depth` is left out."""
    if isinstance(value, dict):
        inner = ", ".join(f"{plain_key(key)}: {flow_style(below, depth - 1)}" for key, below in value.items())
        return f"{{{inner}}}" if depth else "{...}"
    if isinstance(value, list):
        return f"[{', '.join(flow_style(below, depth - 1) for below in value)}]" if depth else "[...]"
    text = yamlfile.dump(value).strip()
    if text.startswith('"') and re.fullmatch(r"\d{4}-\d\d-\d\d[ 0-9:.-]*|[0-9.]+%", text[1:-1]):
        return text[1:-1]
    return f'"{text}"' if isinstance(value, str) and not text.startswith('"') and "," in text else text


def plain_key(key: str) -> str:
    """A key as it would be written, in quotes where YAML would not read it back as text otherwise."""
    return f'"{key}"' if key.isdecimal() else key


def written(field: dict[str, Any]) -> str:
    """How the value of a field is written, in words."""
    if "enum" in field:
        return " or ".join(f"`{word}`" for word in field["enum"])
    if "const" in field:
        return f"`{field['const']}`"
    if "anyOf" in field:
        return next(written(one) for one in field["anyOf"] if one != {"type": "null"})
    if field.get("type") == "object":
        return "maps of the keys below, by names of your own"
    if field.get("type") == "array":
        return "a list of maps of the keys below"
    name = str(field["$ref"]).rpartition("/")[2]
    return "a map of the keys below" if name.endswith("Model") else WRITTEN[name]


def prose(text: str) -> str:
    """A docstring as Markdown: what is YAML in it becomes code."""
    pieces = re.split(r"(`[^`]*`)", text)
    return "".join(piece if piece.startswith("`") else _marked(piece) for piece in pieces)


def _marked(text: str) -> str:
    """Maps, lists, paths with `*`, and quoted values of a text without code, as code."""
    result, start, depth = "", 0, 0
    for place, character in enumerate(text):
        if character in "{[":
            if not depth:
                result, start = result + _paths(text[start:place]), place
            depth += 1
        elif character in "}]" and depth:
            depth -= 1
            if not depth:
                result, start = f"{result}`{' '.join(text[start : place + 1].split())}`", place + 1
    return result + _paths(text[start:])


def _paths(text: str) -> str:
    return re.sub(r"[a-z_]+(?:\.(?:\*|[a-z_]+))*\.\*(?:\.[a-z_]+)*|\"[^\"\n]*\"", r"`\g<0>`", text)


def main() -> int:
    """Write the page, or with --check return 1 if it is not what would be written."""
    parser = argparse.ArgumentParser(description="Write docs/scenario-reference.md from the schema.")
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 if the page is out of date")
    is_check = parser.parse_args().check
    text = Reference().text()
    is_current = PAGE.is_file() and PAGE.read_text("utf-8") == text
    if is_check:
        if not is_current:
            sys.stderr.write("docs/scenario-reference.md is out of date: run `python docs/generate.py`\n")
        return 0 if is_current else 1
    if not is_current:
        PAGE.write_text(text, "utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
