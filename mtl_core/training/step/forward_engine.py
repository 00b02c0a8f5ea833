"""How a forward pass is computed: in which precision, in how many pieces, compiled or not."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint

from mtl_core.architectures import MultiTaskModel
from mtl_core.spec import TrainingSpec, shorten
from mtl_core.training.step.precision import LossScale, autocast

Tensors = tuple[Tensor, ...]
Pure = Callable[..., Tensors]
Masks = Sequence[Tensor | None]


class Computing(Protocol):
    """What a training step asks of a model: the halves of :class:`mtl_core.architectures.MultiTaskModel`."""

    def __call__(self, inputs: Tensor) -> list[Tensor]:
        """Each task's output."""
        ...

    def features(self, inputs: Tensor) -> Tensors:
        """What the shared half makes of a batch."""
        ...

    def head(self, task: int, features: Tensors) -> Tensor:
        """A task's output from what the shared half gave."""
        ...

    def begin_step(self) -> None:
        """Tells that a step begins."""
        ...

    def set_label_masks(self, masks: Masks) -> None:
        """Tells which of its rows have a label."""
        ...

    def penalty(self) -> Tensor | None:
        """What the model adds to the losses of the last forward pass."""
        ...


def computing(
    model: MultiTaskModel, training: TrainingSpec, scale: LossScale, tell: Callable[[str], None]
) -> Computing:
    """The model as a training step calls it; the model itself when there is nothing to it.

    Args:
        model: Whose parameters and names stay as they are.
        training: Precision, pieces and whether to compile.
        scale: Of the gradients inside the model.
        tell: Told in words when the model cannot be compiled here.
    """
    if training.precision == "float32" and training.accumulate == 1 and not training.compile:
        return model
    return Computed(model, training, scale, tell)


