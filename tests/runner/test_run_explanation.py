"""Explanations of stored runs of tables, texts and pictures, as the worker gives them.

Covers: mtl_core/protocol/explanation.py, mtl_core/protocol/attribution_methods.py.
"""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mtl_core.errors import InputError
from mtl_core.protocol.questions import (
    DependenceQuestion,
    ModelExplanationQuestion,
    Question,
    RowExplanationQuestion,
    answer_data,
    read_answer,
)
from mtl_core.runner.answers import answer
from mtl_core.runner.execution import execute
from mtl_core.runner.run_explanation import column_dependence, explain_model, explain_row
from mtl_core.spec import spec_from_data
from mtl_core.store import RunStore, open_store

ROWS = 80
TABLE_AND_TEXT, PICTURES, SOUNDS = 1, 2, 3
PATCHES: list[dict[str, Any]] = [
    {"kind": "patch_embedding", "patch_size": 4, "dimensions": 8},
    {"kind": "transformer_block", "heads": 2},
    {"kind": "sequence_pool"},
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunStore]:
    """Runs of a table with a text, of pictures, and of sounds."""
    folder = tmp_path_factory.mktemp("store")
    rng = np.random.default_rng(1)
    good = rng.random(ROWS) < 0.5
    table = pd.DataFrame(
        {
            "words": np.where(rng.random(ROWS) < 0.1, "", [f"a {'fine' if g else 'poor'} thing" for g in good]),
            "good": np.where(good, "yes", "no"),
            "price": (good * 3 + rng.normal(size=ROWS)).round(3),
            "shop": rng.choice(["north", "south"], ROWS),
            "age": rng.normal(40, 10, ROWS).round(2),
            "day": pd.date_range("2020-01-03", periods=ROWS, freq="9D").strftime("%Y-%m-%d"),
        }
    )
    table.to_csv(folder / "rows.csv", index=False)
    mixed = {
        "version": 2,
        "dataset": {
            "kind": "table",
            "path": str(folder / "rows.csv"),
            "types": {"words": "text"},
            "date_features": {"day": ["year", "month"]},
            "inputs": {
                "table": {"kind": "table", "columns": ["shop", "age", "day"]},
                "words": {"kind": "text", "column": "words", "max_length": 6},
            },
        },
        "tasks": [
            {"name": "good", "kind": "binary", "target": "good"},
            {"name": "price", "kind": "regression", "target": "price"},
        ],
        "model": {
            "inputs": {
                "table": [{"kind": "linear", "out_features": 6}],
                "words": [
                    {"kind": "embedding", "dimensions": 4},
                    {"kind": "transformer_block", "heads": 2},
                    {"kind": "sequence_pool"},
                ],
            },
            "fusion": {"kind": "concat"},
            "shared": [{"kind": "linear", "out_features": 6}, {"kind": "relu"}],
        },
        "training": {"epochs": 2, "device": "cpu"},
    }
    short = {"version": 1, "training": {"epochs": 1, "device": "cpu"}}
    pictures = {
        **short,
        "dataset": {"kind": "bundled", "name": "multidigits"},
        "tasks": [{"name": "left", "kind": "multiclass", "target": "left"}],
        "model": {"shared": PATCHES},
    }
    sounds = {
        **short,
        "dataset": {"kind": "bundled", "name": "sounds"},
        "tasks": [{"name": "pitch", "kind": "regression", "target": "pitch"}],
        "model": {
            "shared": [{"kind": "conv2d", "out_channels": 2, "stride": 4, "padding": 1}, {"kind": "global_avg_pool"}]
        },
    }
    with open_store(folder / "runs.sqlite") as opened:
        for data in (mixed, pictures, sounds):
            assert execute(opened, opened.create_run(spec_from_data(data))).state == "finished"
        yield opened


def asked(question: Question[Any]) -> Any:
    """The answer of a worker, as it comes out of the wire."""
    return read_answer(question, json.loads(json.dumps(answer_data(question, answer(question)))))  # type: ignore[arg-type]


