"""The command line: parse, call, print."""

from __future__ import annotations

from portsim.cli.app import app, main, register
from portsim.cli.calibrate import calibrate
from portsim.cli.catalogue import facts, list_, schema
from portsim.cli.check import check
from portsim.cli.compare import compare
from portsim.cli.describe import describe
from portsim.cli.merge import merge
from portsim.cli.new import new
from portsim.cli.plot import plot
from portsim.cli.run import run
from portsim.cli.sweep import sweep
from portsim.cli.trace import trace
from portsim.cli.verify import verify

register("run", run)
register("compare", compare)
register("sweep", sweep)
register("calibrate", calibrate)
register("check", check)
register("merge", merge)
register("plot", plot)
register("verify", verify)
register("trace", trace)
register("describe", describe)
register("new", new)
register("facts", facts)
register("list", list_)
register("schema", schema)

__all__ = ["app", "main"]
