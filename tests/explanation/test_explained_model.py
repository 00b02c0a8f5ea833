"""A model as a function of its inputs: every kind of task, names of outputs, rows."""

from dataclasses import replace

import pytest
import torch

from mtl_core.errors import InputError
from mtl_core.explanation.explained_model import ExplainedModel, _output_names, find_row
from mtl_core.explanation.row_selection import select_rows
from mtl_core.tasks import build_task
from tests.explanation.models import explained
from tests.explanation.test_permutation import split_of
from tests.tasks.test_contract import CASES, batch


@pytest.mark.parametrize("name", CASES)
def test_every_kind_of_task_has_a_named_number_for_each_class_or_value(name: str) -> None:
    task, info = CASES[name]
    names = _output_names(task, info)
    model = explained("table")
    of_task = ExplainedModel(torch.nn.Identity(), (build_task(task, info),), {}, {}, model.device)
    output = batch(info, 4)[0].detach().requires_grad_()
    decoded = of_task.decode(0, output)
    assert tuple(decoded.shape) == (4, len(names))
    assert len(set(names)) == len(names)
    decoded.sum().backward()
    assert output.grad is not None


def test_members_are_averaged() -> None:
    model = explained("members")
    inputs = split_of(model, 5).inputs
    kind, size = model.predict(inputs)
    assert tuple(kind.shape) == (5, 3)
    torch.testing.assert_close(kind.sum(dim=1), torch.ones(5, dtype=torch.float64))
    torch.testing.assert_close(size, model.heads[1].predict(model.model(inputs)[1]).double())


def test_a_row_is_found_in_its_split() -> None:
    split = split_of(explained("table"))
    parts = {
        "train": select_rows(split, torch.arange(30)),
        "val": select_rows(split, torch.arange(30, 40)),
        "test": split,
    }
    assert find_row(parts, 5, "train") == ("train", 2)
    assert find_row(parts, 63, "train") == ("val", 1)
    with pytest.raises(InputError, match="no split has this row"):
        find_row(parts, 6, "train")
    unknown = {name: replace(part, rows=None) for name, part in parts.items()}
    assert find_row(unknown, 6, "val") == ("val", 5)
    with pytest.raises(InputError, match="no split has this row"):
        find_row(unknown, 11, "val")


def test_names_are_looked_up() -> None:
    model = explained("table")
    assert model.output_index("kind", "z") == 2
    with pytest.raises(InputError, match="no such class or value; found w"):
        model.output_index("kind", "w")
