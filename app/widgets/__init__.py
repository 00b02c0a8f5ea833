"""Widgets shared by all pages."""

from app.widgets.buttons import Button, DangerButton, LinkButton, PrimaryButton, ToolButton
from app.widgets.card import Card, CardRow, HLine, PageBody, scroll_area
from app.widgets.check_menu import CheckMenu
from app.widgets.choice_box import choice_box
from app.widgets.dot import Dot
from app.widgets.feedback import Banner, EmptyState, Glyph, InlineError
from app.widgets.filling import hidden_while_filled
from app.widgets.input_behavior import guard_wheel, mark_invalid, set_up_spin_box
from app.widgets.label_widgets import Chip, Elided, LinkChip, Muted, PageHeader
from app.widgets.list_rows import draw_row_background
from app.widgets.number_field import DoubleSpinBox, NumberField, SpinBox
from app.widgets.number_range import NumberRange, number_text
from app.widgets.plain_text import Label, RichLabel, escape_mnemonic, plain_tooltip
from app.widgets.search_menu import MenuEntry, SearchMenu
from app.widgets.step_queue import StepQueue
from app.widgets.stepwise import Stepwise
from app.widgets.task_tabs import TaskTabs
from app.widgets.text_field import LineEdit, TextField
from app.widgets.weight_slider import ColorSlider, WeightSlider, WeightSpin

__all__ = [
    "Banner",
    "Button",
    "Card",
    "CardRow",
    "CheckMenu",
    "Chip",
    "ColorSlider",
    "DangerButton",
    "Dot",
    "DoubleSpinBox",
    "Elided",
    "EmptyState",
    "Glyph",
    "HLine",
    "InlineError",
    "Label",
    "LineEdit",
    "LinkButton",
    "LinkChip",
    "MenuEntry",
    "Muted",
    "NumberField",
    "NumberRange",
    "PageBody",
    "PageHeader",
    "PrimaryButton",
    "RichLabel",
    "SearchMenu",
    "SpinBox",
    "StepQueue",
    "Stepwise",
    "TaskTabs",
    "TextField",
    "ToolButton",
    "WeightSlider",
    "WeightSpin",
    "choice_box",
    "draw_row_background",
    "escape_mnemonic",
    "guard_wheel",
    "hidden_while_filled",
    "mark_invalid",
    "number_text",
    "plain_tooltip",
    "scroll_area",
    "set_up_spin_box",
]
