"""Where stores and artifacts lie."""

import hashlib
import stat
from pathlib import Path

import sqlalchemy as sa

from mtl_core.errors import InputError, file_error
from mtl_core.locations import home

STORE_NAME = "runs.sqlite"


def url_of(place: str | Path | None) -> sa.URL:
    """The database that a path or an SQLAlchemy URL names.

    Args:
        place: A path of an SQLite file, an SQLAlchemy URL, or None for ``runs.sqlite`` at home.

    Raises:
        InputError: The URL cannot be read, or names a database that lives in memory.
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
    return _of_sqlite(url) if url.get_backend_name() == "sqlite" else _with_driver(url)


def file_of(url: sa.URL) -> Path | None:
    """The SQLite file of a database, or None for a database on a server."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def artifacts_root(url: sa.URL) -> Path:
    """The folder below which the runs of a store keep their files.

    It lies beside an SQLite file; for a database on a server, below this machine's home, apart from other stores.
    """
    file = file_of(url)
    if file is not None:
        return file.parent / "artifacts"
    address = f"{url.host}:{url.port}/{url.database}"
    return home() / "artifacts" / f"{url.database}-{hashlib.sha256(address.encode()).hexdigest()[:8]}"


def make_folder(path: Path, mode: int = 0o700) -> None:
    """Make a folder, and those above it, with given permissions; one that is there stays as it is.

    Raises:
        OSError: It cannot be made; ``FileExistsError`` when ``path`` is a file.
    """
    for place in reversed((path, *path.parents)):
        if not place.is_dir():
            try:
                place.mkdir(mode)
            except FileExistsError:
                if not place.is_dir():
                    raise


def folder_mode(url: sa.URL) -> int:
    """Permissions of the folders of a store's artifacts: who may read the store may read them; else the owner alone."""
    file = file_of(url)
    try:
        mode = 0o600 if file is None else stat.S_IMODE(file.stat().st_mode)
    except OSError:
        mode = 0o600
    return 0o700 | mode & 0o066 | (mode & 0o044) >> 2


def _file_url(path: Path) -> sa.URL:
    try:
        path = path.expanduser().absolute()
        path.exists()  # raises where there can be no such name
    except OSError as error:
        raise file_error(path, "cannot be opened", error) from None
    return sa.URL.create("sqlite", database=str(path))


def _of_sqlite(url: sa.URL) -> sa.URL:
    if url.database in {None, "", ":memory:"} or url.query or str(url.database).startswith("file:"):
        rule = "must be a plain file: window, command line and runs are processes of their own"
        raise InputError(url.render_as_string(), rule, fix="Write sqlite:////folder/runs.sqlite.")
    return _file_url(Path(str(url.database)))


def _with_driver(url: sa.URL) -> sa.URL:
    """PostgreSQL speaks through psycopg 3, which this project's extra installs."""
    return url.set(drivername="postgresql+psycopg") if url.drivername in {"postgresql", "postgres"} else url
