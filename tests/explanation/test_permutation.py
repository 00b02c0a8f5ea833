"""Permutation importance of columns and inputs: known values, exactly 0 for what is not used, seeds, errors.

Covers: mtl_core/explanation/input_parts.py, mtl_core/explanation/row_selection.py.
"""

from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mtl_core.datasets.data import Split
from mtl_core.errors import InputError
from mtl_core.explanation.explained_model import ExplainedModel
from mtl_core.explanation.input_parts import input_parts
from mtl_core.explanation.permutation import permutation_importance
from mtl_core.explanation.row_selection import draw_rows, select_rows
from mtl_core.protocol.explanation import TaskImportance
from tests.explanation.models import DENSE, IMAGE, TABLE, TEXT, explained, explained_model, rows


def split_of(model: ExplainedModel, count: int = 40, **masks: Any) -> Split:
    generator = torch.Generator().manual_seed(3)
    targets = {
        "kind": torch.randint(0, 3, (count,), generator=generator),
        "size": torch.randn(count, 1, generator=generator),
    }
    return Split(rows(model, count), targets, masks, rows=torch.arange(count) * 2)


def by_name(task: TaskImportance) -> dict[str, float]:
    return {part.name: part.mean for part in task.parts}


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10_000), unused=st.sampled_from(["age", "color", "height"]), count=st.integers(2, 90))
def test_a_column_that_no_weight_reads_has_exactly_no_importance(seed: int, unused: str, count: int) -> None:
    model = explained("table", seed)
    places = {"age": [0], "color": [1, 2], "height": [3]}[unused]
    first = next(module for module in model.model.modules() if isinstance(module, torch.nn.Linear))
    with torch.no_grad():
        first.weight[:, places] = 0.0
    for score in ("loss", ""):
        tasks = model.task_names if score else ("size",)
        for task in permutation_importance(model, split_of(model, count), tasks=tasks, score=score or "mae", repeats=2):
            (part,) = [part for part in task.parts if part.name == unused]
            assert part.mean == part.std == 0.0


def test_an_input_without_weights_has_exactly_no_importance() -> None:
    model = explained("several")
    for parameter in model.model.inputs.encoders.for_input("image").parameters():  # type: ignore[union-attr, operator]
        parameter.data.zero_()
    for task in permutation_importance(model, split_of(model), repeats=2):
        values = by_name(task)
        assert set(values) == {"age", "color", "height", "text", "image"}
        assert values["image"] == 0.0
        assert values["text"] != 0.0


def test_the_rise_of_a_squared_error_is_that_of_the_definition() -> None:
    model = explained_model({"shared": []}, ("table",))
    split = split_of(model, 30)
    found = by_name(permutation_importance(model, split, tasks=["size"], repeats=1, seed=7)[0])
    (head,) = [module for name, module in model.model.named_modules() if name.endswith("task_size.0")]
    import numpy as np

    for number, (name, places) in enumerate({"age": [0], "color": [1, 2], "height": [3]}.items()):
        order = np.random.default_rng((7, number, 0)).permutation(30)
        shuffled = split.inputs["table"].clone()
        shuffled[:, places] = split.inputs["table"][torch.from_numpy(order)][:, places]
        losses = [
            (inputs @ head.weight.T + head.bias - split.targets["size"]).square().mean()
            for inputs in (split.inputs["table"], shuffled)
        ]
        assert found[name] == pytest.approx(float(losses[1] - losses[0]), abs=1e-5)


def test_the_most_important_part_comes_first_and_a_seed_repeats_the_result() -> None:
    model = explained("table")
    split = split_of(model)
    once = permutation_importance(model, split, seed=1)
    assert once == permutation_importance(model, split, seed=1)
    assert once != permutation_importance(model, split, seed=2)
    means = [part.mean for part in once[0].parts]
    assert means == sorted(means, reverse=True)
    assert any(part.std > 0 for part in once[0].parts)


def test_less_of_a_good_metric_is_importance() -> None:
    model = explained("table")
    split = split_of(model)
    with torch.no_grad():
        split.targets["kind"][:] = model.model(split.inputs)[0].argmax(dim=1)
    (task,) = permutation_importance(model, split, tasks=["kind"], score="accuracy")
    assert task.base == 1.0
    assert all(part.mean >= 0 for part in task.parts)
    assert task.parts[0].mean > 0


def test_a_task_without_labels_has_no_importance() -> None:
    model = explained("table")
    split = split_of(model, 20, kind=torch.zeros(20, dtype=torch.bool))
    kind, size = permutation_importance(model, split, repeats=1)
    assert kind.parts == ()
    assert kind.base != kind.base
    assert len(size.parts) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tasks": ["sise"]}, "no such task; found sise. Did you mean size"),
        ({"tasks": ["size"], "score": "accuracy"}, "no metric of task 'size'; found accuracy"),
    ],
)
def test_a_wrong_task_or_metric_is_refused(arguments: dict[str, Any], message: str) -> None:
    model = explained("table")
    with pytest.raises(InputError, match=message):
        permutation_importance(model, split_of(model), **arguments)


def test_a_split_without_rows_is_refused() -> None:
    model = explained("table")
    with pytest.raises(InputError, match="no rows"):
        permutation_importance(model, select_rows(split_of(model), torch.zeros(0, dtype=torch.long)))


def test_a_column_of_two_tables_and_the_parts_of_a_date_are_one_part() -> None:
    year = {"name": "day", "type": "numeric", "median": 0.0, "mean": 0.0, "std": 1.0, "part": "year"}
    month = {"name": "day", "type": "categorical", "categories": ["1", "2"], "other": False, "missing": False}
    tables = {"left": TABLE, "right": {"kind": "table", "inputs": [year, TABLE["inputs"][0], month]}}
    parts = {part.name: part for part in input_parts({**tables, "day": TEXT, "image": IMAGE})}
    assert list(parts) == ["age", "color", "height", "day", "day (input)", "image"]
    assert parts["age"].features == {"left": (0,), "right": (1,)}
    assert parts["day"].features == {"right": (0, 2, 3)}
    assert parts["image"].features == {"image": None}


def test_some_rows_are_drawn_in_their_order() -> None:
    model = explained_model({"shared": DENSE}, ("table",))
    split = split_of(model)
    drawn = draw_rows(split, 10, seed=0)
    assert drawn.rows is not None
    assert split.rows is not None
    numbers = drawn.rows.tolist()
    assert numbers == sorted(set(numbers))
    assert torch.equal(drawn.inputs["table"], split.inputs["table"][drawn.rows // 2])
    assert draw_rows(split, 40, seed=0) is split
