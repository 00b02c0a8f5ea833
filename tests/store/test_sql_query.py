"""SQL on a store: one SELECT is answered, anything else is refused, and nothing can be changed."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from mtl_core.errors import EnvironmentFault, InputError
from mtl_core.spec import ExperimentSpec
from mtl_core.store import Points, RunStore, SeriesKey, query_store
from mtl_core.store.opening import reading_database
from mtl_core.store.sql_query import check_select

Experiment = Callable[..., ExperimentSpec]


@pytest.mark.parametrize(
    ("sql", "statement"),
    [
        ("SELECT 1", "SELECT 1"),
        ("-- why\nselect ';' AS \"a;b\" /* ; */ ;; ", "-- why\nselect ';' AS \"a;b\""),
        ("WITH a AS (DELETE FROM b) SELECT replace('a', 'b', 'c')", None),
        ("WITH RECURSIVE t(n) AS (VALUES (1)) SELECT n FROM t", None),
    ],
)
def test_one_select_is_taken_without_its_semicolon(sql: str, statement: str | None) -> None:
    assert check_select(sql) == (statement or sql)


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("", "must be a SELECT"),
        ("-- nothing", "must be a SELECT"),
        ("DELETE FROM runs", "must be a SELECT"),
        ("PRAGMA journal_mode=DELETE", "must be a SELECT"),
        ("ATTACH 'other.sqlite' AS other", "must be a SELECT"),
        ("WITH a AS (SELECT 1) DELETE FROM runs", "must be a SELECT"),
        ("WITH a AS (SELECT 1) INSERT INTO tags SELECT 1, 'select'", "must be a SELECT"),
        ("SELECT 1; DELETE FROM runs", "must be one statement"),
    ],
)
def test_anything_else_is_refused_before_it_reaches_the_database(sql: str, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        check_select(sql)


def test_rows_have_the_values_of_the_database(store: RunStore, run: int) -> None:
    store.append(run, {SeriesKey("left", "val", "accuracy"): Points.of([1, 2], [0.5, np.inf])})
    result = query_store(
        store.url, "SELECT r.id, c.task, c.steps, s.best, '%?' AS t FROM runs r, chunks c, summaries s"
    )
    assert result.columns == ("id", "task", "steps", "best", "t")
    ((number, task, steps, best, text),) = result.rows
    assert (number, task, best, text) == (run, "left", None, "%?")
    assert np.frombuffer(steps, "<i8").tolist() == [1, 2]


def test_what_the_database_refuses_is_one_error(store: RunStore, run: int) -> None:
    with pytest.raises(InputError, match=r"the database refuses the query.*nothing"):
        query_store(store.url, "SELECT nothing FROM runs")


def test_a_store_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such store"):
        query_store(tmp_path / "none.sqlite", "SELECT 1")
    assert not (tmp_path / "none.sqlite").exists()


def test_the_connection_cannot_write(store: RunStore, run: int) -> None:
    database = reading_database(store.url)
    with pytest.raises(EnvironmentFault, match="cannot be written"), database.read_transaction() as connection:
        connection.execute(sa.text("DELETE FROM tasks"))
    database.close()
    assert store.run(run).tasks == ("left", "right")
