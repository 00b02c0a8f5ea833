"""Runs from event files of TensorBoard, by TensorBoard's own reader: each folder with such files is a run."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from mtl_core.errors import InputError
from mtl_core.export.readers.foreign_run import ForeignRun
from mtl_core.export.trackers.libraries import load_library
from mtl_core.export.trackers.tracked_run import SPEC_NAME
from mtl_core.store import Points

_MARK = "tfevents"


def find_event_files(path: Path) -> list[Path]:
    """Return the event files at a path: itself, or those anywhere in a folder."""
    files = [path] if path.is_file() else sorted(path.rglob(f"*{_MARK}*"))
    return [file for file in files if _MARK in file.name and file.is_file()]


def read_runs(path: Path) -> list[ForeignRun]:
    """Read the runs at a path.

    Raises:
        InputError: A file is not one of TensorBoard.
        EnvironmentFault: The extra ``trackers`` is not installed.
    """
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for file in find_event_files(path):
        by_folder[file.parent].append(file)
    return [_read_run(folder, files) for folder, files in by_folder.items()]


def _read_run(folder: Path, files: Iterable[Path]) -> ForeignRun:
    loader = load_library("tensorboard.backend.event_processing.event_file_loader")
    to_array = load_library("tensorboard.util.tensor_util").make_ndarray
    values: dict[str, dict[int, float]] = defaultdict(dict)
    kinds: dict[str, str] = {}
    times: list[float] = []
    spec = ""
    for file in files:
        try:
            for event in loader.EventFileLoader(str(file)).Load():
                for value in event.summary.value:
                    times.append(event.wall_time)
                    kind = kinds.setdefault(value.tag, value.metadata.plugin_data.plugin_name)
                    if kind == "scalars":  # a step that was done again replaces what it was before
                        values[value.tag][event.step] = float(to_array(value.tensor))
                    elif kind == "text" and value.tag.partition("/")[0] == SPEC_NAME:
                        spec = to_array(value.tensor).reshape(-1)[0].decode("utf-8", "replace")
        except Exception as error:  # the reader has many kinds of errors, of formats within formats
            raise InputError(str(file), "is not a file of TensorBoard, or is damaged", found=error) from None
    points = {tag: _points(steps) for tag, steps in values.items()}
    start, end = (min(times), max(times)) if times else (0.0, 0.0)
    return ForeignRun(folder.absolute().name, f"TensorBoard: {folder}", points, start, end, spec=spec)


def _points(values: dict[int, float]) -> Points:
    steps = sorted(values)
    return Points.of(steps, [values[step] for step in steps])
