"""What a task needs to know of its target, and the target as a tensor."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mtl_core.datasets.labels import Labels
from mtl_core.spec import CountTask, MultilabelTask, RegressionTask, TargetInfo
from mtl_core.tabular.column import HUGE
from mtl_core.tabular.values.numerals import Floats

Rows = NDArray[np.int64]


def target_info(labels: Labels, train: Rows) -> TargetInfo:
    """What the task's target looks like; statistics are those of the labelled training rows."""
    task = labels.task
    rows = train[labels.there[train]]
    facts: dict[str, Any] = {"name": task.name, "kind": task.kind, "classes": labels.classes, "labelled": len(rows)}
    if labels.maps is not None:
        seen = labels.maps[rows]
        counts = np.bincount(seen[seen >= 0], minlength=len(labels.classes))
        return TargetInfo(**facts, counts=tuple(counts.tolist()), size=labels.maps.shape[1:])
    if labels.numbers is None:
        assert labels.codes is not None
        counts = np.bincount(labels.codes[rows], minlength=len(labels.classes))
        return TargetInfo(**facts, counts=tuple(counts.tolist()))
    width = labels.numbers.shape[1]
    values = labels.numbers[rows]
    if labels.parts is not None:
        facts["value_counts"] = tuple(labels.parts[rows].sum(0).tolist())
    if isinstance(task, MultilabelTask):
        return TargetInfo(**facts, width=width, counts=tuple(np.nansum(values, 0).astype(int).tolist()))
    mean, std = np.zeros(width), np.ones(width)
    if isinstance(task, RegressionTask):
        facts["per_value"] = 2 if task.loss == "gaussian_nll" else 1
        if task.standardize:
            mean, std = _moments(values, partial=labels.parts is not None)
            std = np.where(std > 1e-9 * np.maximum(np.abs(mean), 1e-30), std, 1.0)
    elif isinstance(task, CountTask) and task.standardize:
        std, _ = _moments(values, partial=labels.parts is not None)
        std = np.where(std > 0, std, 1.0)
    return TargetInfo(**facts, width=width, mean=tuple(mean.tolist()), std=tuple(std.tolist()))


def _moments(values: Floats, *, partial: bool) -> tuple[Floats, Floats]:
    """Mean and deviation of each column, of the values that are there; 0 and 1 of a column without any."""
    if not partial:
        return values.mean(0), values.std(0)
    columns = [column[np.isfinite(column)] for column in values.T]
    pairs = [(column.mean(), column.std()) if len(column) else (0.0, 1.0) for column in columns]
    mean, std = np.array(pairs, np.float64).T
    return mean, std


def target_tensor(labels: Labels, info: TargetInfo, rows: Rows) -> Tensor:
    """The labels of some rows as the task's loss takes them; 0 where missing."""
    there = labels.there[rows] if labels.parts is None else labels.parts[rows]
    if labels.maps is not None:
        return torch.from_numpy(labels.maps[rows])
    if labels.numbers is not None:
        scaled = (labels.numbers[rows] - np.array(info.mean or (0.0,))) / np.array(info.std or (1.0,))
        values = np.where(there if there.ndim == 2 else there[:, None], np.clip(scaled, -HUGE, HUGE), 0.0)
        return torch.from_numpy(values.astype(np.float32))
    assert labels.codes is not None
    codes = torch.from_numpy(np.where(there, labels.codes[rows], 0))
    return codes.to(torch.float32).unsqueeze(1) if info.kind == "binary" else codes
