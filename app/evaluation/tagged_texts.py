"""Texts of samples with the tag of each token below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.evaluation.sample_drawings import SampleDrawing
from app.theme import CARD_GAP, GAP, resolve, small_font


@dataclass(frozen=True)
class TaggedToken:
    """A token with its tag.

    Attributes:
        token: The token.
        tag: The predicted tag, with the true one where that is another.
        is_wrong: Whether another tag is predicted.
    """

    token: str
    tag: str
    is_wrong: bool


def tagged_tokens(text: str | None, drawing: SampleDrawing, names: Sequence[str]) -> tuple[TaggedToken, ...]:
    """The tokens of a text with the tags that a drawing has of it.

    Args:
        text: The tokens, separated by spaces; None if the row lacks the text.
        drawing: Its tags.
        names: The names of the tags.
    """
    if text is None or drawing.maps is None:
        return ()
    true, predicted = (tags.tolist() for tags in drawing.maps)
    is_labeled = any(tag >= 0 for tag in true)
    tokens = []
    for token, target, guess in zip(text.split(" "), true, predicted, strict=False):
        if target < 0:
            tokens.append(TaggedToken(token, "" if is_labeled else names[guess], is_wrong=False))
        elif target == guess:
            tokens.append(TaggedToken(token, names[guess], is_wrong=False))
        else:
            tokens.append(TaggedToken(token, f"{names[guess]}, not {names[target]}", is_wrong=True))
    return tuple(tokens)


class TaggedTexts(QWidget):
    """Paints texts, wrapped between tokens, with the tags below the tokens."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("Texts with the predicted tags")
        self._texts: list[tuple[str, tuple[TaggedToken, ...]]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_texts(self, rows: Sequence[int], texts: Sequence[tuple[TaggedToken, ...]]) -> None:
        """Show texts of rows of these numbers."""
        self._texts = [(f"row {row}", tokens) for row, tokens in zip(rows, texts, strict=True)]
        words = (f"{title}: " + " ".join(f"{t.token} ({t.tag})" for t in tokens) for title, tokens in self._texts)
        self.setAccessibleDescription("; ".join(words))
        self._fit_height()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Reserve the height that this width needs."""
        super().resizeEvent(event)
        self._fit_height()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw tokens and tags."""
        painter = QPainter(self)
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        for box, token in self._places():
            if not box.intersects(event.rect()):
                continue
            upper, lower = QRect(box), QRect(box)
            upper.setHeight(self.fontMetrics().height())
            lower.setTop(upper.bottom() + 1)
            painter.setFont(self.font())
            painter.setPen(QColor(resolve("text" if token.tag or token.is_wrong else "muted")))
            painter.drawText(upper, left, token.token)
            painter.setFont(small_font())
            painter.setPen(QColor(resolve("error" if token.is_wrong else "muted")))
            painter.drawText(lower, left, token.tag)
        painter.end()

    def _places(self) -> Iterator[tuple[QRect, TaggedToken]]:
        """Each token with its place; the number of the row stands before the first one."""
        large, small = self.fontMetrics(), QFontMetrics(small_font())
        height = large.height() + small.height()
        first = max((large.horizontalAdvance(title) for title, _ in self._texts), default=0) + CARD_GAP
        top = 0
        for title, tokens in self._texts:
            yield QRect(0, top, first, height), TaggedToken(title, "", is_wrong=False)
            x = first
            for token in tokens:
                width = max(large.horizontalAdvance(token.token), small.horizontalAdvance(token.tag)) + 2
                if x > first and x + width > self.width():
                    x, top = first, top + height + GAP // 2
                yield QRect(x, top, width, height), token
                x += width + GAP
            top += height + CARD_GAP

    def _fit_height(self) -> None:
        self.setFixedHeight(max((box.bottom() + 1 for box, _ in self._places()), default=0))
