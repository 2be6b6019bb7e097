"""A replication played part by part, days at a time, in as much memory for ten years as for one.

Each part is drawn, played and measured, and whoever is out by its end is forgotten. Nothing else changes: units are the
same, with the same luck, in the same order, and the engine goes on where it was. The reference engine plays one part,
which is the whole.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portsim.model.network import NONE
from portsim.model.records import Records
from portsim.model.traffic import Traffic


def settled(traffic: Traffic, records: Records) -> NDArray[np.bool_]:
    """Whose way is over: bool[units]. A vehicle and its passengers are settled together."""
    units = records.units["unit"]
    is_out, has_come = np.zeros((2, len(traffic)), np.bool_)
    is_out[units] = records.units["out"] != NONE
    has_come[units] = True
    # Whoever has not got off a vehicle that is out never will.
    is_over = is_out | (~has_come & is_out[traffic.vehicle])
    still_in = np.bincount(traffic.vehicle[~is_over], minlength=len(traffic))
    settled: NDArray[np.bool_] = still_in[traffic.vehicle] == 0
    return settled
