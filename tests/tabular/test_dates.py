"""Dates and times as numbers."""

import numpy as np
import pandas as pd
import pytest

from mtl_core.tabular.column import Column
from mtl_core.tabular.column_reader import read_column
from mtl_core.tabular.values.dates import date_text


def read(*cells: object) -> Column:
    return read_column("c", pd.Series(list(cells), dtype=object))


def day(text: str) -> float:
    return float((np.datetime64(text, "s") - np.datetime64("1970-01-01", "s")) / np.timedelta64(86400, "s"))


@pytest.mark.parametrize(
    ("cells", "days", "order"),
    [
        (("2020-01-31", "2021-02-28"), ("2020-01-31", "2021-02-28"), "ymd"),
        (("2020/1/5", "2020/12/31"), ("2020-01-05", "2020-12-31"), "ymd"),
        (("2020. 1. 31.", "2020. 2. 1."), ("2020-01-31", "2020-02-01"), "ymd"),
        (("2020-01", "2020-11"), ("2020-01-01", "2020-11-01"), "ymd"),
        (("31.12.2020", "01.02.2021"), ("2020-12-31", "2021-02-01"), "dmy"),
        (("12/31/2020", "01/02/2021"), ("2020-12-31", "2021-01-02"), "mdy"),
        (("31/12/2020", "01/02/2021"), ("2020-12-31", "2021-02-01"), "dmy"),
        (("31.12.99", "01.02.05"), ("1999-12-31", "2005-02-01"), "dmy"),
        (("Jan 5, 2020", "December 6 2021"), ("2020-01-05", "2021-12-06"), "ymd"),
        (("5 March 2020", "06-Apr-2021"), ("2020-03-05", "2021-04-06"), "ymd"),
        (("2020-01-31T12:00:00Z", "2020-02-01 06:00"), ("2020-01-31T12:00", "2020-02-01T06:00"), "ymd"),
        (("2020-01-31 00:30:00+02:00", "2020-02-01 06:00"), ("2020-01-30T22:30", "2020-02-01T06:00"), "ymd"),
    ],
)
def test_dates_are_days_since_1970(cells: tuple[str, ...], days: tuple[str, ...], order: str) -> None:
    column = read(*cells)
    assert (column.type, column.format.dates) == ("numeric", order)
    np.testing.assert_allclose(column.numbers, [day(text) for text in days], rtol=0, atol=1e-9)


def test_times_of_day_are_hours() -> None:
    np.testing.assert_allclose(read("12:30", "6:15:36", "18:00").numbers, [12.5, 6.26, 18])
    np.testing.assert_allclose(read("6:15 PM", "12:00 am", "12:30 pm").numbers, [18.25, 0, 12.5])


def test_dates_whose_day_and_month_could_be_swapped_are_ambiguous() -> None:
    assert read("01/02/2021", "03/04/2021").ambiguous
    assert read("01/02/2021", "03/04/2021").format.dates == "mdy"
    assert read("01.02.2021", "03.04.2021").format.dates == "dmy"


@pytest.mark.parametrize("cells", [("31.02.2020", "30.02.2020"), ("1.2.3.4", "5.6.7.8"), ("a-b-c", "d-e-f")])
def test_texts_that_are_no_dates_are_categories(cells: tuple[str, ...]) -> None:
    assert read(*cells).type == "categorical"


def test_typed_dates_and_durations_are_numbers_too() -> None:
    typed = read_column("c", pd.Series(pd.to_datetime(["2020-01-31", None, "2020-02-01"])))
    assert typed.numbers[[0, 2]].tolist() == [day("2020-01-31"), day("2020-02-01")]
    assert typed.present.tolist() == [True, False, True]
    zoned = read_column("c", pd.Series(pd.to_datetime(["2020-01-31T00:00+02:00"], utc=True)))
    assert zoned.numbers.tolist() == [day("2020-01-30T22:00")]
    assert read_column("c", pd.Series(pd.to_timedelta(["90min"]))).numbers.tolist() == [1.5]


def test_a_date_can_be_read_as_a_category_and_is_formatted_as_a_date() -> None:
    cells = pd.Series(["2020-01-31", "2021-02-28"], dtype=object)
    assert read_column("c", cells, "categorical").values == ("2020-01-31", "2021-02-28")
    assert date_text(day("2020-01-31"), "ymd") == "2020-01-31"
    assert date_text(day("2020-01-31T06:30"), "dmy") == "2020-01-31 06:30:00"
    assert date_text(6.25, "time") == "06:15"
