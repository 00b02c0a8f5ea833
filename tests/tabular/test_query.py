"""Rows that a query of a database answers.

Covers: mtl_core/spec/data/database_url.py, mtl_core/datasets/kinds/query.py.
"""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from mtl_core.datasets.description import describe
from mtl_core.datasets.kinds import query as kind
from mtl_core.datasets.preparation import load
from mtl_core.spec import InputError, QueryDataset, load_spec_data, problems_of, spec_to_data
from mtl_core.spec.tasks import RegressionTask
from mtl_core.store import sqlite
from mtl_core.tabular.query import read_query

SQL = "SELECT area, city, built, price FROM homes WHERE price > 3 ORDER BY price;"
TASKS = (RegressionTask(name="price", target="price"),)


@pytest.fixture
def url(tmp_path: Path) -> str:
    path = tmp_path / "my homes.db"
    with closing(sqlite.library().connect(path)) as database, database:
        database.execute("CREATE TABLE homes (area REAL, city TEXT, built TEXT, price INTEGER)")
        rows = [(i / 2, "ab"[i % 2], f"2020-01-{i % 28 + 1:02d}", i) for i in range(60)]
        database.executemany("INSERT INTO homes VALUES (?, ?, ?, ?)", rows)
    return f"sqlite:///{path}"


@pytest.fixture(autouse=True)
def no_cache() -> Iterator[None]:
    kind._tables.clear()
    yield
    kind._tables.clear()


def test_a_query_is_a_data_set(url: str) -> None:
    dataset = QueryDataset(url=url, sql=SQL, inputs=("area", "city"), date_features={"built": ("month",)})
    data = load(dataset, TASKS)
    assert data.input_shapes == {"table": (3,)}
    assert sum(map(len, data.splits.values())) == 56
    info = describe(dataset)
    assert [column.type for column in info.columns] == ["numeric", "categorical", "numeric", "numeric"]
    assert info.description == "A query of sqlite."


def test_rows_that_change_are_other_data_and_their_place_does_not_matter(url: str, tmp_path: Path) -> None:
    dataset = QueryDataset(url=url, sql=SQL, inputs=("area",))
    before = load(dataset, TASKS).fingerprint
    moved = Path(url.removeprefix("sqlite:///")).rename(tmp_path / "moved.db")
    elsewhere = dataset.model_copy(update={"url": f"sqlite:///{moved}"})
    assert load(elsewhere, TASKS).fingerprint == before
    with closing(sqlite.library().connect(moved)) as database, database:
        database.execute("UPDATE homes SET area = -1 WHERE price = 10")
    os.utime(moved, (0, 0))
    assert load(elsewhere, TASKS).fingerprint != before


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM homes",
        "/* SELECT */ DROP TABLE homes",
        "WITH x AS (SELECT 1) DELETE FROM homes",
        "SELECT 1; DROP TABLE homes",
    ],
)
def test_a_query_cannot_change_the_database(url: str, sql: str) -> None:
    before = read_query(url, "SELECT * FROM homes").digest
    with pytest.raises(InputError, match=r"dataset.sql"):
        read_query(url, sql)
    assert read_query(url, "-- all\nSELECT * FROM homes").digest == before


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"dataset.url: there is no such file"):
        describe(QueryDataset(url=f"sqlite:///{tmp_path}/no.db", sql=SQL))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("place", "sql", "rule"),
    [
        ("", "SELECT no FROM homes", "dataset.sql: the database refuses the query; found no such column: no"),
        ("", "SELECT * FROM homes WHERE 0", "dataset.sql: the query answers no rows; found area, city"),
        ("", "SELECT area, area FROM homes", "dataset.sql: each column needs a name of its own"),
        ("nosuch://host/db", SQL, "dataset.url: there is no such kind of database; found 'nosuch'"),
        ("oracle://host/db", SQL, "dataset.url: needs a driver that is not installed"),
        ("homes", SQL, "dataset.url: must be the URL of a database"),
        ("sqlite:///${NO_SUCH_VARIABLE}", SQL, "dataset.url: an environment variable is not set; found NO_SUCH"),
    ],
)
def test_what_is_wrong_is_one_clear_error(url: str, place: str, sql: str, rule: str) -> None:
    with pytest.raises(InputError, match=rule):
        read_query(place or url, sql)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("hello " * 200)
    with pytest.raises(InputError, match="file is not a database"):
        read_query(f"sqlite:///{tmp_path}/a.db", SQL)


def test_a_server_that_does_not_answer_is_named_without_the_password(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PASSWORD", "5ecret")

    def refuse(_: Engine) -> None:
        raise OperationalError("", None, ConnectionError("connection of u:5ecret refused"))

    monkeypatch.setattr(Engine, "connect", refuse)
    with pytest.raises(InputError, match=r"dataset.url: the database cannot be opened.*refused") as error:
        read_query(f"{url}?x=${{DB_PASSWORD}}", SQL)
    assert "5ecret" not in str(error.value)


@pytest.mark.parametrize(
    "secret", ["u:pw@host/db", "u@host/db?password=pw", "u@host/db?a=1&sslpassword=pw", "u:a${X}@host/db"]
)
def test_a_password_is_not_stored(secret: str) -> None:
    data = {"dataset": {"kind": "query", "url": f"postgresql://{secret}", "sql": SQL, "inputs": ["a"]}, "version": 2}
    problems = [problem for problem in problems_of(data) if problem.path == "dataset.url"]
    assert "write ${NAME}" in str(problems[0])
    assert "pw" not in str(problems[0])


def test_environment_variables_stay_names_in_the_spec() -> None:
    dataset = QueryDataset(url="postgresql://u:${PW}@host/db?options=x", sql=SQL, inputs=("a",))
    assert spec_to_data(dataset)["url"] == "postgresql://u:${PW}@host/db?options=x"
    assert QueryDataset(url="postgresql://u@host/db", sql=SQL, inputs=("a",)).url


def test_a_relative_file_begins_at_the_spec_file(tmp_path: Path) -> None:
    for url, expected in (("sqlite:///a.db", f"sqlite:///{tmp_path}/a.db"), ("postgresql://h/a", "postgresql://h/a")):
        (tmp_path / "spec.yaml").write_text(f"dataset: {{kind: query, url: '{url}', sql: SELECT 1}}")
        assert load_spec_data(tmp_path / "spec.yaml")["dataset"]["url"] == expected
