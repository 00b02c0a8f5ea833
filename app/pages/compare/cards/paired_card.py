"""The card of the paired tests over seeds against chosen baselines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.pages.compare.run_table import RunTable
from app.pages.compare.views.paired_view import HEADS, paired_view
from app.widgets import Card, Label, choice_box

if TYPE_CHECKING:
    from app.pages.compare.comparison_reader import ComparisonReader

_AUTOMATIC = "Baselines, or the first"


class PairedTestsCard(Card):
    """Says which groups of seeds are better or worse than the baselines; hidden while no two share two seeds."""

    def __init__(self, reader: ComparisonReader) -> None:
        super().__init__("Tests over seeds")
        self.setObjectName("compare-paired-card")
        self._reader = reader
        self._choices: tuple[tuple[int, str], ...] = ()
        self.against = choice_box(
            "compare-against", "Test against", "The runs that the others are tested against, seed by seed"
        )
        self.header.addWidget(self.against)
        self.words = Label()
        self.words.setObjectName("compare-paired-words")
        self.words.setWordWrap(True)
        self.table = RunTable("compare-paired", "Tests over seeds")
        self.body.addWidget(self.words)
        self.body.addWidget(self.table, 1)
        self.against.activated.connect(self._choose)
        reader.changed.connect(self._show)
        self._show()

    def _show(self) -> None:
        comparison = self._reader.comparison
        if comparison is None:
            self.hide()
            return
        view = paired_view(comparison)
        self.setVisible(bool(view.lines) or bool(self._reader.against))
        self.set_subtitle(view.subtitle)
        self.words.setText("\n".join(view.sentences) or "No two groups of runs share two seeds with test scores.")
        self.table.fill("group and score", [(head, None) for head in HEADS], view.lines)
        self.table.setVisible(bool(view.lines))
        self._show_choices(view.choices)

    def _show_choices(self, choices: tuple[tuple[int, str], ...]) -> None:
        if choices != self._choices:  # else an open list would be closed by every new value
            self._choices = choices
            self.against.clear()
            self.against.addItem(_AUTOMATIC, ())
            for run, title in choices:
                self.against.addItem(title, (run,))
        runs = [run for run, _ in choices]
        chosen = self._reader.against
        self.against.setCurrentIndex(runs.index(chosen[0]) + 1 if chosen and chosen[0] in runs else 0)

    def _choose(self) -> None:
        chosen = self.against.currentData()
        self._reader.set_against(tuple(chosen or ()))
