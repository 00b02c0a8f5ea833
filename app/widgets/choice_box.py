"""A drop-down list of a page."""

from PySide6.QtWidgets import QComboBox

from app.widgets.input_behavior import guard_wheel
from app.widgets.plain_text import plain_tooltip


def choice_box(name: str, title: str, tip: str = "") -> QComboBox:
    """Make a list that is as wide as its entries, and that the wheel changes only while it has the focus.

    Args:
        name: Its object name.
        title: What is chosen, for its accessible name.
        tip: Its tooltip; the title without.
    """
    choice = QComboBox()
    guard_wheel(choice)
    choice.setObjectName(name)
    choice.setAccessibleName(title)
    choice.setToolTip(plain_tooltip(tip or title))
    choice.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
    return choice
