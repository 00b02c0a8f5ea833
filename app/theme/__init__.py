"""Palette, fonts, spacing and icons of the window."""

from app.theme.fonts import card_title_font, mono_font, scaled_font, small_font, title_font
from app.theme.icons import icon
from app.theme.manager import ThemeManager, ThemeMode, apply_theme, manager, resolve, series_color, theme
from app.theme.polish import VisibleConnection
from app.theme.style import control_height, row_height
from app.theme.tokens import (
    CARD_GAP,
    CARD_RADIUS,
    CONTROL_RADIUS,
    DARK,
    GAP,
    LIGHT,
    PAGE_MARGIN,
    RAIL_WIDTH,
    STACK_BELOW,
    Tokens,
)

__all__ = [
    "CARD_GAP",
    "CARD_RADIUS",
    "CONTROL_RADIUS",
    "DARK",
    "GAP",
    "LIGHT",
    "PAGE_MARGIN",
    "RAIL_WIDTH",
    "STACK_BELOW",
    "ThemeManager",
    "ThemeMode",
    "Tokens",
    "VisibleConnection",
    "apply_theme",
    "card_title_font",
    "control_height",
    "icon",
    "manager",
    "mono_font",
    "resolve",
    "row_height",
    "scaled_font",
    "series_color",
    "small_font",
    "theme",
    "title_font",
]
