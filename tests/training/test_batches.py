"""Batches of a split: their rows, order and last batch."""

import copy
import itertools
from collections.abc import Callable

import numpy as np
import pytest
import torch

from mtl_core.datasets.data import Split
from mtl_core.spec import InputError, Optimizer, kind_of, members
from mtl_core.spec.training.optimizers import AdamW
from mtl_core.training.batching.batches import Batches, count_split_bytes, fits_on_device
from mtl_core.training.metrics.step_buffer import StepBuffer
from mtl_core.training.optimization.optimizer_state import OptimizerState
from mtl_core.training.optimization.optimizers import build_optimizer
from mtl_core.training.runtime.devices import choose_device, list_devices, versions
from mtl_core.training.runtime.seeding import TorchGenerators, epoch_order, seed_everything
from mtl_core.training.runtime.threads import count_multiplications, use_threads
from tests.inputs import as_table, only

CPU = torch.device("cpu")


def numbered(rows: int, *, masked: bool = False) -> Split:
    inputs = torch.arange(rows, dtype=torch.float32)[:, None]
    masks = {"y": torch.arange(rows) % 5 == 0} if masked else {}
    return Split(as_table(inputs), {"y": inputs.clone(), "z": torch.arange(rows)}, masks)


def rows_of(batches: Batches, seed: int = 0, epoch: int = 0, start: int = 0) -> list[list[int]]:
    return [only(batch.inputs)[:, 0].int().tolist() for batch in batches.iter_shuffled(seed, epoch, start)]


@pytest.mark.parametrize("rows", [1, 2, 7, 8, 9, 16, 33])
@pytest.mark.parametrize("batch_size", [1, 3, 8, 100])
def test_an_epoch_visits_every_row_once(rows: int, batch_size: int) -> None:
    batches = Batches(numbered(rows), ("y", "z"), batch_size, CPU)
    found = rows_of(batches)
    assert sorted(itertools.chain(*found)) == list(range(rows))
    assert len(found) == batches.count
    assert max(map(len, found)) <= batch_size


def test_rows_stay_with_their_targets_and_masks() -> None:
    batches = Batches(numbered(20, masked=True), ("z", "y"), 6, CPU)
    for batch in batches.iter_shuffled(0, 0):
        rows = only(batch.inputs)[:, 0].long()
        assert torch.equal(batch.targets[0], rows)
        assert torch.equal(batch.targets[1][:, 0].long(), rows)
        assert batch.masks[0] is None
        assert batch.masks[1] is not None
        assert torch.equal(batch.masks[1], rows % 5 == 0)
        assert batch.present == (True, bool((rows % 5 == 0).any()))


@pytest.mark.parametrize("chunk", [1, 2, 64])
@pytest.mark.parametrize("start", range(6))
def test_an_epoch_taken_up_in_the_middle_goes_on_with_the_same_batches(
    chunk_of: Callable[[int], None], chunk: int, start: int
) -> None:
    chunk_of(chunk)
    batches = Batches(numbered(33), ("y",), 6, CPU)
    assert rows_of(batches, start=start) == rows_of(batches)[start:]


@pytest.mark.parametrize(("rows", "kept"), [(16, 16), (17, 16), (18, 18), (1, 1), (9, 8)])
def test_a_single_last_row_is_dropped_unless_it_is_all_there_is(rows: int, kept: int) -> None:
    batches = Batches(numbered(rows), ("y",), 8, CPU, drop_single=True)
    assert sum(map(len, rows_of(batches))) == kept


def test_in_order_gives_every_row_in_its_order(chunk_of: Callable[[int], None]) -> None:
    chunk_of(2)
    batches = Batches(numbered(33), ("y",), 6, CPU)
    assert torch.cat([only(batch.inputs) for batch in batches.iter_in_order()])[:, 0].tolist() == list(range(33))


def test_another_epoch_or_seed_has_another_order() -> None:
    orders = {tuple(epoch_order(50, seed, epoch).tolist()) for seed in range(4) for epoch in range(4)}
    assert len(orders) == 16
    assert torch.equal(epoch_order(50, 2**32 - 1, 10**6), epoch_order(50, 2**32 - 1, 10**6))


def test_the_order_of_an_epoch_draws_from_no_shared_generator() -> None:
    before = torch.get_rng_state()
    epoch_order(10, 0, 0)
    assert torch.equal(torch.get_rng_state(), before)


