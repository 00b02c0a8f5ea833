"""Edits that no file holds yet, kept on disk so that they outlive a window that breaks."""

import json
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from PySide6.QtCore import QLockFile, QObject, Signal
from shiboken6 import isValid

from app.settings import home
from mtl_core.errors import WorkbenchError
from mtl_core.files import remove_partial_files, write_text

_FOLDER = "unsaved"
_CLOSE_SECONDS = 5.0
_DAY_SECONDS = 86_400.0
_MAX_BYTES = 1 << 24
_UNREADABLE = ".unreadable"


@dataclass(frozen=True)
class Draft:
    """An experiment with edits that are not saved.

    Attributes:
        data: The spec data, valid or not.
        path: The file it was opened from or saved to; ``""`` when it has none.
        stamp: Time and size of that file when it was read or written last.
        when: When it was kept, in seconds since 1970.
    """

    data: Mapping[str, Any]
    path: str = ""
    stamp: tuple[int, int] | None = None
    when: float = field(default_factory=time.time)


@dataclass(frozen=True)
class LeftDraft:
    """A draft of a window that is gone, and its file, which no other window is offered."""

    draft: Draft
    file: Path


class Drafts(QObject):
    """One window's draft, and those that windows before it left, on a thread of their own.

    Every window has a file of its own in ``unsaved`` and holds a lock beside it while it lives, so that windows
    side by side leave each other's alone. Things are done in the order in which they were asked.

    ``found(list[LeftDraft])``: what :meth:`look` found, newest first. ``failed(str)``: why a draft could not be kept,
    once until one could, or could not be read.

    Args:
        folder: Where the drafts lie; ``unsaved`` in the application's folder by default.
        parent: Owner.
    """

    found = Signal(object)
    failed = Signal(str)

    def __init__(self, folder: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder or home() / _FOLDER
        self._file = self._folder / f"{uuid4().hex}.json"
        self._locks: dict[Path, QLockFile] = {}
        self._kept = self._told = False
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False

    def keep(self, draft: Draft) -> None:
        """Write this window's draft, in place of the one before."""
        self._kept = True
        self._do(lambda: self._keep(draft))

    def drop(self) -> None:
        """Remove this window's draft: there is nothing to lose any more."""
        if self._kept:
            self._kept = False
            self._do(lambda: self._remove(self._file))

    def look(self) -> None:
        """Find what windows that are gone have left."""
        self._do(self._look)

    def adopt(self, left: LeftDraft) -> None:
        """Make a draft that was left this window's own; it is at no moment without a file."""
        self._kept = True
        self._do(lambda: self._adopt(left))

    def discard(self, left: LeftDraft) -> None:
        """Remove a draft that was left."""
        self._do(lambda: self._remove(left.file))

    def close(self) -> None:
        """Finish what was asked; drafts that are still there are the next window's."""
        self._closed = True
        self._jobs.put(None)
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)

    # --- on the thread

    def _do(self, job: Callable[[], None]) -> None:
        if self._closed:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="drafts", daemon=True)
            self._thread.start()
        self._jobs.put(job)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                job()
            except (OSError, TypeError, ValueError, WorkbenchError) as error:
                why = error.problem.found if isinstance(error, WorkbenchError) else str(error)
                self._complain(f"Edits cannot be kept safe in {self._folder}: {why}. Save the experiment to a file.")
            else:
                self._told = False
        for lock in self._locks.values():
            lock.unlock()

    def _keep(self, draft: Draft) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if not self._claim(self._file):
            raise OSError("its lock cannot be written")
        write_text(self._file, json.dumps(asdict(draft), ensure_ascii=False))

    def _adopt(self, left: LeftDraft) -> None:
        if not self._claim(self._file):
            raise OSError("its lock cannot be written")
        left.file.replace(self._file)
        self._release(left.file)

    def _remove(self, file: Path) -> None:
        file.unlink(missing_ok=True)
        self._release(file)

    def _look(self) -> None:
        if not self._folder.is_dir():
            return
        remove_partial_files(self._folder, seconds=_DAY_SECONDS)
        names = {one.stem for one in self._folder.iterdir() if one.suffix in (".json", ".lock")}
        left = [found for name in names if (found := self._read(self._folder / f"{name}.json")) is not None]
        left.sort(key=lambda one: one.draft.when, reverse=True)
        if left:
            self._tell(self.found, left)

    def _read(self, file: Path) -> LeftDraft | None:
        """The draft in a file whose window is gone, which stays locked; what is no draft is put away."""
        if file in self._locks or not self._claim(file):
            return None
        try:
            return LeftDraft(_draft(json.loads(_content(file))), file)
        except FileNotFoundError:
            pass
        except (ValueError, TypeError, KeyError, IndexError, RecursionError):
            kept = file.with_suffix(_UNREADABLE)
            file.replace(kept)
            self._tell(self.failed, f"Edits that an earlier window left cannot be read. Their file is kept: {kept}")
        self._release(file)
        return None

    def _claim(self, file: Path) -> bool:
        if file in self._locks:
            return True
        lock = QLockFile(str(file.with_suffix(".lock")))
        lock.setStaleLockTime(0)  # only a process that is gone gives it up, however long it has been there
        if lock.tryLock(0):
            self._locks[file] = lock
        return file in self._locks

    def _release(self, file: Path) -> None:
        lock = self._locks.pop(file, None)
        if lock is not None:
            lock.unlock()

    def _complain(self, text: str) -> None:
        if not self._told:
            self._told = True
            self._tell(self.failed, text)

    def _tell(self, signal: Any, value: object) -> None:
        if isValid(self):
            signal.emit(value)


def _content(file: Path) -> str:
    with file.open("rb") as opened:
        content = opened.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError("longer than any draft")
    return content.decode("utf-8")


def _draft(data: Any) -> Draft:
    """A draft as it was written.

    Raises:
        ValueError, TypeError, KeyError, IndexError: It is none.
    """
    stamp = data["stamp"]
    if not isinstance(data["data"], dict):
        raise TypeError("the data of a draft are a mapping")
    return Draft(
        data["data"], str(data["path"]), (int(stamp[0]), int(stamp[1])) if stamp else None, float(data["when"])
    )
