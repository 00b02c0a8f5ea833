"""Descriptions of data sets, each asked of the worker once for all who need it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.jobs.callbacks import Failed, call_back
from app.jobs.worker.worker_client import Worker
from mtl_core.errors import WorkbenchError
from mtl_core.protocol.questions import DatasetQuestion
from mtl_core.spec import DatasetInfo
from mtl_core.spec.data.dataset import dataset_kind

_MAX_DESCRIPTIONS = 16
_UNRELATED = ("inputs", "numeric_inputs", "categorical_inputs", "date_features", "text", "split")
"""The settings that a description does not depend on; but for generated data, whose rows follow the split."""


@dataclass(frozen=True)
class _Description:
    version: Any
    info: DatasetInfo


class DatasetDescriptions:
    """A cache of descriptions of data sets by the settings that decide how the data are read.

    Args:
        worker: The worker that describes data sets.
    """

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._descriptions: dict[str, _Description] = {}

    def get(self, dataset: Any) -> DatasetInfo | None:
        """The last description of a data set, or None.

        Args:
            dataset: Spec data of the data set, valid or not.
        """
        description = self._descriptions.get(_identity(dataset))
        return None if description is None else description.info

    def request(
        self, dataset: Any, done: Callable[[DatasetInfo], object], failed: Failed | None = None, *, key: str = ""
    ) -> None:
        """Call ``done`` with the description of a data set, at once if the data are the same as when it was described.

        Of large data it is called first with the description of some rows, and again with that of all.

        Args:
            dataset: Spec data of the data set.
            done: Called with the description.
            failed: Called with the ``WorkbenchError`` that says why there is none.
            key: A request that was not sent to the worker yet is replaced by a later one with the same key.
        """
        version = _version(dataset)
        description = self._descriptions.get(_identity(dataset))
        if description is not None and version is not None and description.version == version:
            done(description.info)
            if not description.info.sample:
                return

        def keep(info: DatasetInfo) -> None:
            self.add(dataset, info, version)
            if info.sample:
                self._worker.ask(DatasetQuestion(dataset=dataset), keep, failed, key=key)
            call_back(done, info)

        is_sample = description is not None and bool(description.info.sample)
        self._worker.ask(DatasetQuestion(dataset=dataset, preview=not is_sample), keep, failed, key=key)

    def cancel(self, key: str) -> bool:
        """Give up the requests with a key; whether there was one. A process that works on it is replaced."""
        return self._worker.cancel(key)

    def add(self, dataset: Any, info: DatasetInfo, version: Any = None) -> None:
        """Keep a description; the oldest one is dropped when there are too many."""
        identity = _identity(dataset)
        self._descriptions.pop(identity, None)
        self._descriptions[identity] = _Description(version, info)
        if len(self._descriptions) > _MAX_DESCRIPTIONS:
            del self._descriptions[next(iter(self._descriptions))]


def _identity(dataset: Any) -> str:
    if not isinstance(dataset, dict):
        return ""
    settings = {name: value for name, value in dataset.items() if value and name not in _UNRELATED}
    return json.dumps(settings, sort_keys=True, default=str)


def _version(dataset: Any) -> Any:
    """What tells whether the data have changed since: the file's stamp, or the split of generated data.

    Returns:
        None when it cannot be told.
    """
    if not isinstance(dataset, dict):
        return None
    if dataset_kind(dataset).from_folder or dataset.get("kind") == "query":
        return None
    if not dataset_kind(dataset).from_file:
        split = dataset.get("split")
        return {**split, "tasks": []} if isinstance(split, dict) else {}
    from mtl_core.tabular.readers.table_file import file_stamp  # with all formats, which the start need not wait for

    try:
        return [file_stamp(str(part.get("path"))) for part in (dataset, *(dataset.get("join") or ()))]
    except (AttributeError, WorkbenchError, TypeError):  # the data may be anything
        return None
