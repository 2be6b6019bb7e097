"""Officers: crews that come and go, and the pool that lends them to services (contract rules 20 to 22)."""

from __future__ import annotations

from portsim.engines.compiled.compiling import kernel
from portsim.engines.compiled.state import State
from portsim.model.network import NONE


@kernel
def set_level(s: State, crew: int, level: int, tick: int) -> None:
    """From `tick` on this many officers of the crew can be given to services."""
    if s.crews[crew].level == 0:
        s.crews[crew].since = tick
    s.crews[crew].level = level


@kernel
def crew_for(s: State, pool: int, officers: int) -> int:
    """Rule 21: of the crews able to give the officers the one that came on duty last, else NONE."""
    best = NONE
    for crew in range(s.pools[pool].first_crew, s.pools[pool].last_crew):
        level = s.crews[crew].level
        can_give = level > 0 and level - s.crews[crew].in_use >= officers
        if can_give and (best == NONE or s.crews[crew].since > s.crews[best].since):
            best = crew
    return best