def test_everything_fits_on_the_cpu_and_bytes_are_counted() -> None:
    assert fits_on_device(10**15, CPU)
    assert count_split_bytes({"train": numbered(10, masked=True)}) == 10 * (4 + 4 + 8 + 1)


def test_a_restored_generator_goes_on_as_it_would_have() -> None:
    seed_everything(1)
    state = TorchGenerators().state_dict()
    expected = torch.rand(3)
    TorchGenerators().load_state_dict(state)
    assert torch.equal(torch.rand(3), expected)


def test_the_ledger_marks_missing_labels_and_stops_before_what_is_not_finite() -> None:
    buffer = StepBuffer(("a", "b"))
    losses = [(1.0, 2.0), (3.0, 0.0), (float("nan"), 1.0), (5.0, 6.0)]
    for i, pair in enumerate(losses):
        buffer.add([torch.tensor(v) for v in pair], None, 0.1 * i, (True, i != 1))
    records = buffer.drain(10, torch.tensor([1.0, 2.0]))
    assert records.steps.tolist() == [6, 7]
    np.testing.assert_array_equal(records.losses, [[1, 2], [3, np.nan]])
    np.testing.assert_array_equal(records.weights, [[1, 2], [1, 2]])
    assert records.lrs.tolist() == pytest.approx([0.0, 0.1])
    assert records.diverged
    assert (records.diverged.task, records.diverged.step) == ("a", 8)
    assert len(buffer) == 0


@pytest.mark.parametrize("member", members(Optimizer), ids=kind_of)
def test_an_optimizer_restored_from_names_steps_as_it_would_have(member: Callable[[], Optimizer]) -> None:
    def setup() -> tuple[torch.nn.Parameter, torch.nn.Parameter, torch.optim.Optimizer]:
        ours, weights = torch.nn.Parameter(torch.ones(3, 1)), torch.nn.Parameter(torch.ones(2))
        return ours, weights, build_optimizer(member(), [{"params": [ours]}], [weights])

    def step(ours: torch.nn.Parameter, weights: torch.nn.Parameter, optimizer: torch.optim.Optimizer) -> None:
        optimizer.zero_grad()
        torch.autograd.backward((ours**3).sum() + (weights**2).sum())
        optimizer.step()

    first, second = setup(), setup()
    step(*first)
    state = copy.deepcopy(OptimizerState(first[2]).state_dict())
    with torch.no_grad():
        second[0].copy_(first[0])
        second[1].copy_(first[1])
    OptimizerState(second[2]).load_state_dict(state)
    step(*first)
    step(*second)
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])


def test_what_a_weighting_learns_is_never_decayed() -> None:
    weights = torch.nn.Parameter(torch.ones(2))
    optimizer = build_optimizer(AdamW(weight_decay=0.5), [{"params": [torch.nn.Parameter(torch.ones(1))]}], [weights])
    weights.grad = torch.zeros(2)
    optimizer.step()
    assert weights.tolist() == [1.0, 1.0]


def test_the_cpu_is_always_there_and_auto_takes_the_first() -> None:
    assert list_devices()[-1].name == "cpu"
    assert str(choose_device("cpu")) == "cpu"
    assert str(choose_device("auto")) == list_devices()[0].name


def test_a_device_that_is_not_here_is_refused_with_those_that_are() -> None:
    with pytest.raises(InputError, match=r"^training\.device: this machine has no such device; found cuda:99\. .*cpu"):
        choose_device("cuda:99")


def test_versions_name_what_a_result_depends_on() -> None:
    assert {"python", "torch", "platform"} <= versions().keys()


def test_a_small_model_is_worth_one_thread_and_a_wish_is_obeyed() -> None:
    small, row = (
        torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Flatten(), torch.nn.Linear(8, 4)),
        torch.zeros(1, 1, 4, 4),
    )
    assert count_multiplications(small, row) == 9 * 2 * 4 + 32
    before = torch.get_num_threads()
    with use_threads(small, row, 8, None) as chosen:
        assert chosen == torch.get_num_threads() == 1
    with use_threads(small, row, 8, 3) as chosen:
        assert chosen == torch.get_num_threads() == 3
    assert torch.get_num_threads() == before
