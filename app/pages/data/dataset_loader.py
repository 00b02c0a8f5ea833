"""Read a data set in the worker and then make it the experiment's; no widgets."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid

from app.pages.data import dataset_choice, roles
from app.pages.data.dataset_notice import dataset_notice
from app.pages.data.named_inputs import input_columns
from app.pages.data.view_state import data_name
from app.session import Session
from mtl_core.spec import DatasetInfo
from mtl_core.spec.data.bundled import BUNDLED
from mtl_core.spec.data.dataset import dataset_kind
from mtl_core.tabular.arrays import is_array_name

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
        """List the images in a folder and make them the experiment's data set."""
        if self._confirm_replace(path.name):
            self._request(dataset_choice.folder_dataset(str(path), self._document.data["dataset"].get("split")))

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

    def _request(self, dataset: dict[str, Any]) -> None:
        self._reading = data_name(dataset)
        self.started.emit()
        info = self._session.dataset_info
        if info is not None and info.sample:  # all rows of the data set before are of no use any more
            self._session.stop_reading()
        done, failed = partial(self._on_read, dataset), partial(self._on_error, dataset)
        self._descriptions.request(dataset, done, failed, key=_KEY)

    def _on_read(self, dataset: dict[str, Any], info: DatasetInfo) -> None:
        if self._is_outdated(dataset):
            return
        self._reading = ""
        before = self._document.data
        kind = dataset_kind(dataset)
        label = f"Open {data_name(dataset)}" if kind.from_file or kind.from_folder else f"Choose {info.title}"
        notice = ""
        if _is_same_table(before, dataset, info, self._descriptions.get(before["dataset"])):
            same_file = before["dataset"]["path"] == dataset["path"]
            changes = dataset_choice.reading_changes(before, dataset, info)
            self._document.set_many(changes, "Read the file otherwise" if same_file else label, merge=False)
        else:
            old_info = self._session.dataset_info
            rows_before = old_info.rows if old_info is not None else 0
            after = dataset_choice.with_dataset(before, dataset, info, rows_before)
            self._document.replace(after, label)
            self._last_defaults = _replaceable_parts(self._document.data)
            notice = dataset_notice(before, after, info)
        self.finished.emit(notice)

    def _on_error(self, dataset: dict[str, Any], error: Exception) -> None:
        if not self._is_outdated(dataset):
            self._reading = ""
            self.failed.emit(dataset, error)

    def _is_outdated(self, dataset: Mapping[str, Any]) -> bool:
        """Whether an answer comes too late: the page is gone, or another data set was chosen since."""
        return not isValid(self) or self._reading != data_name(dataset)


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
    if old.get("kind") != dataset.get("kind") or not dataset_kind(dataset).from_file or not old.get("inputs"):
        return False
    columns = {*(column.name for column in info.columns), *info.pictures}
    used = {*input_columns(old), *(t for task in data.get("tasks") or () for t in roles.targets_of(task))}
    if old.get("path") == dataset.get("path") or before is None:
        return used <= columns
    return columns == {*(column.name for column in before.columns), *before.pictures}


def _replaceable_parts(data: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of an experiment that another data set replaces."""
    return {part: data.get(part) for part in ("dataset", "tasks", "model")}
