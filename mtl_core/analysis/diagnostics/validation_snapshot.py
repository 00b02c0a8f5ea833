"""The predictions of a run in its last validation, as the trainer writes them to a file for the Live page."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from mtl_core.analysis.diagnostics.predictions import Integers, TaskPredictions
from mtl_core.analysis.diagnostics.report import RowText, describe_row, task_diagnostics
from mtl_core.files import atomic_write
from mtl_core.protocol.diagnostics import TaskDiagnostics

ARTIFACT_KIND = "validation"
"""Kind of the artifact of a run."""
FILE_NAME = "validation.safetensors"
_FORMAT = 1
_HEADER = "mtl_workbench"
_ARRAYS = ("targets", "predictions")


@dataclass(frozen=True, eq=False)
class SampleMaps:
    """The classes of a segmentation or tagging in the sample rows; -1 where there is none.

    Attributes:
        names: The classes.
        targets: ``[S, h, w]`` of pixels, thinned out, or ``[S, L]`` of tokens.
        predictions: Likewise.
    """

    names: tuple[str, ...]
    targets: NDArray[np.int16]
    predictions: NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class ValidationSnapshot:
    """What a run predicted in its last validation for some of the validation rows.

    Attributes:
        step: Steps done before the validation.
        epoch: Epochs done.
        split_rows: Number of validation rows.
        rows: ``[K]`` indices in the data of the rows that are kept, from 0.
        samples: ``[S]`` positions in ``rows`` of the samples that are shown.
        tasks: By task the predictions for all kept rows; their losses are 0, and NaN without a label. Tasks that
            predict neither classes nor labels nor values are not among them.
        maps: By task of segmentation or tagging.
        texts: By any other task, for each sample its target and its prediction.
    """

    step: int
    epoch: int
    split_rows: int
    rows: Integers
    samples: Integers
    tasks: Mapping[str, TaskPredictions]
    maps: Mapping[str, SampleMaps]
    texts: Mapping[str, tuple[RowText, ...]]

    @property
    def sample_rows(self) -> tuple[int, ...]:
        """The numbers of the samples in the data, from 1."""
        return tuple((self.rows[self.samples] + 1).tolist())

    def sample_texts(self, task: str) -> tuple[RowText, ...]:
        """The target and the prediction of each sample as text; empty for maps."""
        predictions = self.tasks.get(task)
        if predictions is None:
            return self.texts.get(task, ())
        return tuple(describe_row(predictions, position) for position in self.samples.tolist())

    def diagnostics(self, task: str, kind: str) -> TaskDiagnostics | None:
        """Describe the predictions of a task as on the Evaluate page, without intervals and losses.

        Args:
            task: Name of the task.
            kind: Its kind.

        Returns:
            None for a task that predicts neither classes nor labels nor values.
        """
        predictions = self.tasks.get(task)
        if predictions is None:
            return None
        described = task_diagnostics(predictions, kind, resamples=0)
        return described.model_copy(update={"loss": float("nan"), "hardest": ()})


def write_snapshot(path: Path, snapshot: ValidationSnapshot) -> None:
    """Write a snapshot atomically; a power cut may damage it, as the next validation writes another one.

    Raises:
        EnvironmentFault: The disk is full, or a permission is missing.
        InputError: Something else occupies the path.
        OSError, SafetensorError: The file cannot be written.
    """
    arrays: dict[str, NDArray[Any]] = {"rows": snapshot.rows, "samples": snapshot.samples}
    described: list[dict[str, Any]] = []
    for name, task in snapshot.tasks.items():
        arrays |= {f"{len(described)}/{part}": getattr(task, part) for part in _ARRAYS}
        described.append({"task": name, "form": task.form, "names": list(task.names), "ordered": task.ordered})
    for name, maps in snapshot.maps.items():
        arrays |= {f"{len(described)}/{part}": getattr(maps, part) for part in _ARRAYS}
        described.append({"task": name, "form": "maps", "names": list(maps.names)})
    for name, texts in snapshot.texts.items():
        described.append({"task": name, "form": "texts", "texts": [[text.true, text.predicted] for text in texts]})
    header = {
        "format": _FORMAT,
        "step": snapshot.step,
        "epoch": snapshot.epoch,
        "rows": snapshot.split_rows,
        "tasks": described,
    }
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    with atomic_write(path, durable=False) as temporary:
        save_file(whole, temporary, {_HEADER: json.dumps(header)})


def read_snapshot(path: Path) -> ValidationSnapshot | None:
    """Read a snapshot; None if there is none, or it is damaged or of another version."""
    try:
        with safe_open(path, framework="numpy") as file:
            header = json.loads((file.metadata() or {})[_HEADER])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return _read(header, arrays) if header["format"] == _FORMAT else None
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        return None


def read_step(path: Path) -> int | None:
    """Return the step of a snapshot; None as of :func:`read_snapshot`."""
    try:
        with safe_open(path, framework="numpy") as file:
            return int(json.loads((file.metadata() or {})[_HEADER])["step"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        return None


def _read(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> ValidationSnapshot:
    rows = arrays["rows"]
    tasks: dict[str, TaskPredictions] = {}
    maps: dict[str, SampleMaps] = {}
    texts: dict[str, tuple[RowText, ...]] = {}
    for index, entry in enumerate(header["tasks"]):
        name = str(entry["task"])
        if entry["form"] == "texts":
            texts[name] = tuple(RowText(true, predicted) for true, predicted in entry["texts"])
            continue
        targets, predictions = (arrays[f"{index}/{part}"] for part in _ARRAYS)
        names = tuple(entry["names"])
        if entry["form"] == "maps":
            maps[name] = SampleMaps(names, targets, predictions)
            continue
        form = entry["form"]
        known = np.isfinite(targets) if form == "values" else targets >= 0
        losses = np.where(known.reshape(len(rows), -1).any(axis=1), 0.0, np.nan)
        tasks[name] = TaskPredictions(
            name, form, names, rows, targets, predictions, losses, ordered=bool(entry["ordered"])
        )
    return ValidationSnapshot(
        int(header["step"]), int(header["epoch"]), int(header["rows"]), rows, arrays["samples"], tasks, maps, texts
    )
