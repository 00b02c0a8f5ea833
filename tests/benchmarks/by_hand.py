"""Training loops written by hand, which store nothing: the reference of the trainer's speed."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from mtl_core.datasets.data import Split, TaskData
from mtl_core.training.metrics.validation import evaluation_batches
from mtl_core.training.runtime.threads import use_threads
from tests.benchmarks.workloads import Workload
from tests.inputs import only


@dataclass(frozen=True)
class Took:
    """What some epochs took, validation included.

    Attributes:
        wall: Seconds.
        cpu: Seconds of processor time, over all threads of the process.
        threads: Of torch; the loops by hand have as many as the trainer gives itself.
    """

    rows: int
    wall: float
    cpu: float
    threads: int = 0

    @property
    def speed(self) -> float:
        """Training rows a second."""
        return self.rows / self.wall


def in_memory(workload: Workload, data: TaskData) -> Took:
    """Index gathers from tensors in memory."""
    batch, epochs = workload.spec.training.batch_size, workload.spec.training.epochs
    model, optimizer = _begin(workload)
    train, val, piece = _tensors(workload, data.train), _tensors(workload, data.val), _piece(workload, data)
    with use_threads(model, train[0][:1], batch, None):
        started = _now()
        for _ in range(epochs):
            order = torch.randperm(len(train[0]))
            for first in range(0, len(order), batch):
                rows = order[first : first + batch]
                _step(workload, model, optimizer, [tensor[rows] for tensor in train])
            _validate(workload, model, _in_order(val, piece), len(val[0]))
        return _since(started, len(train[0]) * epochs)


def with_loader(workload: Workload, data: TaskData) -> Took:
    """The same with a ``DataLoader``."""
    batch, epochs = workload.spec.training.batch_size, workload.spec.training.epochs
    model, optimizer = _begin(workload)
    train = TensorDataset(*_tensors(workload, data.train))
    val = TensorDataset(*_tensors(workload, data.val))
    batches = DataLoader(train, batch_size=batch, shuffle=True)
    validation = DataLoader(val, batch_size=_piece(workload, data))
    with use_threads(model, only(data.train.select_inputs(slice(1))), batch, None):
        started = _now()
        for _ in range(epochs):
            for tensors in batches:
                _step(workload, model, optimizer, tensors)
            _validate(workload, model, validation, len(val))
        return _since(started, len(train) * epochs)


def _begin(workload: Workload) -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(0)
    model = workload.model()
    return model, workload.optimizer(model)


def _tensors(workload: Workload, split: Split) -> list[Tensor]:
    return [*split.select_inputs(slice(None)).values(), *(split.targets[name] for name in workload.spec.task_names)]


def _step(workload: Workload, model: nn.Module, optimizer: torch.optim.Optimizer, batch: list[Tensor]) -> None:
    inputs, first_target, second_target = batch
    first, second = model(inputs)
    loss = workload.losses[0](first, first_target) + workload.losses[1](second, second_target)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def _piece(workload: Workload, data: TaskData) -> int:
    """Rows of a validation batch: as many as the trainer takes."""
    return evaluation_batches(data.val, workload.spec.task_names, torch.device("cpu")).batch_size


def _in_order(tensors: list[Tensor], rows: int) -> Iterator[list[Tensor]]:
    for first in range(0, len(tensors[0]), rows):
        yield [tensor[first : first + rows] for tensor in tensors]


@torch.inference_mode()
def _validate(workload: Workload, model: nn.Module, batches: Iterable[list[Tensor]], rows: int) -> list[float]:
    """Mean loss of each task, and its accuracy or mean squared error."""
    model.eval()
    sums = torch.zeros(4)
    for inputs, *targets in batches:
        for task, output in enumerate(model(inputs)):
            target = targets[task]
            sums[2 * task] += workload.losses[task](output, target) * len(target)
            if workload.classified[task]:
                sums[2 * task + 1] += (output.argmax(dim=1) == target).sum()
            else:
                sums[2 * task + 1] += (output - target).square().sum()
    model.train()
    return (sums / rows).tolist()


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(started: tuple[float, float], rows: int) -> Took:
    wall, cpu = _now()
    return Took(rows, wall - started[0], cpu - started[1], torch.get_num_threads())
