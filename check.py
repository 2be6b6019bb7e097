"""Check everything a contribution has to pass: `python check.py`, or only some of it: `python check.py lint types`."""

from __future__ import annotations

import argparse
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
SCRIPTS = Path(sysconfig.get_path("scripts"))

STEPS: dict[str, list[str]] = {
    "format": [sys.executable, "-m", "ruff", "format", "--check", "."],
    "lint": [sys.executable, "-m", "ruff", "check", "."],
    "types": [sys.executable, "-m", "mypy"],
    "imports": [str(SCRIPTS / "lint-imports")],
    "tests": [sys.executable, "-m", "pytest"],
}


def check(name: str) -> bool:
    """Run one step from the project's folder, print its line and, if it failed, all it said."""
    start = time.perf_counter()
    try:
        done = subprocess.run(
            STEPS[name], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace"
        )
        passed, output = done.returncode == 0, done.stdout.rstrip()
    except FileNotFoundError as error:
        passed, output = False, f"{error}\nthe tools come with: python -m pip install -e '.[dev]'"
    seconds = time.perf_counter() - start
    closing_line = output.splitlines()[-1].strip("= ") if output else ""
    print(f"{'passed' if passed else 'FAILED'}  {name:<8}{seconds:6.1f} s  {closing_line if passed else ''}".rstrip())
    if not passed:
        print(output)
    sys.stdout.flush()
    return passed


def main() -> int:
    """Run the steps asked for, all of them when none is, and return 0 only if every one passed."""
    parser = argparse.ArgumentParser(description="Check format, lint, types, import rules and tests.")
    parser.add_argument("steps", nargs="*", metavar="STEP", help=f"only these of: {', '.join(STEPS)}")
    wanted = parser.parse_args().steps
    unknown = [name for name in wanted if name not in STEPS]
    if unknown:
        parser.error(f"unknown step {', '.join(unknown)}; choose from {', '.join(STEPS)}")
    results = [check(name) for name in STEPS if not wanted or name in wanted]
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
