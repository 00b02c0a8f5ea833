"""Names of series in the files of other trackers: ``left/val/accuracy``, and what other programs write."""

import re
from collections.abc import Iterable

from mtl_core.protocol.series_key import SPLITS, SeriesKey
from mtl_core.protocol.series_names import LOSS

TOTAL = "total"
_SPLITS: dict[str, str] = {
    **{split: split for split in SPLITS},
    "training": "train",
    **dict.fromkeys(("valid", "validation", "eval", "dev"), "val"),
    "testing": "test",
}
_NO_TASK_NAME = re.compile(r"[.\[\]/:=,\"']+")


def name_series(key: SeriesKey) -> str:
    """Return the name of a series: its task, split and metric with slashes between them, without an empty task."""
    return "/".join(part for part in key if part)


def read_names(names: Iterable[str]) -> dict[str, SeriesKey]:
    """Return the key of each series of another program, by name; no two have the same.

    ``left/val/accuracy`` is read as it was written. In other names the part that says *train*, *val*, *valid*,
    *validation*, *eval*, *dev* or *test* is the split (``val_loss``, ``loss/val``), the last of the other parts the
    metric, and those before it the task; without a split a series is one of the training. A loss of no task is the
    total.
    """
    keys: dict[str, SeriesKey] = {}
    for name in names:
        key = _read_name(name)
        if key in keys.values():
            key = SeriesKey("", "train", name)
        keys[name] = key
    return keys


def _read_name(name: str) -> SeriesKey:
    parts = [part for part in name.split("/") if part] or [name]
    place = next((i for i, part in enumerate(parts) if part.lower() in _SPLITS and len(parts) > 1), None)
    split = "train"
    if place is not None:
        split = _SPLITS[parts[place].lower()]
        if 0 < place < len(parts) - 1:  # left/val/accuracy
            return SeriesKey(_task_name("/".join(parts[:place])), split, "/".join(parts[place + 1 :]))
        parts = parts[:place] + parts[place + 1 :]
    else:
        words = [word for word in re.split(r"[_\-. ]", parts[-1]) if word]
        for i in (0, -1):
            if len(words) > 1 and words[i].lower() in _SPLITS:
                split = _SPLITS[words.pop(i).lower()]
                parts[-1] = "_".join(words)
                break
    *task, metric = parts
    if not task and metric.lower() == LOSS:
        return SeriesKey(TOTAL, split, LOSS)
    return SeriesKey(_task_name("/".join(task)), split, metric)


def _task_name(text: str) -> str:
    """Return a text as the name of a task, which may stand in paths."""
    return _NO_TASK_NAME.sub("_", text).strip("_ \t")
