"""The card with the result of a study: each task in multi-task and single-task training, Δm, negative transfer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.pages.compare.run_table import RunTable
from app.pages.compare.views.study_view import study_view
from app.theme import CARD_GAP, card_title_font
from app.widgets import Card, CardRow, Label, Muted

if TYPE_CHECKING:
    from mtl_core.analysis.studies import Study


class StudyResultCard(Card):
    """The result of one study, updated when its runs change."""

    def __init__(self, number: int) -> None:
        super().__init__("Study")
        self.number = number
        self.setObjectName(f"compare-study-{number}")
        self.headline = Label()
        self.headline.setObjectName(f"compare-delta-{number}")
        self.headline.setFont(card_title_font())
        self.headline.setWordWrap(True)
        self.words = Muted(wrap=True)
        self.words.setObjectName(f"compare-transfer-{number}")
        self.metrics = RunTable(f"compare-study-metrics-{number}", "Test metrics over the seeds, together and alone")
        self.seeds = RunTable(f"compare-study-seeds-{number}", "Change against the baselines, by seed")
        self._tables = CardRow()
        self._tables.add(self.metrics)
        self._tables.add(self.seeds)
        self.body.addWidget(self.headline)
        self.body.addWidget(self.words)
        self.body.addSpacing(CARD_GAP // 2)
        self.body.addWidget(self._tables, 1)

    def show_study(self, study: Study) -> None:
        """Show the current state of the study."""
        view = study_view(study)
        self.set_title(view.title)
        self.headline.setText(view.headline)
        self.words.setText(" ".join(view.words))
        self.words.setVisible(bool(view.words))
        self.metrics.fill("test metric", [(head, None) for head in view.heads], view.lines)
        self.seeds.fill("change by seed", [(head, None) for head in view.seed_heads], view.by_seed)
        self.metrics.setVisible(bool(view.lines))
        self.seeds.setVisible(bool(view.by_seed))
        # Each table gets the width that its values need, so that neither is elided while the other has space left.
        widths = [table.least_width() for table in (self.metrics, self.seeds)]
        self._tables.set_stretches(widths)
        self._tables.set_min_row_width(sum(widths) + CARD_GAP)
