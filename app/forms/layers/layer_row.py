"""A row of the layer list: a line that can be dragged, the error of the layer, and its settings while it is open."""

from typing import Any

from PySide6.QtCore import QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.formatting import format_features, format_shape
from app.forms.discard import discard
from app.forms.form import SpecForm
from app.forms.layers.layer_settings import LayerSettings
from app.theme import CONTROL_RADIUS, GAP, control_height, resolve
from app.widgets import Elided, InlineError
from mtl_core.spec import Layer, LayerInfo, Spec, kind_of, members

CLASSES: dict[str, type[Spec]] = {kind_of(spec): spec for spec in members(Layer)}
_HANDLE = 34
INNER_PROBLEM = "A layer in it cannot be built."
"""The error of a block whose own layers have one."""


def layer_title(layer: dict[str, Any]) -> str:
    """The title of the kind of a layer."""
    spec = CLASSES.get(str(layer.get("kind")))
    return spec.title if spec else str(layer.get("kind"))


class RowLine(QWidget):
    """Handle, title, detail and output shape in a rounded frame; accepts focus, clicks and drags.

    ``keyPressed(QKeyEvent)`` passes key events on to the list.
    """

    clicked = Signal()
    dragged = Signal(QPoint)
    dropped = Signal(QPoint)
    dragCancelled = Signal()
    keyPressed = Signal(QKeyEvent)
    focused = Signal()

    def __init__(self, *, handle: bool = True, dashed: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._handle, self._dashed = handle, dashed
        self._tone = ""
        self._pressed: QPoint | None = None
        self._dragging = False
        self.setFixedHeight(control_height() + 4)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if handle else Qt.FocusPolicy.NoFocus)
        self.title = Elided()
        self.title.setSizePolicy(
            QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed
        )  # the title is never elided for the detail
        self.detail = Elided()
        self.detail.setProperty("role", "muted")
        self.detail.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.shape = Elided()
        self.shape.setProperty("role", "muted")
        self.shape.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row = QHBoxLayout(self)
        row.setContentsMargins(_HANDLE + GAP if handle else 11, 0, 11, 0)
        row.setSpacing(GAP)
        row.addWidget(self.title)
        row.addWidget(self.detail, 1)
        row.addWidget(self.shape)
        self.detail.setVisible(handle)

    def set_tone(self, tone: str) -> None:
        """Set the colors of the frame: ``""``, ``selected`` or ``error``."""
        if tone != self._tone:
            self._tone = tone
            self.update()

    def sizeHint(self) -> QSize:
        """The width of a typical title and shape."""
        return QSize(self.fontMetrics().horizontalAdvance("0") * 30, self.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the frame and the handle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = {"error": "error_wash"}.get(self._tone, "surface")
        line = {"error": "error", "selected": "accent"}.get(self._tone, "border")
        line = "accent" if self.hasFocus() and line == "border" else line
        pen = QPen(QColor(resolve(line)), 1.5 if line == "accent" else 1.0)
        if self._dashed:
            pen.setDashPattern([3, 3])
        painter.setPen(pen)
        painter.setBrush(QColor(resolve(ground)))
        inset = pen.widthF() / 2
        painter.drawRoundedRect(
            QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), CONTROL_RADIUS, CONTROL_RADIUS
        )
        if self._handle:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(resolve("muted")))
            middle = self.height() / 2
            for x in (17.0, 22.0):
                for y in (middle - 5, middle, middle + 5):
                    painter.drawEllipse(QPointF(x, y), 1.2, 1.2)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Remember the position, where a drag may begin."""
        if event.button() == Qt.MouseButton.LeftButton and self._handle:
            self._pressed = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Begin or continue a drag."""
        if self._pressed is None:
            return
        position = event.position().toPoint()
        is_drag = (position - self._pressed).manhattanLength() >= QApplication.startDragDistance()
        if self._dragging or is_drag:
            self._dragging = True
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self.dragged.emit(event.globalPosition().toPoint())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Emit ``dropped`` or ``clicked``."""
        pressed, dragging = self._pressed, self._dragging
        self._end_drag()
        if dragging:
            self.dropped.emit(event.globalPosition().toPoint())
        elif pressed is not None and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Cancel a drag with Escape; pass other keys on to the list."""
        if event.key() == Qt.Key.Key_Escape and self._dragging:
            self._end_drag()
            self.dragCancelled.emit()
            return
        event.ignore()
        self.keyPressed.emit(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Emit ``focused`` and repaint the frame."""
        super().focusInEvent(event)
        self.focused.emit()
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Repaint the frame."""
        super().focusOutEvent(event)
        self.update()

    def _end_drag(self) -> None:
        self._pressed, self._dragging = None, False
        self.unsetCursor()


class LayerRow(QWidget):
    """A layer: its line, its error, and its settings while it is open.

    ``edited(path, value, label)``: the user changed a setting. ``fixRequested(Fix)``: the user clicked the fix of the
    error. ``actionRequested(str)``: ``up``, ``down``, ``duplicate``, ``save`` or ``remove``.

    Args:
        nested: Whether the layer is in a block.
        parent: Owner.
    """

    edited = Signal(str, object, str)
    fixRequested = Signal(object)
    actionRequested = Signal(str)

    def __init__(self, *, nested: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._nested = nested
        self.layer: dict[str, Any] = {}
        self.info: LayerInfo | None = None
        self.path = ""
        self.opened = False
        self._input_text = ""
        self._settings: LayerSettings | None = None
        self.line = RowLine()
        self.error = InlineError()
        self.error.setContentsMargins(10, 2, 10, 4)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.line)
        self._column.addWidget(self.error)

    @property
    def settings(self) -> LayerSettings | None:
        """The settings; None before the row was opened for the first time."""
        return self._settings

    @property
    def holds_layers(self) -> bool:
        """Whether the layer is a block with layers of its own."""
        spec = CLASSES.get(str(self.layer.get("kind")))
        return spec is not None and "layers" in spec.model_fields

    @property
    def form(self) -> SpecForm | None:
        """The form of the settings; None before the row was opened for the first time."""
        return None if self._settings is None else self._settings.form

    def show_layer(self, layer: dict[str, Any], path: str) -> None:
        """Show the data of the layer at ``path``."""
        replaced = path != self.path or layer.get("kind") != self.layer.get("kind")
        self.layer, self.path = layer, path
        self.setObjectName(path)
        self.line.setObjectName(f"row:{path}")
        if replaced and not self.opened and self._settings is not None:
            discard(self._settings)
            self._settings = None
        self._show_settings()
        self._update_texts()

    def show_info(self, info: LayerInfo | None, before: LayerInfo | None, input_text: str) -> None:
        """Show the shape and error of the layer, and the shape of its input, the output of the layer ``before``."""
        self.info = info
        input_shape = format_features(before.output_shape) if before is not None else input_text
        source = f", from {before.title}" if before is not None else ""
        self._input_text = f"In: {input_shape}{source}." if input_shape else ""
        error, fix = (info.error, info.fix) if info is not None else (None, None)
        if info is not None and not error and info.problems:
            error = INNER_PROBLEM
        self.error.set_error(error or "", fix.label if fix else "", lambda: self.fixRequested.emit(fix))
        self.error.link.setObjectName(f"fix:{self.path}")
        self._update_texts()

    def set_open(self, opened: bool) -> None:
        """Show or hide the settings."""
        self.opened = opened
        self._show_settings()
        if self._settings is not None:
            self._settings.setVisible(opened)
        self._update_texts()

    def tab_stops(self) -> list[QWidget]:
        """The widgets that Tab visits: the line, the fix, the settings, the buttons."""
        settings = self._settings.tab_stops() if self._settings is not None else []
        stops = [self.line, self.error.link, *settings]
        return [stop for stop in stops if stop.focusPolicy() & Qt.FocusPolicy.TabFocus and not stop.focusProxy()]

    def _show_settings(self) -> None:
        spec = CLASSES.get(str(self.layer.get("kind")))
        if not self.opened or spec is None:
            return
        if self._settings is None:  # created when needed, as most rows are never opened
            self._settings = LayerSettings(nested=self._nested)
            self._settings.edited.connect(self.edited)
            self._settings.actionRequested.connect(self.actionRequested)
            self._column.addWidget(self._settings)
        self._settings.show_layer(spec, self.layer, self.path)

    def _update_texts(self) -> None:
        spec, info = CLASSES.get(str(self.layer.get("kind"))), self.info
        is_current = info is not None and info.kind == self.layer.get("kind")
        title = layer_title(self.layer)
        detail = info.detail if info is not None and is_current else ""
        shape = format_shape(info.output_shape) if info is not None and is_current else ""
        failed = bool(info is not None and is_current and info.problems)
        self.line.title.setText(title)
        self.line.detail.setText(detail)
        self.line.shape.setText("cannot be built" if failed else shape)
        self.line.set_tone("error" if failed else "selected" if self.opened else "")
        if self._settings is not None:
            self._settings.set_hint(f"{spec.help() if spec else ''} {self._input_text}".strip())
        parts = (title, detail, f"output {shape}" if shape else "", (info.error or "") if info and failed else "")
        self.line.setAccessibleName(", ".join(part for part in parts if part))
