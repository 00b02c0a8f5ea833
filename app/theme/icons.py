"""Phosphor icons as QIcons that are painted in the current color scheme.

The font and its table of names come from the package qtawesome. Its code is not imported: that would load a layer of
Qt bindings and a dozen fonts, which takes a quarter of a second at each start.
"""

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QIcon, QIconEngine, QPainter, QPixmap

from app.theme.manager import resolve

_FILL = 0.95
"""Size of the glyph as a share of the icon's height."""


class _GlyphEngine(QIconEngine):
    """Looks up its color when it paints, so that icons follow the color scheme."""

    def __init__(self, glyph: str, color: int | str) -> None:
        super().__init__()
        self._glyph = glyph
        self._color = color

    def clone(self) -> QIconEngine:
        """A copy of the engine."""
        return _GlyphEngine(self._glyph, self._color)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """The icon as a pixmap."""
        pixmap = QPixmap(size)
        if pixmap.isNull():
            return pixmap  # the size is empty
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draw the glyph in its current color."""
        font = QFont(_family())
        font.setPixelSize(max(1, round(min(rect.width(), rect.height()) * _FILL)))
        painter.save()
        painter.setFont(font)
        painter.setPen(self._pen_color(mode, state))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self._glyph)
        painter.restore()

    def _pen_color(self, mode: QIcon.Mode, state: QIcon.State) -> QColor:
        if mode is QIcon.Mode.Disabled:
            return QColor(resolve("faint"))
        plain = self._color in ("text", "muted")
        return QColor(resolve("accent" if plain and state is QIcon.State.On else self._color))


def _folder() -> Path:
    package = find_spec("qtawesome")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("qtawesome, which brings the icons, is not installed")
    return Path(package.submodule_search_locations[0]) / "fonts"


@cache
def _family() -> str:
    """The family of the icon font, which is registered on the first call."""
    number = QFontDatabase.addApplicationFont(str(next(_folder().glob("phosphor-[0-9]*.ttf"))))
    return QFontDatabase.applicationFontFamilies(number)[0]


@cache
def _glyphs() -> dict[str, str]:
    names: dict[str, str] = json.loads(next(_folder().glob("phosphor-charmap-*.json")).read_text(encoding="utf-8"))
    return names


def icon(name: str, color: int | str = "text") -> QIcon:
    """The icon ``name`` of the Phosphor set, with or without its prefix ``ph.``.

    Args:
        name: For example ``"database"`` or ``"ph.database"``.
        color: A token's name, a series index or ``#RRGGBB``; a checked button shows it in the accent color.

    Raises:
        KeyError: There is no such icon.
    """
    return QIcon(_GlyphEngine(chr(int(_glyphs()[name.removeprefix("ph.")], 16)), color))
