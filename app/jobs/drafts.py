"""Drafts: unsaved edits written to disk so that they survive a crash of the window."""

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
    """An experiment with unsaved edits; its attributes are the keys of the file.

    Attributes:
        data: The spec data, valid or not.
        path: The file it was opened from or saved to; ``""`` when it has none.
        stamp: Time and size of that file when it was read or written last.
        when: When it was written, in seconds since 1970.
    """

    data: Mapping[str, Any]
    path: str = ""
    stamp: tuple[int, int] | None = None
    when: float = field(default_factory=time.time)


@dataclass(frozen=True)
class AbandonedDraft:
    """A draft of a window that is gone, and its file, which is locked for this window."""

    draft: Draft
    file: Path


class Drafts(QObject):
    """Reads and writes the draft of this window and those of windows that are gone, on a thread of its own.

    Every window has a file of its own in ``unsaved`` and holds a lock beside it while it lives, so that windows
    leave each other's drafts alone. Calls return at once and are carried out in their order.

    ``abandonedFound(list[AbandonedDraft])``: the result of :meth:`find_abandoned`, newest first. ``failed(str)``: why a
    draft could not be written, once until one could, or could not be read.

    Args:
        folder: Where the drafts lie; ``unsaved`` in the application's folder by default.
        parent: Owner.
    """

    abandonedFound = Signal(object)
    failed = Signal(str)

    def __init__(self, folder: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._folder = folder or home() / _FOLDER
        self._file = self._folder / f"{uuid4().hex}.json"
        self._locks: dict[Path, QLockFile] = {}
        self._written = self._failure_reported = False
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._closed = False

    def save(self, draft: Draft) -> None:
        """Write this window's draft, in place of the one before."""
        self._written = True
        self._enqueue(lambda: self._save(draft))

    def remove(self) -> None:
        """Remove this window's draft, as there are no unsaved edits any more."""
        if self._written:
            self._written = False
            self._enqueue(lambda: self._remove(self._file))

    def find_abandoned(self) -> None:
        """Find the drafts of windows that are gone."""
        self._enqueue(self._find_abandoned)

    def adopt(self, abandoned: AbandonedDraft) -> None:
        """Make an abandoned draft this window's own by renaming its file."""
        self._written = True
        self._enqueue(lambda: self._adopt(abandoned))

    def discard(self, abandoned: AbandonedDraft) -> None:
        """Remove an abandoned draft."""
        self._enqueue(lambda: self._remove(abandoned.file))

    def close(self) -> None:
        """Finish all calls and end the thread; drafts that remain are offered to the next window."""
        self._closed = True
        self._jobs.put(None)
        if self._thread is not None:
            self._thread.join(_CLOSE_SECONDS)

    # --- on the thread

    def _enqueue(self, job: Callable[[], None]) -> None:
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
                self._report_failure(
                    f"Edits cannot be kept safe in {self._folder}: {why}. Save the experiment to a file."
                )
            else:
                self._failure_reported = False
        for lock in self._locks.values():
            lock.unlock()

    def _save(self, draft: Draft) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        if not self._claim(self._file):
            raise OSError("its lock cannot be written")
        write_text(self._file, json.dumps(asdict(draft), ensure_ascii=False))

    def _adopt(self, abandoned: AbandonedDraft) -> None:
        if not self._claim(self._file):
            raise OSError("its lock cannot be written")
        abandoned.file.replace(self._file)
        self._release(abandoned.file)

    def _remove(self, file: Path) -> None:
        file.unlink(missing_ok=True)
        self._release(file)

    def _find_abandoned(self) -> None:
        if not self._folder.is_dir():
            return
        remove_partial_files(self._folder, seconds=_DAY_SECONDS)
        names = {file.stem for file in self._folder.iterdir() if file.suffix in (".json", ".lock")}
        drafts = [draft for name in names if (draft := self._read(self._folder / f"{name}.json")) is not None]
        drafts.sort(key=lambda abandoned: abandoned.draft.when, reverse=True)
        if drafts:
            self._emit(self.abandonedFound, drafts)

    def _read(self, file: Path) -> AbandonedDraft | None:
        """Read and lock the draft of a window that is gone; an invalid file is renamed and kept."""
        if file in self._locks or not self._claim(file):
            return None
        try:
            return AbandonedDraft(_parse_draft(json.loads(_read_text(file))), file)
        except FileNotFoundError:
            pass
        except (ValueError, TypeError, KeyError, IndexError, RecursionError):
            renamed = file.with_suffix(_UNREADABLE)
            file.replace(renamed)
            self._emit(self.failed, f"Edits that an earlier window left cannot be read. Their file is kept: {renamed}")
        self._release(file)
        return None

    def _claim(self, file: Path) -> bool:
        """Lock a draft; return False if the window of the draft lives."""
        if file in self._locks:
            return True
        lock = QLockFile(str(file.with_suffix(".lock")))
        lock.setStaleLockTime(0)  # stale only when its process is gone, however old it is
        if lock.tryLock(0):
            self._locks[file] = lock
        return file in self._locks

    def _release(self, file: Path) -> None:
        lock = self._locks.pop(file, None)
        if lock is not None:
            lock.unlock()

    def _report_failure(self, text: str) -> None:
        if not self._failure_reported:
            self._failure_reported = True
            self._emit(self.failed, text)

    def _emit(self, signal: Any, value: object) -> None:
        if isValid(self):
            signal.emit(value)


def _read_text(file: Path) -> str:
    with file.open("rb") as stream:
        content = stream.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise ValueError("longer than any draft")
    return content.decode("utf-8")


def _parse_draft(data: Any) -> Draft:
    """Check the JSON data of a draft.

    Raises:
        ValueError, TypeError, KeyError, IndexError: The data are not those of a draft.
    """
    stamp = data["stamp"]
    if not isinstance(data["data"], dict):
        raise TypeError("the data of a draft are a mapping")
    return Draft(
        data["data"], str(data["path"]), (int(stamp[0]), int(stamp[1])) if stamp else None, float(data["when"])
    )
