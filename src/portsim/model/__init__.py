"""From a scenario to what an engine plays: the network (`lower`), and of one replication traffic and outages.

`draw` makes the traffic from the network as lowered; `with_outages` makes the network it runs through.

All randomness and all lowering of features live here; an engine sees plain arrays only.
"""

from portsim.model.draws import Drawing, draw
from portsim.model.lowering import lower
from portsim.model.network import Network
from portsim.model.outages import with_outages
from portsim.model.posterior import draw_of, scenario_of
from portsim.model.records import Records
from portsim.model.traffic import Traffic

__all__ = [
    "Drawing",
    "Network",
    "Records",
    "Traffic",
    "draw",
    "draw_of",
    "lower",
    "scenario_of",
    "with_outages",
]
