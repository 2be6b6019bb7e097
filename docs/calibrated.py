"""Write the tables and the picture of docs/calibration.md, and the scenario with what is left open that notebooks go on
with: `python docs/calibrated.py`; `--check` only compares.

Both shipped calibrations of Irkeshtam are done with their own seeds, so that the tables follow from the tree alone. It
takes some minutes. With `--check` the verdicts and published values have to be the same, and no number further from
the committed one than 15 % of its interval.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from statistics import quantiles
from typing import Any

import portsim
from portsim import yamlfile
from portsim.views.plots.paper import write_figure

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "calibration.md"
PICTURE = DOCS / "pictures" / "irkeshtam-posterior.png"
SCENARIO = DOCS.parent / "notebooks" / "data" / "irkeshtam-calibrated.yaml"
"""The scenario that carries what the first calibration leaves open."""

NAMES = ("irkeshtam", "irkeshtam-pilot")
NEAR = 0.15
"""How far a number may be from the committed one, of the width of its interval: other machines round otherwise."""

_BLOCK = re.compile(r"<!-- calibrated: (\S+) (\S+) -->\n(.*?)<!-- end -->", re.S)


def number(value: float) -> str:
    """A number of the tables: whole above 100, else three digits."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def span(row: dict[str, Any], name: str) -> str:
    """The interval of 90 % of a row."""
    return f"{number(row[f'{name}_q05'])} to {number(row[f'{name}_q95'])}"


def numbers_table(document: dict[str, Any]) -> str:
    """What is known of each number."""
    lines = ["| number | before | after | contraction | verdict |", "|---|---|---|---|---|"]
    for row in document["parameters"]:
        unit = f" {row['unit']}" if row["unit"] else ""
        cells = (
            f"`{row['parameter']}`",
            span(row, "prior") + unit,
            span(row, "posterior") + unit,
            f"{max(row['contraction'], 0):.2f}",
            row["verdict"],
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def figures_table(document: dict[str, Any]) -> str:
    """What the model gives of each figure."""
    lines = ["| figure | published | model, 90 % | fact | |", "|---|---|---|---|---|"]
    for row in document["figures"]:
        error = row["error"]
        sign = "≥ " if error["above"] is None else "≤ " if error["below"] is None else ""
        use = "fitted" if row["is_fitted"] else "predicted"
        verdict = "reached" if row["is_reached"] else "**not reached**"
        cells = (
            f"`{row['figure']}`",
            sign + number(row["value"]),
            span(row, "model"),
            f"`{row['fact']}`",
            f"{use}, {verdict}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


TABLES = {"numbers": numbers_table, "figures": figures_table}


def filled(text: str, documents: dict[str, dict[str, Any]]) -> str:
    """The page with its tables written anew."""
    return _BLOCK.sub(
        lambda found: (
            f"<!-- calibrated: {found[1]} {found[2]} -->\n{TABLES[found[2]](documents[found[1]])}<!-- end -->"
        ),
        text,
    )


def rows_of(text: str) -> dict[tuple[str, str, str], list[str]]:
    """The cells of each row of the tables, by calibration, table and name."""
    found = {}
    for name, table, body in _BLOCK.findall(text):
        for line in body.splitlines()[2:]:
            cells = [cell.strip() for cell in line.split("|")[1:-1]]
            found[name, table, cells[0].strip("`")] = cells[1:]
    return found


def differences(committed: str, fresh: str) -> list[str]:
    """What the committed page says that is not what the calibrations give."""
    old, new = rows_of(committed), rows_of(fresh)
    wrong = [f"{' '.join(key)}: stands in one of them only" for key in old.keys() ^ new.keys()]
    for key in old.keys() & new.keys():
        for before, after in zip(old[key], new[key], strict=True):
            if " to " not in before or not _ends(before):
                is_same = before == after or (_is_number(before) and abs(float(before) - float(after)) <= NEAR)
            else:
                (low, high), fresh_ends = _ends(before), _ends(after)
                is_same = all(abs(a - b) <= NEAR * (high - low) for a, b in zip((low, high), fresh_ends, strict=True))
            if not is_same:
                wrong.append(f"{' '.join(key)}: says {before}, and it is {after}")
    return sorted(wrong)


def moved(committed: str, fresh: str) -> list[str]:
    """The numbers whose draws lie elsewhere in one scenario that carries a posterior than in another."""
    (names, old), (others, new) = (_draws(text) for text in (committed, fresh))
    if names != others:
        return [f"is of {', '.join(names)}, and not of {', '.join(others)}"]
    wrong = []
    for name, before, after in zip(names, zip(*old, strict=True), zip(*new, strict=True), strict=True):
        (low, middle, high), fresh_ends = _quarters(before), _quarters(after)
        ends = zip((low, middle, high), fresh_ends, strict=True)
        if any(abs(one - other) > NEAR * (high - low) for one, other in ends):
            wrong.append(
                f"{name}: lies from {low:.4g} to {high:.4g}, and now from {fresh_ends[0]:.4g} to {fresh_ends[2]:.4g}"
            )
    return wrong


def _draws(text: str) -> tuple[list[str], list[list[float]]]:
    head, *lines = yamlfile.parse(text, SCENARIO.name).value["posterior"]["draws"].splitlines()
    return head.split(","), [[float(cell) for cell in line.split(",")] for line in lines]


def _quarters(values: tuple[float, ...]) -> tuple[float, float, float]:
    parts = quantiles(values, n=20)
    return parts[0], parts[9], parts[18]


def _ends(text: str) -> tuple[float, ...]:
    return tuple(float(part.replace(",", "")) for part in re.findall(r"\d[\d,]*(?:\.\d+)?", text)[:2])


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d+\.\d+", text) is not None


def main() -> int:
    """Calibrate, and write the page and its picture, or say what differs from them."""
    parser = argparse.ArgumentParser(description="Write the tables of docs/calibration.md.")
    parser.add_argument("--check", action="store_true", help="only say whether the page is up to date")
    is_check = parser.parse_args().check
    results = {name: portsim.calibrate(name) for name in NAMES}
    committed = PAGE.read_text("utf-8")
    fresh = filled(committed, {name: result.to_dict() for name, result in results.items()})
    scenario = results[NAMES[0]].files()[SCENARIO.name].decode()
    if is_check:
        wrong = [f"{PAGE.name}: {line}" for line in differences(committed, fresh)]
        wrong += [f"{SCENARIO.name}: {line}" for line in moved(SCENARIO.read_text("utf-8"), scenario)]
        sys.stderr.write("".join(f"{line}\n" for line in wrong))
        return 1 if wrong else 0
    PAGE.write_text(fresh, "utf-8")
    SCENARIO.write_text(scenario, "utf-8", newline="\n")
    write_figure(results[NAMES[0]].plot.posterior(), PICTURE, "png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
