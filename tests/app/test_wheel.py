"""The wheel scrolls a page, and changes no field of it that the pointer passes over."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractSpinBox, QComboBox, QScrollArea, QSlider, QWidget

from app.main_window import MainWindow
from app.navigation import Page


def _scrolls(widget: QWidget) -> bool:
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QScrollArea):
        parent = parent.parentWidget()
    return parent is not None


def test_no_field_of_a_page_that_scrolls_takes_the_focus_by_the_wheel(window: MainWindow) -> None:
    faults = []
    for page in Page:
        window.open_page(page)
        for kind in (QComboBox, QAbstractSpinBox, QSlider):
            for field in window.page(page).findChildren(kind):
                if _scrolls(field) and field.focusPolicy() == Qt.FocusPolicy.WheelFocus:
                    faults.append(f"{page.key}: {type(field).__name__} {field.objectName()}")
    assert faults == []
