"""Forward engine of a training step: mixed precision, micro-batches with gradient checkpointing, ``torch.compile``."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from mtl_core.architectures import MultiTaskModel
from mtl_core.datasets.data import Inputs
from mtl_core.spec import TrainingSpec, shorten
from mtl_core.training.step.precision import LossScaler, autocast

Tensors = tuple[Tensor, ...]
TensorFunction = Callable[..., Tensors]
Masks = Sequence[Tensor | None]


class ForwardEngine(Protocol):
    """Interface of the model as a training step calls it: that of :class:`mtl_core.architectures.MultiTaskModel`."""

    def __call__(self, inputs: Inputs) -> list[Tensor]:
        """Return each task's output."""
        ...

    def features(self, inputs: Inputs) -> Tensors:
        """Return the shared representation of a batch."""
        ...

    def head(self, task: int, features: Tensors) -> Tensor:
        """Return a task's output for a shared representation."""
        ...

    def begin_step(self) -> None:
        """Announce a new training step."""
        ...

    def set_label_masks(self, masks: Masks) -> None:
        """Set the label masks of the next forward pass."""
        ...

    def penalty(self) -> Tensor | None:
        """Return the penalty that the model adds to the losses of the last forward pass, or None."""
        ...


def build_forward_engine(
    model: MultiTaskModel, training: TrainingSpec, scaler: LossScaler, warn: Callable[[str], None]
) -> ForwardEngine:
    """Build the forward engine of a model; the model itself for plain float32 training.

    Args:
        model: The model; its parameters and their names are unchanged.
        training: Settings for precision, micro-batches and compilation.
        scaler: Gradient scaler for fp16.
        warn: Called with a message when the model cannot be compiled on this machine.
    """
    if training.precision == "float32" and training.accumulate == 1 and not training.compile:
        return model
    return ModelForwardEngine(model, training, scaler, warn)


