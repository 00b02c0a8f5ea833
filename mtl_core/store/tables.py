"""Definitions of the tables; ``tests/store`` checks that the migrations produce them.

Values to query are columns; values to plot are arrays. Times are seconds since 1970 (UTC).
"""

import json
from typing import Any

import sqlalchemy as sa

# Constraints need names, or later migrations cannot drop them on every database.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class DamagedJsonError(Exception):
    """A text in the database that should be JSON is not valid JSON."""


class Json(sa.types.TypeDecorator[Any]):
    """JSON as text, as Python writes it: NaN and infinities survive, which a database's own JSON type refuses."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:
        """Encode a value."""
        return None if value is None else json.dumps(value, ensure_ascii=False)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Any:
        """Decode a value.

        Raises:
            DamagedJsonError: It is not JSON.
        """
        try:
            return None if value is None else json.loads(value)
        except (ValueError, TypeError, RecursionError) as error:
            raise DamagedJsonError(f"{value!r:.40}: {error}") from None


class Number(sa.types.TypeDecorator[float]):
    """A double with NULL for NaN, which SQLite does not have; every database has infinities."""

    impl = sa.Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: sa.Dialect) -> float | None:
        """Replace NaN by NULL."""
        return None if value is None or value != value else value  # noqa: PLR0124  # only NaN differs from itself

    def process_result_value(self, value: float | None, dialect: sa.Dialect) -> float:
        """Replace NULL by NaN."""
        return float("nan") if value is None else value


METADATA = sa.MetaData(naming_convention=NAMING)

_RUN_KEY = "runs.id"


def _run_id(*, key: bool = False) -> sa.Column[int]:
    return sa.Column("run_id", sa.Integer, sa.ForeignKey(_RUN_KEY), primary_key=key, nullable=False)


def _text(name: str, **options: Any) -> sa.Column[str]:
    return sa.Column(name, sa.Text, **{"nullable": False, **options})


def _json(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, Json, **{"nullable": False, **options})


def _time(name: str, **options: Any) -> sa.Column[float]:
    """Return a column of seconds since 1970."""
    return sa.Column(name, sa.Double, **{"nullable": False, **options})


def _count(name: str, **options: Any) -> sa.Column[int]:
    """Return a column of steps or points, for which 31 bits may not suffice."""
    return sa.Column(name, sa.BigInteger, **{"nullable": False, **options})


RUN = sa.Table(
    "runs",  # one row per run
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    _text("name"),
    _text("state", index=True),
    _json("spec"),
    _text("method"),
    _text("dataset"),
    sa.Column("seed", sa.BigInteger, nullable=False),
    _text("device"),
    _json("versions"),
    _text("fingerprint"),
    _time("created"),
    _time("started", nullable=True),
    _time("finished", nullable=True),
    _time("seconds"),
    _time("heartbeat", nullable=True),
    _json("progress", nullable=True),
    sa.Column("pid", sa.Integer),
    _text("process_started"),  # to detect a later process with the same number; '' if unknown
    _text("host"),
    _text("error"),
    _text("notes"),
    sa.Column("starred", sa.Boolean, nullable=False),
    sa.Column("archived", sa.Boolean, nullable=False),
    sa.Column("parent", sa.Integer, sa.ForeignKey(_RUN_KEY)),
    sa.Column("study", sa.Integer, index=True),  # number of its first run
    _text("baseline", server_default=""),  # the task of a single-task baseline
    _text("folder"),  # of its artifacts, relative to that of the store
    sa.Column("rewinds", sa.Integer, nullable=False),  # how often points were dropped, so that readers start over
    sqlite_autoincrement=True,  # numbers of runs are never reused
)

TASK = sa.Table(
    "tasks",
    METADATA,
    _run_id(key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    _text("name", index=True),
    _text("kind"),
)

TAG = sa.Table("tags", METADATA, _run_id(key=True), _text("tag", primary_key=True, index=True))

SETTING = sa.Table(
    "settings",  # one row per leaf of a run's spec: ``training.epochs`` = ``20``
    METADATA,
    _run_id(key=True),
    _text("path", primary_key=True, index=True),
    _text("text"),  # as JSON, a string without its quotes
    sa.Column("number", sa.Double),  # if it is one
)

SUMMARY = sa.Table(
    "summaries",  # one row per series of a run
    METADATA,
    _run_id(key=True),
    _text("task", primary_key=True),
    _text("split", primary_key=True),
    _text("metric", primary_key=True),
    _text("direction"),
    _count("count"),
    sa.Column("last", Number),
    _count("last_step"),
    sa.Column("min", Number),
    sa.Column("max", Number),
    sa.Column("best", Number),
    _count("best_step", nullable=True),
)

CHUNK = sa.Table(
    "chunks",  # consecutive points of a series, as two arrays of equal length
    METADATA,
    # Readers select ids above the last one they have read, so ids must never be reused; SQLite numbers INTEGER only.
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    _run_id(),
    _text("task"),
    _text("split"),
    _text("metric"),
    _count("first"),  # index of its first point in the series, from 0
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("steps", sa.LargeBinary, nullable=False),  # little-endian int64
    sa.Column("numbers", sa.LargeBinary, nullable=False),  # little-endian float64
    sa.Index(None, "run_id", "id"),
    sqlite_autoincrement=True,
)

EVENT = sa.Table(
    "events",  # one row per event of a run
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    _run_id(),
    _count("step"),
    _text("kind"),
    _text("message"),
    _json("data"),
    _time("time"),
    sa.Index(None, "run_id", "id"),
    sqlite_autoincrement=True,
)

ARTIFACT = sa.Table(
    "artifacts",  # one row per file of a run
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    _run_id(),
    _text("kind"),
    _text("path"),  # relative to the run's folder if it is in it, so that a store can be moved
    _json("data"),
    _time("time"),
    sa.UniqueConstraint("run_id", "kind", "path"),
)

REQUEST = sa.Table(
    "requests",  # one row per request to a run
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    _run_id(),
    _text("kind"),
    _json("payload"),
    _time("time"),
    _time("taken", nullable=True),  # when the run received it
    sa.Index(None, "run_id", "taken"),
    sqlite_autoincrement=True,
)
