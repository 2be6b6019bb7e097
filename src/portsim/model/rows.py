"""Which rows of a flow's streams its units read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portsim.model.streams import Streams


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Which row of its flow's streams each unit of a flow reads.

    Units standing in the queue at the start read streams of their own, so that a longer queue shifts nobody.
    standing : how many stand there; they come first
    k : int64[n], ascending, rows of the units that come later
    """

    flow: str
    streams: Streams
    standing: int
    k: NDArray[np.int64]

    def __len__(self) -> int:
        return self.standing + self.k.size

    def uniforms(self, purpose: str, *names: str) -> NDArray[np.float64]:
        """One uniform per unit: float64[standing + n]."""
        address = (purpose, self.flow, *names)
        first, last = (int(self.k[0]), int(self.k[-1])) if self.k.size else (0, -1)
        later = self.streams.uniforms(*address, count=last - first + 1, skip=first)
        if later.size != self.k.size:
            later = later[self.k - first]
        if not self.standing:
            return later
        return np.concatenate((self.streams.uniforms(*address, "standing at the start", count=self.standing), later))
