"""The tables, typed; ``tests/store`` holds the migrations to them.

What people query is plain rows; what people plot is arrays. Times are seconds since 1970 (UTC).
"""

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Constraints need names, or later migrations cannot drop them on every database.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class DamagedJsonError(Exception):
    """A text in the database that should be JSON is not."""


class Json(sa.types.TypeDecorator[Any]):
    """JSON as text, as Python writes it: NaN and infinities survive, which a database's own JSON type refuses."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """As it is stored."""
        return None if value is None else json.dumps(value, ensure_ascii=False)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        """As it was given.

        Raises:
            DamagedJsonError: It is not JSON.
        """
        try:
            return None if value is None else json.loads(value)
        except (ValueError, TypeError, RecursionError) as error:
            raise DamagedJsonError(f"{value!r:.40}: {error}") from None


class Number(sa.types.TypeDecorator[float]):
    """A double in which NULL is NaN, as SQLite has no NaN; infinities are kept by every database."""

    impl = sa.Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: sa.Dialect) -> float | None:
        """As it is stored."""
        return None if value is None or value != value else value  # noqa: PLR0124  # only NaN differs from itself

    def process_result_value(self, value: float | None, dialect: sa.Dialect) -> float:
        """As it was given."""
        return float("nan") if value is None else value


class Table(DeclarativeBase):
    """The base of every table."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy reads it from the class
        float: sa.Double(),
        str: sa.Text(),
        dict[str, Any]: Json(),
    }


class Run(Table):
    """One execution of an experiment."""

    __tablename__ = "runs"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012  # numbers of runs are never given twice

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    state: Mapped[str] = mapped_column(index=True)
    spec: Mapped[dict[str, Any]]
    method: Mapped[str]
    dataset: Mapped[str]
    seed: Mapped[int] = mapped_column(sa.BigInteger)
    device: Mapped[str]
    versions: Mapped[dict[str, Any]]
    fingerprint: Mapped[str]
    created: Mapped[float]
    started: Mapped[float | None]
    finished: Mapped[float | None]
    seconds: Mapped[float]
    heartbeat: Mapped[float | None]
    progress: Mapped[dict[str, Any] | None] = mapped_column(Json())
    pid: Mapped[int | None]
    process_started: Mapped[str]  # tells a process from a later one of the same number; '' where unknown
    host: Mapped[str]
    error: Mapped[str]
    notes: Mapped[str]
    starred: Mapped[bool]
    archived: Mapped[bool]
    parent: Mapped[int | None] = mapped_column(ForeignKey("runs.id"))
    study: Mapped[int | None] = mapped_column(index=True)  # the run that began it
    baseline: Mapped[str] = mapped_column(server_default="")  # the task that it trains alone, for its study
    folder: Mapped[str]  # of its artifacts, relative to the store's
    rewinds: Mapped[int]  # how often points were dropped; a reader that knows another number starts over


class Task(Table):
    """A task of a run."""

    __tablename__ = "tasks"

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]


class Tag(Table):
    """A tag of a run."""

    __tablename__ = "tags"

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True, index=True)


class Setting(Table):
    """A leaf of a run's spec: ``training.epochs`` = ``20``."""

    __tablename__ = "settings"

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True, index=True)
    text: Mapped[str]  # as JSON, a string without its quotes
    number: Mapped[float | None]  # where it is one


class Summary(Table):
    """A series of a run in one row."""

    __tablename__ = "summaries"

    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    task: Mapped[str] = mapped_column(primary_key=True)
    split: Mapped[str] = mapped_column(primary_key=True)
    metric: Mapped[str] = mapped_column(primary_key=True)
    direction: Mapped[str]
    count: Mapped[int] = mapped_column(sa.BigInteger)
    last: Mapped[float | None] = mapped_column(Number())
    last_step: Mapped[int] = mapped_column(sa.BigInteger)
    min: Mapped[float | None] = mapped_column(Number())
    max: Mapped[float | None] = mapped_column(Number())
    best: Mapped[float | None] = mapped_column(Number())
    best_step: Mapped[int | None] = mapped_column(sa.BigInteger)


class Chunk(Table):
    """A stretch of a series, as two arrays of equal length."""

    __tablename__ = "chunks"
    # A reader asks for what came after the last id it saw, so no id may ever come back.
    __table_args__ = (sa.Index(None, "run_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        primary_key=True,  # SQLite numbers INTEGER keys only
    )
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    task: Mapped[str]
    split: Mapped[str]
    metric: Mapped[str]
    first: Mapped[int] = mapped_column(sa.BigInteger)  # number of its first point in the series, from 0 on
    count: Mapped[int]
    steps: Mapped[bytes]  # little-endian int64
    numbers: Mapped[bytes]  # little-endian float64


class Event(Table):
    """Something that happened in a run."""

    __tablename__ = "events"
    __table_args__ = (sa.Index(None, "run_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    step: Mapped[int] = mapped_column(sa.BigInteger)
    kind: Mapped[str]
    message: Mapped[str]
    data: Mapped[dict[str, Any]]
    time: Mapped[float]


class Artifact(Table):
    """A file that a run left."""

    __tablename__ = "artifacts"
    __table_args__ = (sa.UniqueConstraint("run_id", "kind", "path"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    kind: Mapped[str]
    path: Mapped[str]  # relative to the run's folder when it lies in it, so that a store can be moved
    data: Mapped[dict[str, Any]]
    time: Mapped[float]


class Request(Table):
    """Something asked of a run."""

    __tablename__ = "requests"
    __table_args__ = (sa.Index(None, "run_id", "taken"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    time: Mapped[float]
    taken: Mapped[float | None]  # when the run took it


# The tables themselves, for statements that read and write plain rows.
RUN, TASK, TAG, SETTING, SUMMARY, CHUNK, EVENT, ARTIFACT, REQUEST = (
    Table.metadata.tables[entity.__tablename__]
    for entity in (Run, Task, Tag, Setting, Summary, Chunk, Event, Artifact, Request)
)
