"""Published figures with their sources, and the rule that a rejected one is never used.

Read in this order: `fact` (what a figure carries), `units` (the closed list of units), `entries` (a file, checked key
by key), `library` (all files together, derived figures, look-up), `table` (rows to show).
"""

from portsim.facts.fact import Counts, Derived, Fact, Period, Source
from portsim.facts.library import load_facts, lookup
from portsim.facts.table import FactRow, fact_rows

__all__ = ["Counts", "Derived", "Fact", "FactRow", "Period", "Source", "fact_rows", "load_facts", "lookup"]
