"""The card that says which of several weighting methods, or other groups of seeds, is best."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout

from app.pages.compare.views.best_view import best_view
from app.theme import GAP
from app.widgets import Button, Card, Label, Muted

if TYPE_CHECKING:
    from app.pages.compare.comparison_reader import ComparisonReader
    from app.pages.compare.export_menu import ExportMenu


class BestCard(Card):
    """Plain sentences on which group is best, over all tasks and on each; hidden where there is nothing to choose.

    Args:
        reader: The comparison.
        export: Saves the report and the tables.
    """

    def __init__(self, reader: ComparisonReader, export: ExportMenu) -> None:
        super().__init__("Which is best?", "every two tested over their seeds, adjusted for all pairs (Holm)")
        self.setObjectName("compare-best-card")
        self._reader = reader
        self.words = Label()
        self.words.setObjectName("compare-best-words")
        self.words.setWordWrap(True)
        self.notes = Muted(wrap=True)
        self.notes.setObjectName("compare-best-notes")
        self.report = Button("Save report…", export.ask_report_path, icon_name="export", name="compare-best-report")
        self.report.setToolTip("One page with all of this, as HTML or PDF")
        self.latex = Button("Save LaTeX table…", lambda: export.ask_table_path("latex"), name="compare-best-latex")
        self.latex.setToolTip("The tables with mean ± standard deviation, the best in bold")
        buttons = QHBoxLayout()
        buttons.setSpacing(GAP)
        for button in (self.report, self.latex):
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.body.addWidget(self.words)
        self.body.addWidget(self.notes)
        self.body.addLayout(buttons)
        reader.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        view = best_view(self._reader.comparison)
        self.setVisible(bool(view.sentences))
        self.words.setText("\n".join(view.sentences))
        self.notes.setText(view.notes)
        self.notes.setVisible(bool(view.notes))
