"""The compared runs as chips, which are the legend of all curves of the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QWidget

from app.pages.compare.swatch import swatch
from app.theme import GAP, control_height, resolve, small_font
from app.widgets import Elided, Label, ToolButton, plain_tooltip

_MOST_LINES = 3
"""Lines of chips that are shown at once; more are scrolled to."""
_AT_ONCE = 8
_WIDEST, _NARROWEST = 52, 32
"""Of a chip in digits: where few runs are compared, and where there are many."""


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

    def __init__(self, chip: ChipText) -> None:
        super().__init__()
        self.run, self.shows = chip.run, chip
        self.setObjectName(f"compare-chip-{chip.run}")
        self.setFont(small_font())
        sample = Label()
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
        self.setToolTip(plain_tooltip(chip.tip))
        self.setAccessibleName(chip.tip)

    def text(self) -> str:
        """The whole text, of which the chip shows what fits."""
        return self.label.full_text()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the whole tooltip, also over the words."""
        super().resizeEvent(event)
        self.label.setToolTip(plain_tooltip(self._tip))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the pill."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(resolve("sunken")))
        painter.drawRoundedRect(self.rect(), self.height() / 2, self.height() / 2)
        painter.end()


class ChipBar(QScrollArea):
    """A flow layout of chips, at most three rows high; beyond that it scrolls.

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
        self._go_on = QTimer(self, singleShot=True, interval=0)
        self._go_on.timeout.connect(self._make_some)

    def show_chips(self, chips: Iterable[ChipText]) -> None:
        """Show these chips; those that say the same as before stay."""
        shown = tuple(chips)
        if shown == self._shown:
            return
        reused = {chip.shows: chip for chip in self.chips if chip.shows in shown}
        for chip in self.chips:
            if chip.shows not in reused:
                chip.hide()
                chip.setParent(None)
                chip.deleteLater()
        self._shown = shown
        self.chips = [reused[text] for text in shown if text in reused]
        self._make_some()

    def _make_some(self) -> None:
        """Make the next few chips that are missing: making sixty at once would be felt."""
        chips = {chip.shows: chip for chip in self.chips}
        missing = [text for text in self._shown if text not in chips]
        for text in missing[:_AT_ONCE]:
            chips[text] = self._chip(text)
        self.chips = [chips[text] for text in self._shown if text in chips]
        self._arrange()
        if len(missing) > _AT_ONCE:
            self._go_on.start()

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
