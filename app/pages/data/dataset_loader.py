"""Read a data set in the worker and then make it the experiment's; no widgets."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid

from app.pages.data import dataset_choice, roles
from app.pages.data.data_name import data_name
from app.pages.data.dataset_notice import dataset_notice, join_notice
from app.pages.data.named_inputs import input_columns
from app.session import Session
from mtl_core.spec import DatasetInfo, InputError
from mtl_core.spec.data.bundled import BUNDLED
from mtl_core.spec.data.dataset import dataset_kind
from mtl_core.tabular.arrays import NO_ARRAYS, is_array_name

_KEY = "data-page"
READING_KEYS = (_KEY, "dataset")
"""The keys of questions whose progress is that of reading the page's data."""


class DatasetLoader(QObject):
    """Changes the data set of the session's document once the worker has read the new one.

    The document stays as it is when the data cannot be read.

    Signals:
        started: Reading began.
        finished(notice): The document has changed; ``notice`` says what changed beside the data, or is empty.
        failed(dataset, error): The data cannot be read.
        declined: Unsaved edits are not to be replaced, or reading was given up.

    Args:
        session: Document and worker.
        parent: Owner.
    """

    started = Signal()
    finished = Signal(str)
    failed = Signal(object, object)
    declined = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._document = session.document
        self._descriptions = session.dataset_descriptions
        self._reading = ""
        self._last_defaults: dict[str, Any] = {}

    @property
    def dataset_being_read(self) -> str:
        """The name of the data set that is being read, or ``""``."""
        return self._reading

    def choose_bundled(self, name: str) -> None:
        """Read a bundled data set and make it the experiment's."""
        if self._confirm_replace(BUNDLED[name].title):
            self._request(dataset_choice.bundled_dataset(name, self._document.data["dataset"].get("split")))

    def open_file(self, path: Path) -> None:
        """Read a file and make it the experiment's data set."""
        if self._confirm_replace(path.name):
            fresh = dataset_choice.arrays_dataset if is_array_name(path.name) else dataset_choice.table_dataset
            self._request(fresh(str(path), self._document.data["dataset"].get("split")))

    def open_folder(self, path: Path) -> None:
        """List the images in a folder and make them the experiment's data set; one without images may hold arrays."""
        if self._confirm_replace(path.name):
            kinds = (dataset_choice.folder_dataset, dataset_choice.arrays_dataset)
            images, arrays = (fresh(str(path), self._document.data["dataset"].get("split")) for fresh in kinds)
            self._request(images, arrays)

    def open_images(self, path: Path) -> None:
        """List the images in a folder and make them the experiment's data set."""
        if self._confirm_replace(path.name):
            self._request(dataset_choice.folder_dataset(str(path), self._document.data["dataset"].get("split")))

    def open_arrays(self, path: Path) -> None:
        """Read a file of arrays, or those in a folder, and make them the experiment's data set."""
        if self._confirm_replace(path.name):
            self._request(dataset_choice.arrays_dataset(str(path), self._document.data["dataset"].get("split")))

    def open_query(self, url: str, sql: str) -> None:
        """Read the rows of a query and make them the experiment's data set, or read its query anew if it is one."""
        dataset = self._document.data["dataset"]
        if dataset.get("kind") == "query":
            self._request({**dataset, "url": url, "sql": sql})
        elif self._confirm_replace("The query"):
            self._request(dataset_choice.query_dataset(url, sql, dataset.get("split")))

    def join(self, joins: Sequence[Mapping[str, Any]]) -> None:
        """Read the experiment's table with these joined tables, in place of those before."""
        self._request({**self._document.data["dataset"], "join": [dict(joined) for joined in joins]})

    def read_again(self, delimiter: str | None, encoding: str | None, decimal: str | None = None) -> None:
        """Read the experiment's file with another delimiter, encoding or decimal mark; None to detect it."""
        dataset = self._document.data["dataset"]
        self._request({**dataset, "delimiter": delimiter, "decimal": decimal, "encoding": encoding})

    def read_sheet(self, sheet: str | None, header: bool | None) -> None:
        """Read another sheet of the experiment's file, or its first row otherwise; None to find it by looking."""
        self._request({**self._document.data["dataset"], "sheet": sheet, "header": header})

    def read_as(self, kind: str | None) -> None:
        """Read the experiment's file as a format of another package; None for its name and content to decide."""
        self._request({**self._document.data["dataset"], "format": kind})

    def cancel(self) -> None:
        """Give up what is being read; the document stays as it is."""
        if self._reading:
            self._reading = ""
            self._descriptions.cancel(_KEY)
            self.declined.emit()

    def _confirm_replace(self, name: str) -> bool:
        """Ask before unsaved tasks, columns or layers are replaced.

        What the last data set brought along counts as unedited, so that one data set after the other can be looked at.
        """
        parts, saved = (_replaceable_parts(data) for data in (self._document.data, self._document.saved_data))
        text = f"{name} brings other tasks, and other layers where these cannot read it."
        confirmed = parts in (saved, self._last_defaults) or self._session.confirm_replace(text)
        if not confirmed:
            self.declined.emit()
        return confirmed

    def _request(self, dataset: dict[str, Any], otherwise: dict[str, Any] | None = None) -> None:
        """Read a data set, or another one where that fails."""
        self._reading = data_name(dataset)
        self.started.emit()
        info = self._session.dataset_info
        if info is not None and info.sample:  # all rows of the data set before are of no use any more
            self._session.stop_reading()
        done, failed = partial(self._on_read, dataset), partial(self._on_error, dataset, otherwise)
        self._descriptions.request(dataset, done, failed, key=_KEY)

    def _on_read(self, dataset: dict[str, Any], info: DatasetInfo) -> None:
        if self._is_outdated(dataset):
            return
        self._reading = ""
        before = self._document.data
        is_own = dataset.get("kind") != "bundled"
        label = f"Open {data_name(dataset)}" if is_own else f"Choose {info.title}"
        notice = ""
        same_place = _place(before["dataset"]) == _place(dataset)
        if same_place and dataset.get("join", []) != before["dataset"].get("join", []):
            notice = self._join(dataset, info)
        elif _is_same_table(before, dataset, info, self._descriptions.get(before["dataset"])):
            changes = dataset_choice.reading_changes(before, dataset, info)
            self._document.set_many(changes, "Read the file otherwise" if same_place else label, merge=False)
        else:
            old_info = self._session.dataset_info
            rows_before = old_info.rows if old_info is not None else 0
            after = dataset_choice.with_dataset(before, dataset, info, rows_before)
            self._document.replace(after, label)
            self._last_defaults = _replaceable_parts(self._document.data)
            notice = dataset_notice(before, after, info)
        self.finished.emit(notice)

    def _join(self, dataset: Mapping[str, Any], info: DatasetInfo) -> str:
        """Make other joined tables the experiment's, and return what that changed."""
        before, joins = self._document.data, dataset["join"]
        old_info = self._session.dataset_info
        known = [column.name for column in old_info.columns] if old_info is not None else []
        fewer = len(joins) < len(before["dataset"].get("join") or ())
        label = "Remove a joined table" if fewer else f"Join {data_name(joins[-1])}"
        self._document.set_many(dataset_choice.join_changes(before, joins, info), label, merge=False)
        return join_notice(before, self._document.data, known, info) if old_info is not None else ""

    def _on_error(self, dataset: dict[str, Any], otherwise: dict[str, Any] | None, error: Exception) -> None:
        if self._is_outdated(dataset):
            return
        if otherwise is not None:
            done, failed = partial(self._on_read, otherwise), partial(self._on_both_failed, dataset, error)
            self._descriptions.request(otherwise, done, failed, key=_KEY)
            return
        self._reading = ""
        self.failed.emit(dataset, error)

    def _on_both_failed(self, dataset: dict[str, Any], error: Exception, arrays_error: Exception) -> None:
        """Say what is wrong with the arrays of a folder; where it has none, what is wrong with its images."""
        has_none = isinstance(arrays_error, InputError) and arrays_error.problem.rule == NO_ARRAYS
        self._on_error(dataset, None, error if has_none else arrays_error)

    def _is_outdated(self, dataset: Mapping[str, Any]) -> bool:
        """Whether an answer comes too late: the page is gone, or another data set was chosen since."""
        return not isValid(self) or self._reading != data_name(dataset)


def _place(dataset: Mapping[str, Any]) -> Any:
    """Where the data are: a file, or a database."""
    return dataset.get("path", dataset.get("url"))


def _is_same_table(
    data: Mapping[str, Any], dataset: Mapping[str, Any], info: DatasetInfo, before: DatasetInfo | None
) -> bool:
    """Whether a table continues the experiment's own: the same file read differently, or another with the same columns.

    Args:
        data: The experiment.
        dataset: Spec data of the table.
        info: The description of the table.
        before: The description of the experiment's own table; None when that can no longer be read.
    """
    old = data["dataset"]
    is_table = dataset_kind(dataset).from_file or dataset.get("kind") == "query"
    if old.get("kind") != dataset.get("kind") or not is_table or not old.get("inputs"):
        return False
    columns = {*(column.name for column in info.columns), *info.pictures}
    used = {*input_columns(old), *(t for task in data.get("tasks") or () for t in roles.targets_of(task))}
    if _place(old) == _place(dataset) or before is None:
        return used <= columns
    return columns == {*(column.name for column in before.columns), *before.pictures}


def _replaceable_parts(data: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of an experiment that another data set replaces."""
    return {part: data.get(part) for part in ("dataset", "tasks", "model")}
