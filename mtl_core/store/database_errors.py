"""Translation of database errors to errors that a person can act on."""

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from mtl_core.errors import EnvironmentFault, InputError, StoreError, WorkbenchError
from mtl_core.store import sqlite
from mtl_core.store.tables import DamagedJsonError

_FREE_SPACE = "Free some space and try again; what was stored is intact."
_RESTORE = "Restore the store from a copy."
_PERMISSIONS = "Change its permissions or take another store."

_MESSAGES: tuple[tuple[str, type[WorkbenchError], str, str], ...] = (  # part of the message, error, rule, fix
    ("is full", EnvironmentFault, "the disk is full", _FREE_SPACE),
    ("no space left", EnvironmentFault, "the disk is full", _FREE_SPACE),
    ("readonly", EnvironmentFault, "cannot be written to", _PERMISSIONS),
    ("read-only", EnvironmentFault, "cannot be written to", _PERMISSIONS),
    ("permission denied", EnvironmentFault, "cannot be written to", _PERMISSIONS),
    ("unable to open", EnvironmentFault, "cannot be opened", "See that the folder exists and may be written to."),
    ("disk i/o error", EnvironmentFault, "the disk cannot be read or written", "See that it is whole and not full."),
    ("not a database", InputError, "must be an SQLite database", "Take another file; this one was left as it was."),
    ("malformed", StoreError, "the database is damaged", _RESTORE),
    ("could not decode", StoreError, "a text in the database is damaged", _RESTORE),
    ("locked", StoreError, "another program keeps the store locked", "Close it and try again."),
    ("authentication failed", InputError, "the database refuses the user or the password", "Correct the URL."),
    ("does not exist", InputError, "the server has no such database or user", "Make it, or correct the URL."),
)


@contextmanager
def explain_errors(name: str) -> Iterator[None]:
    """Translate the database errors raised in the block; they name the store."""
    try:
        yield
    except (sa.exc.DBAPIError, sqlite.library().Error) as error:
        translated = translate_error(name, error)
        if translated is None:  # a bug of this program
            raise
        raise translated from error
    except (OverflowError, UnicodeEncodeError) as error:
        raise InputError(name, "a value is more than the database can hold", found=str(error)) from error
    except DamagedJsonError as error:
        raise StoreError(name, "a value in the database is not JSON", found=error, fix=_RESTORE) from None
    except sa.exc.TimeoutError as error:
        raise StoreError(name, "too many threads use this store at once", found=str(error)) from error


def translate_error(name: str, error: Exception) -> WorkbenchError | None:
    """Return the error to raise for a database error; None if it is a bug of this program."""
    message = " ".join(str(getattr(error, "orig", error)).split()).rpartition(" failed: ")[2]
    if isinstance(error, sa.exc.DataError):
        return InputError(name, "a value is more than the database can hold", found=message)
    for part, kind, rule, fix in _MESSAGES:
        if part in message.lower():
            return kind(name, rule, found=message, fix=fix)
    is_disconnected = isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError) and error.statement is None
    if is_disconnected or "connection" in message.lower():
        fix = "See that the server runs and the URL is right."
        return StoreError(name, "the database does not answer", found=message, fix=fix)
    return None
