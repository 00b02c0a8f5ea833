"""The rows that two stored runs predict differently, by the worker and on the command line.

Covers: mtl_core/cli/disagreements_output.py.
"""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mtl_core.cli import main
from mtl_core.errors import InputError
from mtl_core.protocol.questions import DisagreementsQuestion, answer_data, read_answer
from mtl_core.runner.answers import answer
from mtl_core.runner.execution import execute
from mtl_core.runner.run_diagnostics import run_predictions
from mtl_core.runner.run_disagreements import compare_rows
from mtl_core.spec import spec_from_data
from mtl_core.store import RunStore, open_store
from mtl_core.tabular.reviewed_list import ReviewedLine, append_lines

ROWS = 90


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunStore]:
    """Runs: 1 and 2 of two seeds, 3 with other inputs, 4 with another split, 5 with a reviewed list, 6 of iris."""
    folder = tmp_path_factory.mktemp("store")
    rng = np.random.default_rng(2)
    x = rng.normal(size=(ROWS, 2)).round(3)
    frame = pd.DataFrame(x, columns=["x", "z"]).assign(
        kind=np.where(x[:, 0] > 0.3, "high", "low"), price=(x.sum(1) + rng.normal(size=ROWS)).round(3)
    )
    frame.to_csv(folder / "rows.csv", index=False)
    reviewed = folder / "list.jsonl"
    append_lines(reviewed, [ReviewedLine(row=row, action="leave out") for row in range(1, 20)])
    dataset = {"kind": "table", "path": str(folder / "rows.csv"), "inputs": ["x", "z"]}

    def spec(seed: int = 0, data: dict[str, Any] | None = None) -> Any:
        return spec_from_data(
            {
                "version": 1,
                "dataset": data or dataset,
                "tasks": [
                    {"name": "kind", "kind": "binary", "target": "kind"},
                    {"name": "price", "kind": "regression", "target": "price"},
                ],
                "model": {"shared": [{"kind": "linear", "out_features": 4}]},
                "training": {"epochs": 1, "device": "cpu", "seed": seed},
            }
        )

    iris = {"kind": "bundled", "name": "iris"}
    iris_spec = spec_from_data(
        {
            "version": 1,
            "dataset": iris,
            "tasks": [{"name": "kind", "kind": "multiclass", "target": "species"}],
            "model": {"shared": [{"kind": "linear", "out_features": 4}]},
            "training": {"epochs": 1, "device": "cpu"},
        }
    )
    specs = [
        spec(),
        spec(seed=1),
        spec(data={**dataset, "inputs": ["z"]}),
        spec(data={**dataset, "split": {"train": 0.6, "val": 0.2, "test": 0.2}}),
        spec(data={**dataset, "reviewed": str(reviewed)}),
        iris_spec,
    ]
    with open_store(folder / "runs.sqlite") as opened:
        for one in specs:
            assert execute(opened, opened.create_run(one)).state == "finished"
        yield opened


def test_the_worker_names_the_rows_and_counts_who_is_right(store: RunStore) -> None:
    question = DisagreementsQuestion(store=store.url, runs=(1, 2), split="train", task="kind")
    found = read_answer(question, json.loads(json.dumps(answer_data(question, answer(question)))))
    first, second = (run_predictions(store, run, "train")[0] for run in (1, 2))
    assert found.right is not None
    right = found.right
    assert right.both + right.first + right.second + right.neither == found.labeled == len(first)
    assert right.both + right.first == int((first.predicted_classes == first.targets).sum())
    differing = first.predicted_classes != second.predicted_classes
    assert found.different == int(differing.sum()) == right.first + right.second
    gaps = [abs(a - b) for a, b in (row.losses for row in found.rows)]
    assert gaps == sorted(gaps, reverse=True)
    assert {row.row - 1 for row in found.rows} <= set(first.rows[differing].tolist())
    assert all(row.right[0] != row.right[1] for row in found.rows)
    assert set(found.values.rows) == {row.row for row in found.rows}
    assert sum(found.lower_loss) <= found.labeled


def test_runs_with_other_inputs_but_the_same_rows_are_compared(store: RunStore) -> None:
    found = compare_rows(store, (1, 3), "test", "price")
    assert found.right is None
    assert found.different == found.labeled
    assert all(row.right == () for row in found.rows)


@pytest.mark.parametrize(
    ("runs", "task", "message"),
    [
        ((1, 1), "kind", "must be two different runs"),
        ((1, 2), "size", r"run 1 has no such task.*Its tasks are kind, price"),
        ((1, 4), "kind", "divide the rows differently"),
        ((1, 5), "kind", "have different test rows, as their reviewed lists differ"),
        ((1, 6), "kind", "have different data, so their rows cannot be compared"),
    ],
)
def test_runs_of_other_rows_are_refused_with_the_reason(
    store: RunStore, runs: tuple[int, int], task: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        compare_rows(store, runs, "test", task)


def test_the_command_line_prints_them(store: RunStore, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["compare", "1", "2", "--rows", "kind", "--split", "train", "--store", store.url]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    for text in ("both right", "McNemar's exact test p =", "lower loss", "loss 1"):
        assert text in printed
    assert main([*arguments, "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["runs"] == [1, 2]
    assert "inputs" not in data["values"]
    assert main(["compare", "1", "2", "--split", "train", "--store", store.url]) == 2
    assert "--split: is an option of --rows" in capsys.readouterr().err
    assert main(["compare", "1", "2", "3", "--rows", "kind", "--store", store.url]) == 2
    assert "compares two runs" in capsys.readouterr().err
    assert main([*arguments, "--format", "csv"]) == 2
    assert "is no option of --rows" in capsys.readouterr().err
