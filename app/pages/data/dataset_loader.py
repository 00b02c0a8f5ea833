"""Read a data set in the worker and then make it the experiment's; no widgets."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid

from app.pages.data import dataset_choice, roles
from app.pages.data.catalog import dataset_title
from app.pages.data.dataset_notice import dataset_notice
from app.pages.data.view_state import data_key, data_name
from app.session import Session
from mtl_core.protocol.questions import DatasetQuestion
from mtl_core.spec import DatasetInfo

_MAX_CACHED = 16


class DatasetLoader(QObject):
    """Changes the data set of the session's document once the worker has read the new one.

    The document stays as it is when the data cannot be read. Descriptions of the data sets read last are cached.

    Signals:
        started: Reading began.
        finished(notice): The document has changed; ``notice`` says what changed beside the data, or is empty.
        failed(dataset, error): The data cannot be read.
        declined: Unsaved edits are not to be replaced.
        infoChanged: The worker has described the document's own data set.

    Args:
        session: Document and worker.
        parent: Owner.
    """

    started = Signal()
    finished = Signal(str)
    failed = Signal(object, object)
    declined = Signal()
    infoChanged = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._document = session.document
        self._infos: dict[tuple[Any, ...], DatasetInfo] = {}
        self._reading = ""
        self._last_defaults: dict[str, Any] = {}
        self._cache_session_info()
        session.datasetInfoChanged.connect(self._on_session_info_changed)

    @property
    def info(self) -> DatasetInfo | None:
        """The description of the document's data set, None until it has been read."""
        return self._infos.get(data_key(self._document.data["dataset"]))

    @property
    def reading(self) -> str:
        """The name of the data set that is being read, or ``""``."""
        return self._reading

    def choose_bundled(self, name: str) -> None:
        """Read a bundled data set and make it the experiment's."""
        if self._confirm_replace(dataset_title(name)):
            self._request(dataset_choice.bundled_dataset(name, self._document.data["dataset"].get("split")))

    def open_file(self, path: Path) -> None:
        """Read a file and make it the experiment's data set."""
        if self._confirm_replace(path.name):
            self._request(dataset_choice.table_dataset(str(path), self._document.data["dataset"].get("split")))

    def read_again(self, delimiter: str | None, encoding: str | None, decimal: str | None = None) -> None:
        """Read the experiment's file with another delimiter, encoding or decimal mark; None to detect it."""
        dataset = self._document.data["dataset"]
        self._request({**dataset, "delimiter": delimiter, "decimal": decimal, "encoding": encoding})

    def _confirm_replace(self, name: str) -> bool:
        """Ask before unsaved tasks, columns or layers are replaced.

        What the last data set brought along counts as unedited, so that one data set after the other can be looked at.
        """
        parts, saved = (_replaceable_parts(data) for data in (self._document.data, self._document.saved))
        text = f"{name} brings other tasks, and other layers where these cannot read it."
        confirmed = parts in (saved, self._last_defaults) or self._session.may_replace(text)
        if not confirmed:
            self.declined.emit()
        return confirmed

    def _request(self, dataset: dict[str, Any]) -> None:
        self._reading = data_name(dataset)
        self.started.emit()
        done, failed = partial(self._on_read, dataset), partial(self._on_error, dataset)
        self._session.worker.ask(DatasetQuestion(dataset=dataset), done, failed, key="data-page")

    def _on_read(self, dataset: dict[str, Any], info: DatasetInfo) -> None:
        if self._is_outdated(dataset):
            return
        self._reading = ""
        self._cache(dataset, info)
        before = self._document.data
        label = f"Open {data_name(dataset)}" if dataset["kind"] == "table" else f"Choose {info.title}"
        notice = ""
        if _is_same_table(before, dataset, info, self._infos.get(data_key(before["dataset"]))):
            same_file = before["dataset"]["path"] == dataset["path"]
            changes = dataset_choice.reading_changes(before, dataset, info)
            self._document.set_many(changes, "Read the file otherwise" if same_file else label, merge=False)
        else:
            rows_before = self.info.rows if self.info is not None else 0
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

    def _on_session_info_changed(self) -> None:
        self._cache_session_info()
        self.infoChanged.emit()

    def _cache_session_info(self) -> None:
        if self._session.dataset_info is not None:
            self._infos[data_key(self._document.data["dataset"])] = self._session.dataset_info

    def _cache(self, dataset: Mapping[str, Any], info: DatasetInfo) -> None:
        if len(self._infos) >= _MAX_CACHED:
            self._infos.pop(next(iter(self._infos)))
        self._infos[data_key(dataset)] = info


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
    if not old.get("kind") == dataset.get("kind") == "table" or not old.get("inputs"):
        return False
    columns = {column.name for column in info.columns}
    used = {*old["inputs"], *(t for task in data.get("tasks") or () for t in roles.targets_of(task))}
    if old.get("path") == dataset.get("path") or before is None:
        return used <= columns
    return columns == {column.name for column in before.columns}


def _replaceable_parts(data: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of an experiment that another data set replaces."""
    return {part: data.get(part) for part in ("dataset", "tasks", "model")}
