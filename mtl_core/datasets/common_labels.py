"""How many rows have labels of several tasks at once."""

import numpy as np

from mtl_core.datasets.data import TaskData
from mtl_core.tabular.cache import LruCache

CommonLabels = tuple[dict[str, dict[str, int]], int]
_cache: LruCache[CommonLabels] = LruCache(4)


def common_labels(data: TaskData) -> CommonLabels:
    """For each task the number of rows with a label of it and of each task, and the number of rows with all labels.

    Both are over all splits. Where no row lacks a label, there is nothing to say of pairs, and the first is empty.
    """
    if not any(split.masks for split in data.splits.values()):
        return {}, sum(map(len, data.splits.values()))
    return _cache.get((data.fingerprint, *data.targets), lambda: _count(data))


def _count(data: TaskData) -> CommonLabels:
    names = list(data.targets)
    counts, complete = np.zeros((len(names), len(names)), np.int64), 0
    for split in data.splits.values():
        masks = [split.label_mask(name) for name in names]
        labeled = np.array([np.ones(len(split)) if mask is None else mask.cpu().numpy() for mask in masks], np.float32)
        counts += np.rint(labeled.astype(np.float64) @ labeled.T).astype(np.int64)
        complete += int(labeled.all(axis=0).sum())
    by_name = {name: dict(zip(names, row, strict=True)) for name, row in zip(names, counts.tolist(), strict=True)}
    return by_name, complete
