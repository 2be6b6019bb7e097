"""How far a long run is, on stderr: a bar, only on a terminal and only once it takes more than a moment; or lines."""

from __future__ import annotations

import math
import sys
import time
from threading import Timer
from types import TracebackType
from typing import TYPE_CHECKING

from portsim.cli.options import ProgressChoice
from portsim.cli.streams import has_style, say

if TYPE_CHECKING:
    from rich.progress import Progress

    from portsim.experiments import Played

PATIENCE_S = 2.0
"""A run that is over by then shows nothing."""

HEADLINE = "wait_mean_min"
"""The measure of the whole port whose interval is shown while it narrows."""

LINES = 10


class Bar:
    """Counts replications; a context manager that leaves no trace on the screen, or a line for every tenth of them.

    total : how many there are, None if that is said only with `advance`
    """

    def __init__(self, total: int | None, *, is_wanted: bool, choice: ProgressChoice = ProgressChoice.bar) -> None:
        self._total = total
        self._is_shown = is_wanted and choice is ProgressChoice.bar and has_style(sys.stderr)
        self._is_written = is_wanted and choice is ProgressChoice.plain
        self._progress: Progress | None = None
        self._timer: Timer | None = None
        self._done = 0
        self._headline: list[float] = []
        self._begun_s = time.monotonic()

    def __enter__(self) -> Bar:
        if self._is_shown:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self._progress = Progress(
                TextColumn("replications"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                TextColumn("{task.description}"),
                console=Console(stderr=True),
                transient=True,
            )
            self._progress.add_task("", total=self._total)
            self._timer = Timer(PATIENCE_S, self._progress.start)
            self._timer.daemon = True
            self._timer.start()
        return self

    def say(self, text: str) -> None:
        """Something is begun that takes long and does not move the bar."""
        if self._is_shown or self._is_written:
            say(text)

    def count(self, played: Played) -> None:
        """A replication of a port is done: its headline is part of the interval from now on."""
        if self._is_shown or self._is_written:
            self._headline += [
                one.value
                for one in played.measures
                if one.metric == HEADLINE
                and (one.flow, one.kind, one.direction, one.stage, one.pool) == (None,) * 5
                and not math.isnan(one.value)
            ]
        self.advance()

    def advance(self, total: int | None = None) -> None:
        """One more replication is done, of `total`."""
        self._total = total or self._total
        self._done += 1
        if self._progress is not None:
            self._progress.update(
                self._progress.task_ids[0], advance=1, total=self._total, description=self._interval()
            )
        if self._is_written and self._total:
            tenth = LINES * self._done // self._total
            if tenth > LINES * (self._done - 1) // self._total:
                say(self._line())

    def _line(self) -> str:
        assert self._total
        parts = [f"replications {self._done} of {self._total} ({100 * self._done // self._total} %)"]
        left_s = (time.monotonic() - self._begun_s) / self._done * (self._total - self._done)
        if self._done < self._total:
            parts.append(f"{_duration(left_s)} left")
        return ", ".join([*parts, *filter(None, [self._interval()])])

    def _interval(self) -> str:
        """The headline with half of its interval, as it stands; nothing before there is one."""
        if len(self._headline) < 2:
            return ""
        from portsim.results.statistics import interval

        mean, _, _, high = interval(self._headline)
        return f"{HEADLINE} {mean:.1f} ± {high - mean:.1f}"

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._timer is not None and self._progress is not None:
            self._timer.cancel()
            self._timer.join()
            self._progress.stop()


def _duration(seconds: float) -> str:
    """A span for people: `50 s`, `4 min`, `2.5 h`."""
    if seconds < 90:
        return f"{math.ceil(seconds)} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
