"""The diagram of a model in a graphics view, with a box per layer."""

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QKeyEvent, QPainter, QPainterPath, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsItem,
    QGraphicsScene,
    QGraphicsSceneMouseEvent,
    QGraphicsView,
    QStyleOptionGraphicsItem,
    QWidget,
)

from app.pages.model.diagram_geometry import PILE, Box, Frame, Metrics, Plan
from app.pages.model.diagram_layout import plan_of
from app.theme import CONTROL_RADIUS, manager, resolve, series_color, small_font
from app.widgets import plain_tooltip
from mtl_core.spec import ModelInfo

_MARGIN = 6.0
_SKIP_DISTANCE = 5.0
"""Distance of the line of a skip from the boxes that it passes by."""
_LARGEST_FIT, _LARGEST = 1.6, 3.0
"""Largest scale when fitting, and when zooming."""
_READABLE = 0.6
"""Smallest scale at which the texts can be read."""
_SMALLEST = 0.5
"""Smallest scale when zooming, relative to the one at which the diagram fits; never above 1."""


class Diagram(QGraphicsView):
    """Draws a ``ModelInfo``; ``boxClicked(path)`` is emitted when the box of a layer is clicked.

    Ctrl with the wheel and the keys + and - zoom, 0 fits. The diagram fits itself to the view until it is zoomed; where
    texts would be too small to read, as with many tasks, its middle is shown.
    """

    boxClicked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("diagram")
        self.setAccessibleName("Diagram of the model")
        self.setScene(QGraphicsScene(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.TextAntialiasing)
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.setStyleSheet("background: transparent; border: none;")
        self.viewport().setAutoFillBackground(False)
        self.setTransformationAnchor(QGraphicsView.ViewportAnchor.AnchorUnderMouse)
        self.setDragMode(QGraphicsView.DragMode.ScrollHandDrag)
        self.viewport().setCursor(Qt.CursorShape.ArrowCursor)
        self._plan: Plan | None = None
        self._shown: ModelInfo | None = None
        self._items: list[_BoxItem] = []
        self._selected = ""
        self._is_fitted, self._least_fit = True, _READABLE
        manager().changed.connect(self.viewport().update)

    @property
    def plan(self) -> Plan | None:
        """The layout that is drawn, None before the first model."""
        return self._plan

    def show_model(self, info: ModelInfo) -> None:
        """Draw a model."""
        if info == self._shown:
            return
        self._shown = info
        self._plan = plan_of(info, _metrics())
        scene = self.scene()
        scene.clear()
        for frame in self._plan.frames:
            scene.addItem(_FrameItem(frame))
            scene.addItem(_FrameTitle(frame))
        for pairs, dashed in ((self._plan.links, False), (self._plan.ties, True)):
            for a, b in pairs:
                scene.addItem(_LinkItem(self._plan, a, b, dashed=dashed))
        for first, last in self._plan.skips:
            scene.addItem(_SkipItem(self._plan, first, last))
        self._items = [_BoxItem(box, self) for box in self._plan.boxes]
        for item in self._items:
            scene.addItem(item)
        area = QRectF(0, 0, self._plan.width, self._plan.height)
        scene.setSceneRect(area.adjusted(-_MARGIN, -_MARGIN, _MARGIN, _MARGIN))
        self.select(self._selected)
        self.setAccessibleDescription(_description(self._plan))
        if self._is_fitted:
            self._fit()

    def select(self, path: str) -> None:
        """Highlight the box of the layer at ``path``."""
        self._selected = path
        for item in self._items:
            item.set_highlighted(bool(path) and path in item.box.paths)

    def fit(self) -> None:
        """Scale the whole diagram to the size of the view, however small."""
        self._is_fitted, self._least_fit = True, 0.0
        self._fit()

    def _fit(self) -> None:
        area = self.scene().sceneRect()
        if area.isEmpty() or self._fit_scale() <= 0:
            return
        scale = max(min(self._fit_scale(), _LARGEST_FIT), self._least_fit)
        self.resetTransform()
        self.scale(scale, scale)
        self.centerOn(area.center().x(), area.top())

    def zoom(self, factor: float) -> None:
        """Scale by ``factor``, within limits."""
        current = self.transform().m11()
        scale = min(max(current * factor, min(self._fit_scale() * _SMALLEST, 1.0)), max(_LARGEST, current))
        if scale != current:
            self._is_fitted = False
            self.scale(scale / current, scale / current)

    def _fit_scale(self) -> float:
        """The scale at which the diagram fits the view without scroll bars."""
        area, size = self.scene().sceneRect(), self.maximumViewportSize()
        return min((size.width() - 2) / area.width(), (size.height() - 2) / area.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the new size, unless the diagram was zoomed."""
        super().resizeEvent(event)
        if self._is_fitted:
            self._fit()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll, or zoom with Ctrl."""
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom(1.15 if event.angleDelta().y() > 0 else 1 / 1.15)
            event.accept()
        else:
            super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom with + and -, fit with 0."""
        match event.text():
            case "+" | "=":
                self.zoom(1.15)
            case "-":
                self.zoom(1 / 1.15)
            case "0":
                self.fit()
            case _:
                super().keyPressEvent(event)


class _BoxItem(QGraphicsItem):
    """A rounded box with two lines of text."""

    def __init__(self, box: Box, view: Diagram) -> None:
        super().__init__()
        self.box, self._view, self._highlighted = box, view, False
        self.setPos(box.x, box.y)
        self.setToolTip(plain_tooltip(f"{box.title}\n{box.detail}".rstrip()))
        self.setAcceptedMouseButtons(Qt.MouseButton.LeftButton)
        if box.paths:
            self.setCursor(Qt.CursorShape.PointingHandCursor)

    def set_highlighted(self, highlighted: bool) -> None:
        """Set whether the box is highlighted."""
        if highlighted != self._highlighted:
            self._highlighted = highlighted
            self.update()

    def boundingRect(self) -> QRectF:
        """The box with its border."""
        return QRectF(-2, -2, self.box.width + 4, self.box.height + 4)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw in the current colors."""
        color = series_color(self.box.task) if self.box.task >= 0 else resolve("accent")
        color = resolve("error") if self.box.error else color
        background = "error_wash" if self.box.error else "accent_wash" if self._highlighted else "surface"
        painter.setPen(QPen(QColor(color), 2.4 if self._highlighted else 1.5))
        painter.setBrush(QColor(resolve(background)))
        area = QRectF(0, 0, self.box.width, self.box.height)
        radius = self.box.height / 2 if self.box.unit else CONTROL_RADIUS
        painter.drawRoundedRect(area, radius, radius)
        font = small_font()
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        width = self.box.width - 10
        line = metrics.height()
        top = (self.box.height - 2 * line) / 2 + 0.5
        top += 0 if self.box.detail else line / 2
        for text, text_color, y in ((self.box.title, "text", top), (self.box.detail, "muted", top + line - 1)):
            painter.setPen(QColor(resolve(text_color)))
            elided = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width)
            painter.drawText(QRectF(5, y, width, line), Qt.AlignmentFlag.AlignCenter, elided)

    def mousePressEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        """Select the layer."""
        if self.box.paths:
            self._view.boxClicked.emit(self.box.paths[0])
        event.accept()


class _FrameItem(QGraphicsItem):
    """A frame around boxes that belong together, drawn as a stack where there are copies."""

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self._frame = frame
        self.setPos(frame.x, frame.y)
        self.setZValue(-2)

    def boundingRect(self) -> QRectF:
        """The frame with its border and the stack."""
        frame = self._frame
        return QRectF(-2, -2, frame.width + frame.pile + 4, frame.height + frame.pile + 4)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw in the current colors."""
        frame = self._frame
        painter.setPen(QPen(QColor(series_color(frame.task) if frame.task >= 0 else resolve("border")), 1.0))
        painter.setBrush(QColor(resolve("sunken")))
        for sheet in reversed(range(min(frame.copies, 3))):
            area = QRectF(sheet * PILE, sheet * PILE, frame.width, frame.height)
            painter.drawRoundedRect(area, CONTROL_RADIUS, CONTROL_RADIUS)


class _FrameTitle(QGraphicsItem):
    """The title of a frame, drawn above the lines that lead into it."""

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        metrics = QFontMetricsF(small_font())
        self._text = frame.title
        self._area = QRectF(0, 0, metrics.horizontalAdvance(frame.title) + 8, metrics.height())
        self.setPos(frame.x + (frame.width - self._area.width()) / 2, frame.y + 2)

    def boundingRect(self) -> QRectF:
        """The text with some space around it."""
        return self._area

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw in the current colors."""
        painter.fillRect(self._area, QColor(resolve("sunken")))
        painter.setFont(small_font())
        painter.setPen(QColor(resolve("muted")))
        painter.drawText(self._area, Qt.AlignmentFlag.AlignCenter, self._text)


class _LinkItem(QGraphicsItem):
    """A line from the bottom of one box to the top of another, curved unless they are aligned."""

    def __init__(self, plan: Plan, a: int, b: int, *, dashed: bool) -> None:
        super().__init__()
        self._dashed = dashed
        above, below = plan.boxes[a], plan.boxes[b]
        start, end = QPointF(above.center, above.y + above.height), QPointF(below.center, below.y)
        if below.unit and below.width > 2 * above.width:  # a bar across several columns is joined straight below
            end.setX(start.x())
        if above.unit and above.width > 2 * below.width:
            start.setX(end.x())
        if below.y < above.y + above.height:
            start = QPointF(above.x + above.width, above.y + above.height / 2)
            end = QPointF(below.x, start.y())
        self._path = QPainterPath(start)
        if abs(start.x() - end.x()) < 1 or abs(start.y() - end.y()) < 1:
            self._path.lineTo(end)
        else:
            # Inside a frame the line is straight; it curves between frames.
            upper, lower = plan.frame_of(above), plan.frame_of(below)
            if upper is lower:
                upper = lower = None
            exit_point = QPointF(start.x(), upper.y + upper.height if upper else start.y())
            entry_point = QPointF(end.x(), lower.y if lower else end.y())
            bend = (entry_point.y() - exit_point.y()) * 0.75
            self._path.lineTo(exit_point)
            self._path.cubicTo(exit_point + QPointF(0, bend), entry_point - QPointF(0, bend), entry_point)
            self._path.lineTo(end)
        self.setZValue(-1)

    def boundingRect(self) -> QRectF:
        """The line with its width."""
        return self._path.boundingRect().adjusted(-2, -2, 2, 2)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw in the current colors."""
        style = Qt.PenStyle.DashLine if self._dashed else Qt.PenStyle.SolidLine
        painter.setPen(QPen(QColor(resolve("muted")), 1.0, style))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._path)


class _SkipItem(QGraphicsItem):
    """A line that leaves above the first box of a block, passes its boxes on the right, and enters the last one."""

    def __init__(self, plan: Plan, first: int, last: int) -> None:
        super().__init__()
        top, bottom = plan.boxes[first], plan.boxes[last]
        inner = sum(1 for a, b in plan.skips if first <= a and b < last)
        right = bottom.x + bottom.width + _SKIP_DISTANCE * (1 + inner / (1 + inner))
        y = top.y - _SKIP_DISTANCE * (1 + inner / (1 + inner))
        self._path = QPainterPath(QPointF(top.center, y))
        self._path.lineTo(right, y)
        self._path.lineTo(right, bottom.y + bottom.height / 2)
        self._path.lineTo(bottom.x + bottom.width, bottom.y + bottom.height / 2)
        self.setZValue(-1)

    def boundingRect(self) -> QRectF:
        """The line with its width."""
        return self._path.boundingRect().adjusted(-2, -2, 2, 2)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        """Draw in the current colors."""
        painter.setPen(QPen(QColor(resolve("muted")), 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(self._path)


def _metrics() -> Metrics:
    font = QFontMetricsF(small_font())
    unit = font.horizontalAdvance("0")
    return Metrics(trunk=unit * 21, head=unit * 14.5, height=2 * font.height() + 3, unit=font.height() + 4)


def _description(plan: Plan) -> str:
    return "; ".join(f"{box.title} {box.detail}".strip() for box in plan.boxes if box.title)
