"""The benchmark's one command: `python -m benchmarks`, from the project's folder."""

from __future__ import annotations

import argparse
import os
import platform
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import portsim
from benchmarks.kernel import measure_huge, measure_kernel, measure_scale, measure_slope
from benchmarks.long import measure_huge_summary, measure_long
from benchmarks.measurements import Row, measure_memory, measure_overload, measure_speed, measure_start_up
from benchmarks.parallel import measure_parallel
from benchmarks.peers import measure_peers
from portsim.errors import UnavailableError

GROUPS = {
    "speed": measure_speed,
    "overload": measure_overload,
    "start": measure_start_up,
    "memory": measure_memory,
    "kernel": measure_kernel,
    "scale": measure_scale,
    "huge": measure_huge,
    "slope": measure_slope,
    "long": measure_long,
    "huge-summary": measure_huge_summary,
    "peers": measure_peers,
    "parallel": measure_parallel,
}
ONLY_IF_ASKED = {"huge", "huge-summary"}
LAYOUT = "{:<60} {:>16} {:>16} {:>13}  {:<10}{}"


def main() -> None:
    """Measure what is asked for on one core and print one table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="How fast portsim is, in ratios.")
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"only these of: {', '.join(GROUPS)}")
    parser.add_argument("--units", type=int, default=100_000, help="units of workload B (default 100,000)")
    parser.add_argument("--repeats", type=int, default=3, help="rounds of which the median is shown (default 3)")
    options = parser.parse_args()
    unknown = [name for name in options.groups if name not in GROUPS]
    if unknown:
        parser.error(f"unknown group {', '.join(unknown)}; choose from {', '.join(GROUPS)}")
    if options.units < 100 or options.repeats < 1:
        parser.error("--units is at least 100 and --repeats at least 1")

    print(machine(one_core=stay_on_one_core()))
    print()
    print(LAYOUT.format("", "portsim", "beside", "ratio", "bar", "").rstrip())
    for name, measure in GROUPS.items():
        if name in options.groups or (not options.groups and name not in ONLY_IF_ASKED):
            try:
                for row in measure(options.units, options.repeats):
                    print(line(row), flush=True)
            except UnavailableError as error:
                print(f"{name}: {error}")


def line(row: Row) -> str:
    """One row of the table as text."""
    ratio = f"{row.ratio:.2f}{row.unit}"
    bar = "" if row.bar is None else f"{'>=' if row.at_least else '<='} {row.bar:g}"
    return LAYOUT.format(row.what, row.value, row.base, ratio, bar, row.verdict).rstrip()


def stay_on_one_core() -> bool:
    """Keep this process and those it starts on one core, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        return False
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    return True


def machine(*, one_core: bool) -> str:
    """The machine and the versions the figures belong to."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("simpy", "numpy", "typer"))
    today = f"{datetime.now().astimezone():%Y-%m-%d}"
    versions = f"portsim {portsim.__version__}, Python {platform.python_version()}, {libraries}"
    cores = "one core" if one_core else "not bound to one core"
    return f"{today}  {versions}\n{processor()}, {cores}, {platform.system()}"


def processor() -> str:
    """The processor's name as the system gives it."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        for text in information.read_text().splitlines():
            if text.startswith("model name"):
                return text.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
