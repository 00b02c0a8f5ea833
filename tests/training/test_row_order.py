"""Sampling: shares of classes and tasks, every row, and an order that depends only on seed and epoch."""

from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_core.datasets.data import Split
from mtl_core.spec import InputError, Sampling, members
from mtl_core.spec.training.sampling import BalancedClasses, BalancedTasks, Shuffled, TaskProportions, TaskTemperature
from mtl_core.training.batching.row_order import build_row_order, describe_mix
from mtl_core.training.runtime.seeding import epoch_order
from tests.inputs import as_table
from tests.training.toy import experiment

ROWS = 60
TASKS = experiment().tasks
SOLD, KIND = "sold", "kind"


def split(masks: dict[str, Tensor] | None = None) -> Split:
    numbers = torch.arange(ROWS)
    targets = {
        "price": numbers[:, None].float(),
        "sold": (numbers[:, None] % 10 == 0).float(),
        "kind": torch.where(numbers < 50, 0, torch.where(numbers < 57, 1, 2)),
    }
    return Split(as_table(numbers[:, None].float()), targets, masks or {})


def order(sampling: Any, rows: Split, seed: int = 0, epoch: int = 0) -> Tensor:
    return build_row_order(sampling, rows, TASKS)(seed, epoch)


@pytest.mark.parametrize("sampling", [member() for member in members(Sampling)], ids=lambda s: s.kind)
def test_an_order_follows_from_seed_and_epoch_and_is_as_long_as_the_split(sampling: Any) -> None:
    rows = split({"price": torch.arange(ROWS) < 20, "sold": torch.arange(ROWS) > 30, "kind": torch.arange(ROWS) > 10})
    torch.manual_seed(5)
    before = torch.get_rng_state()
    found = [order(sampling, rows, seed, epoch) for seed in range(3) for epoch in range(3)]
    assert torch.equal(torch.get_rng_state(), before)
    assert len({tuple(one.tolist()) for one in found}) == 9
    assert all(len(one) == ROWS and one.min() >= 0 and one.max() < ROWS for one in found)
    assert torch.equal(order(sampling, rows, 2, 2), found[-1])


def test_shuffled_sampling_is_a_plain_permutation() -> None:
    assert torch.equal(order(Shuffled(), split(), 3, 4), epoch_order(ROWS, 3, 4))


@pytest.mark.parametrize("epoch", range(3))
def test_every_batch_holds_the_classes_in_equal_shares(epoch: int) -> None:
    classes = split().targets[KIND][order(BalancedClasses(task=KIND), split(), 0, epoch)]
    for batch in classes.split(12):
        assert batch.bincount(minlength=3).tolist() == [4, 4, 4]


def test_without_a_task_the_first_with_classes_is_balanced() -> None:
    drawn = split().targets[SOLD][order(BalancedClasses(), split())]
    assert drawn.sum() == ROWS / 2


def test_rare_rows_come_equally_often_and_frequent_ones_at_most_once() -> None:
    counts = order(BalancedClasses(task=KIND), split()).bincount(minlength=ROWS)
    assert counts[:50].max() == 1
    assert counts[50:57].max() - counts[50:57].min() <= 1
    assert counts[57:].max() - counts[57:].min() <= 1


def test_rows_without_the_label_come_once_each() -> None:
    labelled = torch.arange(ROWS) % 3 > 0
    drawn = order(BalancedClasses(task=KIND), split({KIND: labelled}))
    assert drawn.bincount(minlength=ROWS)[~labelled].tolist() == [1] * 20
    classes = split().targets[KIND][drawn[labelled[drawn]]]
    counts = classes.bincount(minlength=3)
    assert counts.max() - counts.min() <= 1


def test_tasks_with_rows_of_their_own_come_equally_often() -> None:
    numbers = torch.arange(ROWS)
    masks = {"price": numbers < 5, "sold": (numbers >= 5) & (numbers < 40), "kind": numbers < 5}
    drawn = order(BalancedTasks(), split(masks))
    assert drawn.max() < 40
    for batch in drawn.split(10):
        assert (batch < 5).sum() == 5


