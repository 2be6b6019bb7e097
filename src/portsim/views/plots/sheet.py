"""A sheet of paper that a notebook shows by itself. Imported where a sheet is made: it loads matplotlib."""

from __future__ import annotations

import io

from matplotlib.figure import Figure

SCREEN_DPI = 150
"""Dots an inch of a picture in a notebook: letters stay sharp on fine screens, and a notebook small."""
CSS_DPI = 96
"""Dots an inch of what a browser calls a pixel."""


class Sheet(Figure):
    """A figure that shows itself in any notebook, with or without `%matplotlib inline`, as wide as it is on paper."""

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=SCREEN_DPI, metadata={"Software": None})
        return buffer.getvalue(), {"width": round(CSS_DPI * self.get_figwidth())}
