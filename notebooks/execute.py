"""Execute the notebooks and keep their outputs: `python notebooks/execute.py [NAME...]`; `--check` only compares.

Each is executed from its first cell to its last by the Python that runs this command. What is kept holds no times of
execution, no path of a machine and no state of a browser. Needs the extra `test`.
"""

from __future__ import annotations

import argparse
import base64
import copy
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

FOLDER = Path(__file__).resolve().parent
PICTURES = FOLDER.parent / "docs" / "pictures"
MIME = "application/vnd.portsim.drawn+json"
"""Under which `drawn.py` sends what a picture shows."""

SHOWN_ELSEWHERE = {"02-irkeshtam-around-the-clock": PICTURES / "irkeshtam-around-the-clock.png"}
"""Notebooks whose first picture stands on a page as well, and in which file."""

CELL_TIMEOUT_S = 300
NEAR = "near"
"""Tag of a cell whose numbers other machines round otherwise, such as those of a fit."""
NEAR_SHARE = 0.25
"""By how much of themselves the numbers of such a cell may differ."""

_NUMBER = re.compile(r"[-+±]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?")
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def paths(names: Sequence[str] = ()) -> list[Path]:
    """The notebooks, or those whose name begins so. Raises ValueError if there is none of a name."""
    every = sorted(FOLDER.glob("*.ipynb"))
    for name in names:
        if not any(path.name.startswith(name) for path in every):
            raise ValueError(f"there is no notebook {name!r}; there are: {', '.join(path.stem for path in every)}")
    return [path for path in every if not names or path.name.startswith(tuple(names))]


def read(path: Path) -> NotebookNode:
    """A notebook as it is stored."""
    return nbformat.read(path, as_version=4)


def execute(notebook: NotebookNode) -> NotebookNode:
    """The notebook with the outputs of a new execution, in the kernel of this Python, cleaned of what is of a machine.

    Raises CellExecutionError where a cell fails, and ValueError where one warns.
    """
    fresh = copy.deepcopy(notebook)
    setup = f"import runpy; runpy.run_path({str(FOLDER / 'drawn.py')!r}, run_name='__main__')"
    fresh.cells.insert(0, nbformat.v4.new_code_cell(setup))
    with tempfile.TemporaryDirectory() as temporary:
        # Settings of whoever runs this, and their cache of matplotlib, stay out of it.
        environment = {**os.environ, "IPYTHONDIR": temporary, "MPLBACKEND": "module://matplotlib_inline.backend_inline"}
        client = NotebookClient(
            fresh,
            timeout=CELL_TIMEOUT_S,
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": str(FOLDER)}},
        )
        client.execute(env=environment)
    del fresh.cells[0]
    return cleaned(fresh)


def cleaned(notebook: NotebookNode) -> NotebookNode:
    """What is kept of an executed notebook."""
    notebook.metadata = nbformat.from_dict(_METADATA)
    notebook.nbformat_minor = 5
    count = 0
    for number, cell in enumerate(notebook.cells, 1):
        tags = cell.metadata.get("tags", [])
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        cell.id = f"cell-{number:02d}"
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr":
                raise ValueError(f"cell {number} warns: {output.text.strip()}")
            if output.output_type == "execute_result":
                output.execution_count = count
            if MIME in output.get("data", {}):
                output.metadata["drawn"] = output.data.pop(MIME)
                output.data["image/png"] = "".join(output.data["image/png"].split())
    return notebook


def write(path: Path, notebook: NotebookNode) -> None:
    """Store a notebook, and its first picture where that stands on a page."""
    nbformat.validate(notebook)
    path.write_text(nbformat.writes(notebook).rstrip() + "\n", "utf-8", newline="\n")
    if path.stem in SHOWN_ELSEWHERE:
        SHOWN_ELSEWHERE[path.stem].write_bytes(first_picture(notebook))


def first_picture(notebook: NotebookNode) -> bytes:
    """The first picture of a notebook, as PNG."""
    pictures = (output.data["image/png"] for _, _, output in outputs(notebook) if "image/png" in output.get("data", {}))
    return base64.b64decode(next(pictures))


def outputs(notebook: NotebookNode) -> Iterator[tuple[int, NotebookNode, NotebookNode]]:
    """(number of the cell, cell, output) of every output."""
    for number, cell in enumerate(notebook.cells, 1):
        for output in cell.outputs if cell.cell_type == "code" else ():
            yield number, cell, output


# ---- comparing ----------------------------------------------------------------------------------------------------


