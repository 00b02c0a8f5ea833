"""The Compare page: differing settings, curves, test metrics and costs of several runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QMenu, QStackedLayout, QVBoxLayout, QWidget

from app.forking import StepMenu
from app.navigation import Page
from app.pages.compare.cards.best_card import BestCard
from app.pages.compare.cards.cost_card import CostCard
from app.pages.compare.cards.curve_grid import CurveGrid, available_metrics
from app.pages.compare.cards.ensemble_evaluation import EnsembleEvaluation
from app.pages.compare.cards.metric_plots_card import MetricPlotsCard
from app.pages.compare.cards.paired_card import PairedTestsCard
from app.pages.compare.cards.predictions_card import PredictionsCard
from app.pages.compare.cards.settings_card import SettingsCard
from app.pages.compare.cards.study_result_card import StudyResultCard
from app.pages.compare.cards.tests_card import TestMetricsCard
from app.pages.compare.chips import ChipBar, ChipText
from app.pages.compare.comparison_reader import ComparisonReader
from app.pages.compare.export_menu import ExportMenu
from app.pages.compare.picked_runs import PickedRuns
from app.pages.compare.run_table import RunTable
from app.pages.compare.saved_comparison import SavedComparison
from app.pages.compare.selection import Selection
from app.pages.compare.views.compared_run import ComparedRun
from app.pages.compare.views.comparison import best_lines, metrics_view, settings_view
from app.plots import TRAIN, VALIDATION, CurvePlot, Legend, PlotOptions, PlotTools
from app.session import MOST_COMPARED
from app.tables import RunChooser
from app.theme import CARD_GAP, GAP, PAGE_MARGIN, VisibleConnection, card_title_font, manager
from app.widgets import (
    Card,
    CardRow,
    EmptyState,
    Label,
    Muted,
    PageHeader,
    StepQueue,
    ToolButton,
    choice_box,
    scroll_area,
)

if TYPE_CHECKING:
    from app.session import Session
    from mtl_core.store import SeriesKey

_MAX_LISTED = 12
"""Excluded runs that are listed by number."""
_DRAW_DELAY_MS = 30
"""Points of several runs within this time are drawn together."""
_COLUMN_STRETCH = (10, 13)
"""Stretch factors of the left and the right card of a row."""


class ComparePage(QWidget):
    """Shows the session's compared runs side by side and follows those that still train."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("ComparePage")
        self._session = session
        self._steps = StepQueue(self)
        self.selection = Selection(session, self)
        self.reader = ComparisonReader(session, self)
        self.options = PlotOptions("compare", session.settings, self, smoothing=0.9)
        self.tools = PlotTools("compare", session.settings, self)
        self.tools.exported.connect(session.show_message)
        self.tools.failed.connect(session.show_error)
        self.tools.menuExtended.connect(self._extend_menu)
        self._step_menu = StepMenu(session, self)
        self._drawn_runs: tuple[tuple[int, int], ...] = ()
        self._changed_series: dict[int, set[SeriesKey]] = {}
        self._draw_timer = QTimer(self, singleShot=True, interval=_DRAW_DELAY_MS)
        self._draw_timer.timeout.connect(self._draw_queued)
        self._build()
        self.selection.changed.connect(self._show)
        self.reader.changed.connect(self._update_bands)
        self.ensemble_evaluation.changed.connect(self._show)
        self.selection.pointsAdded.connect(self._queue_series)
        self.options.changed.connect(self._draw)
        self.metric_choice.currentIndexChanged.connect(lambda _index: self._draw())
        session.compareChanged.connect(self._compare)
        VisibleConnection(self, manager().changed, self._restyle)
        self.memory = SavedComparison(session, self)
        self._compare(session.compared)

    def is_up_to_date(self) -> bool:
        """Whether everything that has been read is shown."""
        return self._steps.is_empty()

    # -- building --

    def _build(self) -> None:
        self.header = PageHeader("Compare")
        self.metric_choice = choice_box("compare-metric", "Metric of the curves")
        self.add_run = ToolButton(
            "plus", "Add runs to the comparison", self._open_chooser, text="Add run", name="compare-add"
        )
        self.export_menu = ExportMenu(self._session, self.reader)
        self.header.add_action(self.export_menu)
        self.header.add_action(self.add_run)
        self.chooser = RunChooser(self._session.store, "compare-chooser", self, multiple=True)
        self.chooser.runsChosen.connect(self._add_runs)
        self.chips = ChipBar(self._steps)
        self.chips.removed.connect(self._remove_run)
        self.excluded_label = Muted(wrap=True)
        self.excluded_label.setObjectName("compare-left-out")
        self.ensemble_evaluation = EnsembleEvaluation(self._session, self)
        self.differs_card, self.tests_card = SettingsCard(), TestMetricsCard(self.ensemble_evaluation)
        self.differs, self.hint = self.differs_card.table, self.differs_card.hint
        self.tests, self.group = self.tests_card.table, self.tests_card.group
        self.group.toggled.connect(self._show)
        self._tables_row = CardRow()
        self._tables_row.add(self.differs_card, _COLUMN_STRETCH[0])
        self._tables_row.add(self.tests_card, _COLUMN_STRETCH[1])
        self.which_is_best = BestCard(self.reader, self.export_menu)
        self.paired = PairedTestsCard(self.reader)
        self.metric_plots = MetricPlotsCard(self._session, self.reader, self.selection.color_of)
        self.predictions = PredictionsCard(self._session, self.selection.color_of)
        self.studies: dict[int, StudyResultCard] = {}
        self._studies_layout = QVBoxLayout()
        self._studies_layout.setSpacing(CARD_GAP)
        self.best = RunTable("compare-best", "The best epoch of each task")
        self.best_card, self.cost_card = Card("Best epoch of each task", "on validation"), CostCard(self._session)
        self.best_card.body.addWidget(self.best, 1)
        self._details_row = CardRow()
        self._details_row.add(self.best_card, _COLUMN_STRETCH[0])
        self._details_row.add(self.cost_card, _COLUMN_STRETCH[1])
        self.curve_grid = CurveGrid(self._steps, self.tools)
        self.picked = PickedRuns(self.curve_grid, self.chips, self.metric_plots)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty_state())
        self._stack.addWidget(content := QWidget())
        self._fill(content)

    def _fill(self, content: QWidget) -> None:
        inside = QVBoxLayout()
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(CARD_GAP)
        column = QVBoxLayout(content)
        column.setContentsMargins(PAGE_MARGIN, PAGE_MARGIN, PAGE_MARGIN, PAGE_MARGIN)
        column.setSpacing(CARD_GAP)
        column.addWidget(self.header)
        column.addWidget(self.chips)
        column.addWidget(self.excluded_label)
        column.addWidget(self.tools.stage(scroll_area(inside)), 1)
        column.addWidget(self.tools.table)
        inside.addWidget(self.which_is_best)
        inside.addLayout(self._studies_layout)
        inside.addWidget(self._tables_row)
        inside.addWidget(self.paired)
        inside.addWidget(self.metric_plots)
        inside.addLayout(self._curve_bar())
        inside.addWidget(self.curve_grid, 1)
        inside.addWidget(self._details_row)
        inside.addWidget(self.predictions)

    def _curve_bar(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setSpacing(GAP)
        title = Label("Curves")
        title.setFont(card_title_font())
        bar.addWidget(title)
        bar.addWidget(self.metric_choice)
        bar.addWidget(Legend([TRAIN, VALIDATION]))
        self.bands = QCheckBox("Mean ± std over seeds")
        self.bands.setObjectName("compare-bands")
        self.bands.setToolTip("Mean and deviation of runs that differ in nothing but the seed; each run stays, pale")
        self.bands.toggled.connect(lambda _on: self._draw())
        self.bands.hide()
        bar.addSpacing(CARD_GAP)
        bar.addWidget(self.bands)
        bar.addStretch(1)
        for button in (*self.options.buttons(), self.tools.values_button):
            bar.addWidget(button)
        return bar

    def _empty_state(self) -> EmptyState:
        empty = EmptyState(
            "columns",
            "Nothing to compare yet",
            "Select two or more runs on the Runs page to compare them here.",
            "Go to Runs",
            lambda: self._session.open_page(Page.RUNS),
        )
        empty.setObjectName("compare-empty")
        return empty

    # -- showing --

    def _show(self) -> None:
        """Update chips, tables and curves, step by step."""
        self._steps.put("view", self._update_view)

    def _update_view(self) -> None:
        entries = self.selection.entries
        if not entries:
            self._stack.setCurrentIndex(0)  # first, so that nothing is painted while it is emptied
        self.ensemble_evaluation.show_runs(entries)
        steps: dict[str, Callable[[], object]] = {
            "settings": lambda: self._show_settings(entries),
            "metrics": lambda: self._show_metrics(entries),
            "best epochs": lambda: self._show_best_epochs(entries),
            "comparison": lambda: self.reader.read(tuple(entry.run.id for entry in entries)),
            "studies": self._show_studies,
            "cost": lambda: self.cost_card.show_runs(entries),
            "predictions": lambda: self.predictions.show_runs(entries),
            "all curves": lambda: self._draw_view(entries),
        }
        for name, step in steps.items():
            self._steps.put(name, step)

    def _show_settings(self, entries: Sequence[ComparedRun]) -> None:
        view = settings_view(entries)
        self._steps.put("chip texts", lambda: self._show_chips(entries, view.chips))
        self._steps.put("settings table", lambda: self.differs_card.show_view(entries, view))
        self._steps.put("tables shown", self._show_tables)

    def _show_metrics(self, entries: Sequence[ComparedRun]) -> None:
        ensemble = self.ensemble_evaluation.scores
        view = metrics_view(entries, self.selection.summaries, grouped=self.group.isChecked(), ensemble=ensemble)
        title = self.ensemble_evaluation.title if ensemble is not None else ""
        columns = [tuple(entry.run.id for entry in group.entries) for group in view.groups]
        self._steps.put("metrics table", lambda: self.tests_card.show_view(view, ensemble=title))
        self._steps.put("metrics columns", lambda: self.picked.set_columns({self.tests: columns}))
        self._steps.put("tables shown", self._show_tables)

    def _show_best_epochs(self, entries: Sequence[ComparedRun]) -> None:
        lines = best_lines(entries, self.selection.summaries)
        self.best.fill("task", [(entry.short, entry.color) for entry in entries], lines)
        self.best_card.setVisible(bool(lines))
        self._steps.put("tables shown", self._show_tables)

    def _show_tables(self) -> None:
        """Show the tables, which are filled now, and give each row the width that it needs."""
        if self.selection.entries:
            self._stack.setCurrentIndex(1)
        self._tables_row.set_min_row_width(_width_for(self.differs, self.tests))
        self._details_row.set_min_row_width(_width_for(self.best, self.cost_card.table))
        entries = self.selection.entries
        columns = [(entry.run.id,) for entry in entries]
        readable = [(entry.run.id,) for entry in entries if entry.spec is not None]
        self.picked.set_columns({self.differs: columns, self.best: columns, self.cost_card.table: readable})

    def _draw_view(self, entries: Sequence[ComparedRun]) -> None:
        """Draw all curves if other runs are compared or their colors changed; else only update the axes."""
        runs = tuple((entry.run.id, entry.color) for entry in entries)
        self._draw({} if runs == self._drawn_runs else None)
        self._drawn_runs = runs

    def _show_studies(self) -> None:
        """Show a card for each study that a compared run belongs to."""
        shown = {study.number: study for study in self.selection.studies}
        for number in [number for number in self.studies if number not in shown]:
            card = self.studies.pop(number)
            self._studies_layout.removeWidget(card)
            card.hide()
            card.deleteLater()
        for number in shown:
            self._steps.put(("study", number), partial(self._show_study, number))

    def _show_study(self, number: int) -> None:
        study = next((study for study in self.selection.studies if study.number == number), None)
        if study is None:
            return
        if number not in self.studies:
            self.studies[number] = StudyResultCard(number)
            self._studies_layout.addWidget(self.studies[number])
        self.studies[number].show_study(study)

    def _show_chips(self, entries: Sequence[ComparedRun], texts: Sequence[str]) -> None:
        self.chips.show_chips(
            ChipText(entry.run.id, text, f"{text}\n{entry.run.name} · {entry.run.state}", entry.color)
            for entry, text in zip(entries, texts, strict=True)
        )
        out = self.selection.excluded_runs
        self.excluded_label.setVisible(bool(out))
        self.excluded_label.setText(
            f"{MOST_COMPARED} runs are compared at once, those chosen last. Left out: {_run_list(out)}. "
            "Take runs out to see them."
        )

    def _restyle(self) -> None:
        """Draw the line samples of the chips in the colors of the current theme."""
        self.chips.restyle()

    def _draw(self, changed: Mapping[int, set[SeriesKey]] | None = None) -> None:
        if changed is None:
            self._changed_series.clear()
        self._update_metric_choice()
        selection, metric = self.selection, self.metric_choice.currentText()
        self.curve_grid.draw(
            selection.entries,
            selection.curves,
            selection.clocks,
            metric,
            self.options,
            groups=self._seed_groups() if self.bands.isChecked() else (),
            changed=changed,
        )

    def _seed_groups(self) -> list[list[int]]:
        """The runs of each group that differs in nothing but the seed."""
        groups = self.reader.comparison.groups if self.reader.comparison is not None else ()
        return [[entry.run.id for entry in group.entries] for group in groups]

    def _update_bands(self) -> None:
        """Offer bands where a group has several seeds, and draw them for the present groups."""
        self.bands.setVisible(any(len(group) > 1 for group in self._seed_groups()))
        if self.bands.isChecked():
            self._draw({})

    def _queue_series(self, run: int, keys: set[SeriesKey]) -> None:
        self._changed_series.setdefault(run, set()).update(keys)
        if not self._draw_timer.isActive():
            self._draw_timer.start()

    def _draw_queued(self) -> None:
        changed_series, self._changed_series = self._changed_series, {}
        if changed_series:
            self._draw(changed_series)

    def _update_metric_choice(self) -> None:
        names = available_metrics(self.selection.curves)
        current_items = tuple(self.metric_choice.itemText(index) for index in range(self.metric_choice.count()))
        if names == current_items:
            return
        current = self.metric_choice.currentText()
        blocked = self.metric_choice.blockSignals(True)
        self.metric_choice.clear()
        self.metric_choice.addItems(names)
        self.metric_choice.setCurrentText(current if current in names else next(iter(names), ""))
        self.metric_choice.blockSignals(blocked)

    # -- user actions --

    def _extend_menu(self, plot: CurvePlot, menu: QMenu) -> None:
        """Add to the menu of a plot what can be done with the run of the nearest curve at the cursor."""
        point = plot.menu_point
        record = None if point is None else self.curve_grid.record_at(point.key)
        if point is not None and record is not None:
            self._step_menu.extend(menu, record, point.step, is_named=True)

    def _compare(self, runs: Sequence[int]) -> None:
        if self._session.groups_compared:
            self.group.setChecked(True)
            self.bands.setChecked(True)
        self.selection.set_runs(runs)

    def _remove_run(self, run: int) -> None:
        self._session.compare(other for other in self._session.compared if other != run)

    def _add_runs(self, runs: Sequence[int]) -> None:
        """Compare more runs; excluded ones move to the end, so that they are shown."""
        self._session.compare([*(run for run in self._session.compared if run not in runs), *runs])

    def _open_chooser(self) -> None:
        self.chooser.open_below(self.add_run, excluded=self.selection.runs)

    # -- Qt --

    def showEvent(self, event: QShowEvent) -> None:
        """Poll quickly while visible."""
        super().showEvent(event)
        self.selection.set_visible(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Poll slowly while hidden."""
        super().hideEvent(event)
        self.selection.set_visible(False)


def _width_for(left: RunTable, right: RunTable) -> int:
    """The width of a row of cards in which both tables are readable."""
    tables = zip((left, right), _COLUMN_STRETCH, strict=True)
    return (
        max((table.least_width() + 2 * CARD_GAP + 4) * sum(_COLUMN_STRETCH) // share for table, share in tables)
        + CARD_GAP
    )


def _run_list(runs: Sequence[int]) -> str:
    """List the numbers of runs; of many only the first, and how many more."""
    shown = ", ".join(map(str, runs[:_MAX_LISTED]))
    more = f" and {len(runs) - _MAX_LISTED} more" if len(runs) > _MAX_LISTED else ""
    return f"run{'' if len(runs) == 1 else 's'} {shown}{more}"
