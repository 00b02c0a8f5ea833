"""Color tokens and spacing of all widgets."""

from dataclasses import dataclass

GAP = 8
"""Pixels between two controls."""
CARD_GAP = 12
"""Pixels between two cards, and inside a card's border."""
PAGE_MARGIN = 16
"""Pixels around a page."""
CONTROL_RADIUS = 6
CARD_RADIUS = 8
RAIL_WIDTH = 92
STACK_BELOW = 1100
"""Window width below which cards stand one below the other."""


@dataclass(frozen=True)
class Tokens:
    """The colors of one scheme, named by role."""

    dark: bool
    window: str
    surface: str
    sunken: str
    border: str
    text: str
    muted: str
    faint: str
    """Text of disabled controls; the only color that may be hard to read."""
    accent: str
    accent_wash: str
    on_accent: str
    accent_hover: str
    error: str
    error_wash: str
    good: str
    warning: str
    hover: str
    grid: tuple[str, float]
    """Color and opacity of a plot's grid lines."""
    disagree: str
    agree: str
    """Colors of -1 and 1 in a heat map; ``text`` is readable on them and on every color between."""
    series: tuple[str, ...]
    """Color-blind-safe cycle (after Okabe & Ito 2008), with the same hues in both schemes."""


LIGHT = Tokens(
    dark=False,
    window="#F5F6F8",
    surface="#FFFFFF",
    sunken="#EDF0F4",
    border="#D8DDE5",
    text="#1B2430",
    muted="#5B6776",
    faint="#9BA5B2",
    accent="#3457D5",
    accent_wash="#E4EAFD",
    on_accent="#FFFFFF",
    accent_hover="#2A48B8",
    error="#BF2F25",
    error_wash="#FCE9E7",
    good="#187A4C",
    warning="#9A5B00",
    hover="#F1F3F7",
    grid=("#1B2430", 0.09),
    disagree="#EC9A63",
    agree="#62ABDC",
    series=("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#8A6D00", "#4B4FC4", "#3F8FC4", "#7A4A2B"),
)

DARK = Tokens(
    dark=True,
    window="#14171C",
    surface="#1B1F26",
    sunken="#242A33",
    border="#323A46",
    text="#E6EAF0",
    muted="#9AA6B5",
    faint="#667282",
    accent="#86A2FF",
    accent_wash="#27345C",
    on_accent="#14171C",
    accent_hover="#A3B8FF",
    error="#FF8A80",
    error_wash="#43211F",
    good="#67D59C",
    warning="#F0B454",
    hover="#222831",
    grid=("#E6EAF0", 0.10),
    disagree="#934B1C",
    agree="#1F6391",
    series=("#56B4E9", "#FF8A3D", "#35C79A", "#E79BC4", "#E5CC4A", "#A3A5FF", "#9BD4F5", "#D0A27F"),
)