def differences(stored: NotebookNode, fresh: NotebookNode) -> list[str]:
    """What of the stored outputs a new execution gives otherwise, in words; nothing if they are the same."""
    found = []
    for number, (old, new) in enumerate(zip(stored.cells, fresh.cells, strict=True), 1):
        if old.cell_type != "code":
            continue
        is_near = NEAR in old.metadata.get("tags", [])
        if len(old.outputs) != len(new.outputs):
            found.append(f"cell {number}: {len(old.outputs)} outputs are stored, it gives {len(new.outputs)}")
        for before, after in zip(old.outputs, new.outputs, strict=False):
            found += [f"cell {number}: {what}" for what in _changes(before, after, is_near)]
    return found


def _changes(before: NotebookNode, after: NotebookNode, is_near: bool) -> Iterator[str]:
    old, new = parts(before), parts(after)
    if old.keys() != new.keys():
        yield f"{', '.join(old)} is stored, it gives {', '.join(new)}"
    for kind in old.keys() & new.keys():
        if kind == "image/png":
            yield from _drawn_otherwise(before.metadata.get("drawn"), after.metadata.get("drawn"), is_near)
            continue
        yield from _read_otherwise(words_of(kind, old[kind]), words_of(kind, new[kind]), is_near)


def parts(output: NotebookNode) -> dict[str, str]:
    """The parts of an output by kind: text, HTML, a picture."""
    if output.output_type == "stream":
        return {"text/plain": output.text}
    return dict(output.get("data", {}))


def words_of(kind: str, text: str) -> list[str]:
    """What a reader reads, word by word: of HTML the text of its elements."""
    return text_of(text).split() if kind == "text/html" else text.split()


def text_of(fragment: str) -> str:
    """The text of HTML, without style sheets."""
    reader = _Reader()
    reader.feed(fragment)
    reader.close()
    return " ".join(reader.texts)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._is_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._is_style = tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self._is_style = False

    def handle_data(self, data: str) -> None:
        if not self._is_style:
            self.texts.append(data)


def _read_otherwise(old: list[str], new: list[str], is_near: bool) -> Iterator[str]:
    for before, after in zip(old, new, strict=False):
        if before != after and not (is_near and _are_near(before, after)):
            yield f"{before!r} is stored, it gives {after!r}"
            return
    if len(old) != len(new):
        yield f"{len(old)} words are stored, it gives {len(new)}"


def _are_near(before: str, after: str) -> bool:
    """Whether two words are the same but for their numbers, and these nearly so."""
    if _NUMBER.sub("0", before) != _NUMBER.sub("0", after):
        return False
    pairs = zip(_NUMBER.findall(before), _NUMBER.findall(after), strict=True)
    values = [[float(text.replace(",", "").lstrip("±")) for text in pair] for pair in pairs]
    return all(abs(old - new) <= NEAR_SHARE * max(abs(old), abs(new)) for old, new in values)


def _drawn_otherwise(old: Any, new: Any, is_near: bool) -> Iterator[str]:
    if old is None or new is None or len(old["axes"]) != len(new["axes"]):
        yield "another picture is stored than it draws"
        return
    yield from _read_otherwise(" ".join(old["words"]).split(), " ".join(new["words"]).split(), is_near)
    for number, (before, after) in enumerate(zip(old["axes"], new["axes"], strict=True), 1):
        words = [" ".join(axes["words"]).split() for axes in (before, after)]
        for what in _read_otherwise(words[0], words[1], is_near):
            yield f"axes {number} of the picture: {what}"
        if is_near:
            continue
        changed = [kind for kind in {**before["drawn"], **after["drawn"]} if _of(before, kind) != _of(after, kind)]
        changed += ["limits"] if before["limits"] != after["limits"] else []
        if changed:
            yield f"axes {number} of the picture: other {' and '.join(sorted(changed))} are stored than it draws"


def _of(axes: Any, kind: str) -> str | None:
    found = axes["drawn"].get(kind)
    return None if found is None else str(found)


# ---- the command ----------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Execute and store notebooks, or with --check return 1 if one gives anything else than it holds."""
    parser = argparse.ArgumentParser(description="Execute the notebooks and keep their outputs.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only notebooks whose name begins so, such as 02")
    parser.add_argument("--check", action="store_true", help="store nothing; end with 1 if outputs are out of date")
    asked = parser.parse_args(arguments)
    try:
        chosen = paths(asked.names)
    except ValueError as error:
        parser.error(str(error))
    is_current = True
    for path in chosen:
        stored = read(path)
        fresh = execute(stored)
        if not asked.check:
            write(path, fresh)
            print(f"{path.name}: executed")
            continue
        found = differences(stored, fresh)
        is_current = is_current and not found
        print("\n".join([f"{path.name}: {'out of date' if found else 'up to date'}", *(f"  {what}" for what in found)]))
    return 0 if is_current else 1


if __name__ == "__main__":
    sys.exit(main())
