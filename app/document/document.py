"""The document: spec data with validation, an undo stack, and a file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from app.document.data_paths import is_below, without_path
from app.document.edit_command import EditCommand
from app.input_references import update_input_references
from app.task_references import update_task_references
from mtl_core.spec import (
    CURRENT_VERSION,
    ExperimentSpec,
    InputError,
    Problem,
    get_at,
    load_spec,
    read_spec,
    save_spec,
    set_at,
    spec_to_data,
)

_UNDO_LIMIT = 500
PLACEHOLDER_NAMES = ("untitled", "experiment")
"""Names of experiments that nobody has named."""
LONGEST_NAME = 200
_NEW_EXPERIMENT: dict[str, Any] = {
    "version": CURRENT_VERSION,
    "name": "untitled",
    "tasks": [
        {"kind": "multiclass", "name": "left", "target": "left"},
        {"kind": "multiclass", "name": "right", "target": "right"},
    ],
    "model": {"shared": [{"kind": "flatten"}, {"kind": "linear", "out_features": 128}, {"kind": "relu"}]},
}


@dataclass(frozen=True)
class OpenedFile:
    """An experiment as it was read from a file.

    Attributes:
        path: The file.
        spec: The experiment.
        data: Its spec data.
        stamp: Time and size of the file before it was read.
    """

    path: Path
    spec: ExperimentSpec
    data: dict[str, Any]
    stamp: tuple[int, int] | None


def read_file(path: Path) -> OpenedFile:
    """Read an experiment from a file, which takes a tenth of a second for a long one.

    Raises:
        InputError: The file cannot be read or is not an experiment.
    """
    stamp = _file_stamp(path)
    spec = load_spec(path)
    return OpenedFile(path, spec, spec_to_data(spec), stamp)


class Document(QObject):
    """The edited experiment as JSON data, which may be invalid while it is being edited.

    ``changed(list[str])``: the paths that differ from before; ``[""]`` if all data were replaced.
    Every edit is a step on :attr:`undo_stack`; references to renamed tasks and inputs are updated in the same step.
    """

    changed = Signal(list)
    problemsChanged = Signal()
    pathChanged = Signal()
    dirtyChanged = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self.undo_stack.setUndoLimit(_UNDO_LIMIT)
        self._path: Path | None = None
        self._stamp: tuple[int, int] | None = None
        self._problems: list[Problem] = []
        self._spec: ExperimentSpec | None = None
        self._dirty = False
        self._data: dict[str, Any] = {}
        self._saved_data: dict[str, Any] = {}
        self.new()

    @property
    def data(self) -> dict[str, Any]:
        """The spec data; never change it in place."""
        return self._data

    @property
    def saved_data(self) -> dict[str, Any]:
        """The data as last saved, opened or loaded; never change them in place."""
        return self._saved_data

    @property
    def spec(self) -> ExperimentSpec | None:
        """The last valid state of the data as a spec; None if they were never valid."""
        return self._spec

    @property
    def problems(self) -> list[Problem]:
        """The problems of the current data."""
        return list(self._problems)

    @property
    def valid(self) -> bool:
        """Whether the current data are valid, so that :attr:`spec` is up to date."""
        return not self._problems

    @property
    def path(self) -> Path | None:
        """The file it was opened from or saved to."""
        return self._path

    @property
    def stamp(self) -> tuple[int, int] | None:
        """Modification time and size of :attr:`path` when it was last read or written."""
        return self._stamp

    @property
    def name(self) -> str:
        """The name of the experiment."""
        return str(self._data.get("name", ""))

    @property
    def dirty(self) -> bool:
        """Whether the data differ from what was saved, opened or loaded."""
        return self._dirty

    def get(self, path: str, default: Any = None) -> Any:
        """The value at ``path``, or ``default``."""
        try:
            return get_at(self._data, path)
        except InputError:
            return default

    def problems_at(self, path: str) -> list[Problem]:
        """The problems at ``path`` and below it."""
        return [problem for problem in self._problems if is_below(problem.path, path)]

    def set(self, path: str, value: Any, label: str = "", *, merge: bool | None = None) -> None:
        """Set the value at ``path`` as one undo step.

        Args:
            path: Path of the value, e.g. ``model.shared[0].out_channels``.
            value: JSON data.
            label: Text of the undo menu; derived from the path if empty.
            merge: Merge with an edit of the same path a moment ago; by default numbers and strings do.
        """
        self.set_many({path: value}, label, merge=merge)

    def set_many(self, values: Mapping[str, Any], label: str = "", *, merge: bool | None = None) -> None:
        """Set several values in their order as one undo step; see :meth:`set`."""
        after = self._data
        for path, value in values.items():
            after = set_at(after, path, value)
        if merge is None:
            merge = all(isinstance(v, int | float | str) and not isinstance(v, bool) for v in values.values())
        self._edit(after, label or _default_label(values), tuple(values) if merge else ())

    def remove(self, path: str, label: str = "") -> None:
        """Remove the entry of a list or mapping at ``path`` as one undo step."""
        self._edit(without_path(self._data, path), label or f"Remove {path}", ())

    def replace(self, data: Mapping[str, Any], label: str) -> None:
        """Replace all data as one undo step."""
        self._edit(dict(data), label, ())

    def rename(self, name: str) -> None:
        """Rename the experiment as one undo step; new runs get its name."""
        self.set("name", name, "Rename the experiment", merge=False)

    def new(self) -> None:
        """Start with a small experiment on bundled data."""
        self.load_data(_NEW_EXPERIMENT)

    def load_spec(self, spec: ExperimentSpec, name: str = "") -> None:
        """Start with a spec, e.g. that of a run, without a file and with an empty undo stack."""
        self.load_data(spec_to_data(spec), name)

    def load_data(self, data: Mapping[str, Any], name: str = "") -> None:
        """Start with data; defaults are added to valid data, invalid data stay as they are."""
        data = {**data, "name": name} if name else dict(data)
        spec, problems = read_spec(data)
        self._start(data if spec is None else spec_to_data(spec), spec, problems)

    def open(self, path: str | Path) -> None:
        """Read an experiment from a file; the document is unchanged if that fails.

        Raises:
            InputError: The file cannot be read or is not an experiment.
        """
        self.show_file(read_file(Path(path)))

    def show_file(self, file: OpenedFile) -> None:
        """Start with the experiment of a file, with an empty undo stack."""
        self._start(file.data, file.spec, [], file)

    def restore(self, data: Mapping[str, Any], path: Path | None, stamp: tuple[int, int] | None) -> None:
        """Continue with unsaved edits of another window.

        Args:
            data: The edited data.
            path: The file they belong to, if there is one.
            stamp: The :attr:`stamp` of the other window, so that saving refuses to overwrite a file changed since.
        """
        self.load_data(data)
        self._path, self._stamp, self._saved_data = path, stamp, {}
        self.pathChanged.emit()
        self._update_dirty()

    def save(self, *, overwrite: bool = False) -> None:
        """Write to :attr:`path`.

        Args:
            overwrite: Write even if another program has changed the file since.

        Raises:
            InputError: There is no file, the data are invalid, or the file cannot be written or was changed.
        """
        if self._path is None:
            raise InputError("experiment", "has no file yet", fix="Use Save as.")
        if not overwrite and self._stamp is not None and _file_stamp(self._path) not in (self._stamp, None):
            raise InputError(
                str(self._path),
                "was changed by another program since it was opened",
                fix="Save under another name, or save again to overwrite it.",
            )
        self.save_as(self._path)

    def save_as(self, path: str | Path) -> None:
        """Write to ``path``, which becomes the document's file; an experiment without a name is named after it.

        Raises:
            InputError: The data are invalid or the file cannot be written.
        """
        if self._problems or self._spec is None:
            raise InputError.of(self._problems)
        if self._path is None and self.name in PLACEHOLDER_NAMES:
            self.rename(Path(path).stem[:LONGEST_NAME].strip() or self.name)
        save_spec(self._spec, path)
        self._path, self._stamp = Path(path), _file_stamp(Path(path))
        self._saved_data = self._data
        self.undo_stack.setClean()
        self.pathChanged.emit()
        self._update_dirty()

    def _edit(self, after: dict[str, Any], label: str, merge_key: tuple[str, ...]) -> None:
        after = update_input_references(self._data, update_task_references(self._data, after))
        if after != self._data:
            self.undo_stack.push(EditCommand(self._show, self._data, after, label, merge_key))

    def _start(
        self,
        data: dict[str, Any],
        spec: ExperimentSpec | None,
        problems: Sequence[Problem],
        file: OpenedFile | None = None,
    ) -> None:
        """Edit other data, with nothing to undo."""
        self.undo_stack.clear()
        self._spec = None
        self._path, self._stamp = (file.path, file.stamp) if file is not None else (None, None)
        self._saved_data = data
        self._replace_data(data, spec, problems, [""])
        self.undo_stack.setClean()
        self.pathChanged.emit()

    def _show(self, data: dict[str, Any], paths: list[str]) -> None:
        """Make ``data`` the document's, which differ at ``paths``; the one place where an edit is validated."""
        spec, problems = read_spec(data)
        self._replace_data(data, spec, problems, paths)

    def _replace_data(
        self, data: dict[str, Any], spec: ExperimentSpec | None, problems: Sequence[Problem], paths: list[str]
    ) -> None:
        self._data = data
        problems_changed = list(problems) != self._problems
        self._problems = list(problems)
        if spec is not None:
            self._spec = spec
        self.changed.emit(paths)
        if problems_changed:
            self.problemsChanged.emit()
        self._update_dirty()

    def _update_dirty(self) -> None:
        dirty = self._data is not self._saved_data and self._data != self._saved_data
        if dirty != self._dirty:
            self._dirty = dirty
            self.dirtyChanged.emit(dirty)


def _default_label(values: Mapping[str, Any]) -> str:
    path = next(iter(values), "")
    return "Change " + path.rpartition(".")[2].replace("_", " ")


def _file_stamp(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size
