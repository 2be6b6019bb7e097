"""From a scenario to what an engine plays: the network (`lower`) and the traffic of one replication (`draw`).

All randomness and all lowering of features live here; an engine sees plain arrays only.
"""

from portsim.model.draws import draw
from portsim.model.lowering import lower
from portsim.model.network import Network
from portsim.model.records import Records
from portsim.model.traffic import Traffic

__all__ = ["Network", "Records", "Traffic", "draw", "lower"]
