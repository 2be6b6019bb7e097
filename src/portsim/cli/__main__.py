"""`python -m portsim.cli` is `portsim`."""

from __future__ import annotations

from portsim.cli import main

main()
