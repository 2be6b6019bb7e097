"""What a picture of a notebook shows, as data: words, and a digest of the numbers of everything that was drawn.

`execute.py` runs this file in the kernel before the first cell. From then on every figure that is shown carries its
description beside its PNG. Pictures are held against the code by these, as bytes of a PNG change with the fonts and the
version of matplotlib of a machine, and the numbers do not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

MIME = "application/vnd.portsim.drawn+json"
"""Under which a description travels from the kernel."""

DIGITS = 9
"""Significant digits of numbers that are compared: times of a year to the second."""


def described(figure: Figure) -> dict[str, Any]:
    """The words of a figure, and for each of its axes the words and what was drawn: {"axes": [...], "words": [...]}."""
    legends = [text for legend in figure.legends for text in legend.get_texts()]
    words = [shown(text) for text in (*figure.texts, *legends)]
    return {"words": [word for word in words if word], "axes": [described_axes(axes) for axes in figure.axes]}


def described_axes(axes: Axes) -> dict[str, Any]:
    """The words of one axes, and of each kind of mark how many there are and a digest of their numbers."""
    kinds: dict[str, list[np.ndarray]] = {}
    words = [axes.get_title(loc) for loc in ("left", "center", "right")] + [axes.get_xlabel(), axes.get_ylabel()]
    for artist in (*axes.lines, *axes.collections, *axes.patches, *axes.images, *axes.texts, *axes.artists):
        if isinstance(artist, Text):
            words.append(shown(artist))
        else:
            kinds.setdefault(kind_of(artist), []).extend(numbers_of(artist))
    legend = axes.get_legend()
    words += [shown(text) for text in legend.get_texts()] if legend is not None else []
    limits = np.array([*axes.get_xlim(), *axes.get_ylim()])
    drawn = {kind: f"{len(arrays)} {digest(arrays)}" for kind, arrays in sorted(kinds.items())}
    return {"words": [word for word in words if word], "limits": digest([limits]), "drawn": drawn}


def shown(text: Text) -> str:
    """A text as it reads."""
    return " ".join(text.get_text().split())


def kind_of(artist: Artist) -> str:
    """What sort of mark it is."""
    kinds = {Line2D: "lines", Collection: "collections", Patch: "patches", AxesImage: "images"}
    return next((name for kind, name in kinds.items() if isinstance(artist, kind)), type(artist).__name__)


def numbers_of(artist: Artist) -> Iterator[np.ndarray]:
    """The numbers a mark is drawn from: points, corners, values."""
    if isinstance(artist, Line2D):
        yield np.asarray(artist.get_xydata(), float)
    elif isinstance(artist, Collection):
        values = artist.get_array()
        corners = [path.vertices for path in artist.get_paths()]
        parts = [np.asarray(np.ma.filled(artist.get_offsets(), np.nan), float), *corners]
        parts += [] if values is None else [np.ma.filled(values.astype(float), np.nan)]
        yield np.concatenate([np.asarray(part, float).ravel() for part in parts])
    elif isinstance(artist, Patch):
        yield artist.get_patch_transform().transform(artist.get_path().vertices)
    elif isinstance(artist, AxesImage):
        values = artist.get_array()
        if values is not None:
            yield np.ma.filled(values.astype(float), np.nan)


def digest(arrays: list[np.ndarray]) -> str:
    """A short hash of numbers, equal where their first digits are."""
    text = ";".join(" ".join(f"{value + 0.0:.{DIGITS}g}" for value in array.ravel()) for array in arrays)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def describe_what_is_shown() -> None:
    """Have the kernel send a description with every figure it shows."""
    from IPython import get_ipython

    def bundle(figure: Figure, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {MIME: described(figure)}

    get_ipython().display_formatter.mimebundle_formatter.for_type(Figure, bundle)


if __name__ == "__main__":
    describe_what_is_shown()
