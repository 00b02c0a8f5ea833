"""Atomic writing of files, and safe questions about paths."""

import os
import re
import secrets
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from mtl_core.errors import InputError, WorkbenchError, file_error

_PARTIAL = re.compile(r"\.[0-9a-f]{16}\.partial")
_LOG_LIMIT = 1_000_000


@contextmanager
def atomic_write(
    path: str | Path, *, durable: bool = True, flush_folder: bool = True, mode: int | None = None
) -> Iterator[Path]:
    """Context manager that gives the path of a new temporary file and moves it to ``path`` when the block ends.

    The temporary file is in the folder of ``path``, links resolved, so that the move is a rename within one file
    system. If the block raises, the temporary file is removed and ``path`` is unchanged.

    Args:
        path: The file to write or replace.
        durable: Whether to flush file and folder to disk (fsync), so that a power cut leaves the old or the new file.
        flush_folder: Whether to flush the folder too; if not, a power cut soon after may restore the old file.
        mode: Permission bits of the file; by default those of the replaced file, else those by the umask.

    Raises:
        InputError: ``path`` is not that of a plain file, or its folder does not exist.
        EnvironmentFault: The disk is full, or a permission is missing.
    """
    target = Path(path)
    temporary: Path | None = None
    try:
        target = _resolve(path)
        existing = _mode_of(target)
        if existing is not None and not stat.S_ISREG(existing):
            raise InputError(str(path), "must be a plain file", found=_file_type(existing), fix="Give another name.")
        temporary = _create(target)
        if mode is None and existing is not None:
            mode = stat.S_IMODE(existing)
        if mode is not None:
            temporary.chmod(mode)
        yield temporary
        if durable:
            flush(temporary)
        temporary.replace(target)
        temporary = None
        if durable and flush_folder:
            flush(target.parent)
    except OSError as error:
        raise write_error(path, error) from None
    finally:
        if temporary is not None:
            with suppress(OSError):
                temporary.unlink()


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """Context manager that gives the path of a new folder and moves it to ``folder`` when the block ends.

    If the block raises, the new folder is removed, and ``folder`` is unchanged.

    Args:
        folder: The folder to write or replace; see :func:`check_new_folder`.

    Raises:
        InputError: The folder around it does not exist.
        EnvironmentFault: The disk is full, or a permission is missing.
    """
    try:
        with TemporaryDirectory(prefix=".partial-", dir=folder.parent, ignore_cleanup_errors=True) as temporary:
            new = Path(temporary) / "new"
            new.mkdir()
            yield new
            _move_into_place(new, folder, Path(temporary) / "old")
            flush(folder.parent)
    except OSError as error:
        raise write_error(folder, error) from None


def check_new_folder(folder: Path, *, marker: str, what: str, force: bool) -> None:
    """Check that a folder may be written.

    Args:
        folder: The folder.
        marker: The file that every folder of this kind has.
        what: The kind, e.g. ``a folder of models``.
        force: Whether to allow a folder of this kind that exists; any other is never replaced.

    Raises:
        InputError: Something exists there that may not be replaced.
    """
    if not exists(folder):
        return
    if not force:
        raise InputError(str(folder), "exists already", fix="Give another --out, or --force to overwrite it.")
    if folder.is_symlink() or not (folder / marker).is_file():
        raise InputError(str(folder), f"is not {what} and is not replaced", fix="Give another --out.")


def check_new_file(path: Path, *, force: bool) -> None:
    """Check that a file may be written.

    Raises:
        InputError: It exists, and ``force`` is not set.
    """
    if exists(path) and not force:
        raise InputError(str(path), "exists already", fix="Give another --out, or --force to overwrite it.")


def write_text(path: str | Path, text: str, *, durable: bool = True) -> None:
    """Writes or replaces a text file in UTF-8; see :func:`atomic_write`."""
    with atomic_write(path, durable=durable) as temporary:
        temporary.write_text(text, encoding="utf-8")


def remove_partial_files(folder: Path, *, seconds: float = 0.0) -> None:
    """Removes temporary files of processes that were killed while writing.

    Args:
        folder: The folder.
        seconds: Minimum age of the files; 0 only if no other process writes there.
    """
    with suppress(OSError):
        for path in folder.iterdir():
            if is_partial_file(path) and time.time() - path.stat().st_mtime >= seconds:
                path.unlink()


def is_partial_file(path: Path) -> bool:
    """Whether a file is one that a process writes or was killed while writing."""
    return bool(_PARTIAL.fullmatch(path.name))


def append_to_log(log: Path, text: str) -> bool:
    """Appends a text with the time to a log, which is moved to ``….log.1`` when long; gives whether it succeeded."""
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists() and log.stat().st_size > _LOG_LIMIT:
            log.replace(log.with_suffix(".log.1"))
        with log.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(time.strftime("%Y-%m-%d %H:%M:%S\n") + text + "\n")
    except OSError:
        return False
    return True


def write_error(path: str | Path, error: OSError) -> WorkbenchError:
    """Converts the ``OSError`` of a file that cannot be written: an input error if its name is at fault."""
    fix = "See that its folder exists and may be written to, and that the disk has room."
    return file_error(path, "cannot be written", error, fix)


def _move_into_place(new: Path, folder: Path, old: Path) -> None:
    """Rename ``new`` to ``folder``; an existing folder is renamed to ``old`` first."""
    if not folder.exists():
        new.rename(folder)
        return
    folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        old.rename(folder)
        raise


def _mode_of(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _file_type(mode: int) -> str:
    kinds = ((stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
    return next((words for test, words in kinds if test(mode)), "a device")


def _resolve(path: str | Path) -> Path:
    try:
        return Path(os.path.realpath(path))
    except ValueError as error:  # a NUL character
        raise InputError(str(path), "must be a file name", found=error) from None


def _create(target: Path) -> Path:
    """Creates an empty file with a unique name in the folder of ``target``, with the default permissions."""
    path = target.with_name(f".{secrets.token_hex(8)}.partial")
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    return path


def flush(path: Path) -> None:
    """Flushes a file or the entries of a folder to disk; folders not on Windows, which cannot."""
    if path.is_dir() and os.name == "nt":
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def exists(path: str | Path) -> bool:
    """Whether a path exists; False, rather than an error, for an invalid name."""
    return os.path.lexists(path)


def is_folder(path: str | Path) -> bool:
    """Whether a path is a folder; False, rather than an error, for an invalid name."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises
