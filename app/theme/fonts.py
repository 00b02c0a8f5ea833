"""The fonts of the window: the platform's font with tabular digits and a fallback for Korean."""

import sys

from PySide6.QtGui import QFont, QFontDatabase
from PySide6.QtWidgets import QApplication

_FALLBACKS = ("Noto Sans CJK KR", "Noto Sans KR", "Malgun Gothic", "Apple SD Gothic Neo", "Noto Sans")
_FIXED = ("DejaVu Sans Mono", "Noto Sans Mono", "Cascadia Mono", "Consolas", "Menlo", "Liberation Mono")
_FIXED_FALLBACKS = ("Noto Sans Mono CJK KR", "D2Coding", *_FALLBACKS)
_NO_PREFERENCE = {"Sans Serif", "Sans", "sans-serif", "Helvetica", ""}
_DEFAULT_SIZE = 10.5
_semibold = QFont.Weight.DemiBold


def application_font(font: QFont) -> QFont:
    """``font`` with fallbacks and tabular digits.

    An X session without a desktop has no font of its own ("Sans Serif", 9 points): only there family and size change.
    """
    adapted = QFont(font)
    present = [name for name in _FALLBACKS if QFontDatabase.hasFamily(name)]
    is_unset = sys.platform.startswith("linux") and font.family() in _NO_PREFERENCE
    families = present if is_unset and present else [font.family(), *present]
    adapted.setFamilies(families)
    if is_unset and font.pointSizeF() <= 9.0:
        adapted.setPointSizeF(_DEFAULT_SIZE)
    adapted.setFeature(QFont.Tag("tnum"), 1)
    return adapted


def scaled_font(scale: float = 1.0, *, semibold: bool = False) -> QFont:
    """The application's font, ``scale`` times as large (at least 0.85), optionally semibold."""
    font = QFont(QApplication.font())
    font.setPointSizeF(font.pointSizeF() * max(scale, 0.85))
    if semibold:
        font.setWeight(_semibold)
    return font


def title_font() -> QFont:
    """The font of page titles."""
    return scaled_font(1.3, semibold=True)


def card_title_font() -> QFont:
    """The font of card titles."""
    return scaled_font(1.0, semibold=True)


def small_font() -> QFont:
    """The font of secondary text."""
    return scaled_font(0.88)


def mono_font() -> QFont:
    """The font of logs and code.

    The system may name an alias ("monospace") instead of a family, so families that do not exist are left out.
    """
    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    candidates = (font.family(), *_FIXED, *_FIXED_FALLBACKS)
    font.setFamilies([name for name in candidates if QFontDatabase.hasFamily(name)] or [font.family()])
    font.setPointSizeF(QApplication.font().pointSizeF() * 0.88)
    return font
