"""Descriptions of data sets as a worker would send them."""

from typing import Any

from mtl_core.spec import ColumnInfo, DatasetInfo, Histogram

HISTOGRAM = Histogram(edges=(0.0, 1.0, 2.0), counts=(40, 60))


def numeric(name: str, unique: int = 90, **more: Any) -> ColumnInfo:
    return ColumnInfo(
        name=name, type="numeric", missing=0, unique=unique, low=0.0, high=2.0, mean=1.0, histogram=HISTOGRAM, **more
    )


def categorical(name: str, *values: str, **more: Any) -> ColumnInfo:
    pairs = tuple((value, 10) for value in values)
    return ColumnInfo(name=name, type="categorical", missing=0, unique=len(values), categories=pairs, **more)


COLUMNS = (
    numeric("area"),
    numeric("rooms", 5, categories=(("1", 50), ("2", 50))),
    categorical("도시", "서울", "부산", "대구"),
    numeric("id", suggested="ignore"),
    numeric("price", suggested="target"),
    categorical("sold", "yes", "no", suggested="target"),
)
TASKS: tuple[dict[str, Any], ...] = (
    {"name": "price", "kind": "regression", "target": "price"},
    {"name": "sold", "kind": "binary", "target": "sold"},
)


def table(title: str = "houses.csv", columns: tuple[ColumnInfo, ...] = COLUMNS) -> DatasetInfo:
    return DatasetInfo(
        name=title,
        title=title,
        description="",
        rows=100,
        input_kind="table",
        input_shapes={"table": (4,)},
        columns=columns,
        preview=tuple(tuple("1" for _ in columns) for _ in range(3)),
        inputs=tuple(c.name for c in columns if c.suggested == "input"),
        tasks=TASKS,
    )


def texts() -> DatasetInfo:
    """Sentences with tags and a topic."""
    tokens: dict[str, Any] = {"type": "text", "missing": 0, "unique": 90}
    return DatasetInfo(
        name="sentences",
        title="Sentences",
        description="Made up.",
        rows=100,
        input_kind="table",
        input_shapes={"text": (14,)},
        columns=(
            ColumnInfo(name="text", categories=(("the", 50),), **tokens),
            ColumnInfo(name="tags", categories=(("DET", 80), ("NOUN", 90)), suggested="target", **tokens),
            categorical("topic", "food", "travel", suggested="target"),
        ),
        preview=(("The cook.", "DET NOUN PUNCT", "food"), ("A road!", "DET NOUN PUNCT", "travel")),
        inputs=("text",),
        tasks=(
            {"name": "tags", "kind": "tagging", "target": "tags"},
            {"name": "topic", "kind": "multiclass", "target": "topic"},
        ),
    )


def images() -> DatasetInfo:
    digits = tuple(str(i) for i in range(10))
    return DatasetInfo(
        name="multidigits",
        title="Two digits",
        description="Two digits on a canvas.",
        rows=14_000,
        input_kind="image",
        input_shapes={"image": (1, 16, 16)},
        pictures=("image",),
        columns=(categorical("left", *digits, suggested="target"), categorical("right", *digits, suggested="target")),
        preview=(("3", "7"), ("1", "0")),
        images=(tuple((0,) * 16 for _ in range(16)),) * 2,
        tasks=tuple({"name": side, "kind": "multiclass", "target": side} for side in ("left", "right")),
    )


def data(info: DatasetInfo | None = None, **dataset: Any) -> dict[str, Any]:
    """Spec data of a table with the suggested roles."""
    info = info or table()
    return {
        "version": 1,
        "name": "houses",
        "dataset": {"kind": "table", "path": "/x/houses.csv", "inputs": list(info.inputs), "types": {}, **dataset},
        "tasks": [dict(task) for task in info.tasks],
        "model": {"shared": [{"kind": "linear", "out_features": 8}], "heads": {}},
    }
