"""A scenario to start from: a small port with comments, to be filled with one's own numbers."""

from __future__ import annotations

import json
from pathlib import Path

from portsim import shipped
from portsim.errors import Place, Problem, ScenarioError
from portsim.scenario.schema.fields import NAME_RULE, is_name
from portsim.scenario.units import shown

SCHEMA_FILE = "scenario.schema.json"
"""What the starter's first line names, so that editors complete and explain its keys."""

_DEVICES = {"con", "prn", "aux", "nul", *(f"{device}{number}" for device in ("com", "lpt") for number in range(1, 10))}
"""Names that mean devices on Windows, whatever comes after the dot."""

_COMMENT_AT = 36
"""Column of the comments in the first lines of the template."""


def starter(name: str, port: str) -> str:
    """The text of a starter called `name` for this port, as it stands in `name`.yaml."""
    text = (shipped.folder("scenarios") / "templates" / "starter.yaml").read_text("utf-8")
    for key, value in (("name", name), ("port", port)):
        line = next(line for line in text.splitlines() if line.startswith(f"{key}: "))
        text = text.replace(line, f'{key}: "{value}" '.ljust(_COMMENT_AT) + line[_COMMENT_AT:], 1)
    return text.replace("FILE", f"{name}.yaml")


def write_starter(name: str, folder: Path, port: str | None = None) -> Path:
    """Write `name`.yaml and the JSON Schema beside it into a folder, which is made if need be; return the former.

    port : the port's id, the name itself if not given

    Raises ScenarioError for a name that is none and for a file that is there already; OSError. The schema is written
    anew where an older one stands.
    """
    from portsim.scenario.jsonschema import json_schema

    path, schema = folder / f"{name}.yaml", folder / SCHEMA_FILE
    _refuse_names(name, port)
    if path.exists():
        raise _problem(path, "is there already and is never overwritten: give another name, or another folder with -o")
    if schema.exists() and not _is_ours(schema):
        raise _problem(schema, "is there already and is not portsim's: move it away, or give another folder with -o")
    folder.mkdir(parents=True, exist_ok=True)
    schema.write_text(json.dumps(json_schema(), ensure_ascii=False, indent=2) + "\n", "utf-8", newline="\n")
    with open(path, "x", encoding="utf-8", newline="\n") as file:
        file.write(starter(name, name if port is None else port))
    return path


def _refuse_names(name: str, port: str | None) -> None:
    problems = []
    if name.endswith((".yaml", ".yml")):
        problems.append(Problem(None, "", f"got {shown(name)}; leave the ending out, the file is called NAME.yaml"))
    elif not is_name(name):
        problems.append(Problem(None, "", f"{shown(name)} cannot name a scenario: {NAME_RULE}"))
    elif name.lower() in _DEVICES:
        problems.append(Problem(None, "", f"{shown(name)} cannot name a file on Windows: give another name"))
    if port is not None and not is_name(port):
        problems.append(Problem(None, "", f"{shown(port)} cannot name a port: {NAME_RULE}"))
    if problems:
        raise ScenarioError(problems)


def _is_ours(schema: Path) -> bool:
    try:
        value = json.loads(schema.read_text("utf-8"))
    except ValueError:
        return False
    return isinstance(value, dict) and value.get("title") == "portsim scenario"


def _problem(path: Path, message: str) -> ScenarioError:
    return ScenarioError([Problem(Place(str(path), 0, 0), "", message)])
