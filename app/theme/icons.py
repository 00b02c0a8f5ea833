"""Phosphor icons, drawn in the palette's colours at the moment they are painted."""

from functools import cache
from typing import Any

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QIcon, QPainter
from qtawesome.iconic_font import CharIconEngine, IconicFont

from app.theme.manager import resolve

_FONT = ("ph", "phosphor-1.3.0.ttf", "phosphor-charmap-1.3.0.json")


class _GlyphPainter:
    """Asks for the colour when it paints, so that icons follow the theme without being made again."""

    def __init__(self, glyph: str, colour: int | str) -> None:
        self._glyph = glyph
        self._colour = colour

    def paint(  # noqa: PLR0917 - qtawesome calls it
        self,
        iconic: IconicFont,
        painter: QPainter,
        rect: QRect,
        mode: QIcon.Mode,
        state: QIcon.State,
        options: Any,
    ) -> None:
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        painter.setFont(iconic.font("ph", rect.height()))  # type: ignore[no-untyped-call]
        painter.setPen(self._ink(mode, state))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._glyph)
        painter.restore()

    def _ink(self, mode: QIcon.Mode, state: QIcon.State) -> QColor:
        plain = self._colour in ("text", "muted")
        ink = QColor(resolve("accent" if plain and state is QIcon.State.On else self._colour))
        if mode is QIcon.Mode.Disabled:
            ink = QColor(resolve("muted"))
            ink.setAlphaF(0.5)
        return ink


@cache
def _font() -> IconicFont:
    # Only this one of the dozen fonts qtawesome carries; loading all takes a third of a second.
    return IconicFont(_FONT)  # type: ignore[no-untyped-call]


def icon(name: str, colour: int | str = "text") -> QIcon:
    """The icon ``name`` of the Phosphor set, with or without its prefix ``ph.``.

    Args:
        name: For example ``"database"`` or ``"ph.database"``.
        colour: A token's name, a series index or ``#RRGGBB``; a checked button shows it in the accent colour.

    Raises:
        KeyError: There is no such icon.
    """
    font = _font()
    glyph = font.charmap["ph"][name.removeprefix("ph.")]
    return QIcon(CharIconEngine(font, _GlyphPainter(glyph, colour), [{}]))  # type: ignore[no-untyped-call]
