"""The compared runs as chips, in as many lines as they need: the legend of all curves of the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QWidget

from app.pages.compare.swatch import swatch
from app.theme import GAP, control_height, resolve, small_font
from app.widgets import Elided, ToolButton

_MOST_LINES = 3
"""Lines of chips that are shown at once; more are scrolled to."""
_WIDEST, _NARROWEST = 52, 32
"""Of a chip in digits: where few runs are compared, and where there are many."""


@dataclass(frozen=True)
class ChipText:
    """What a chip says: the run, the words on it, all of it in its tooltip, and the run's hue."""

    run: int
    text: str
    tip: str
    color: int


class RunChip(QWidget):
    """A run's line, number, name and difference, with a button that takes it out of the comparison."""

    removed = Signal(int)

    def __init__(self, chip: ChipText) -> None:
        super().__init__()
        self.run = chip.run
        self.setObjectName(f"compare-chip-{chip.run}")
        self.setFont(small_font())
        sample = QLabel()
        sample.setPixmap(swatch(chip.color))
        self.label = Elided(chip.text, mode=Qt.TextElideMode.ElideMiddle)
        self.label.setFont(small_font())
        self._tip = chip.tip
        remove = ToolButton(
            "x", f"Take run {chip.run} out", lambda: self.removed.emit(chip.run), name=f"compare-remove-{chip.run}"
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(GAP, 0, 2, 0)
        row.setSpacing(GAP // 2)
        row.addWidget(sample)
        row.addWidget(self.label, 1)
        row.addWidget(remove)
        self.setToolTip(chip.tip)
        self.setAccessibleName(chip.tip)

    def text(self) -> str:
        """The whole text, of which the chip shows what fits."""
        return self.label.full_text()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the whole tooltip, also over the words."""
        super().resizeEvent(event)
        self.label.setToolTip(self._tip)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the pill."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(resolve("sunken")))
        painter.drawRoundedRect(self.rect(), self.height() / 2, self.height() / 2)
        painter.end()


class ChipBar(QScrollArea):
    """Chips from left to right, line below line; it is as high as its lines, up to three, and scrolls beyond.

    ``removed(int)``: the run whose chip was closed.
    """

    removed = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("compare-chips")
        self.setAccessibleName("Compared runs")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.chips: list[RunChip] = []
        self._shown: tuple[ChipText, ...] = ()
        self._inside = QWidget()
        self.setWidget(self._inside)
        self.viewport().setAutoFillBackground(False)
        self._inside.setAutoFillBackground(False)

    def show_chips(self, chips: Iterable[ChipText]) -> None:
        """Show these chips; those that say the same as before stay."""
        shown = tuple(chips)
        if shown == self._shown:
            return
        kept = {before: chip for before, chip in zip(self._shown, self.chips, strict=True) if before in shown}
        for chip in self.chips:
            if chip not in kept.values():
                chip.hide()
                chip.setParent(None)
                chip.deleteLater()
        self.chips = [kept.get(text) or self._chip(text) for text in shown]
        self._shown = shown
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Break the lines anew."""
        super().resizeEvent(event)
        self._arrange()

    def _chip(self, text: ChipText) -> RunChip:
        chip = RunChip(text)
        chip.removed.connect(self.removed)
        chip.setParent(self._inside)
        chip.show()
        return chip

    def _arrange(self) -> None:
        digit, high = self.fontMetrics().horizontalAdvance("0"), control_height() - 4
        bar = self.verticalScrollBar().sizeHint().width()
        width = max(self.width() - bar, 1)
        wishes = [chip.sizeHint().width() for chip in self.chips]
        boxes = chip_boxes(wishes, width, high, most=_WIDEST * digit, least=_NARROWEST * digit)
        for chip, box in zip(self.chips, boxes, strict=True):
            chip.setGeometry(box)
        bottom = boxes[-1].bottom() + 1 if boxes else 0
        self._inside.resize(width, bottom)
        most = _MOST_LINES * (high + GAP // 2)
        self.setFixedHeight(min(bottom, most))


def chip_boxes(wishes: Sequence[int], width: int, height: int, *, most: int, least: int) -> list[QRect]:
    """Where chips stand: each as wide as it wishes, but no wider than what lets all stand in few lines.

    Args:
        wishes: The width that each chip wishes for.
        width: What there is for a line.
        height: Of a chip.
        most: The widest a chip may be.
        least: What a chip is not made narrower than, however many there are.
    """
    lines = 1 if len(wishes) < 4 else 2 if len(wishes) < 9 else _MOST_LINES
    a_line = -(-len(wishes) // lines)
    widest = min(max(min(most, width // max(a_line, 1) - GAP), least), width)
    boxes: list[QRect] = []
    place = QPoint(0, 0)
    for wish in wishes:
        own = min(wish, widest)
        if place.x() + own > width and place.x() > 0:
            place = QPoint(0, place.y() + height + GAP // 2)
        boxes.append(QRect(place, QSize(own, height)))
        place += QPoint(own + GAP, 0)
    return boxes
