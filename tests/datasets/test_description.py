"""Descriptions of data sets for the Data page: columns, roles and suggested tasks.

Covers: mtl_core/tabular/column_roles.py.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from mtl_core.datasets.description import describe, histogram
from mtl_core.spec import BundledDataset, ColumnInfo, DatasetInfo, TableDataset
from mtl_core.tabular.column_reader import read_column

WriteTable = Callable[..., str]


def columns(info: DatasetInfo) -> dict[str, ColumnInfo]:
    return {column.name: column for column in info.columns}


def test_images_come_with_examples_and_label_counts() -> None:
    info = describe(BundledDataset())
    assert (info.input_kind, info.input_shapes, info.rows) == ("image", {"image": (1, 16, 16)}, 14_000)
    assert len(info.images) == len(info.preview) == 24
    assert len(info.images[0]) == len(info.images[0][0]) == 16
    assert max(max(row) for row in info.images[0]) > 100
    assert sum(rows for _, rows in columns(info)["left"].categories) == 14_000


def test_a_table_comes_with_distributions_and_the_first_rows(homes: pd.DataFrame, write: WriteTable) -> None:
    info = describe(TableDataset(path=write(homes)))
    area, place = columns(info)["면적"], columns(info)["지역"]
    assert (area.type, area.missing) == ("numeric", int(homes["면적"].isna().sum()))
    assert area.low == homes["면적"].min()
    assert area.histogram is not None
    assert sum(area.histogram.counts) == 120 - area.missing
    assert len(area.histogram.counts) <= 40
    assert {name for name, _ in place.categories} == {"서울", "부산", "대구"}
    assert list(place.categories) == sorted(place.categories, key=lambda pair: -pair[1])
    assert len(info.preview) == 100
    assert info.preview[1] == ("86", "4", "대구", "7.15", "아니오")
    assert info.preview[0][-1] == ""


def test_roles_and_tasks_are_suggested(homes: pd.DataFrame, write: WriteTable) -> None:
    info = describe(TableDataset(path=write(homes)))
    assert info.inputs == ("면적", "방", "지역")
    assert [(task["name"], task["kind"]) for task in info.tasks] == [("가격", "regression"), ("매매", "binary")]


def test_identifiers_free_text_and_constants_are_best_ignored(homes: pd.DataFrame, write: WriteTable) -> None:
    homes = homes.assign(memo=[f"note {i}" for i in range(120)], same="x", gone=None)
    homes.insert(0, "", range(1, 121))
    homes["last"] = np.arange(120) % 7 / 2
    info = describe(TableDataset(path=write(homes)))
    roles = {name: column.suggested for name, column in columns(info).items()}
    assert [name for name, role in roles.items() if role == "ignore"] == ["column 1", "memo", "same", "gone"]
    assert sum("best ignored" in str(note) for note in info.notes) == 4


def test_task_names_are_made_from_column_names_that_a_path_cannot_hold(write: WriteTable) -> None:
    text = "a,b,price [$/m.],total\n" + "".join(f"{i % 7},{i % 5},{i * 1.5},{i % 2}\n" for i in range(60))
    info = describe(TableDataset(path=write(text)))
    assert [task["name"] for task in info.tasks] == ["price $ m", "total 2"]
    assert [task["target"] for task in info.tasks] == ["price [$/m.]", "total"]


def test_names_that_are_no_columns_are_ignored(homes: pd.DataFrame, write: WriteTable) -> None:
    info = describe(TableDataset(path=write(homes), inputs=("면적", "gone"), types={"gone": "numeric"}))
    assert info.input_shapes == {"table": (1,)}


def test_a_report_survives_json(homes: pd.DataFrame, write: WriteTable) -> None:
    for dataset in (BundledDataset(name="houses"), BundledDataset(), TableDataset(path=write(homes))):
        info = describe(dataset)
        assert DatasetInfo.model_validate_json(info.model_dump_json()) == info


def test_a_histogram_holds_every_value_however_close_or_far_apart() -> None:
    rng = np.random.default_rng(0)
    near = 1e16 + 2 * np.arange(3.0)
    for values in (near, [1e30, -1e30], [5.0], [0.1, 0.1 + 1e-17], np.arange(12.0), rng.normal(size=5000)):
        counts = histogram(read_column("x", pd.Series(values, dtype=float)))
        assert sum(counts.counts) == len(values)
        assert len(counts.edges) == len(counts.counts) + 1 <= 41


def test_a_histogram_of_numbers_on_a_grid_has_no_gaps() -> None:
    for places, width in ((26, 1), (94, 3)):
        numbers = np.repeat(np.arange(places) / 128 + 0.133, 100)
        counts = histogram(read_column("x", pd.Series(numbers))).counts
        assert set(counts[:-1]) == {100 * width}
        assert sum(counts) == len(numbers)
