"""A slider and a spin box for a loss weight."""

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSlider, QStyle, QStyleOptionSlider, QVBoxLayout, QWidget

from app.theme import GAP, resolve
from app.widgets.dot import Dot
from app.widgets.feedback import InlineError
from app.widgets.input_behavior import guard_wheel
from app.widgets.label_widgets import Elided
from app.widgets.number_field import NumberField
from app.widgets.number_range import NumberRange
from app.widgets.plain_text import plain_tooltip

HIGHEST = 5.0
_STEPS = 1000
_EXPONENT = 2.3219281  # log2(5): a weight of 1 stands in the middle of the slider


def position_of(weight: float) -> int:
    """The slider position of ``weight``, from 0 to 1000."""
    share: float = (min(max(weight, 0.0), HIGHEST) / HIGHEST) ** (1 / _EXPONENT)
    return round(_STEPS * share)


def weight_at(position: int) -> float:
    """The weight at a slider position, rounded to the resolution of the slider."""
    weight: float = HIGHEST * (position / _STEPS) ** _EXPONENT
    return round(weight, 3 if position < _STEPS // 4 else 2)


class ColorSlider(QSlider):
    """A horizontal slider painted in one color; the wheel moves it only while it has the focus.

    Args:
        color: A hue by number or a theme token.
        parent: Owner.
        marks_one: Whether the position of a weight of 1 is marked.
    """

    def __init__(self, color: int | str, parent: QWidget | None = None, *, marks_one: bool = True) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._color, self._marks_one = color, marks_one
        self.setRange(0, _STEPS)
        self.setSingleStep(10)
        self.setPageStep(100)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        guard_wheel(self)

    def set_color(self, color: int | str) -> None:
        """Change the color."""
        self._color = color
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw groove and handle."""
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        handle = self.style().subControlRect(
            QStyle.ComplexControl.CC_Slider, option, QStyle.SubControl.SC_SliderHandle, self
        )
        color = QColor(resolve(self._color if self.isEnabled() else "muted"))
        center = QPointF(handle.center()) + QPointF(0.5, 0.5)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(resolve("sunken")))
        painter.drawRoundedRect(QRectF(1, center.y() - 2, self.width() - 2, 4), 2, 2)
        painter.setBrush(QColor(resolve("border")))
        if self._marks_one:
            painter.drawRoundedRect(QRectF(self._center_of_one(option) - 1, center.y() - 6, 2, 12), 1, 1)
        painter.setBrush(color)
        painter.drawRoundedRect(QRectF(1, center.y() - 2, max(center.x() - 1, 0), 4), 2, 2)
        painter.setBrush(QColor(resolve("accent_wash" if self.hasFocus() else "surface")))
        pen = painter.pen()
        pen.setStyle(Qt.PenStyle.SolidLine)
        pen.setColor(color)
        pen.setWidthF(2.0)
        painter.setPen(pen)
        painter.drawEllipse(center, 6.0, 6.0)
        painter.end()

    def _center_of_one(self, option: QStyleOptionSlider) -> float:
        """The x coordinate of the handle's center at a weight of 1."""
        part = QStyle.SubControl
        groove = self.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part.SC_SliderGroove, self)
        handle = self.style().subControlRect(QStyle.ComplexControl.CC_Slider, option, part.SC_SliderHandle, self)
        room = groove.width() - handle.width()
        return groove.x() + handle.width() / 2 + QStyle.sliderPositionFromValue(0, _STEPS, position_of(1.0), room)


class WeightSpin(NumberField):
    """A spin box for weights with at least two decimals."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._unknown = False
        super().__init__(NumberRange(False, 0.0, 1_000_000.0), parent)
        self.setSingleStep(0.05)
        self.setKeyboardTracking(False)
        self.setFixedWidth(self.fontMetrics().horizontalAdvance("00.0000") + 18)

    def set_unknown(self, unknown: bool) -> None:
        """Show a dash in place of the number."""
        if unknown != self._unknown:
            self._unknown = unknown
            self.lineEdit().setText(self.textFromValue(self.value()))

    def textFromValue(self, value: float) -> str:
        """At least two decimals, more where needed; a dash for an unknown weight."""
        if self._unknown:
            return "—"
        text = f"{value:.{3 if value >= 0.01 or value == 0 else 6}f}".rstrip("0")
        whole, _, decimals = text.partition(".")
        return f"{whole}.{decimals:0<2}"


class WeightSlider(QWidget):
    """Edits the loss weight of one task: a dot, its name, a slider (0 to 5, 1 in the middle) and a spin box.

    ``valueChanged(float)`` is emitted on edits, never by ``setValue``.

    Args:
        name: The task.
        color: A series index, a token's name or ``#RRGGBB``.
        parent: Owner.
    """

    valueChanged = Signal(float)

    def __init__(self, name: str, color: int | str = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self.setObjectName(f"weight-{name}")
        self.dot = Dot(color)
        self.label = Elided(name)
        self.label.setFixedWidth(self.fontMetrics().horizontalAdvance("0") * 11)
        self.slider = ColorSlider(color)
        self.slider.setObjectName(f"weight-slider-{name}")
        self.slider.setAccessibleName(f"Loss weight of {name}")
        self.slider.setToolTip(
            plain_tooltip(f"Loss weight of {name}: 0 to {HIGHEST:g}, 1 at the mark. Type a larger one.")
        )
        self.spin = WeightSpin()
        self.spin.setObjectName(f"weight-spin-{name}")
        self.spin.setAccessibleName(f"Loss weight of {name}, number")
        self.spin.setToolTip(plain_tooltip(f"Loss weight of {name}: any number from 0"))
        self.error = InlineError()
        row = QHBoxLayout()
        row.setSpacing(GAP)
        for widget, stretch in ((self.dot, 0), (self.label, 0), (self.slider, 1), (self.spin, 0)):
            row.addWidget(widget, stretch)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(row)
        column.addWidget(self.error)
        self.setValue(1.0)
        self.slider.valueChanged.connect(self._slider_moved)
        self.spin.valueChanged.connect(self._number_edited)
        self.spin.refused.connect(self.error.set_error)

    def value(self) -> float:
        """The weight."""
        return float(self.spin.value())

    def setValue(self, value: float) -> None:
        """Show ``value`` without a signal; ignored while the slider is dragged."""
        if self.slider.isSliderDown():
            return
        self.spin.set_unknown(False)
        self.spin.setValue(value)
        self._move_slider(value)

    def clear(self) -> None:
        """Show that the weight is unknown; its value is 1 until it is set."""
        if self.slider.isSliderDown():
            return
        self.setValue(1.0)
        self.spin.set_unknown(True)

    def set_color(self, color: int | str) -> None:
        """Change the color."""
        self.dot.set_color(color)
        self.slider.set_color(color)

    def _slider_moved(self, position: int) -> None:
        weight = weight_at(position)
        self.spin.set_unknown(False)
        self.spin.setValue(weight)
        self.valueChanged.emit(weight)

    def _number_edited(self, value: float) -> None:
        self.spin.set_unknown(False)
        self._move_slider(value)
        self.valueChanged.emit(value)

    def _move_slider(self, value: float) -> None:
        """Move the slider without a signal."""
        blocked = self.slider.blockSignals(True)
        self.slider.setValue(position_of(value))
        self.slider.blockSignals(blocked)
