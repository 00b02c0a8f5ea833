"""The Data page: data set, column roles, tasks and split."""

from collections.abc import Iterator
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent, QResizeEvent
from PySide6.QtWidgets import QMenu, QSplitter, QStyle, QVBoxLayout, QWidget

from app.document import affects
from app.pages.data import roles
from app.pages.data.cache_menu import CacheMenu
from app.pages.data.cards.categorical_inputs_card import CategoricalInputsCard
from app.pages.data.cards.columns_table import Cell
from app.pages.data.cards.inputs_card import InputsCard
from app.pages.data.cards.numeric_inputs_card import NumericInputsCard
from app.pages.data.cards.preview_card import PreviewCard
from app.pages.data.cards.reviewed_list_line import ReviewedListLine
from app.pages.data.cards.source_card import SourceCard
from app.pages.data.cards.split_card import SplitCard
from app.pages.data.cards.tasks_card import TasksCard
from app.pages.data.cards.text_card import TextCard
from app.pages.data.data_name import data_name
from app.pages.data.dataset_loader import READING_KEYS, DatasetLoader
from app.pages.data.dataset_opener import DatasetOpener, dragged_path
from app.pages.data.menus import fill_columns_menu, fill_task_menu, make_cell_menu, make_column_menu
from app.pages.data.named_inputs import file_columns, named_inputs
from app.pages.data.preview_tabs import PreviewTabs
from app.pages.data.problem_text import error_text, problem_text
from app.pages.data.problems import JOIN, REVIEWED, SPLIT, DataProblems
from app.pages.data.role_edits import RoleEditor
from app.pages.data.view_state import date_notes, task_views
from app.session import Session
from app.theme import CARD_GAP
from app.widgets import Button, Card, CardRow, Chip, PageBody, Stepwise, scroll_area
from mtl_core.protocol.work_progress import WorkProgress
from mtl_core.spec import DatasetInfo
from mtl_core.spec.data.bundled import BUNDLED
from mtl_core.text import format_names

_SPLITTER_KEY = "page/data/parts"
_SIDE_WIDTH, _NUMERIC_WIDTH, _TEXT_WIDTH, _INPUTS_WIDTH = 34, 29, 37, 28
"""Widths of the cards beside the preview and the tasks, in digits; three tasks have room beside them at 1280 pixels."""
_STRETCHES = (5, 3)
"""Shares of the height of the upper and the lower cards."""
_STACK_BELOW = 900
_NO_LIMIT = 16_777_215


