"""Diagnostics of a stored run, as the worker and the command line give them.

Covers: mtl_core/analysis/diagnostics/report.py, mtl_core/cli/diagnostics_output.py, mtl_core/protocol/diagnostics.py.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mtl_core.cli import main
from mtl_core.errors import InputError
from mtl_core.protocol.questions import DiagnosticsQuestion, answer_data, read_answer
from mtl_core.runner import run_diagnostics
from mtl_core.runner.answers import answer
from mtl_core.runner.execution import execute
from mtl_core.runner.run_diagnostics import diagnose_run, run_predictions
from mtl_core.spec import spec_from_data
from mtl_core.store import RunStore, open_store

ROWS = 60


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunStore]:
    """A store with a run of a table of texts in two tasks."""
    folder = tmp_path_factory.mktemp("store")
    rng = np.random.default_rng(1)
    good = rng.random(ROWS) < 0.5
    table = pd.DataFrame(
        {
            "words": [f"a {'fine' if g else 'poor'} thing" for g in good],
            "good": np.where(good, "yes", "no"),
            "price": np.where(rng.random(ROWS) < 0.2, np.nan, good * 3 + rng.normal(size=ROWS)).round(3),
            "shop": rng.choice(["north", "south"], ROWS),
            "age": rng.normal(40, 10, ROWS).round(2),
        }
    )
    table.to_csv(folder / "rows.csv", index=False)
    spec = spec_from_data(
        {
            "version": 1,
            "dataset": {
                "kind": "table",
                "path": str(folder / "rows.csv"),
                "inputs": ["words"],
                "types": {"words": "text"},
                "text": {"max_length": 6},
                "split": {"train": 0.7, "val": 0.1, "test": 0.2},
            },
            "tasks": [
                {"name": "good", "kind": "binary", "target": "good"},
                {"name": "price", "kind": "regression", "target": "price"},
            ],
            "model": {"shared": [{"kind": "embedding", "dim": 4}, {"kind": "sequence_pool"}]},
            "training": {"epochs": 1, "device": "cpu"},
        }
    )
    with open_store(folder / "runs.sqlite") as opened:
        assert execute(opened, opened.create_run(spec)).state == "finished"
        yield opened


def test_the_worker_describes_every_task_and_the_rows_it_names(store: RunStore) -> None:
    question = DiagnosticsQuestion(store=store.url, run=1, split="test", group="shop")
    found = read_answer(question, json.loads(json.dumps(answer_data(question, answer(question)))))
    good, price = found.tasks
    assert found.task_names == ("good", "price")
    assert sum(map(sum, good.confusion)) == good.labeled == found.rows
    assert good.confusion[0][1] + good.confusion[1][0] == good.errors
    assert [entry.name for entry in good.classes] == ["yes"]
    assert price.labeled == price.values[0].rows < found.rows
    assert sum(entry.rows for entry in good.groups) == found.rows
    assert [entry.name for entry in price.groups] == ["north", "south"]
    losses = [row.loss for row in price.hardest]
    assert losses == sorted(losses, reverse=True)
    table = pd.read_csv(store.spec(1).dataset.path)
    values = dict(zip(found.values.rows, found.values.cells, strict=True))
    for row in (*price.hardest, *good.hardest):
        cells = dict(zip(found.values.columns, values[row.row], strict=True))
        assert cells["words"] == table.words[row.row - 1]
        assert cells["good"] == table.good[row.row - 1]
    assert found.values.input_rows == tuple(row.row for row in good.hardest)
    texts = found.values.inputs["text"].texts
    for row, text in zip(found.values.input_rows, texts, strict=True):
        assert text == table.words[row - 1]
    assert found.common is not None
    assert found.common.counts[0][0] == good.errors


def test_more_rows_of_highest_loss_begin_with_the_fewer(store: RunStore) -> None:
    few, more = (
        answer(DiagnosticsQuestion(store=store.url, run=1, split="train", task="price", hardest=count)).tasks[0].hardest
        for count in (5, 12)
    )
    assert (len(few), len(more)) == (5, 12)
    assert more[:5] == few


def test_predictions_are_computed_once(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    run_predictions(store, 1, "train")
    assert "predictions:train" in {artifact.kind for artifact in store.artifacts(1)}

    def fail(*_: object) -> None:
        raise AssertionError("computed again")

    monkeypatch.setattr(run_diagnostics, "predict_tasks", fail)
    assert diagnose_run(store, 1, "train", task="price").tasks[0].task == "price"


def test_numbers_are_grouped_by_quarters(store: RunStore) -> None:
    (good,) = diagnose_run(store, 1, "test", task="good", group="age").tasks
    assert len(good.groups) == 4
    assert sum(entry.rows for entry in good.groups) == good.labeled


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"group": "shopp"}, "group: must be a column of the data; found shopp. Did you mean shop"),
        ({"task": "bad"}, "run 1 has no such task.*The tasks are good, price"),
    ],
)
def test_a_wrong_request_is_refused(store: RunStore, arguments: dict[str, str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        diagnose_run(store, 1, **{"split": "test", **arguments})  # type: ignore[arg-type]


def test_the_command_line_prints_them(store: RunStore, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["evaluate", "1", "--details", "--group", "shop", "--store", store.url]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    for text in ("predicted class", "average precision", "residuals", "scores by shop", "rows of highest loss", "both"):
        assert text in printed
    assert main([*arguments, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["tasks"][1]["groups"][0]["name"] == "north"
    assert "inputs" not in data["values"]
    assert main(["evaluate", "1", "--group", "shop", "--store", store.url]) == 2
    assert "--group: is an option of --details" in capsys.readouterr().err
    assert main(["evaluate", "1", "1", "--ensemble", "--details", "--store", store.url]) == 2
    assert "describes one run of a store" in capsys.readouterr().err


def test_a_store_that_cannot_be_written_to_is_described_nevertheless(
    store: RunStore, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(run_diagnostics, "predictions_path", lambda *_: tmp_path / "no folder" / "p.safetensors")
    assert len(run_predictions(store, 1, "test")) == 2
    assert not (tmp_path / "no folder").exists()
