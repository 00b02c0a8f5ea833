"""The Data page: choose data, assign column roles, review tasks, set the split."""

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHideEvent, QResizeEvent
from PySide6.QtWidgets import QFileDialog, QMenu, QSplitter
from shiboken6 import isValid

from app.document import affects, is_below
from app.pages.data import dataset_choice, roles
from app.pages.data.cards.numeric_inputs import NumericInputsCard
from app.pages.data.cards.preview import PreviewCard
from app.pages.data.cards.sources import SourceCard
from app.pages.data.cards.split import SplitCard
from app.pages.data.cards.tasks import TasksCard
from app.pages.data.cards.text import TextCard
from app.pages.data.menus import column_menu, fill_menu
from app.pages.data.role_edits import RoleEditor
from app.pages.data.view_state import column_views, data_name, image_labels, task_views
from app.pages.data.words import error_text, problem_text, training_change_text
from app.session import Session
from app.theme import CARD_GAP
from app.widgets import Card, CardRow, Chip, PageBody
from mtl_core.errors import WorkbenchError
from mtl_core.spec import DatasetInfo, Problem
from mtl_core.spec.bundled import BUNDLED
from mtl_core.spec.dataset import dataset_kind
from mtl_core.tabular.readers.formats import SUFFIXES, format_of_name
from mtl_core.text import format_names

_SPLITTER = "page/data/parts"
_SIDE_WIDTH, _TEXT_WIDTH = 34, 40
_STACK_BELOW = 900
_NO_LIMIT = 16_777_215
_FILTER = f"Tables ({' '.join(f'*{suffix}' for suffix in SUFFIXES)});;All files (*)"


