"""What goes to which stream: the result to stdout, everything else to stderr, plain where nobody looks."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TextIO

from portsim.tables import Line, Table, plain, printable

if TYPE_CHECKING:
    from portsim.views.textcharts import Glyphs


def prepare() -> None:
    """Make both streams safe to write any text to: pipes and files get UTF-8, terminals what they can show."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is None:
            continue
        if stream.isatty():
            reconfigure(errors="replace")
        else:
            reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")


def discard_stdout() -> None:
    """Send to nowhere what is left for a reader who has gone, so that the interpreter ends without complaint."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(text: str) -> None:
    """One notice on stderr; line breaks stay, control characters do not."""
    sys.stderr.write("".join(f"{printable(line)}\n" for line in text.splitlines()))


def write(text: str) -> None:
    """The result on stdout; flushed, so that a reader who has gone is noticed here."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()


def show(blocks: Iterable[Line | Table]) -> None:
    """A readable result: drawn tables on a terminal, the same content as aligned plain text anywhere else."""
    if has_style(sys.stdout):
        _draw(blocks)
    else:
        write(plain(blocks))


def chart(draw: Callable[[int, Glyphs], Sequence[str]]) -> None:
    """A chart of text below a result, on a terminal only; drawn for its width, with what its encoding has."""
    if not sys.stdout.isatty():
        return
    from portsim.views.textcharts import ASCII, glyphs_for

    is_dumb = os.environ.get("TERM") == "dumb"
    lines = draw(shutil.get_terminal_size().columns, ASCII if is_dumb else glyphs_for(sys.stdout.encoding))
    if lines:
        write("\n".join(["", *lines]))


def has_style(stream: TextIO) -> bool:
    """Whether colours and moving text are welcome: on a terminal, unless NO_COLOR or TERM=dumb says otherwise."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _draw(blocks: Iterable[Line | Table]) -> None:
    from rich.console import Console
    from rich.table import Table as Drawn
    from rich.text import Text

    console = Console(highlight=False)
    for block in blocks:
        if isinstance(block, Line):
            console.print(Text(printable(block.text), style="bold" if block.is_heading else ""), soft_wrap=True)
            continue
        lines = plain([block]).splitlines()
        if max(map(len, lines), default=0) > console.width:  # folded cells cannot be read across, nor copied
            console.print(Text("\n".join(lines)), soft_wrap=True)
            continue
        drawn = Drawn(
            box=None, header_style="dim", padding=(0, 2, 0, 0), pad_edge=False, show_header=any(block.columns)
        )
        for heading, is_right in zip(block.columns, block.is_right, strict=True):
            drawn.add_column(Text(printable(heading)), justify="right" if is_right else "left", overflow="fold")
        for row in block.rows:
            drawn.add_row(*(Text(printable(cell)) for cell in row))
        console.print(drawn)
