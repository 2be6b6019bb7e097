"""How far a long run is: a bar on stderr, only on a terminal and only once it takes more than a moment."""

from __future__ import annotations

import sys
from threading import Timer
from types import TracebackType
from typing import TYPE_CHECKING

from portsim.cli.streams import has_style, say

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE_S = 2.0
"""A run that is over by then shows nothing."""


class Bar:
    """Counts replications; a context manager that leaves no trace on the screen.

    total : how many there are, None if that is said only with `advance`
    """

    def __init__(self, total: int | None, *, is_wanted: bool) -> None:
        self._total = total
        self._is_shown = is_wanted and has_style(sys.stderr)
        self._progress: Progress | None = None
        self._timer: Timer | None = None

    def __enter__(self) -> Bar:
        if self._is_shown:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self._progress = Progress(
                TextColumn("replications"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
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
        if self._is_shown:
            say(text)

    def advance(self, total: int | None = None) -> None:
        """One more replication is done, of `total`."""
        if self._progress is not None:
            self._progress.update(self._progress.task_ids[0], advance=1, total=total)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        if self._timer is not None and self._progress is not None:
            self._timer.cancel()
            self._timer.join()
            self._progress.stop()
