"""What was played for a calibration, line by line as it is done, so that one that was broken off can be continued.

The first line says which calibration it is of; every other is a point: its key, and what it gave of each figure. A line
that was not written whole is no line.
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np

from portsim import __version__
from portsim.errors import CalibrationError
from portsim.experiments.calibration.priors import Floats
from portsim.experiments.calibration.question import Question
from portsim.results.lock import FolderLock

NAME = "runs.jsonl"
FORMAT = "portsim.calibration-runs/1"


class Journal:
    """The points of a calibration in a folder; a context manager.

    is_continued : whether what stands there is taken over; nothing there is a beginning
    known : outputs of the points that stand there, by key

    Raises CalibrationError if what stands there is of another calibration, or stands there and is not continued, and
    ScenarioError if another one is under way there.
    """

    def __init__(self, folder: Path, question: Question, *, runs: int, is_continued: bool) -> None:
        self._path = folder / NAME
        self._head = json.dumps({"format": FORMAT, "of": fingerprint(question, runs)}) + "\n"
        self._stream: IO[str] | None = None
        self.known: dict[str, Floats] = {}
        self._folder = folder
        self._lock: FolderLock | None = None
        is_there = folder.exists() and (not folder.is_dir() or any(folder.iterdir()))
        if is_there and not is_continued:
            raise CalibrationError(f"{folder} is there already and not an empty folder; name a new one, or --resume")
        if is_there and (not self._path.is_file() or self._read()[:1] != [self._head]):
            raise CalibrationError(
                f"{folder} holds no calibration of this file, seed, number of runs and version of portsim; name a new "
                "folder"
            )

    def _read(self) -> list[str]:
        """The whole lines that stand there, taken in; those from the first broken one on are left out."""
        lines = self._path.read_text("utf-8", "replace").splitlines(keepends=True)
        kept = lines[:1] if lines and lines[0].endswith("\n") else [self._head]
        for line in lines[1:]:
            try:
                key, given = json.loads(line)
                outputs = np.array([math.nan if value is None else float(value) for value in given])
            except (ValueError, TypeError):
                break
            if not line.endswith("\n"):
                break
            self.known[key] = outputs
            kept.append(line)
        return kept

    def add(self, key: str, outputs: Floats) -> None:
        """Write down what a point gave."""
        assert self._stream is not None
        values = [value if math.isfinite(value) else None for value in outputs.tolist()]
        self._stream.write(json.dumps([key, values]) + "\n")
        self._stream.flush()

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = FolderLock.take(self._folder)
        self.known.clear()
        kept = self._read() if self._path.is_file() else [self._head]
        self._path.write_text("".join(kept), "utf-8", newline="\n")
        self._stream = open(self._path, "a", encoding="utf-8", newline="\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._stream is not None:
            self._stream.close()
        if self._lock is not None:
            self._lock.release()


def fingerprint(question: Question, runs: int) -> str:
    """Stands for all that the points of a calibration, and what they give, follow from."""
    said = [
        __version__,
        runs,
        question.seed,
        question.settings,
        sorted(sha256 for _, sha256 in question.files),
        [(one.name, one.sets, str(one.prior)) for one in question.parameters],
        [(one.name, one.value, str(one.measured), str(one.error), one.is_fitted) for one in question.targets],
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
