"""The letters of a picture: a font for every character of a port's own names, or a notice where none is installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from portsim.scenario.scenario import Scenario, Side, Stage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BASE = "DejaVu Sans"
"""Comes with matplotlib, so that a picture looks the same everywhere."""

PREFERRED = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
    "Noto Sans",
)
"""Asked first for what the base font has not; any other installed font comes after them."""


@dataclass(frozen=True, slots=True)
class Letters:
    """Makes text fit to be drawn.

    families : fonts to draw with, each for what those before it have not
    unknown : characters that no installed font has; `?` stands for each of them
    """

    families: tuple[str, ...] = (BASE,)
    unknown: frozenset[str] = frozenset()

    @classmethod
    def of(cls, texts: Iterable[str]) -> Letters:
        """The fonts that have every character of these texts, as far as any installed one has."""
        asked = {character for text in texts for character in text if character.isprintable()}
        missing = asked - _characters_of(BASE)
        families = [BASE]
        if missing:
            _find_new_fonts()
        for name in (*PREFERRED, *_installed()) if missing else ():
            gained = missing & _characters_of(name)
            if gained:
                families.append(name)
                missing -= gained
            if not missing:
                break
        return cls(tuple(families), frozenset(missing))

    def __call__(self, text: str) -> str:
        """The text as it can be drawn: nothing unknown, no control characters, no `$` that would begin a formula."""
        shown = "".join("?" if one in self.unknown else one if one.isprintable() else " " for one in text)
        return shown.replace("$", r"\$")

    def name(self, text: str) -> str:
        """A name of the scenario's as it reads in a sentence."""
        return self(text.replace("_", " ").strip() or text)

    def apply(self, *every: Axes) -> None:
        """Draw all that stands in and around these axes with these fonts."""
        from matplotlib.text import Text

        for axes in every:
            families: Any = list(self.families)
            for part in (axes, *axes.child_axes):
                part.tick_params(labelfontfamily=families)
                for found in part.findobj(Text):
                    found.set_fontfamily(families)

    @property
    def weight_of_titles(self) -> str:
        """Bold where every font has it: of another matplotlib would log, picture by picture, what it takes instead."""
        return "bold" if all(map(_has_bold, self.families)) else "normal"

    @property
    def notices(self) -> tuple[str, ...]:
        """What a reader of the picture has to be told."""
        if not self.unknown:
            return ()
        some = "".join(sorted(self.unknown)[:20])
        return (
            f"no installed font has the characters {some}{'...' if len(self.unknown) > 20 else ''}: pictures show ? in "
            "their place; install a font that has them, for instance Noto Sans CJK",
        )


def letters_for(scenario: Scenario) -> Letters:
    """Fonts for every name a picture of this scenario can show."""
    return Letters.of(_texts(scenario))


def _texts(scenario: Scenario) -> Iterator[str]:
    yield from (scenario.name, scenario.plan or "", scenario.port)
    for flow in scenario.flows:
        yield from (flow.name, flow.kind)
    for window in scenario.windows:
        yield from (window.name, window.published or "")
    for regime in scenario.regimes:
        places: list[Side | Stage] = [*regime.sides, *regime.stages]
        yield from (place.name for place in places)
        yield from (closure.text for place in places for closure in place.closures)
        yield from (pool.name for pool in regime.pools)


@lru_cache(maxsize=512)
def _characters_of(name: str) -> frozenset[str]:
    """Characters that all faces of a font have which a picture may be drawn with; none if it is not installed."""
    from matplotlib import font_manager

    files = {entry.fname for entry in font_manager.fontManager.ttflist if entry.name == name and _is_upright(entry)}
    if not files:
        return frozenset()
    maps = [font_manager.get_font(file).get_charmap() for file in sorted(files)]
    return frozenset(map(chr, set.intersection(*(set(one) for one in maps))))


@lru_cache(maxsize=1)
def _find_new_fonts() -> None:
    """Tell matplotlib of fonts that were installed after it listed them, which it does once and keeps."""
    from matplotlib import font_manager

    known = {entry.fname for entry in font_manager.fontManager.ttflist}
    for file in sorted(set(font_manager.findSystemFonts()) - known):
        with suppress(OSError, RuntimeError, ValueError):  # a file that is no font, or of a kind it cannot draw with
            font_manager.fontManager.addfont(file)


def _is_upright(entry: Any) -> bool:
    return entry.style == "normal" and entry.weight in (400, 700, "normal", "bold")


def _has_bold(name: str) -> bool:
    from matplotlib import font_manager

    entries = font_manager.fontManager.ttflist
    return any(entry.name == name and _is_upright(entry) and entry.weight in (700, "bold") for entry in entries)


def _installed() -> list[str]:
    from matplotlib import font_manager

    # A font of last resort has a box for every character, which is what is to be avoided.
    return sorted({entry.name for entry in font_manager.fontManager.ttflist if "Last Resort" not in entry.name})
