"""Cost of inference: parameters, operations, latency and memory."""

import statistics
import time
from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from mtl_core.architectures import build_model
from mtl_core.datasets.data import Inputs
from mtl_core.datasets.preparation import load_outline
from mtl_core.protocol.questions import BatchCost, InferenceCost
from mtl_core.spec import ExperimentSpec
from mtl_core.tasks import build_task
from mtl_core.training.runtime.devices import choose_device
from mtl_core.training.runtime.threads import use_threads

ROWS = (1, 32, 256)
_SECONDS = 0.25
"""Time to measure each number of rows."""
_MIN_PASSES, _MAX_PASSES = 5, 200


def cost(spec: ExperimentSpec, rows: Sequence[int] = ROWS) -> InferenceCost:
    """Measure the model of an experiment in evaluation mode, without gradients.

    Its weights are not loaded, as they do not affect the cost. Small models use as many threads as in training.

    Args:
        spec: The experiment.
        rows: Batch sizes.

    Raises:
        InputError: The data, the model or the device is invalid.
    """
    device = choose_device(spec.training.device)
    data = load_outline(spec.dataset, spec.tasks)
    tasks = [build_task(task, data.targets[task.name]) for task in spec.tasks]
    model = build_model(spec.model, data.input_shapes, {task.name: task.out_features for task in tasks}).to(device)
    model.eval().requires_grad_(False)  # else torch's counter fails where a layer is given a view of a parameter
    inputs = data.train.select_inputs(slice(1), device)
    tensors = [*model.parameters(), *model.buffers()]
    with torch.inference_mode(), use_threads(model, inputs, max(rows), spec.training.threads) as threads:
        return InferenceCost(
            device=str(device),
            threads=threads,
            parameters=sum(parameter.numel() for parameter in model.parameters()),
            parameter_bytes=sum(tensor.numel() * tensor.element_size() for tensor in tensors),
            flops=_flops(model, inputs),
            batches=tuple(_batch_cost(model, _repeat_row(inputs, n), n) for n in rows),
        )


def _repeat_row(inputs: Inputs, rows: int) -> Inputs:
    return {name: row.expand(rows, *row.shape[1:]).contiguous() for name, row in inputs.items()}


def _flops(model: nn.Module, inputs: Inputs) -> int:
    counter = FlopCounterMode(display=False)
    with counter:
        model(inputs)
    return int(counter.get_total_flops())


def _batch_cost(model: nn.Module, inputs: Inputs, rows: int) -> BatchCost:
    device = next(iter(inputs.values())).device
    synchronize: Callable[[], object] = (
        (lambda: torch.cuda.synchronize(device)) if device.type == "cuda" else (lambda: None)
    )
    model(inputs)  # warm-up: the first pass with a batch size selects kernels
    synchronize()
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    times: list[float] = []
    start_time = time.perf_counter()
    while len(times) < _MIN_PASSES or (len(times) < _MAX_PASSES and time.perf_counter() - start_time < _SECONDS):
        pass_start = time.perf_counter()
        model(inputs)
        synchronize()
        times.append(time.perf_counter() - pass_start)
    peak = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
    seconds = statistics.median(times)
    return BatchCost(rows=rows, milliseconds=1000 * seconds, peak_bytes=peak, rows_per_second=rows / seconds)
