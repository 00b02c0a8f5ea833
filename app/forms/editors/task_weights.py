"""An editor for loss weights: a slider and a spin box per task."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.forms.discard import discard
from app.theme import GAP
from app.widgets import WeightSlider, hidden_while_filled


class WeightsEditor(QWidget):
    """Loss weights by task; a task that is left out weighs 1.

    ``weightChanged(task, weight)``: the user changed one weight. ``valueChanged(weights)``: the same with all weights.
    """

    valueChanged = Signal(object)
    weightChanged = Signal(str, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sliders: dict[str, WeightSlider] = {}
        self._value: dict[str, float] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(GAP)

    def set_names(self, names: Sequence[str]) -> None:
        """Show a slider for each task, in their order and colors; a task that keeps its place keeps its slider."""
        names = list(dict.fromkeys(names))
        old_names = list(self._sliders)
        if names == old_names:
            return
        kept = {name for name, old in zip(names, old_names, strict=False) if name == old}
        for name in set(old_names) - kept:
            discard(self._sliders[name])
        with hidden_while_filled(self):
            self._sliders = {
                name: self._sliders[name] if name in kept else self._add_slider(name, index)
                for index, name in enumerate(names)
            }
        self.setValue(self._value)

    def value(self) -> dict[str, float]:
        """The weights that are set, by task."""
        return dict(self._value)

    def setValue(self, value: Any) -> None:
        """Show these weights."""
        self._value = dict(value or {})
        if not self._sliders and self._value:
            self.set_names(list(self._value))
        for name, slider in self._sliders.items():
            weight = self._value.get(name, 1.0)
            if slider.value() != weight:
                slider.setValue(weight)

    def _add_slider(self, name: str, index: int) -> WeightSlider:
        slider = WeightSlider(name, index)
        slider.valueChanged.connect(lambda weight: self._on_slider_changed(name, weight))
        self._column.insertWidget(index, slider)
        return slider

    def _on_slider_changed(self, name: str, weight: float) -> None:
        self._value[name] = weight
        self.weightChanged.emit(name, weight)
        self.valueChanged.emit(self.value())
