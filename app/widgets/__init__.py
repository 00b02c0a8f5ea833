"""Small parts every page is made of."""

from app.widgets.buttons import Button, DangerButton, LinkButton, PrimaryButton, ToolButton
from app.widgets.card import Card, CardRow, HLine, PageBody, scrolling
from app.widgets.dot import Dot
from app.widgets.labels import Chip, Elided, Muted, PageHeader
from app.widgets.messages import Banner, EmptyState, Glyph, InlineError
from app.widgets.plain import Label, RichLabel, caption, plain_tip
from app.widgets.spin import DoubleSpinBox, SpinBox, guard_wheel, tidy_spin
from app.widgets.weight_slider import ColourSlider, WeightSlider, WeightSpin

__all__ = [
    "Banner",
    "Button",
    "Card",
    "CardRow",
    "Chip",
    "ColourSlider",
    "DangerButton",
    "Dot",
    "DoubleSpinBox",
    "Elided",
    "EmptyState",
    "Glyph",
    "HLine",
    "InlineError",
    "Label",
    "LinkButton",
    "Muted",
    "PageBody",
    "PageHeader",
    "PrimaryButton",
    "RichLabel",
    "SpinBox",
    "ToolButton",
    "WeightSlider",
    "WeightSpin",
    "caption",
    "guard_wheel",
    "plain_tip",
    "scrolling",
    "tidy_spin",
]
