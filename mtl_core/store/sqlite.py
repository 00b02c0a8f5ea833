"""The SQLite library that the whole process tree uses.

Two SQLite libraries on one file in one process drop each other's locks, so nothing else may import ``sqlite3``.
"""

import logging
import platform
from functools import cache
from importlib import import_module
from types import ModuleType

log = logging.getLogger(__name__)

_FIXED = (3, 51, 3)  # first release without the WAL-reset bug (sqlite.org/wal.html)
_BACKPORTS = ((3, 44, 6), (3, 50, 7))  # earlier releases with the fix


@cache
def library() -> ModuleType:
    """Return the database module: of the ``pysqlite3`` package, which has a recent SQLite, or else Python's own."""
    try:
        return import_module("pysqlite3.dbapi2")
    except ImportError:
        return import_module("sqlite3")


def describe_version() -> str:
    """Return the version of SQLite and the module that contains it, for the record of a run and for *About*."""
    module = library()
    package = "pysqlite3" if module.__name__.startswith("pysqlite3") else f"Python {platform.python_version()}"
    return f"{module.sqlite_version} ({package})"


def wal_warning() -> str:
    """Return a warning if this SQLite can lose data in WAL mode; ``""`` otherwise."""
    if has_safe_wal():
        return ""
    version = library().sqlite_version
    return (
        f"SQLite {version} can lose data in WAL mode; new stores are made without WAL, and windows and runs on one "
        "store wait for each other. Install pysqlite3, or a Python with SQLite 3.51.3 or newer."
    )


def has_safe_wal(version: tuple[int, ...] | None = None) -> bool:
    """Whether a release of SQLite (by default the one in use) is free of the WAL-reset bug."""
    version = library().sqlite_version_info if version is None else version
    return version >= _FIXED or any(fix <= version < (*fix[:2], 999) for fix in _BACKPORTS)


@cache
def log_wal_warning() -> None:
    """Log :func:`wal_warning` once in this process."""
    if text := wal_warning():
        log.warning("%s", text)