def test_tasks_labelled_everywhere_make_a_plain_order() -> None:
    assert torch.equal(order(BalancedTasks(), split(), 1, 2), epoch_order(ROWS, 1, 2))


def own_rows() -> dict[str, Tensor]:
    """Masks of three tasks with 6, 18 and 36 rows of their own."""
    numbers = torch.arange(ROWS)
    return {"price": numbers < 6, "sold": (numbers >= 6) & (numbers < 24), "kind": numbers >= 24}


@pytest.mark.parametrize(
    ("sampling", "sizes"),
    [
        (TaskTemperature(temperature=1.0), (6, 18, 36)),
        (TaskTemperature(temperature=2.0), (6**0.5, 18**0.5, 36**0.5)),
        (TaskTemperature(temperature=1.0, limit=18), (6, 18, 18)),
        (TaskTemperature(temperature=1e6), (1, 1, 1)),
        (TaskProportions(proportions={"price": 3.0, "kind": 0.5}), (3, 1, 0.5)),
        (TaskProportions(proportions={"kind": 0.0}), (1, 1, 0)),
    ],
    ids=str,
)
def test_tasks_come_in_their_shares_in_every_epoch_and_exactly_in_the_mean(sampling: Any, sizes: Any) -> None:
    rows = split(own_rows())
    shares = torch.tensor(sizes, dtype=torch.double) / sum(sizes) * ROWS
    task_of_row = torch.tensor([0] * 6 + [1] * 18 + [2] * 36)
    epochs = torch.stack([task_of_row[order(sampling, rows, 0, epoch)].bincount(minlength=3) for epoch in range(100)])
    assert ((epochs - shares).abs() < 1).all()
    assert torch.allclose(epochs.double().mean(0), shares, atol=0.15)


def test_a_temperature_of_1_draws_every_row_of_tasks_with_rows_of_their_own_once() -> None:
    drawn = order(TaskTemperature(temperature=1.0), split(own_rows()))
    assert torch.equal(drawn.sort().values, torch.arange(ROWS))


def test_the_draws_of_a_task_are_spread_over_the_epoch_and_repeat_no_row_before_all_were_drawn() -> None:
    drawn = order(TaskProportions(proportions={"sold": 0.0}), split(own_rows()))
    assert all(abs(int((batch < 6).sum()) - 6) <= 2 for batch in drawn.split(12))
    counts = drawn.bincount(minlength=ROWS)
    assert counts[:6].tolist() == [5] * 6
    assert counts[24:].max() == 1


def test_tasks_with_labels_on_the_same_rows_share_their_draws_and_the_shares_are_said() -> None:
    numbers = torch.arange(ROWS)
    rows = split({"price": numbers < 20, "sold": numbers >= 20, "kind": numbers < 20})
    assert describe_mix(TaskProportions(), rows, TASKS) == "an epoch draws 60 rows: 66.7 % price and kind, 33.3 % sold"
    assert describe_mix(BalancedTasks(), rows, TASKS) == "an epoch draws 60 rows: 50 % price and kind, 50 % sold"
    assert describe_mix(Shuffled(), rows, TASKS) == ""


@pytest.mark.parametrize("task", ["price", "nobody"])
def test_balancing_needs_a_task_with_classes(task: str) -> None:
    with pytest.raises(InputError, match=r"training\.sampling\.task: must be a task with classes.*sold, kind"):
        experiment(training__sampling={"kind": "balanced_classes", "task": task})


def test_a_row_with_a_part_of_a_tasks_values_counts_as_labelled() -> None:
    parts = torch.zeros(ROWS, 2, dtype=torch.bool)
    parts[:10, 0] = True
    parts[5:20, 1] = True
    masks = {"price": parts, "sold": torch.arange(ROWS) >= 20, "kind": torch.arange(ROWS) >= 20}
    whole = {**masks, "price": torch.arange(ROWS) < 20}
    assert torch.equal(order(BalancedTasks(), split(masks)), order(BalancedTasks(), split(whole)))
