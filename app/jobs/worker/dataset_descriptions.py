"""Descriptions of data sets, each asked of the worker once for all who need it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.jobs.callbacks import Failed, call_back
from app.jobs.worker.worker_client import Worker
from mtl_core.protocol.questions import DatasetQuestion
from mtl_core.spec import DatasetInfo

_MAX_DESCRIPTIONS = 16
_UNRELATED = ("inputs", "numeric_inputs", "categorical_inputs", "date_features", "text", "split")
"""The settings that a description does not depend on; but for generated data, whose rows follow the split."""


@dataclass(frozen=True)
class _Description:
    split: Any
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
        """Call ``done`` with the description of a data set.

        Where it was described before, the worker only says whether the data have changed since; of generated data that
        is known without it. Of large data ``done`` is called with the description of some rows, and again with that
        of all.

        Args:
            dataset: Spec data of the data set.
            done: Called with the description.
            failed: Called with the ``WorkbenchError`` that says why there is none.
            key: A request that was not sent to the worker yet is replaced by a later one with the same key.
        """
        description = self._descriptions.get(_identity(dataset))
        split = _split_of_generated(dataset)
        if description is not None and split is not None and description.split == split:
            done(description.info)
            return
        is_sample = description is not None and bool(description.info.sample)
        if description is not None and is_sample:
            done(description.info)

        def keep(info: DatasetInfo | None) -> None:
            if info is None:  # the data are as they were
                call_back(done, None if description is None else description.info)
                return
            self.add(dataset, info)
            if info.sample:
                self._worker.ask(DatasetQuestion(dataset=dataset), keep, failed, key=key)
            call_back(done, info)

        known = "" if description is None or is_sample else description.info.version
        question = DatasetQuestion(dataset=dataset, preview=not is_sample, known=known)
        self._worker.ask(question, keep, failed, key=key)

    def cancel(self, key: str) -> bool:
        """Give up the requests with a key; whether there was one. A process that works on it is replaced."""
        return self._worker.cancel(key)

    def add(self, dataset: Any, info: DatasetInfo) -> None:
        """Keep a description; the oldest one is dropped when there are too many."""
        identity = _identity(dataset)
        self._descriptions.pop(identity, None)
        self._descriptions[identity] = _Description(_split_of_generated(dataset), info)
        if len(self._descriptions) > _MAX_DESCRIPTIONS:
            del self._descriptions[next(iter(self._descriptions))]


def _identity(dataset: Any) -> str:
    if not isinstance(dataset, dict):
        return ""
    settings = {name: value for name, value in dataset.items() if value and name not in _UNRELATED}
    return json.dumps(settings, sort_keys=True, default=str)


def _split_of_generated(dataset: Any) -> Any:
    """The split of bundled data, which never change otherwise; None of all others."""
    if not isinstance(dataset, dict) or dataset.get("kind") != "bundled":
        return None
    split = dataset.get("split")
    return {**split, "tasks": []} if isinstance(split, dict) else {}
