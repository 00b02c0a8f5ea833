"""The compared runs as chips, which are the legend of all curves of the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QWidget

from app.pages.compare.swatch import swatch
from app.theme import GAP, control_height, resolve, small_font
from app.widgets import Elided, Label, StepQueue, ToolButton, plain_tooltip

_MAX_LINES = 3
"""Lines of chips shown without scrolling."""
_CHIPS_PER_STEP = 4
_MAX_CHIP_WIDTH, _MIN_CHIP_WIDTH = 52, 32
"""Of a chip, in average digit widths."""


@dataclass(frozen=True)
class ChipText:
    """The text, tooltip and color index of a run's chip."""

    run: int
    text: str
    tip: str
    color: int


class RunChip(QWidget):
    """A chip with the line style, number, name and distinguishing settings of a run, and a button that removes it."""

    removed = Signal(int)
    picked = Signal(int)

    def __init__(self, chip: ChipText) -> None:
        super().__init__()
        self.run, self.chip_text = chip.run, chip
        self.is_picked = False
        self.setObjectName(f"compare-chip-{chip.run}")
        self.setFont(small_font())
        self._sample = Label()
        self.restyle()
        self.label = Elided(chip.text, mode=Qt.TextElideMode.ElideMiddle)
        self.label.setFont(small_font())
        self._tip = chip.tip
        remove = ToolButton(
            "x", f"Take run {chip.run} out", lambda: self.removed.emit(chip.run), name=f"compare-remove-{chip.run}"
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP, 0, 2, 0)
        row.setSpacing(GAP // 2)
        row.addWidget(self._sample)
        row.addWidget(self.label, 1)
        row.addWidget(remove)
        self.setToolTip(plain_tooltip(chip.tip))
        self.setAccessibleName(chip.tip)

    def restyle(self) -> None:
        """Draw the line sample in the colors of the current theme."""
        self._sample.setPixmap(swatch(self.chip_text.color))

    def set_picked(self, on: bool) -> None:
        """Mark the chip as that of the run whose curves are raised."""
        if on != self.is_picked:
            self.is_picked = on
            self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Pick the run."""
        if event.button() == Qt.MouseButton.LeftButton:
            event.accept()
            self.picked.emit(self.run)
        else:
            super().mousePressEvent(event)

    def text(self) -> str:
        """The whole text; the chip shows as much of it as fits."""
        return self.label.full_text()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Restore the full tooltip, which the elided label replaces when it is resized."""
        super().resizeEvent(event)
        self.label.setToolTip(plain_tooltip(self._tip))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the pill."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(resolve("accent_wash" if self.is_picked else "sunken")))
        painter.drawRoundedRect(self.rect(), self.height() / 2, self.height() / 2)
        painter.end()


class ChipBar(QScrollArea):
    """A flow layout of chips, at most three rows high; beyond that it scrolls.

    ``removed(int)``: the run whose chip was closed. ``picked(int)``: the run whose chip was clicked.

    Args:
        steps: Queue in which the chips are made.
    """

    removed = Signal(int)
    picked = Signal(int)

    def __init__(self, steps: StepQueue | None = None) -> None:
        super().__init__()
        self._steps = steps or StepQueue(self)
        self.setObjectName("compare-chips")
        self.setAccessibleName("Compared runs")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.chips: list[RunChip] = []
        self._texts: tuple[ChipText, ...] = ()
        self._picked: tuple[int, ...] = ()
        self._content = QWidget()
        self.setWidget(self._content)
        self.viewport().setAutoFillBackground(False)
        self._content.setAutoFillBackground(False)

    def show_chips(self, chips: Iterable[ChipText]) -> None:
        """Show these chips; unchanged ones are reused, so that their buttons keep the focus."""
        new_texts = tuple(chips)
        if new_texts == self._texts:
            return
        reused = {chip.chip_text: chip for chip in self.chips if chip.chip_text in new_texts}
        for chip in self.chips:
            if chip.chip_text not in reused:
                chip.hide()
                chip.setParent(None)
                chip.deleteLater()
        self._texts = new_texts
        self.chips = [reused[text] for text in new_texts if text in reused]
        self._make_next_chips()

    def set_picked(self, runs: tuple[int, ...]) -> None:
        """Mark the chips of some runs, and scroll to the first of them."""
        self._picked = runs
        for chip in self.chips:
            chip.set_picked(chip.run in runs)
        first = next((chip for chip in self.chips if chip.run in runs), None)
        if first is not None:
            self.ensureWidgetVisible(first, 0, 0)

    def restyle(self) -> None:
        """Draw the line samples in the colors of the current theme."""
        for chip in self.chips:
            chip.restyle()

    def _make_next_chips(self) -> None:
        """Make the next missing chips, and queue the rest: sixty at once would block the window."""
        chips = {chip.chip_text: chip for chip in self.chips}
        missing = [text for text in self._texts if text not in chips]
        for text in missing[:_CHIPS_PER_STEP]:
            chips[text] = self._chip(text)
        self.chips = [chips[text] for text in self._texts if text in chips]
        self._arrange()
        if len(missing) > _CHIPS_PER_STEP:
            self._steps.put("chips", self._make_next_chips)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out the chips for the new width."""
        super().resizeEvent(event)
        self._arrange()

    def _chip(self, text: ChipText) -> RunChip:
        chip = RunChip(text)
        chip.removed.connect(self.removed)
        chip.picked.connect(self.picked)
        chip.set_picked(text.run in self._picked)
        chip.setParent(self._content)
        chip.show()
        return chip

    def _arrange(self) -> None:
        digit, high = self.fontMetrics().horizontalAdvance("0"), control_height() - 4
        bar = self.verticalScrollBar().sizeHint().width()
        width = max(self.width() - bar, 1)
        hints = [chip.sizeHint().width() for chip in self.chips]
        boxes = chip_boxes(hints, width, high, max_width=_MAX_CHIP_WIDTH * digit, min_width=_MIN_CHIP_WIDTH * digit)
        for chip, box in zip(self.chips, boxes, strict=True):
            chip.setGeometry(box)
        bottom = boxes[-1].bottom() + 1 if boxes else 0
        self._content.resize(width, bottom)
        self.setFixedHeight(min(bottom, _MAX_LINES * (high + GAP // 2)))


def chip_boxes(hints: Sequence[int], width: int, height: int, *, max_width: int, min_width: int) -> list[QRect]:
    """Lay out chips in a few lines: each as wide as its size hint, unless that needs more lines.

    Args:
        hints: The preferred width of each chip.
        width: Width of a line.
        height: Height of a chip.
        max_width: Maximum width of a chip.
        min_width: Minimum width of a chip, however many there are.
    """
    lines = 1 if len(hints) < 4 else 2 if len(hints) < 9 else _MAX_LINES
    per_line = -(-len(hints) // lines)
    widest = min(max(min(max_width, width // max(per_line, 1) - GAP), min_width), width)
    boxes: list[QRect] = []
    corner = QPoint(0, 0)
    for hint in hints:
        own = min(hint, widest)
        if corner.x() + own > width and corner.x() > 0:
            corner = QPoint(0, corner.y() + height + GAP // 2)
        boxes.append(QRect(corner, QSize(own, height)))
        corner += QPoint(own + GAP, 0)
    return boxes
