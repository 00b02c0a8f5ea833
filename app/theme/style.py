"""The Fusion palette of the color tokens, and the style sheet that refers to it.

The sheet is the same in both schemes, and set once: Qt styles every widget as many times as it has ancestors when the
sheet of an application changes, which takes seconds where there are thousands. A change of scheme is a change of
palette, after which each widget is polished once.
"""

import re
from pathlib import Path

from PySide6.QtCore import QDir
from PySide6.QtGui import QColor, QFontMetrics, QPalette
from PySide6.QtWidgets import QApplication

from app.theme.tokens import CARD_RADIUS, CONTROL_RADIUS, Tokens

_RESOURCES = Path(__file__).resolve().parents[2] / "resources"
_ICONS = "theme"
"""Prefix of the icons that the sheet names; Qt looks them up in the folder of the scheme in use."""

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
    # A sheet can name the colors of a palette only. These roles are free: nothing that the sheet leaves to Fusion
    # is drawn with them.
    "accent_hover": _Role.LinkVisited,
    "accent_wash": _Role.ToolTipBase,
    "error_wash": _Role.AlternateBase,
    "good": _Role.ToolTipText,
    "warning": _Role.Dark,
    "hover": _Role.Light,
    "faint": _Role.Shadow,
}
"""The role of the palette that carries each token which the style sheet names."""
_COPIES = {
    _Role.WindowText: "text",
    _Role.ButtonText: "text",
    _Role.Button: "surface",
    _Role.Highlight: "accent",
    _Role.Link: "accent",
}
"""Roles that Fusion draws with, and the token each takes."""


def make_palette(tokens: Tokens) -> QPalette:
    """The palette that makes Fusion and the style sheet wear ``tokens``."""
    palette = QPalette()
    for role, token in {**{role: token for token, role in _ROLES.items()}, **_COPIES}.items():
        palette.setColor(role, QColor(getattr(tokens, token)))
    disabled = QColor(tokens.faint)
    for role in (_Role.WindowText, _Role.Text, _Role.ButtonText, _Role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, disabled)
    palette.setColor(QPalette.ColorGroup.Disabled, _Role.Highlight, QColor(tokens.border))
    return palette


def set_icon_scheme(tokens: Tokens) -> None:
    """Let the icons of the style sheet be those of the scheme of ``tokens``."""
    QDir.setSearchPaths(_ICONS, [(_RESOURCES / "icons" / ("dark" if tokens.dark else "light")).as_posix()])


def control_height() -> int:
    """Height of buttons and fields: 30 pixels at the drawings' font, growing with the user's."""
    return max(26, round(QFontMetrics(QApplication.font()).height() * 1.25) + 6)


def row_height() -> int:
    """Height of a table row."""
    return control_height()


def make_style_sheet() -> str:
    """The style sheet for what a palette cannot say: corners, paddings, hairlines."""
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
    """What a style sheet calls a role: ``placeholder-text``."""
    name = role.name.replace("ToolTip", "Tooltip")
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