class Computed:
    """A model's forward pass in a precision, in pieces, compiled.

    Outputs and features are float32 whatever the precision is.

    **In pieces**, the rows go through the model a few at a time, and what a backward pass needs of a piece is computed
    again when it gets there (Chen et al. 2016): so the losses and their gradients are those of the whole batch, for any
    loss and any weighting method, and only one piece lies in memory at a time. Gradients are combined once per step.
    It costs a further forward pass for each backward pass: one for methods that weigh losses, one a task for methods
    that compare the gradients of all shared parameters.
    Batch normalisation sees the pieces, and counts each once.

    Args: as for :func:`computing`.
    """

    def __init__(
        self, model: MultiTaskModel, training: TrainingSpec, scale: LossScale, tell: Callable[[str], None]
    ) -> None:
        self._model, self._scale, self._tell = model, scale, tell
        self._precision, self._pieces = training.precision, training.accumulate
        compiled = _compiled if training.compile else lambda function: function
        self._whole, self._shared = compiled(model), compiled(model.features)
        self._penalty: Tensor | None = None
        self._masks: Masks = ()

    def begin_step(self) -> None:
        """Tells the model."""
        self._model.begin_step()

    def set_label_masks(self, masks: Masks) -> None:
        """Keeps them for the pieces."""
        self._masks = masks

    @property
    def in_pieces(self) -> bool:
        """Whether batches are computed in pieces, and again in each backward pass."""
        return self._pieces > 1

    def __call__(self, inputs: Tensor) -> list[Tensor]:
        """Each task's output."""
        outputs = self._in_pieces(self._outputs, (inputs,), penalized=True)
        return [self._scale.enter(output) for output in outputs]

    def features(self, inputs: Tensor) -> Tensors:
        """What the shared half makes of a batch."""
        found = self._in_pieces(self._features, (inputs,), penalized=True)
        return tuple(self._scale.enter(feature) for feature in found)

    def head(self, task: int, features: Tensors) -> Tensor:
        """A task's output from what the shared half gave."""
        left = tuple(self._scale.leave(feature) for feature in features)
        (output,) = self._in_pieces(partial(self._head, task), left, penalized=False)
        return self._scale.enter(output)

    def penalty(self) -> Tensor | None:
        """What the model adds to the losses of the last forward pass: the mean over its pieces."""
        return None if self._penalty is None else self._scale.enter(self._penalty)

    def _outputs(self, inputs: Tensor) -> Tensors:
        with autocast(self._precision, inputs.device):
            return tuple(output.float() for output in self._called("_whole", self._model, inputs))

    def _features(self, inputs: Tensor) -> Tensors:
        with autocast(self._precision, inputs.device):
            return tuple(feature.float() for feature in self._called("_shared", self._model.features, inputs))

    def _head(self, task: int, *features: Tensor) -> Tensors:
        with autocast(self._precision, features[0].device):
            return (self._model.head(task, features).float(),)

    def _called(self, name: str, plain: Any, inputs: Tensor) -> Any:
        """A compiled function's result, or from now on the plain one's when it cannot be compiled."""
        try:
            return getattr(self, name)(inputs)
        except RuntimeError as error:
            if not _from_compiler(error):
                raise
            setattr(self, name, plain)
            self._tell(f"trains without torch.compile, which does not work here: {shorten(error, 200)}")
            return plain(inputs)

    def _in_pieces(self, function: Pure, inputs: Tensors, *, penalized: bool) -> Tensors:
        rows = len(inputs[0])
        count = min(self._pieces, max(rows // 2, 1))  # batch normalisation needs two rows
        if count == 1:
            self._model.set_label_masks(self._masks)
            results = function(*inputs)
            self._penalty = self._model.penalty() if penalized else self._penalty
            return results
        pieces = list(zip(*(tensor.tensor_split(count) for tensor in inputs), strict=True))
        masks = zip(*([None] * count if m is None else m.tensor_split(count) for m in self._masks), strict=True)
        labelled = list(masks) or [()] * count
        found = [
            self._again(function, piece, labels, penalized=penalized)
            for piece, labels in zip(pieces, labelled, strict=True)
        ]
        if penalized:
            shares = [len(piece[0]) / rows for piece in pieces]
            terms = [share * penalty for share, (_, penalty) in zip(shares, found, strict=True) if penalty is not None]
            self._penalty = torch.stack(terms).sum() if terms else None
        return tuple(torch.cat(column) for column in zip(*(results for results, _ in found), strict=True))

    def _again(self, function: Pure, piece: Tensors, masks: Masks, *, penalized: bool) -> tuple[Tensors, Tensor | None]:
        """A piece's results and penalty, computed once more when a backward pass needs them."""

        def compute(*tensors: Tensor) -> tuple[Tensors, Tensor | None]:
            self._model.set_label_masks(masks)
            return function(*tensors), self._model.penalty() if penalized else None

        found: tuple[Tensors, Tensor | None] = checkpoint(
            compute,
            *piece,
            use_reentrant=False,
            context_fn=lambda: (_Counting(self._model, on=True), _Counting(self._model, on=False)),
        )
        return found


def _compiled(function: Any) -> Any:
    """A function that is compiled when it is first called, for graphs that may be gone through more than once."""
    import torch.compiler.config
    from torch._functorch import config  # takes a while, of those who compile only

    config.donated_buffer = False
    # What was compiled for one set of instructions is taken from the cache for another, and fails when it runs.
    torch.compiler.config.cache_key_tag = torch.compiler.config.cache_key_tag or torch.backends.cpu.get_cpu_capability()
    return torch.compile(function)


def _from_compiler(error: Exception) -> bool:
    from torch._dynamo.exc import TorchDynamoException  # takes a second, of those who compile only

    return isinstance(error, TorchDynamoException)


class _Counting:
    """Whether batch normalisation takes what it sees into its running statistics; may be entered again and again."""

    def __init__(self, model: nn.Module, *, on: bool) -> None:
        self._norms = [] if on else [module for module in model.modules() if isinstance(module, _BatchNorm)]
        self._kept: list[tuple[float | None, Tensor | None]] = []

    def __enter__(self) -> None:
        self._kept = []
        for norm in self._norms:
            seen = norm.num_batches_tracked
            self._kept.append((norm.momentum, None if seen is None else seen.clone()))
            norm.momentum = 0.0

    def __exit__(self, *_: object) -> None:
        for norm, (momentum, seen) in zip(self._norms, self._kept, strict=True):
            norm.momentum = momentum
            if norm.num_batches_tracked is not None and seen is not None:
                norm.num_batches_tracked.copy_(seen)
