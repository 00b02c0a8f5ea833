"""URLs of stores, and folders of artifacts."""

import hashlib
import stat
from pathlib import Path

import sqlalchemy as sa

from mtl_core.errors import InputError, file_error
from mtl_core.locations import home

STORE_NAME = "runs.sqlite"


def store_url(place: str | Path | None) -> sa.URL:
    """Return the URL of a store given by path or URL.

    Args:
        place: A path of an SQLite file, an SQLAlchemy URL, or None for ``runs.sqlite`` at home.

    Raises:
        InputError: The URL is malformed, or is that of a database in memory.
    """
    if place is None:
        return _file_url(home() / STORE_NAME)
    if isinstance(place, Path) or "://" not in place:
        if not str(place).strip():
            raise InputError("store", "name a file or a database URL", found="nothing")
        return _file_url(Path(place))
    try:
        url = sa.make_url(place)
    except (sa.exc.ArgumentError, ValueError) as error:
        rule = "must be a file or a URL such as postgresql://user@host/database"
        raise InputError(place, rule, found=str(error)) from None
    return _sqlite_url(url) if url.get_backend_name() == "sqlite" else _with_driver(url)


def sqlite_file(url: sa.URL) -> Path | None:
    """Return the SQLite file of a database, or None for a database on a server."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def artifacts_root(url: sa.URL) -> Path:
    """Return the folder with the artifacts of all runs of a store.

    It is beside an SQLite file; for a database on a server, below this machine's home, separate from other stores.
    """
    file = sqlite_file(url)
    if file is not None:
        return file.parent / "artifacts"
    address = f"{url.host}:{url.port}/{url.database}"
    return home() / "artifacts" / f"{url.database}-{hashlib.sha256(address.encode()).hexdigest()[:8]}"


def make_directories(path: Path, mode: int = 0o700) -> None:
    """Create a folder and its parents with given permissions; existing ones are not changed.

    Raises:
        OSError: It cannot be created; ``FileExistsError`` if ``path`` is a file.
    """
    for folder in reversed((path, *path.parents)):
        if not folder.is_dir():
            try:
                folder.mkdir(mode)
            except FileExistsError:
                if not folder.is_dir():
                    raise


def folder_mode(url: sa.URL) -> int:
    """Return the permissions of the folders of artifacts: for those who may read the store; else for the owner only."""
    file = sqlite_file(url)
    try:
        mode = 0o600 if file is None else stat.S_IMODE(file.stat().st_mode)
    except OSError:
        mode = 0o600
    return 0o700 | mode & 0o066 | (mode & 0o044) >> 2


def _file_url(path: Path) -> sa.URL:
    try:
        path = path.expanduser().absolute()
        path.exists()  # raises if the name is invalid
    except OSError as error:
        raise file_error(path, "cannot be opened", error) from None
    return sa.URL.create("sqlite", database=str(path))


def _sqlite_url(url: sa.URL) -> sa.URL:
    if url.database in {None, "", ":memory:"} or url.query or str(url.database).startswith("file:"):
        rule = "must be a plain file: window, command line and runs are processes of their own"
        raise InputError(url.render_as_string(), rule, fix="Write sqlite:////folder/runs.sqlite.")
    return _file_url(Path(str(url.database)))


def _with_driver(url: sa.URL) -> sa.URL:
    """Return the URL with the driver psycopg 3 for PostgreSQL, which the extra of this project installs."""
    return url.set(drivername="postgresql+psycopg") if url.drivername in {"postgresql", "postgres"} else url
