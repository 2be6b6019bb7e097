"""The model a good simmer practitioner writes for a port, where R and simmer are: `peer_simmer.R`, fed from here.

R runs in a process of its own, is given the plain SimPy model's draws in a file, and says itself how much processor
time model and records took; starting R and reading and writing files are left out.

It is written by simmer's manual (version 4.4). What hands the draws over and reads the visits back has been run with R
and a stand-in for simmer, the model never with simmer itself, which no machine at hand had: where it is,
tests/test_benchmarks.py checks the visits.
"""

from __future__ import annotations

import csv
import subprocess
import tempfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from benchmarks.plain_simpy import DAY, SHIFTS, Draws, Visit
from portsim.errors import UnavailableError

SCRIPT = Path(__file__).with_suffix(".R")
THREE = ((0, 3),)
"""Workload A: three lanes all day."""


def version() -> str:
    """The version of simmer. Raises UnavailableError where R or simmer is missing."""
    question = 'cat(as.character(packageVersion("simmer")))'
    try:
        return subprocess.run(["Rscript", "-e", question], check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        raise UnavailableError("simmer is not compared: there is no Rscript on this machine") from None
    except subprocess.CalledProcessError:
        raise UnavailableError("simmer is not compared: Rscript is there, its package simmer is not") from None


def simulate_a(draws: Draws) -> tuple[list[Visit], float]:
    """Workload A: visits, and the seconds they took."""
    return simulate_b(draws, THREE)


def simulate_b(draws: Draws, shifts: Sequence[tuple[int, int]] = SHIFTS) -> tuple[list[Visit], float]:
    """Workload B: visits, and the seconds they took."""
    with tempfile.TemporaryDirectory() as folder:
        drawn, written = Path(folder) / "draws.csv", Path(folder) / "visits.csv"
        _write(draws, drawn)
        starts, levels = (",".join(str(shift[part]) for shift in shifts) for part in (0, 1))
        command = ["Rscript", str(SCRIPT), str(drawn), str(written), str(draws.end), str(DAY), starts, levels]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        return _read(written), float(done.stdout)


def _write(draws: Draws, path: Path) -> None:
    """A row for each unit; in simmer the greater priority goes first."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["time", "priority", *(f"work_{number}" for number, _ in enumerate(draws.work, start=1))])
        writer.writerows(zip(draws.arrived, (-priority for priority in draws.priority), *draws.work, strict=True))


def _read(path: Path) -> list[Visit]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = [tuple(map(float, row)) for row in islice(csv.reader(file), 1, None)]
    return [(int(unit), int(stage), joined, started, ended) for unit, stage, joined, started, ended in rows]