class DataPage(Stepwise, PageBody):
    """Edits ``dataset`` and ``tasks`` of the experiment.

    Args:
        session: Document, worker and what the pages share.
        parent: Owner.
        stepwise: Whether the caller takes the steps of building it.
    """

    def __init__(self, session: Session, parent: QWidget | None = None, *, stepwise: bool = False) -> None:
        super().__init__("Data", scroll=True, parent=parent)
        self.setObjectName("data-page")
        self.setAcceptDrops(True)
        self._session = session
        self._document = session.document
        self.begin(stepwise=stepwise)

    @property
    def info(self) -> DatasetInfo | None:
        """The description of the experiment's data set, None until it has been read."""
        return self._session.dataset_info

    def check_data(self) -> None:
        """Have the data checked, and show what is found."""
        self._tabs.check_data()

    def add_absent_tasks(self) -> None:
        """Add the suggested tasks that the experiment does not have."""
        if (info := self.info) is not None and (tasks := roles.missing_tasks(self._document.data, info)):
            self.edits.add_tasks(tasks)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the cards at the left narrow, unless cards stand one below the other."""
        super().resizeEvent(event)
        stacked = self.window().width() < _STACK_BELOW
        for card in (self._source, self._split, *self._encoding_cards, self._inputs):
            card.setMaximumWidth(_NO_LIMIT if stacked else card.minimumWidth())
        bar = self.style().pixelMetric(QStyle.PixelMetric.PM_ScrollBarExtent)
        width = self._encoding_cards[0].minimumWidth() + bar
        self._column_encodings.setMinimumWidth(width)
        self._column_encodings.setMaximumWidth(_NO_LIMIT if stacked else width)
        self._preview.setMinimumHeight(self.fontMetrics().lineSpacing() * (21 if stacked else 17))

    def hideEvent(self, event: QHideEvent) -> None:
        """Save the position of the splitter, and whether the columns are shown."""
        super().hideEvent(event)
        self._tabs.save()
        self._session.settings.put_bytes(_SPLITTER_KEY, self._splitter.saveState())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept a file in a format of tables, or a folder."""
        if dragged_path(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the file or folder that was dropped."""
        if (path := dragged_path(event.mimeData())) is not None:
            event.acceptProposedAction()
            self.opener.open_path(path)

    def _on_reading_started(self) -> None:
        self._source.error.set_error("")
        self._show_reading()

    def _on_dataset_loaded(self, notice: str) -> None:
        if notice:
            self._show_notice(notice)
        self._show_changes()

    def _on_dataset_failed(self, dataset: dict[str, Any], error: Exception) -> None:
        if not self.opener.show_error(error):
            fix = ("",) if dataset.get("kind") == "bundled" else self.opener.fix_of(dataset)
            self._source.error.set_error(error_text(error), *fix)
        self._show()

    def column_menu(self, name: str) -> QMenu | None:
        """The context menu of a column, None while the column is unknown."""
        return make_column_menu(self, self.edits, name)

    def _fill_task_menu(self) -> None:
        fill_task_menu(self._tasks.menu, self.edits, self._preview.open_columns)

    def _fill_menu(self) -> None:
        fill_columns_menu(self._preview.menu, self.edits)
        self._preview.menu.addSeparator()
        self._preview.menu.addMenu(self._cache_menu)

    def _open_column_menu(self, name: str, at: QPoint) -> None:
        self._open_cell_menu(name, None, at)

    def _open_cell_menu(self, name: str, cell: Cell | None, at: QPoint) -> None:
        menu = self.column_menu(name) if cell is None else make_cell_menu(self, self.edits, name, cell)
        if menu is not None:
            menu.popup(at)

    # --- showing

    def _show(self) -> None:
        data, info = self._document.data, self.info
        self._shown = (data, self._document.problems, self.loader.dataset_being_read)
        self._source.show_dataset(data["dataset"], info, self._problems.of_joins())
        self._reviewed.show_list(data["dataset"].get("reviewed"), self._problems.text_at(REVIEWED))
        if info is not None and self.loader.dataset_being_read:
            self._tabs.show_info(info)
        problem, names = self._problem_of_tasks(), self._absent_names()
        fix = f"Add {format_names(names)}" if names and not data.get("tasks") else ""
        model = self._session.model_info
        views = task_views(data, info, self._problems.text_at, model)
        complete = model.complete_rows if model is not None and len(model.common_labels) > 1 else None
        self._tasks.show_tasks(views, problem, fix, self.add_absent_tasks, complete_rows=complete)
        self._show_notes()
        columns = [column.name for column in info.columns if not column.pixels] if info else []
        self._split.show_split(
            data["dataset"].get("split") or {}, info.rows if info else 0, columns, info.split_rows if info else None
        )
        self._split.show_problems(self._problems.at(SPLIT), problem_text)
        for card in self._encoding_cards:
            card.show_data(data, info, self._problems.at(card.PATH))
        self._column_encodings.setVisible(any(card.concerns(data, info) for card in self._encoding_cards[:-1]))
        self._inputs.show_data(data, self._problems.at("dataset.inputs"))
        self._show_reading()
        self._enable_check()

    def _show_reading(self) -> None:
        error = self._session.dataset_error
        unread = self.info is None and error is None
        name = self.loader.dataset_being_read or (data_name(self._document.data["dataset"]) if unread else "")
        name = BUNDLED[name].title if name in BUNDLED else name
        if self.info is None and not self.loader.dataset_being_read:
            self._preview.show_nothing()
        if not name and self.info is not None and self.info.sample:
            self._preview.set_busy(f"Reading all rows of {data_name(self._document.data['dataset'])} …")
        else:
            self._preview.set_busy(f"Reading {name} …" if name else "", starting=not self._session.devices)
        if not name and self.info is not None:
            self._tabs.show_info(self.info)
        if error is None or self.loader.dataset_being_read or self._problems.has_only_own_cards(error):
            self._preview.error.set_error(self._problems.of_preview())
        else:
            self._preview.error.set_error(error_text(error), *self.opener.fix_of(self._document.data["dataset"]))
        self._chip.setVisible(bool(self.loader.dataset_being_read))
        self._chip.set_text(f"Reading {name} …" if self.loader.dataset_being_read else "")
        self._cancel.setVisible(bool(self.loader.dataset_being_read))

    def _show_progress(self, key: str, progress: WorkProgress) -> None:
        if key in READING_KEYS:
            self._preview.set_progress(progress)

    def _show_notes(self) -> None:
        """Show the notes about the columns, then those about the labels, which come with the model."""
        if (info := self.info) is not None:
            model = self._session.model_info
            files = file_columns(named_inputs(self._document.data, info))  # whose names are no values
            notes = [note for note in info.notes if note.place != "column" or note.name not in files]
            notes += date_notes(self._document.data, info)
            self._preview.notes.show_notes((*notes, *(model.notes if model else ())))

    def _enable_check(self) -> None:
        self._check.setEnabled(self.info is not None and not self.check.is_running)

    def _absent_names(self) -> list[str]:
        """Names of the suggested tasks that are absent, for images: these have no columns to make targets."""
        info = self.info
        absent = roles.missing_tasks(self._document.data, info) if info and info.input_kind == "image" else []
        return [str(task["name"]) for task in absent]

    def _show_notice(self, text: str) -> None:
        self._preview.show_notice(text, self._document.undo_stack.undo)

    def _paths_of_cards(self) -> list[str]:
        """The paths of the settings whose cards show their problems."""
        data, info = self._document.data, self.info
        return [SPLIT, JOIN, REVIEWED, *(card.PATH for card in self._encoding_cards if card.concerns(data, info))]

    def _problem_of_tasks(self) -> str:
        if not self._document.data.get("tasks"):
            return "Nothing is predicted yet" + ("." if self._absent_names() else ": make a column a target.")
        return self._problems.of_tasks()

    def _document_changed(self, paths: list[str]) -> None:
        if affects(paths, "dataset") or affects(paths, "tasks") or affects(paths, "model.shared[0]"):
            self._preview.clear_notice()
            self._show()

    def _show_changes(self) -> None:
        """Show the document unless it was shown by the signal before, as one edit emits several."""
        data, problems, being_read = self._shown
        now = (self._document.problems, self.loader.dataset_being_read)
        if self._document.data is not data or now != (problems, being_read):
            self._show()

    # --- building

    def _build(self) -> Iterator[None]:
        self._chip = Chip("", "accent")
        self._chip.setObjectName("reading-chip")
        self.header.add_chip(self._chip)
        self._check = Button("Check data", self.check_data, icon_name="shield-check", name="check-data")
        self._check.setToolTip(
            "Look for leaks between the splits, columns that cannot help, and other faults of the data"
        )
        self.header.add_chip(self._check)
        self._cancel = Button("Cancel", name="cancel-reading")
        self._cancel.hide()
        self.header.add_chip(self._cancel)
        upper, lower = self._add_rows()
        self._source, self._preview = SourceCard(), PreviewCard()
        self._reviewed = ReviewedListLine(self._session)
        self._source.body.addWidget(self._reviewed)
        upper.add(self._source, 0)
        upper.add(self._preview, 1)
        yield
        self._add_lower_cards(lower)
        yield
        session = self._session
        self.loader = DatasetLoader(session, self)
        self._cache_menu = CacheMenu(session, self)
        self._tabs = PreviewTabs(session, self._preview, self)
        self.check = self._tabs.check
        self.opener = DatasetOpener(session, self.loader, self._source, self)
        self._problems = DataProblems(session, self._paths_of_cards)
        self.edits = RoleEditor(self._document, lambda: self.info, self._show_notice)
        self._connect()
        self._show()

    def _add_rows(self) -> tuple[CardRow, CardRow]:
        self._splitter = QSplitter(Qt.Orientation.Vertical)
        self._splitter.setObjectName("data-parts")
        self._splitter.setChildrenCollapsible(False)
        self._splitter.setHandleWidth(CARD_GAP)
        self.body.addWidget(self._splitter, 1)
        upper, lower = CardRow(stack_below=_STACK_BELOW), CardRow(stack_below=_STACK_BELOW)
        for index, (row, stretch) in enumerate(zip((upper, lower), _STRETCHES, strict=True)):
            self._splitter.addWidget(row)
            self._splitter.setStretchFactor(index, stretch)
        return upper, lower

    def _add_lower_cards(self, row: CardRow) -> None:
        self._tasks, self._split = TasksCard(), SplitCard()
        column_cards = (NumericInputsCard(self._document), CategoricalInputsCard(self._document))
        text_card = TextCard(self._document)
        self._encoding_cards = (*column_cards, text_card)
        self._inputs = InputsCard(self._document)
        cards: tuple[Card, ...] = (self._source, self._split, *self._encoding_cards, self._inputs)
        widths = (_SIDE_WIDTH, _SIDE_WIDTH, _NUMERIC_WIDTH, _NUMERIC_WIDTH, _TEXT_WIDTH, _INPUTS_WIDTH)
        for card, width in zip(cards, widths, strict=True):
            card.setMinimumWidth(self.fontMetrics().horizontalAdvance("0") * width)
        row.add(self._split, 0)
        encodings = QVBoxLayout()
        encodings.setContentsMargins(0, 0, 0, 0)
        encodings.setSpacing(CARD_GAP)
        for card in column_cards:
            encodings.addWidget(card, card is column_cards[-1])
        self._column_encodings = scroll_area(encodings)  # both are higher than the row where the window is low
        lower_parts: tuple[QWidget, ...] = (self._column_encodings, text_card, self._inputs)
        for beside_tasks in lower_parts:
            row.add(beside_tasks, 0)
        row.add(self._tasks, 1)
        # Of the card, not its row: cards may stand one below the other.
        self._tasks.setMinimumHeight(self.fontMetrics().lineSpacing() * 9)
        if not self._splitter.restoreState(self._session.settings.get_bytes(_SPLITTER_KEY)):
            self._splitter.setSizes([1000 * stretch for stretch in _STRETCHES])

    def _connect(self) -> None:
        self._cancel.clicked.connect(self.loader.cancel)
        self._source.bundledChosen.connect(self.loader.choose_bundled)
        self._source.optionsChosen.connect(self.loader.read_again)
        self._source.sheet.chosen.connect(self.loader.read_sheet)
        self._source.format.formatChosen.connect(self.loader.read_as)
        header = self._preview.header_
        header.roleChosen.connect(self.edits.set_role)
        header.typeChosen.connect(self.edits.set_type)
        header.kindChosen.connect(self.edits.set_kind_of_column)
        header.menuRequested.connect(self._open_column_menu)
        self._preview.columns.menuRequested.connect(self._open_cell_menu)
        self.check.changed.connect(self._enable_check)
        self._inputs.renamed.connect(self.edits.rename_input)
        self._inputs.removed.connect(self.edits.remove_input)
        self._preview.menu.aboutToShow.connect(self._fill_menu)
        self._tasks.menu.aboutToShow.connect(self._fill_task_menu)
        self._tasks.renamed.connect(self.edits.rename_task)
        self._tasks.kindChosen.connect(self.edits.set_kind)
        self._tasks.removed.connect(self.edits.remove_task)
        self._split.changed.connect(self.edits.set_split)
        self._split.kindChanged.connect(self.edits.set_split_kind)
        self._document.changed.connect(self._document_changed)
        self._document.problemsChanged.connect(self._show_changes)
        self.loader.started.connect(self._on_reading_started)
        self.loader.finished.connect(self._on_dataset_loaded)
        self.loader.failed.connect(self._on_dataset_failed)
        self.loader.declined.connect(self._show)  # the list marks the data set that stays
        self._session.datasetInfoChanged.connect(self._show)
        self._session.modelInfoChanged.connect(self._show)
        self._session.devicesChanged.connect(self._show_reading)
        self._session.worker.progressed.connect(self._show_progress)