class ModelForwardEngine:
    """Runs a model's forward pass in mixed precision, in micro-batches, compiled.

    Outputs and features are float32 in every precision.

    **Micro-batches** use gradient checkpointing (Chen et al. 2016): the rows pass through the model a few at a time,
    and the activations of a micro-batch are recomputed in the backward pass. Losses and gradients are therefore those
    of the whole batch, for any loss and any weighting method, while only one micro-batch is in memory at a time.
    Gradients are combined once per step. The price is one more forward pass per backward pass: one for methods that
    weigh losses, one per task for methods that compare the gradients of all shared parameters. Batch normalization
    sees the micro-batches, and counts each once.

    Args: as for :func:`build_forward_engine`.
    """

    def __init__(
        self, model: MultiTaskModel, training: TrainingSpec, scaler: LossScaler, warn: Callable[[str], None]
    ) -> None:
        self._model, self._scaler, self._warn = model, scaler, warn
        self._precision, self._micro_batches = training.precision, training.accumulate
        compile_function = _compile if training.compile else lambda function: function
        self._compiled_model, self._compiled_features = compile_function(model), compile_function(model.features)
        self._penalty: Tensor | None = None
        self._masks: Masks = ()
        self._rows = 0

    def begin_step(self) -> None:
        """Announce a new training step to the model."""
        self._model.begin_step()

    def set_label_masks(self, masks: Masks) -> None:
        """Keep the label masks for the micro-batches."""
        self._masks = masks

    @property
    def uses_micro_batches(self) -> bool:
        """Whether batches are split into micro-batches that each backward pass recomputes."""
        return self._micro_batches > 1

    def __call__(self, inputs: Inputs) -> list[Tensor]:
        """Return each task's output."""
        self._rows = _row_count(inputs)
        outputs = self._run_micro_batches(partial(self._outputs, tuple(inputs)), tuple(inputs.values()), penalized=True)
        return [self._scaler.scale_gradient(output) for output in outputs]

    def features(self, inputs: Inputs) -> Tensors:
        """Return the shared representation of a batch."""
        self._rows = _row_count(inputs)
        function = partial(self._features, tuple(inputs))
        features = self._run_micro_batches(function, tuple(inputs.values()), penalized=True)
        return tuple(self._scaler.scale_gradient(feature) for feature in features)

    def head(self, task: int, features: Tensors) -> Tensor:
        """Return a task's output for a shared representation."""
        unscaled = tuple(self._scaler.unscale_gradient(feature) for feature in features)
        (output,) = self._run_micro_batches(partial(self._head, task), unscaled, penalized=False)
        return self._scaler.scale_gradient(output)

    def penalty(self) -> Tensor | None:
        """Return the model's penalty in the last forward pass: the mean over its micro-batches."""
        return None if self._penalty is None else self._scaler.scale_gradient(self._penalty)

    def _outputs(self, names: tuple[str, ...], *tensors: Tensor) -> Tensors:
        inputs = dict(zip(names, tensors, strict=True))
        with autocast(self._precision, tensors[0].device):
            return tuple(output.float() for output in self._call_compiled("_compiled_model", self._model, inputs))

    def _features(self, names: tuple[str, ...], *tensors: Tensor) -> Tensors:
        inputs = dict(zip(names, tensors, strict=True))
        with autocast(self._precision, tensors[0].device):
            return tuple(
                feature.float() for feature in self._call_compiled("_compiled_features", self._model.features, inputs)
            )

    def _head(self, task: int, *features: Tensor) -> Tensors:
        with autocast(self._precision, features[0].device):
            return (self._model.head(task, features).float(),)

    def _call_compiled(self, name: str, eager: Any, inputs: Inputs) -> Any:
        """Call a compiled function; falls back to eager for good if compilation fails.

        Args:
            name: The attribute that holds the compiled function.
            eager: The same function, not compiled.
            inputs: Its argument.
        """
        try:
            return getattr(self, name)(inputs)
        except RuntimeError as error:
            if not _is_compiler_error(error):
                raise
            setattr(self, name, eager)
            self._warn(f"trains without torch.compile, which does not work here: {shorten(error, 200)}")
            return eager(inputs)

    def _run_micro_batches(self, function: TensorFunction, inputs: Tensors, *, penalized: bool) -> Tensors:
        rows = self._rows
        count = min(self._micro_batches, max(rows // 2, 1))  # batch normalization needs two rows
        if count == 1:
            self._model.set_label_masks(self._masks)
            outputs = function(*inputs)
            self._penalty = self._model.penalty() if penalized else self._penalty
            return outputs
        micro_batches = list(zip(*(_split_rows(tensor, rows, count) for tensor in inputs), strict=True))
        masks = zip(*([None] * count if m is None else m.tensor_split(count) for m in self._masks), strict=True)
        micro_batch_masks = list(masks) or [()] * count
        results_and_penalties = [
            self._run_checkpointed(function, micro_batch, label_masks, penalized=penalized)
            for micro_batch, label_masks in zip(micro_batches, micro_batch_masks, strict=True)
        ]
        if penalized:
            shares = [len(micro_batch[0]) / rows for micro_batch in micro_batches]
            terms = [
                share * penalty
                for share, (_, penalty) in zip(shares, results_and_penalties, strict=True)
                if penalty is not None
            ]
            self._penalty = torch.stack(terms).sum() if terms else None
        return tuple(
            torch.cat(column) for column in zip(*(outputs for outputs, _ in results_and_penalties), strict=True)
        )

    def _run_checkpointed(
        self, function: TensorFunction, micro_batch: Tensors, masks: Masks, *, penalized: bool
    ) -> tuple[Tensors, Tensor | None]:
        """Return a micro-batch's outputs and penalty, under gradient checkpointing."""

        def compute(*tensors: Tensor) -> tuple[Tensors, Tensor | None]:
            self._model.set_label_masks(masks)
            return function(*tensors), self._model.penalty() if penalized else None

        result: tuple[Tensors, Tensor | None] = checkpoint(
            compute,
            *micro_batch,
            use_reentrant=False,
            context_fn=lambda: (_BatchNormTracking(self._model, on=True), _BatchNormTracking(self._model, on=False)),
        )
        return result


def _row_count(inputs: Inputs) -> int:
    return len(next(iter(inputs.values())))


def _split_rows(tensor: Tensor, rows: int, count: int) -> tuple[Tensor, ...]:
    """Split a batch of ``rows`` rows, or of the k members of each of them (TabM), between rows."""
    if len(tensor) == rows:
        return tensor.tensor_split(count)
    parts = tensor.reshape(rows, -1, *tensor.shape[1:]).tensor_split(count)
    return tuple(part.flatten(0, 1) for part in parts)


def _compile(function: Any) -> Any:
    """Wrap a function in ``torch.compile``, set up for graphs that are backpropagated more than once."""
    import torch.compiler.config
    from torch._functorch import config  # takes a while, of those who compile only

    config.donated_buffer = False
    # The cache does not tell CPU instruction sets apart: code compiled for one would be loaded, and crash, on another.
    torch.compiler.config.cache_key_tag = torch.compiler.config.cache_key_tag or torch.backends.cpu.get_cpu_capability()
    return torch.compile(function)


def _is_compiler_error(error: Exception) -> bool:
    from torch._dynamo.exc import TorchDynamoException  # takes a second, of those who compile only

    return isinstance(error, TorchDynamoException)


class _BatchNormTracking:
    """Reusable context that turns the updates of batch norm's running statistics on or off.

    The recomputation of a micro-batch must not count its rows a second time.
    """

    def __init__(self, model: nn.Module, *, on: bool) -> None:
        self._norms = [] if on else [module for module in model.modules() if isinstance(module, _BatchNorm)]
        self._saved_statistics: list[tuple[float | None, Tensor | None]] = []

    def __enter__(self) -> None:
        self._saved_statistics = []
        for norm in self._norms:
            batches_tracked = norm.num_batches_tracked
            self._saved_statistics.append((norm.momentum, None if batches_tracked is None else batches_tracked.clone()))
            norm.momentum = 0.0

    def __exit__(self, *_: object) -> None:
        for norm, (momentum, batches_tracked) in zip(self._norms, self._saved_statistics, strict=True):
            norm.momentum = momentum
            if norm.num_batches_tracked is not None and batches_tracked is not None:
                norm.num_batches_tracked.copy_(batches_tracked)
