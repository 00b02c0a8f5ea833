"""The list of data notes below the preview: a few lines, expandable."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.widgets import LinkButton, Muted
from mtl_core.spec import DataNote

_COLLAPSED_NOTES, _MAX_LINES = 1, 7
"""Notes shown while collapsed, and lines of text above which the expanded list scrolls."""


class NotesList(QWidget):
    """A collapsible list of notes about the data."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notes: tuple[str, ...] = ()
        self._expanded = False
        self.text = Muted(wrap=True)
        self.text.setObjectName("data-notes")
        self.text.setTextFormat(Qt.TextFormat.PlainText)
        self.text.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(self.text)
        self._area.viewport().setAutoFillBackground(False)
        self.text.setAutoFillBackground(False)
        self.more = LinkButton("", self._toggle, name="all-data-notes")
        row = QHBoxLayout()
        row.addWidget(self.more)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._area)
        column.addLayout(row)
        self.show_notes(())

    def show_notes(self, notes: Sequence[DataNote]) -> None:
        """Show these notes; the list stays expanded when they are the same as before."""
        texts = tuple(dict.fromkeys(map(str, notes)))
        if texts != self._notes or not texts:
            self._notes, self._expanded = texts, False
            self._fill()

    def resizeEvent(self, event: object) -> None:
        """Fit the height to the text at the new width."""
        super().resizeEvent(event)  # type: ignore[arg-type]
        self._fit()

    def _toggle(self) -> None:
        self._expanded = not self._expanded
        self._fill()

    def _fill(self) -> None:
        notes = self._notes if self._expanded else self._notes[:_COLLAPSED_NOTES]
        self.text.setText("\n".join(f"• {text}" for text in notes))
        self.more.setText("Show fewer notes" if self._expanded else f"Show all {len(self._notes)} notes about the data")
        self.more.setVisible(len(self._notes) > _COLLAPSED_NOTES)
        self.setVisible(bool(self._notes))
        self._fit()

    def _fit(self) -> None:
        line = self.fontMetrics().lineSpacing()
        height = self.text.heightForWidth(max(self._area.viewport().width(), 1)) if self._notes else 0
        self._area.setFixedHeight(min(height, _MAX_LINES * line) + 2)