def test_the_worker_tells_what_a_model_uses(store: RunStore) -> None:
    found = asked(ModelExplanationQuestion(store=store.url, run=TABLE_AND_TEXT, split="train", repeats=2))
    good, price = found.importance
    assert (good.task, price.task) == ("good", "price")
    assert {part.name for part in good.parts} == {"shop", "age", "day", "words"}
    assert found.columns == ("shop", "age", "day")
    assert found.features.tasks == ("good", "price")
    assert len(found.features.features) == 6
    assert found == explain_model(store, TABLE_AND_TEXT, "train", repeats=2)


def test_the_worker_tells_how_a_prediction_depends_on_a_column(store: RunStore) -> None:
    found = asked(DependenceQuestion(store=store.url, run=1, split="train", task="good", column="shop"))
    assert found.labels in (("north", "south"), ("south", "north"))
    assert found.outputs == ("no", "yes")
    assert found.output == "yes"
    assert len(found.lines[0]) == 2
    dates = column_dependence(store, 1, "train", "price", "day")
    assert dates.is_number
    assert dates.labels[0].startswith("2020-01-")
    assert dates.outputs == ("price",)


@pytest.mark.parametrize("method", ["integrated_gradients", "occlusion"])
def test_the_worker_explains_a_row_of_columns_and_words(store: RunStore, method: Any) -> None:
    table = pd.read_csv(store.spec(1).dataset.path, keep_default_na=False)
    row = int(np.flatnonzero(table.words != "")[3]) + 1
    found = asked(RowExplanationQuestion(store=store.url, run=1, split="test", row=row, task="good", method=method))
    columns, words = found.inputs
    assert columns.names == ("shop", "age", "day")
    assert columns.cells == (table["shop"][row - 1], str(table.age[row - 1]).removesuffix(".0"), table.day[row - 1])
    assert " ".join(words.names) == table.words[row - 1]
    assert len(words.values) == 3
    assert found.output == found.outputs[int(np.argmax(found.predictions))]
    predicted = max(found.predictions)
    if method == "integrated_gradients":
        assert found.is_complete
        assert columns.total + words.total == pytest.approx(predicted - found.base, abs=1e-3)
    (attention,) = found.attention
    assert attention.keys == words.names
    assert attention.heads == 2


def test_a_row_that_lacks_an_input_gives_nothing_to_it(store: RunStore) -> None:
    table = pd.read_csv(store.spec(1).dataset.path, keep_default_na=False)
    row = int(np.flatnonzero(table.words == "")[0]) + 1
    words = explain_row(store, 1, "test", row, "price").inputs[1]
    assert not words.is_present
    assert words.total == 0.0


@pytest.mark.parametrize("method", ["integrated_gradients", "occlusion"])
def test_a_picture_comes_with_a_heat_map(store: RunStore, method: Any) -> None:
    found = explain_row(store, PICTURES, "test", 7, "left", method=method, output="3")
    (image,) = found.inputs
    height, width = len(image.image), len(image.image[0])
    assert found.output == "3"
    assert image.names == ()
    assert len(image.heat) / len(image.heat[0]) == pytest.approx(height / width, rel=0.2)
    assert image.total == pytest.approx(sum(map(sum, image.heat)))
    assert any(map(any, image.heat))
    assert len(found.attention) == 1


def test_a_spectrogram_comes_with_a_heat_map_from_low_to_high(store: RunStore) -> None:
    (sound,) = explain_row(store, SOUNDS, "test", 3, "pitch").inputs
    assert sound.kind == "sound"
    assert len(sound.image) > 8
    assert len(sound.heat) <= 64
    assert sound.total == pytest.approx(sum(map(sum, sound.heat)), abs=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"row": 100_000}, "row: no split has this row"),
        ({"task": "goood"}, "no such task; found goood. Did you mean good"),
        ({"output": "maybe"}, "no such class or value; found maybe"),
        ({"head": 9}, "head: must be a number"),
    ],
)
def test_a_wrong_question_is_refused(store: RunStore, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        explain_row(store, 1, **{"split": "test", "row": 1, "task": "good", **arguments})


def test_repeats_have_limits(store: RunStore) -> None:
    with pytest.raises(InputError, match="repeats: must be a number from 1 to 100; found 0"):
        explain_model(store, 1, "test", repeats=0)
