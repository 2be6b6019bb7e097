"""Measures of what happened, their summary over replications, and the folders they are kept in."""

from portsim.results.ledger import Ledger
from portsim.results.manifest import manifest_of, read_manifest
from portsim.results.measure import Measure
from portsim.results.measuring import count, measure
from portsim.results.opening import open_folder
from portsim.results.reading import read_measures, read_records, read_table
from portsim.results.statistics import MetricRow, summarise
from portsim.results.store import RunFolder

__all__ = [
    "Ledger",
    "Measure",
    "MetricRow",
    "RunFolder",
    "count",
    "manifest_of",
    "measure",
    "open_folder",
    "read_manifest",
    "read_measures",
    "read_records",
    "read_table",
    "summarise",
]
