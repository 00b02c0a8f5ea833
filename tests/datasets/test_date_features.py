"""Dates as inputs: year, month, weekday, hour and elapsed.

Covers: mtl_core/datasets/column_settings.py.
"""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.datasets.date_features import date_part
from mtl_core.datasets.description import describe
from mtl_core.datasets.new_rows import read_new_rows
from mtl_core.datasets.preparation import load
from mtl_core.spec import InputError, TableDataset
from mtl_core.spec.tasks import RegressionTask
from mtl_core.tabular.column_reader import read_column

MOMENTS = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)).map(lambda moment: moment.replace(microsecond=0))
TASKS = (RegressionTask(name="y", target="y"),)


@given(st.lists(MOMENTS, min_size=1, max_size=5))
def test_the_parts_are_those_of_the_calendar(moments: list[datetime]) -> None:
    column = read_column("at", pd.Series(pd.to_datetime(moments)))
    assert date_part(column, "year").numbers.tolist() == [moment.year for moment in moments]
    for part in ("month", "weekday", "hour"):
        texts = [date_part(column, part).values[code] for code in date_part(column, part).codes]
        expected = {
            "month": [str(moment.month) for moment in moments],
            "weekday": [moment.strftime("%A") for moment in moments],
            "hour": [str(moment.hour) for moment in moments],
        }[part]
        assert texts == expected
    assert date_part(column, "elapsed") is column


def test_a_missing_date_has_no_parts() -> None:
    column = read_column("at", pd.Series(["2020-01-31", "", "2021-02-28"]))
    assert date_part(column, "month").codes.tolist() == [0, -1, 1]
    assert np.isnan(date_part(column, "year").numbers[1])


def test_a_time_of_day_has_hours() -> None:
    column = read_column("at", pd.Series(["00:00", "23:59:59", "9:30"]))
    assert [date_part(column, "hour").values[code] for code in date_part(column, "hour").codes] == ["0", "23", "9"]


@pytest.fixture
def path(tmp_path: Path) -> str:
    days = [datetime(2020, 1, 1) + timedelta(days=19 * i) for i in range(60)]
    times = [f"{i % 24:02d}:00" for i in range(60)]
    frame = pd.DataFrame({"day": [f"{day:%Y-%m-%d}" for day in days], "at": times, "y": range(60)})
    frame.to_csv(tmp_path / "a.csv", index=False)
    return str(tmp_path / "a.csv")


def test_inputs_have_the_parts_that_the_spec_asks_for(path: str) -> None:
    plain = load(TableDataset(path=path, inputs=("day",)), TASKS)
    assert plain.input_shapes == {"table": (1,)}
    dataset = TableDataset(path=path, inputs=("day",), date_features={"day": ("year", "weekday", "elapsed")})
    data = load(dataset, TASKS)
    assert data.input_shapes == {"table": (9,)}
    assert describe(dataset).input_shapes == {"table": (9,)}
    assert data.fingerprint != plain.fingerprint
    assert ["are read as days" in str(note) for note in plain.notes] == [True]
    assert str(data.notes[-1]) == "Column 'day': as an input each date becomes year, weekday, days since 1970-01-01."
    columns = {column.name: column.date_parts for column in describe(dataset).columns}
    assert columns == {"day": ("year", "month", "weekday", "elapsed"), "at": (), "y": ()}
    inputs = data.train.inputs["table"]
    assert (inputs[:, 1:8].sum(1) == 1).all()
    np.testing.assert_array_equal(inputs[:, 8], plain.train.inputs["table"][:, 0])


def test_new_rows_have_them_too(path: str) -> None:
    dataset = TableDataset(path=path, inputs=("day",), date_features={"day": ("month", "elapsed")})
    data = load(dataset, TASKS)
    (rows,) = read_new_rows(path, data.preprocessing).batches()
    assert data.train.rows is not None
    np.testing.assert_array_equal(rows.inputs["table"][data.train.rows], data.train.inputs["table"])


def test_only_columns_of_dates_have_parts(path: str) -> None:
    for settings, rule in (
        ({"y": ("year",)}, "dataset.date_features.y: this column has no dates"),
        ({"at": ("hour", "month")}, "dataset.date_features.at: times of day have no such part; found month"),
        ({"dya": ("year",)}, "there is no such column"),
    ):
        with pytest.raises(InputError, match=rule):
            load(TableDataset(path=path, inputs=("day",), date_features=settings), TASKS)


def test_new_rows_lack_a_header_as_the_training_rows_do(path: str, tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text(Path(path).read_text().partition("\n")[2])
    dataset = TableDataset(path=str(tmp_path / "b.csv"), header=False, inputs=("column 1",))
    data = load(dataset, (RegressionTask(name="y", target="column 3"),))
    assert len(read_new_rows(dataset.path, data.preprocessing)) == 60
