"""The Fusion palette of the color tokens, and the style sheet that refers to it.

The style sheet is the same in both schemes and set once: when an application's sheet changes, Qt styles every widget
once per ancestor, which takes seconds with thousands of widgets. A change of scheme changes the palette instead, after
which each widget is polished once.
"""

import re
from pathlib import Path

from PySide6.QtCore import QDir
from PySide6.QtGui import QColor, QFontMetrics, QPalette
from PySide6.QtWidgets import QApplication

from app.theme.tokens import CARD_RADIUS, CONTROL_RADIUS, Tokens

_RESOURCES = Path(__file__).resolve().parents[2] / "resources"
_ICONS = "theme"
"""Prefix of icons in the style sheet; Qt looks them up in the folder of the current scheme."""

_Role = QPalette.ColorRole
_ROLES = {
    "window": _Role.Window,
    "surface": _Role.Base,
    "sunken": _Role.Midlight,
    "border": _Role.Mid,
    "text": _Role.Text,
    "muted": _Role.PlaceholderText,
    "accent": _Role.Accent,
    "on_accent": _Role.HighlightedText,
    "error": _Role.BrightText,
    # A style sheet can refer to palette roles only. These roles are free: Fusion draws with none of them what the sheet
    # does not style.
    "accent_hover": _Role.LinkVisited,
    "accent_wash": _Role.ToolTipBase,
    "error_wash": _Role.AlternateBase,
    "good": _Role.ToolTipText,
    "warning": _Role.Dark,
    "hover": _Role.Light,
    "faint": _Role.Shadow,
}
"""The palette role of each token that the style sheet uses."""
_COPIES = {
    _Role.WindowText: "text",
    _Role.ButtonText: "text",
    _Role.Button: "surface",
    _Role.Highlight: "accent",
    _Role.Link: "accent",
}
"""Further roles that Fusion draws with, and their tokens."""


def make_palette(tokens: Tokens) -> QPalette:
    """The palette of ``tokens`` for Fusion and the style sheet."""
    palette = QPalette()
    for role, token in {**{role: token for token, role in _ROLES.items()}, **_COPIES}.items():
        palette.setColor(role, QColor(getattr(tokens, token)))
    disabled = QColor(tokens.faint)
    for role in (_Role.WindowText, _Role.Text, _Role.ButtonText, _Role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, disabled)
    palette.setColor(QPalette.ColorGroup.Disabled, _Role.Highlight, QColor(tokens.border))
    return palette


def set_icon_scheme(tokens: Tokens) -> None:
    """Use the style sheet's icons of the scheme of ``tokens``."""
    QDir.setSearchPaths(_ICONS, [(_RESOURCES / "icons" / ("dark" if tokens.dark else "light")).as_posix()])


def control_height() -> int:
    """Height of buttons and fields, in proportion to the font: 30 pixels at 10.5 points."""
    return max(26, round(QFontMetrics(QApplication.font()).height() * 1.25) + 6)


def row_height() -> int:
    """Height of a table row."""
    return control_height()


def make_style_sheet() -> str:
    """The style sheet, for corners, paddings and borders."""
    values = {token: f"palette({_sheet_name(role)})" for token, role in _ROLES.items()}
    values |= {
        "r": f"{CONTROL_RADIUS}px",
        "card_r": f"{CARD_RADIUS}px",
        "h": f"{control_height() - 2}px",
        "tick": f"{_ICONS}:check.svg",
        "down": f"{_ICONS}:caret-down.svg",
    }
    sheet = (_RESOURCES / "style.qss").read_text(encoding="utf-8").partition("*/")[2]
    return re.sub(r"@(\w+)", lambda match: values[match[1]], sheet)


def _sheet_name(role: QPalette.ColorRole) -> str:
    """The name of a role in a style sheet, such as ``placeholder-text``."""
    name = role.name.replace("ToolTip", "Tooltip")
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
