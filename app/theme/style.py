"""A Fusion palette and a small style sheet made from the tokens."""

import re
from pathlib import Path

from PySide6.QtGui import QColor, QFontMetrics, QPalette
from PySide6.QtWidgets import QApplication

from app.theme.tokens import CARD_RADIUS, CONTROL_RADIUS, Tokens

_RESOURCES = Path(__file__).resolve().parents[2] / "resources"


def make_palette(tokens: Tokens) -> QPalette:
    """The palette that makes Fusion wear ``tokens``."""
    role = QPalette.ColorRole
    palette = QPalette()
    for key, colour in {
        role.Window: tokens.window,
        role.WindowText: tokens.text,
        role.Base: tokens.surface,
        role.AlternateBase: tokens.window,
        role.Text: tokens.text,
        role.Button: tokens.surface,
        role.ButtonText: tokens.text,
        role.BrightText: tokens.error,
        role.ToolTipBase: tokens.surface,
        role.ToolTipText: tokens.text,
        role.PlaceholderText: tokens.muted,
        role.Highlight: tokens.accent,
        role.HighlightedText: tokens.on_accent,
        role.Link: tokens.accent,
        role.LinkVisited: tokens.accent,
        role.Accent: tokens.accent,
        role.Light: tokens.surface,
        role.Midlight: tokens.sunken,
        role.Mid: tokens.border,
        role.Dark: tokens.border,
        role.Shadow: tokens.border,
    }.items():
        palette.setColor(key, QColor(colour))
    disabled = QColor(tokens.faint)
    for key in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, key, disabled)
    palette.setColor(QPalette.ColorGroup.Disabled, role.Highlight, QColor(tokens.border))
    return palette


def control_height() -> int:
    """Height of buttons and fields: 30 pixels at the drawings' font, growing with the user's."""
    return max(26, round(QFontMetrics(QApplication.font()).height() * 1.25) + 6)


def row_height() -> int:
    """Height of a table row."""
    return control_height()


def make_style_sheet(tokens: Tokens) -> str:
    """The style sheet for what a palette cannot say: corners, paddings, hairlines."""
    values = {name: value for name, value in vars(tokens).items() if isinstance(value, str)}
    scheme = "dark" if tokens.dark else "light"
    values |= {
        "r": f"{CONTROL_RADIUS}px",
        "card_r": f"{CARD_RADIUS}px",
        "h": f"{control_height() - 2}px",
        "tick": (_RESOURCES / "icons" / f"check-{scheme}.svg").as_posix(),
        "down": (_RESOURCES / "icons" / f"caret-down-{scheme}.svg").as_posix(),
    }
    sheet = (_RESOURCES / "style.qss").read_text(encoding="utf-8").partition("*/")[2]
    return re.sub(r"@(\w+)", lambda found: values[found[1]], sheet)