class DataPage(PageBody):
    """Edits ``dataset`` and ``tasks`` of the experiment, with descriptions of the data from the worker.

    Args:
        session: Document, worker and what the pages share.
    """

    def __init__(self, session: Session) -> None:
        super().__init__("Data", scroll=True)
        self.setObjectName("data-page")
        self.setAcceptDrops(True)
        self._session = session
        self._document = session.document
        self._descriptions = session.dataset_descriptions
        self._reading = ""
        self._last_defaults: dict[str, Any] = {}
        self._build()
        self.edits = RoleEditor(self._document, lambda: self.info, self._notify_edit)
        self._connect()
        self._show()

    @property
    def info(self) -> DatasetInfo | None:
        """What is known of the experiment's data set, if it has been read."""
        return self._session.dataset_info

    # --- choosing

    def choose_bundled(self, name: str) -> None:
        """Read a bundled data set and, once that went well, make it the experiment's."""
        if self._confirm_replace(BUNDLED[name].title):
            self._request_dataset(dataset_choice.bundled_dataset(name, self._document.data["dataset"].get("split")))

    def open_file(self, path: Path) -> None:
        """Read a file and, once that went well, make it the experiment's data."""
        if self._confirm_replace(path.name):
            self._request_dataset(dataset_choice.table_dataset(str(path), self._document.data["dataset"].get("split")))

    def ask_file(self) -> None:
        """Ask for a file and open it."""
        current = self._document.data["dataset"].get("path")
        folder = self._session.settings.get("page/data/folder") or (str(Path(current).parent) if current else "")
        path, _ = QFileDialog.getOpenFileName(self, "Open a table", folder, _FILTER)
        if path:
            self._session.settings.put("page/data/folder", str(Path(path).parent))
            self.open_file(Path(path))

    def read_otherwise(self, delimiter: str | None, encoding: str | None, decimal: str | None = None) -> None:
        """Read the experiment's file with another delimiter, encoding or decimal mark."""
        dataset = self._document.data["dataset"]
        self._request_dataset({**dataset, "delimiter": delimiter, "decimal": decimal, "encoding": encoding})

    def add_absent_tasks(self) -> None:
        """Predict everything that suggests itself and is not predicted."""
        if (info := self.info) is not None and (tasks := roles.missing_tasks(self._document.data, info)):
            self.edits.add_tasks(tasks)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The cards at the left are narrow, unless they stand above the others."""
        super().resizeEvent(event)
        stacked = self.window().width() < _STACK_BELOW
        for card in (self._source, self._split, *self._readings):
            card.setMaximumWidth(_NO_LIMIT if stacked else card.minimumWidth())
        self._preview.setMinimumHeight(self.fontMetrics().lineSpacing() * (21 if stacked else 17))

    def hideEvent(self, event: QHideEvent) -> None:
        """Remember how the height is divided."""
        super().hideEvent(event)
        self._session.settings.put_bytes(_SPLITTER, self._parts.saveState())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take a table's file."""
        if _table_file_of(event.mimeData()) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open the file that was dropped."""
        path = _table_file_of(event.mimeData())
        if path is not None:
            event.acceptProposedAction()
            self.open_file(path)

    def _confirm_replace(self, name: str) -> bool:
        """Ask before other data take the place of what a person made: tasks, columns or layers.

        What is saved is not lost, and what the last data set brought with it is nobody's work, so that one can look at
        one set after the other.
        """
        parts, saved = (_replaceable_parts(data) for data in (self._document.data, self._document.saved_data))
        text = f"{name} brings other tasks, and other layers where these cannot read it."
        confirmed = parts in (saved, self._last_defaults) or self._session.confirm_replace(text)
        if not confirmed:
            self._show()  # the list marks the data set that stays
        return confirmed

    def _request_dataset(self, dataset: dict[str, Any]) -> None:
        self._source.error.set_error("")
        self._reading = data_name(dataset)
        self._show_reading()
        done, failed = partial(self._dataset_loaded, dataset), partial(self._dataset_failed, dataset)
        self._descriptions.request(dataset, done, failed, key="data-page")

    def _dataset_loaded(self, dataset: dict[str, Any], info: DatasetInfo) -> None:
        if not isValid(self) or self._reading != data_name(dataset):
            return  # the page is gone, or something else has been chosen since
        self._reading = ""
        before = self._document.data
        label = f"Open {data_name(dataset)}" if dataset_kind(dataset).from_file else f"Choose {info.title}"
        if _is_same_table(before, dataset, info, self._descriptions.get(before["dataset"])):
            same_file = before["dataset"]["path"] == dataset["path"]
            changes = dataset_choice.reading_changes(before, dataset, info)
            self._document.set_many(changes, "Read the file otherwise" if same_file else label, merge=False)
        else:
            rows_before = self.info.rows if self.info is not None else 0
            after = dataset_choice.with_dataset(before, dataset, info, rows_before)
            self._document.replace(after, label)
            self._last_defaults = _replaceable_parts(self._document.data)
            if text := training_change_text(before, after):
                self._notify_edit(text)
        self._show()

    def _dataset_failed(self, dataset: dict[str, Any], error: Exception) -> None:
        if not isValid(self) or self._reading != data_name(dataset):
            return
        self._reading = ""
        is_file = dataset_kind(dataset).from_file
        self._source.error.set_error(
            error_text(error), "Open another file…" if is_file else "", self.ask_file if is_file else None
        )
        self._show()

    def menu_of(self, name: str) -> QMenu | None:
        """The context menu of a column."""
        return column_menu(self, self.edits, name)

    def _column_menu(self, name: str, at: QPoint) -> None:
        menu = self.menu_of(name)
        if menu is not None:
            menu.popup(at)

    # --- showing

    def _show(self) -> None:
        data, info = self._document.data, self.info
        self._source.show_dataset(data["dataset"], info)
        if info is not None:
            self._preview.show_info(info, column_views(data, info), image_labels(data, info))
            self._preview.more.setVisible(info.input_kind == "table" or bool(roles.missing_tasks(data, info)))
        problem, names = self._problem_of_tasks(), self._absent_names()
        fix = f"Add {format_names(names)}" if names and not data.get("tasks") else ""
        self._tasks.show_tasks(task_views(data, info, self._problem_at), problem, fix, self.add_absent_tasks)
        self._show_notes()
        problems = self._document.problems_at("dataset.split")
        self._split.show_split(
            data["dataset"].get("split") or {}, info.rows if info else 0, problem_text(problems[0]) if problems else ""
        )
        for card in self._readings:
            card.show_data(data, info, self._problems_at(card.PATH))
        self._show_reading()

    def _show_reading(self) -> None:
        error = self._session.dataset_error
        unread = self.info is None and error is None
        name = self._reading or (data_name(self._document.data["dataset"]) if unread else "")
        name = BUNDLED[name].title if name in BUNDLED else name
        if self.info is None and not self._reading:
            self._preview.show_nothing()
        self._preview.set_busy(f"Reading {name} …" if name else "", starting=not self._session.devices)
        if not name and self.info is not None:
            data = self._document.data
            self._preview.show_info(self.info, column_views(data, self.info), image_labels(data, self.info))
        failed = error is not None and not self._reading and not self._is_shown_elsewhere(error)
        text = error_text(error) if error is not None and failed else self._input_problem()
        self._preview.error.set_error(text, "Open another file…" if failed else "", self.ask_file if failed else None)
        self._chip.setVisible(bool(self._reading))
        self._chip.set_text(f"Reading {name} …" if self._reading else "")

    def _show_notes(self) -> None:
        """What is known of the columns, then of the labels, once the data have been read for the tasks."""
        if (info := self.info) is not None:
            model = self._session.model_info
            self._preview.notes.show_notes((*info.notes, *(model.notes if model else ())))

    def _absent_names(self) -> list[str]:
        """The tasks that suggest themselves for images, which have no columns to choose a target by."""
        info = self.info
        absent = roles.missing_tasks(self._document.data, info) if info and info.input_kind == "image" else []
        return [str(task["name"]) for task in absent]

    def _notify_edit(self, text: str) -> None:
        self._preview.show_notice(text, self._document.undo_stack.undo)

    def _input_problem(self) -> str:
        problems = [p for p in self._problems_at("dataset") if not self._has_own_card(p)]
        return problem_text(problems[0]) if problems else ""

    def _is_shown_elsewhere(self, error: Exception) -> bool:
        return isinstance(error, WorkbenchError) and all(map(self._has_own_card, error.problems))

    def _has_own_card(self, problem: Problem) -> bool:
        """Whether it is shown in a card below the preview."""
        return is_below(problem.path, "dataset.split") or any(
            is_below(problem.path, card.PATH) and card.concerns(self._document.data, self.info)
            for card in self._readings
        )

    def _problem_at(self, path: str) -> str:
        problems = self._problems_at(path)
        return problem_text(problems[0]) if problems else ""

    def _problems_at(self, path: str) -> list[Problem]:
        """What is wrong at ``path`` by itself, else what the worker found when it read the data for the tasks."""
        error = self._session.model_error
        reported = error.problems if isinstance(error, WorkbenchError) else ()
        return self._document.problems_at(path) or [problem for problem in reported if is_below(problem.path, path)]

    def _problem_of_tasks(self) -> str:
        if not self._document.data.get("tasks"):
            return "Nothing is predicted yet" + ("." if self._absent_names() else ": make a column a target.")
        own = [problem for problem in self._document.problems_at("tasks") if problem.path == "tasks"]
        return problem_text(own[0]) if own else ""

    def _changed(self, paths: list[str]) -> None:
        if affects(paths, "dataset") or affects(paths, "tasks") or affects(paths, "model.shared[0]"):
            self._preview.clear_notice()
            self._show()

    # --- building

    def _build(self) -> None:
        self._chip = Chip("", "accent")
        self._chip.setObjectName("reading-chip")
        self.header.add_chip(self._chip)
        self._source, self._preview = SourceCard(), PreviewCard()
        self._tasks, self._split = TasksCard(), SplitCard()
        self._readings = (NumericInputsCard(self._document), TextCard(self._document))
        line = self.fontMetrics().lineSpacing()
        cards: tuple[Card, ...] = (self._source, self._split, *self._readings)
        for card, width in zip(cards, (_SIDE_WIDTH, _SIDE_WIDTH, _SIDE_WIDTH, _TEXT_WIDTH), strict=True):
            card.setMinimumWidth(self.fontMetrics().horizontalAdvance("0") * width)
        upper, lower = CardRow(stack_below=_STACK_BELOW), CardRow(stack_below=_STACK_BELOW)
        upper.add(self._source, 0)
        upper.add(self._preview, 1)
        lower.add(self._split, 0)
        for card in self._readings:
            lower.add(card, 0)
        lower.add(self._tasks, 1)
        self._tasks.setMinimumHeight(line * 9)  # of the card, not its row: cards may stand one under the other
        self._parts = QSplitter(Qt.Orientation.Vertical)
        self._parts.setObjectName("data-parts")
        self._parts.setChildrenCollapsible(False)
        self._parts.setHandleWidth(CARD_GAP)
        for part, stretch in ((upper, 2), (lower, 1)):
            self._parts.addWidget(part)
            self._parts.setStretchFactor(self._parts.count() - 1, stretch)
        self._parts.restoreState(self._session.settings.get_bytes(_SPLITTER))
        self.body.addWidget(self._parts, 1)

    def _connect(self) -> None:
        self._source.bundledChosen.connect(self.choose_bundled)
        self._source.fileWanted.connect(self.ask_file)
        self._source.optionsChosen.connect(self.read_otherwise)
        header = self._preview.header_
        header.roleChosen.connect(self.edits.set_role)
        header.typeChosen.connect(self.edits.set_type)
        header.kindChosen.connect(self.edits.set_kind_of_column)
        header.menuWanted.connect(self._column_menu)
        self._preview.menu.aboutToShow.connect(lambda: fill_menu(self._preview.menu, self.edits))
        self._tasks.renamed.connect(self.edits.rename_task)
        self._tasks.kindChosen.connect(self.edits.set_kind)
        self._tasks.removed.connect(self.edits.remove_task)
        self._split.changed.connect(self._set_split)
        self._document.changed.connect(self._changed)
        self._document.problemsChanged.connect(self._show)
        self._session.datasetInfoChanged.connect(self._show)
        self._session.modelInfoChanged.connect(self._show)
        self._session.devicesChanged.connect(self._show_reading)

    def _set_split(self, values: dict[str, Any]) -> None:
        label = "Change the seed of the split" if "seed" in values else "Change the split"
        self._document.set_many({f"dataset.split.{name}": value for name, value in values.items()}, label)


def _is_same_table(
    data: dict[str, Any], dataset: dict[str, Any], info: DatasetInfo, before: DatasetInfo | None
) -> bool:
    """Whether the experiment goes on with a table: its own read in another way, or one of the same columns elsewhere.

    Args:
        data: The experiment.
        dataset: Spec data of the table.
        info: What is known of it.
        before: What is known of the experiment's own table; None where that cannot be read any more.
    """
    old = data["dataset"]
    if old.get("kind") != dataset.get("kind") or not dataset_kind(dataset).from_file or not old.get("inputs"):
        return False
    columns = {column.name for column in info.columns}
    used = {*old["inputs"], *(t for task in data.get("tasks") or () for t in roles.targets_of(task))}
    if old.get("path") == dataset.get("path") or before is None:
        return used <= columns
    return columns == {column.name for column in before.columns}


def _replaceable_parts(data: dict[str, Any]) -> dict[str, Any]:
    """The parts of an experiment that another data set replaces."""
    return {part: data.get(part) for part in ("dataset", "tasks", "model")}


def _table_file_of(mime: QMimeData) -> Path | None:
    """The table's file that is being dragged, if it is one."""
    urls = mime.urls()
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    path = Path(urls[0].toLocalFile())
    return path if format_of_name(path) is not None else None
