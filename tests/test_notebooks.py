"""The notebooks: executed from top to bottom, their outputs as stored, and saying no more than these show."""

from __future__ import annotations

import ast
import copy
import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest
from nbformat import NotebookNode, from_dict, v4

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
LARGEST = 500_000
"""Bytes of a notebook."""
LONGEST_CELL = 12
"""Lines of a cell of code."""
SMALL = 10
"""Whole numbers below are words of a text more often than results."""

_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def ids(path: Path) -> str:
    return path.stem


@pytest.fixture(scope="module")
def execute() -> ModuleType:
    spec = importlib.util.spec_from_file_location("execute", FOLDER / "execute.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_there_are_seven_notebooks():
    assert [path.stem for path in NOTEBOOKS] == [
        "01-first-run",
        "02-irkeshtam-around-the-clock",
        "03-compare-staffing-plans",
        "04-what-counts-cannot-tell",
        "05-traveller-waves",
        "06-can-i-trust-it",
        "07-your-own-port",
    ]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_a_notebook_gives_what_it_holds(execute, path):
    stored = execute.read(path)
    assert execute.differences(stored, execute.execute(stored)) == []


# ---- what is stored ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_a_notebook_opens_with_its_question_and_one_figure(execute, path):
    cells = execute.read(path).cells
    assert cells[0].cell_type == "markdown"
    assert re.match(r"# .+\n\n\*\*[^*]+\?\*\*\n", cells[0].source)
    _, _, first = next(execute.outputs(execute.read(path)))
    assert "image/png" in first.data
    assert first.metadata["drawn"]["axes"]
    after = next(number for number, cell in enumerate(cells) if cell.cell_type == "code" and cell.outputs)
    assert cells[after + 1].cell_type == "markdown", "what the figure says stands below it"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_cells_are_short_and_define_nothing(execute, path):
    for number, cell in enumerate(execute.read(path).cells, 1):
        if cell.cell_type == "code":
            kinds = {type(node) for node in ast.walk(ast.parse(cell.source))}
            assert not kinds & {ast.FunctionDef, ast.Lambda, ast.ClassDef, ast.For, ast.While, ast.If}, number
            assert len(cell.source.splitlines()) <= LONGEST_CELL, number


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_nothing_of_a_machine_is_stored(execute, path):
    text = path.read_text("utf-8")
    assert len(text.encode()) < LARGEST
    notebook = json.loads(text)
    assert notebook["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    counts = []
    for cell in notebook["cells"]:
        assert set(cell["metadata"]) <= {"tags"}
        counts += [cell["execution_count"]] if cell["cell_type"] == "code" else []
        for output in cell.get("outputs", ()):
            assert output["output_type"] != "error"
            assert output.get("name") != "stderr"
            assert set(output.get("metadata", {})) <= {"drawn", "image/png"}
            shown = "".join(
                "".join(value) for kind, value in execute.parts(from_dict(output)).items() if "/png" not in kind
            )
            assert not re.search(r"(?<![\w.])/(?:home|root|tmp|Users|usr|work)/|[A-Z]:\\\\|0x[0-9a-f]{6}", shown)
    assert counts == list(range(1, len(counts) + 1))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_numbers_of_the_text_stand_in_an_output_or_in_the_code(execute, path):
    notebook = execute.read(path)
    known = {number for text in shown_texts(execute, notebook) for number in _NUMBER.findall(text)}
    plain = {number.replace(",", "") for number in known}
    rounded = {f"{float(number):.0f}" for number in plain if "." in number}
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "markdown":
            text = re.sub(r"\]\([^)]*\)|`[^`]*`", " ", cell.source)
            for found in _NUMBER.findall(text):
                value = found.rstrip(",").replace(",", "")
                is_small = value.isdecimal() and int(value) < SMALL
                assert is_small or value in plain | rounded, f"cell {number}: {found} stands in no output"


def shown_texts(execute, notebook: NotebookNode):
    """The code and everything a reader sees of the outputs, the words of pictures among them."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            yield cell.source
    for _, _, output in execute.outputs(notebook):
        for kind, text in execute.parts(output).items():
            if kind == "text/html":
                yield execute.text_of(text)
            elif kind != "image/png":
                yield text
        drawn = output.get("metadata", {}).get("drawn", {"words": [], "axes": []})
        yield " ".join([*drawn["words"], *(word for axes in drawn["axes"] for word in axes["words"])])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=ids)
def test_links_of_a_notebook_lead_somewhere(execute, path):
    for cell in execute.read(path).cells:
        if cell.cell_type == "markdown":
            for target in re.findall(r"\]\(([^)#]+)[^)]*\)", cell.source):
                assert target.startswith("https://") or (FOLDER / target).exists(), target


def test_the_picture_of_the_readme_is_the_first_of_its_notebook(execute):
    for stem, picture in execute.SHOWN_ELSEWHERE.items():
        assert picture.read_bytes() == execute.first_picture(execute.read(FOLDER / f"{stem}.ipynb"))
        assert picture.name in (ROOT / "README.md").read_text("utf-8")


# ---- what is noticed -----------------------------------------------------------------------------------------------


def small(execute, source: str, tags: list[str] | None = None) -> NotebookNode:
    cell = v4.new_code_cell(source)
    cell.metadata["tags"] = tags or []
    return execute.execute(v4.new_notebook(cells=[cell]))


PICTURE = """\
from matplotlib.figure import Figure
import matplotlib.pyplot as plt
figure, ax = plt.subplots()
ax.plot([0, 1], [0, {height}])
ax.bar([0], [2])
ax.scatter([1], [1])
ax.set(title="{title}")
plt.show()
"""


@pytest.fixture(scope="module")
def drawn(execute) -> NotebookNode:
    return small(execute, PICTURE.format(height=3, title="Three"))


def test_another_line_or_another_word_of_a_picture_is_noticed(execute, drawn):
    higher = small(execute, PICTURE.format(height=3.001, title="Three"))
    assert execute.differences(drawn, higher) == [
        "cell 1: axes 1 of the picture: other limits and lines are stored than it draws"
    ]
    named = small(execute, PICTURE.format(height=3, title="Four"))
    assert execute.differences(drawn, named) == ["cell 1: axes 1 of the picture: 'Three' is stored, it gives 'Four'"]
    assert execute.differences(drawn, small(execute, PICTURE.format(height=3, title="Three"))) == []


def test_other_bytes_of_the_same_picture_are_not(execute, drawn):
    other = copy.deepcopy(drawn)
    other.cells[0].outputs[0].data["image/png"] = "AAAA"
    assert execute.differences(drawn, other) == []
    lost = copy.deepcopy(drawn)
    del lost.cells[0].outputs[0].metadata["drawn"]
    assert execute.differences(lost, drawn) == ["cell 1: another picture is stored than it draws"]


def of_text(text: str, html: str | None = None, tags: tuple[str, ...] = ()) -> NotebookNode:
    data = {"text/plain": text} | ({"text/html": html} if html is not None else {})
    cell = v4.new_code_cell("1", outputs=[v4.new_output("execute_result", data=data)])
    cell.metadata["tags"] = list(tags)
    return v4.new_notebook(cells=[cell])


def test_another_number_is_noticed_and_another_layout_is_not(execute):
    assert execute.differences(of_text("wait  80.0"), of_text("wait 81.0")) == [
        "cell 1: '80.0' is stored, it gives '81.0'"
    ]
    assert execute.differences(of_text("wait  80.0"), of_text("wait 80.0")) == []
    assert execute.differences(of_text("a b"), of_text("a b c")) == ["cell 1: 2 words are stored, it gives 3"]
    table = "<style scoped>.x{top:1}</style><table><td>80</td></table>"
    assert execute.differences(of_text("t", table), of_text("t", "<table>\n<td >80</td></table>")) == []
    assert execute.differences(of_text("t", table), of_text("t", "<table><td>81</td></table>")) == [
        "cell 1: '80' is stored, it gives '81'"
    ]
    assert execute.differences(of_text("t", table), of_text("t")) == [
        "cell 1: text/plain, text/html is stored, it gives text/plain"
    ]
    fewer = of_text("t")
    fewer.cells[0].outputs = []
    assert execute.differences(of_text("t"), fewer) == ["cell 1: 1 outputs are stored, it gives 0"]


def test_numbers_of_a_fit_may_be_near_and_its_words_may_not(execute):
    def near(text: str) -> NotebookNode:
        return of_text(text, tags=("near",))

    assert execute.differences(near("check 7.1 identified"), near("check 6.9 identified")) == []
    assert execute.differences(near("check 7.1 identified"), near("check 4.0 identified")) == [
        "cell 1: '7.1' is stored, it gives '4.0'"
    ]
    assert execute.differences(near("check 7.1 identified"), near("check 7.1 bounded")) == [
        "cell 1: 'identified' is stored, it gives 'bounded'"
    ]


def test_a_cell_that_warns_is_refused(execute):
    with pytest.raises(ValueError, match=r"cell 1 warns: .*UserWarning: look"):
        small(execute, "import warnings; warnings.warn('look')")


def test_the_command_checks_and_names_what_it_does_not_know(execute, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(execute, "FOLDER", tmp_path)
    (tmp_path / "drawn.py").write_text((FOLDER / "drawn.py").read_text("utf-8"), "utf-8")
    path = tmp_path / "one.ipynb"
    path.write_text(json.dumps(v4.new_notebook(cells=[v4.new_code_cell("6 * 7")])), "utf-8")
    assert execute.main(["--check", "one"]) == 1
    assert capsys.readouterr().out == "one.ipynb: out of date\n  cell 1: 0 outputs are stored, it gives 1\n"
    assert execute.main(["one"]) == 0
    assert execute.main(["--check"]) == 0
    assert capsys.readouterr().out == "one.ipynb: executed\none.ipynb: up to date\n"
    with pytest.raises(SystemExit):
        execute.main(["two"])
    assert "there is no notebook 'two'; there are: one" in capsys.readouterr().err
