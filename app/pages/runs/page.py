"""The Runs page: list, filter, annotate and act on runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QHideEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QSplitter, QStackedLayout, QWidget

from app.formatting import format_quantity
from app.pages.runs.arrangement import Arrangement
from app.pages.runs.columns import ColumnChoice
from app.pages.runs.detail import RunDetail, read_detail
from app.pages.runs.filter_field import filter_values
from app.pages.runs.menu import cell_conditions, open_menu
from app.pages.runs.panel import RunPanel, set_names
from app.pages.runs.permissions import Action, actions_for
from app.pages.runs.run_actions import RunActions
from app.pages.runs.run_list_card import RunListCard
from app.pages.runs.toast import UndoToast
from app.session import Session
from app.tables import RunRow, RunsModel, RunsReader, RunsSnapshot
from app.theme import CARD_GAP
from app.widgets import Button, Chip, EmptyState, PageBody

if TYPE_CHECKING:
    from mtl_core.store import RunRecord, RunStore

_REFRESH_MS = 1000
_PAINT_MS = 60
_DETAIL_DELAY_MS = 60
_WIDE_PAGE = 1400
"""Width from which the panel is shown even if it is empty."""
_SPLITTER_KEY = "page/runs/splitter"


class RunsPage(PageBody):
    """Every run of the store, refreshed once a second while the page is visible.

    Args:
        session: Document, store, queue and what the pages share.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__("Runs", parent=parent)
        self.setObjectName("runs-page")
        self._session = session
        self.model = RunsModel(self)
        self.run_actions = RunActions(session, self)
        self._reader = RunsReader()
        self._is_reading = self._read_again = False
        self._changed_runs: set[int] = set()
        self._has_any_run = False
        self._all_rows: tuple[RunRow, ...] = ()  # as last read without a filter
        self._build()
        self._columns = ColumnChoice(self.view.horizontalHeader(), self.model, session.settings)
        self.arrangement = Arrangement(self.list, self.model, self._columns, session.settings)
        self._make_timers()
        self._connect()
        self._on_selection_changed()

    def refresh(self, changed_runs: Iterable[int] = ()) -> None:
        """Read the store, or read it again once the current read is done.

        Args:
            changed_runs: Runs that are known to have changed.
        """
        self._changed_runs.update(changed_runs)
        if self._is_reading:
            self._read_again = True
            return
        self._is_reading, self._read_again = True, False
        query, archived, reader = self.list.query, self.list.archived.isChecked(), self._reader
        extras = self._columns.extras()
        runs, self._changed_runs = self._changed_runs, set()
        self._session.store.call(
            lambda store: reader.read(store, query, archived, runs, extras), self._on_read, self._on_read_error
        )

    def act(self, key: str) -> None:
        """Execute an action on the selected runs."""
        records = self.view.selected_records()
        if key == "menu":
            self._menu(self._panel_corner())
        if not any(action.key == key for action in self._actions(records)):
            return
        runs, actions = [record.id for record in records], self.run_actions
        do: dict[str, Callable[[], object]] = {
            "watch": lambda: actions.watch(runs[0]),
            "open": lambda: actions.open_spec(runs[0]),
            "again": lambda: actions.run_again(runs),
            "resume": lambda: actions.resume(runs[0]),
            "fork": lambda: actions.fork(runs[0]),
            "stop": lambda: actions.stop(records),
            "baselines": lambda: actions.baselines(records[0]),
            "evaluate": lambda: actions.evaluate(runs[0]),
            "predict": lambda: actions.predict(runs),
            "compare": lambda: actions.compare(records),
            "rename": self.view.rename,
            "star": lambda: actions.star(records, not all(record.starred for record in records)),
            "export": lambda: actions.export(runs),
            "export-file": lambda: actions.export_file(runs),
            "archive": lambda: self._archive(records),
            "erase": lambda: actions.erase(runs, "erase"),
            "checkpoints": lambda: actions.erase(runs, "checkpoints"),
            "reference": lambda: self._set_reference(runs[0]),
        }
        do[key]()

    def showEvent(self, event: QShowEvent) -> None:
        """Read now, then once a second."""
        super().showEvent(event)
        self._refresh_timer.start()
        self.refresh()
        self._session.store.call(lambda store: store.filter_names(), self.arrangement.set_names)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show or hide the empty panel by the width."""
        super().resizeEvent(event)
        self._show_panel()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop reading while hidden."""
        super().hideEvent(event)
        self._refresh_timer.stop()
        self.panel.flush()
        self._session.settings.put_bytes(_SPLITTER_KEY, self._splitter.saveState())

    # --- building

    def _build(self) -> None:
        self.chip = Chip("…", "muted")
        self.chip.setObjectName("runs-count")
        self.header.add_chip(self.chip)
        self.compare = Button("Compare", lambda: self.act("compare"), icon_name="scales", name="compare-runs")
        self.export = Button("Export CSV…", lambda: self.act("export"), icon_name="export", name="export-runs")
        show = self.run_actions.show_disk_use
        self.disk_use = Button("Disk use…", show, icon_name="hard-drives", name="show-disk-use")
        self.import_ = Button("Import…", self.run_actions.import_runs, icon_name="download-simple", name="import-runs")
        self.import_.setToolTip("Add runs from a file that was exported elsewhere, or from a CSV file")
        for button in (self.disk_use, self.compare, self.export, self.import_):
            self.header.add_action(button)
        self.list = RunListCard(self.model, lambda name: filter_values(name, self._all_rows))
        self.view = self.list.view
        self.panel = RunPanel()
        self._splitter = set_names(QSplitter(Qt.Orientation.Horizontal), "runs-splitter", "Runs and the selected run")
        self._splitter.setHandleWidth(CARD_GAP)
        self._splitter.setChildrenCollapsible(False)
        whole = QWidget()
        self.body.addWidget(whole, 1)
        self._stack = QStackedLayout(whole)
        self._stack.addWidget(self._splitter)
        self._splitter.addWidget(self.list)
        self._splitter.addWidget(self.panel)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setSizes([10_000, self.panel.minimumWidth()])
        self._splitter.restoreState(self._session.settings.get_bytes(_SPLITTER_KEY))
        self.empty = EmptyState(
            "list-bullets",
            "No runs yet",
            "Every run of an experiment is kept here with its settings, curves and metrics.",
            "Run the open experiment",
            self._first_run,
        )
        self.empty.setObjectName("runs-empty")
        self._stack.addWidget(self.empty)
        self.toast = UndoToast(self)

    def _make_timers(self) -> None:
        self._refresh_timer = QTimer(self, interval=_REFRESH_MS)
        self._refresh_timer.timeout.connect(self.refresh)
        self._diverged: set[int] = set()
        self._detail_timer = QTimer(self, singleShot=True, interval=_DETAIL_DELAY_MS)
        self._detail_timer.timeout.connect(self._request_detail)

    def _connect(self) -> None:
        self.list.refreshRequested.connect(self.refresh)
        self.list.filter.choicesRequested.connect(self._read_choices)
        self.arrangement.changed.connect(self.refresh)
        self.view.runOpened.connect(lambda: self.act("watch"))
        self.view.selectedRunsChanged.connect(self._on_selection_changed)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._cell_menu)
        self.model.renamed.connect(lambda run, name: self.run_actions.edit(run, name=name))
        self.model.starred.connect(lambda run, on: self.run_actions.edit(run, starred=on))
        self.panel.actionTriggered.connect(self.act)
        self.panel.nameEdited.connect(lambda run, name: self.run_actions.edit(run, name=name))
        self.panel.tagsEdited.connect(lambda run, tags: self.run_actions.edit(run, tags=tags))
        self.panel.notesEdited.connect(lambda run, notes: self.run_actions.edit(run, notes=notes))
        self.panel.parentRequested.connect(self._show_run)
        self.panel.aloneRequested.connect(self._show_alone)
        self.panel.files.forkRequested.connect(self._fork)
        self.panel.files.removeRequested.connect(self.run_actions.remove_checkpoint)
        self.run_actions.changed.connect(self.refresh)
        self.run_actions.failed.connect(self._session.show_error)
        self.run_actions.archivedChanged.connect(self._on_archived)
        self._session.queue.activeChanged.connect(self._active_changed)
        keys = {
            "Ctrl+Return": "open", "R": "again", "E": "evaluate", "P": "predict", "C": "compare", "S": "star",
            "Ctrl+E": "export", "D": "reference", "Delete": "archive",
        }  # fmt: skip
        for keys_pressed, action in keys.items():
            self._shortcut(keys_pressed, self.view).activated.connect(lambda action=action: self.act(action))
        self._shortcut("Ctrl+F", self, Qt.ShortcutContext.WidgetWithChildrenShortcut).activated.connect(
            self.list.focus_filter
        )

    def _shortcut(
        self, keys: str, on: QWidget, context: Qt.ShortcutContext = Qt.ShortcutContext.WidgetShortcut
    ) -> QShortcut:
        return QShortcut(QKeySequence(keys), on, context=context)

    # --- reading

    def _on_read(self, reading: RunsSnapshot | None) -> None:
        self._is_reading = False
        self.list.show_error(None)
        if reading is not None:
            self.list.show_damage(reading.damage)
            self.model.set_rows(reading.rows)
            if not self.list.query:
                self._all_rows = reading.rows
            self._show_list_or_empty_state()
            self._on_selection_changed()
        if self._read_again:
            self.refresh()
        elif reading is not None and not reading.complete:
            # Paint the table first, while the store's thread does not compete for the interpreter.
            QTimer.singleShot(_PAINT_MS, self, self.refresh)

    def _on_read_error(self, error: Exception) -> None:
        self._is_reading = False
        self.list.show_error(error)
        if self._read_again:
            self.refresh()

    def _show_list_or_empty_state(self) -> None:
        count, is_filtered = len(self.model.rows()), self.list.is_filtered
        self._has_any_run = self._has_any_run or count > 0
        if not count and not is_filtered:
            self._session.store.call(_has_runs, self._has_runs)
        self.chip.set_text(format_quantity(count, "run"))
        self._stack.setCurrentIndex(1 if not (count or is_filtered or self._has_any_run) else 0)
        self.list.show_table(count)

    def _has_runs(self, any_run: bool) -> None:
        """Show the empty state if the store has no run at all, not even an archived one."""
        self._has_any_run = any_run
        if self.model.rowCount() == 0 and not self.list.is_filtered:
            self._stack.setCurrentIndex(0 if any_run else 1)

    # --- selection

    def _on_selection_changed(self) -> None:
        records = self.view.selected_records()
        self._show_panel()
        self.compare.setEnabled(len(records) > 1)
        self.export.setEnabled(bool(records))
        if len(records) == 1:
            self.panel.set_record(records[0], self._actions(records))
            self._detail_timer.start()
        else:
            self.panel.clear(len(records))

    def _show_panel(self) -> None:
        """Hide the panel while no run is selected, unless the page is wide enough for both."""
        is_selected = bool(self.view.selected_records())
        if not is_selected and self.list.isHidden():
            self._show_alone(False)
        self.panel.setVisible(self.width() >= _WIDE_PAGE or is_selected)

    def _show_alone(self, alone: bool) -> None:
        """Show the panel over the whole page, or beside the list again."""
        self.panel.alone.setChecked(alone)
        self.panel.alone.setToolTip("Show the list again (Esc)" if alone else "Show the run alone, without the list")
        self.list.setVisible(not alone)
        (self.panel.tabs if alone else self.view).setFocus()

    def _request_detail(self) -> None:
        run = self.panel.run
        if run is not None:
            self._session.store.call(lambda store: read_detail(store, run), self._on_detail, lane="live")

    def _on_detail(self, detail: RunDetail) -> None:
        record = detail.record
        (self._diverged.add if record.is_resumable and not detail.can_resume else self._diverged.discard)(record.id)
        if record.id == self.panel.run:
            self.panel.set_record(record, self._actions([record]))  # read after the row of the table
            self.panel.set_detail(detail)

    def _show_run(self, run: int) -> None:
        if not self.view.select_run(run):
            self._session.show_message(f"Run {run} is not in this list; it may be archived or filtered out")

    def _fork(self, artifact: int) -> None:
        if self.panel.run is not None:
            self.run_actions.fork(self.panel.run, artifact)

    def _active_changed(self) -> None:
        if self.isVisible():
            self.refresh()

    # --- doing

    def _menu(self, at: QPoint) -> None:
        open_menu(self._actions(self.view.selected_records()), self.act, at, self)

    def _cell_menu(self, at: QPoint) -> None:
        """The menu of a cell: filters by its value, and the actions on the selected runs."""
        index = self.view.indexAt(at)
        line = self.model.lines()[index.row()] if index.isValid() else None
        conditions = cell_conditions(self.model.columns()[index.column()], line) if isinstance(line, RunRow) else []
        actions = self._actions(self.view.selected_records())
        place = self.view.viewport().mapToGlobal(at)
        open_menu(actions, self.act, place, self, conditions=conditions, add_condition=self.list.filter.add_condition)

    def _actions(self, records: list[RunRecord]) -> tuple[Action, ...]:
        return actions_for(records, self._diverged, self.model.reference)

    def _archive(self, records: list[RunRecord]) -> None:
        """Archive the selected runs that have ended, or restore them if all are archived."""
        away = not all(record.archived for record in records)
        ended = [record.id for record in records if record.has_ended]
        if len(ended) < len(records):
            self._session.show_message("Runs that have not ended stay in the list")
        self.run_actions.archive(ended, away)

    def _read_choices(self, path: str) -> None:
        show = partial(self.list.filter.set_choices, path)
        self._session.store.call(lambda store: store.setting_choices(path), show, lane="live")

    def _set_reference(self, run: int) -> None:
        self.model.set_reference(None if run == self.model.reference else run)
        if self.model.reference is not None:
            self._columns.widen_for_differences()

    def _panel_corner(self) -> QPoint:
        button = self.panel.findChild(QWidget, "run-more")
        return button.mapToGlobal(QPoint(0, button.height())) if button else self.mapToGlobal(QPoint())

    def _on_archived(self, runs: list[int], away: bool) -> None:
        subject = f"run {runs[0]}" if len(runs) == 1 else f"{len(runs)} runs"
        text = f"Archived {subject}" if away else f"Took {subject} out of the archive"
        self.toast.offer(text, lambda: self.run_actions.archive(runs, not away))

    def _first_run(self) -> None:
        if not self._session.run():
            self._session.show_error("The experiment has a problem. Fix it, then run it.")


def _has_runs(store: RunStore) -> bool:
    return bool(store.run_ids(archived=True))
