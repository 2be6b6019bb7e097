"""What the results of all experiments have alike."""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar

from portsim.tables import Shown


class _Ended(Protocol):
    @property
    def warnings(self) -> tuple[str, ...]: ...

    @property
    def stopped(self) -> str | None: ...

    @property
    def is_interrupted(self) -> bool: ...


Data = TypeVar("Data", bound=_Ended)


class Outcome(Shown, Generic[Data]):
    """How an experiment ended.

    data : what came of it
    """

    data: Data

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know before the figures are used."""
        return self.data.warnings

    @property
    def stopped(self) -> str | None:
        """Why the first run of it that had to stop did, None if none had to."""
        return self.data.stopped

    @property
    def is_interrupted(self) -> bool:
        """Whether Ctrl-C ended it; the figures are of the replications that were done everywhere by then."""
        return self.data.is_interrupted
