"""The tasks' gradients of the shared parameters as the rows of a matrix."""

import warnings
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mtl_core.weighting.autograd.shared_representation import Cut
from mtl_core.weighting.interface import Pass


def flat(gradients: Sequence[Tensor | None], parameters: Sequence[nn.Parameter], out: Tensor | None = None) -> Tensor:
    """[P] all gradients one after the other, zeros for those that are missing."""
    pairs = zip(parameters, gradients, strict=True)
    with torch.no_grad():
        return torch.cat([p.new_zeros(p.numel()) if g is None else g.reshape(-1) for p, g in pairs], out=out)


class Jacobian:
    """Gathers Jacobians of one shape again and again, in memory that is kept: fresh pages cost more than filling them.

    Through a cut, a plain chain of layers is gone through once for all tasks, and so are other trunks without
    convolutions, by ``vmap``; where that is not possible, or a convolution would be several times slower, the trunk is
    gone through once for each task.

    Args:
        like: Of the type and on the device of the gradients, where nothing is shared.
    """

    def __init__(self, like: Tensor) -> None:
        self._like = like
        self._memory = torch.empty(0)
        self._chain = True
        self._at_once: bool | None = None

    @property
    def one_by_one(self) -> bool:
        """Whether a trunk behind a cut had to be gone through once for each task."""
        return self._at_once is False

    def rows(self, one: Pass, tasks: Sequence[int], shared: Sequence[nn.Parameter]) -> Tensor:
        """[len(tasks), P] gradients; the forward pass's graph is used up.

        Args:
            one: The pass; where it was cut, its heads have been gone through.
            tasks: Whose rows.
            shared: The parameters that learn. Without a cut, the other parameters are left their plain gradient.
        """
        memory = self._room(len(tasks), shared)
        if one.cut is None:
            self._whole(one, tasks, shared, memory)
        elif shared and one.cut.learned:
            self._through(one.cut, tasks, shared, memory)
        else:
            memory.zero_()
        return memory

    def _whole(self, one: Pass, tasks: Sequence[int], shared: Sequence[nn.Parameter], memory: Tensor) -> None:
        for place, task in enumerate(tasks):
            for parameter in shared:
                parameter.grad = None
            torch.autograd.backward(one.losses[task], retain_graph=place < len(tasks) - 1)
            if shared:
                flat([parameter.grad for parameter in shared], shared, out=memory[place])

    def _through(self, cut: Cut, tasks: Sequence[int], shared: Sequence[nn.Parameter], memory: Tensor) -> None:
        several = len(tasks) > 1 and not cut.again
        if several and self._chain:
            self._chain = cut.through_chain(tasks, shared, memory)
            if self._chain:
                return
        if several and self._at_once is None:
            self._at_once = all(p.ndim <= 2 for p in shared) and _can(cut, tasks, shared)
        if several and self._at_once:
            found = cut.pull_all(tasks, shared, keep=False)
            torch.cat([gradient.reshape(len(tasks), -1) for gradient in found], dim=1, out=memory)
            return
        for place, task in enumerate(tasks):
            flat(cut.pull(task, shared, keep=place < len(tasks) - 1), shared, out=memory[place])

    def _room(self, count: int, shared: Sequence[nn.Parameter]) -> Tensor:
        like = shared[0] if shared else self._like
        size = (count, sum(parameter.numel() for parameter in shared))
        if self._memory.shape != size or self._memory.dtype != like.dtype or self._memory.device != like.device:
            self._memory = torch.empty(size, dtype=like.dtype, device=like.device)
        return self._memory


def _can(cut: Cut, tasks: Sequence[int], shared: Sequence[nn.Parameter]) -> bool:
    """Whether every layer knows how to go back for several tasks at once; tried out, the graph is kept."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            cut.pull_all(tasks, shared, keep=True)
    except (RuntimeError, UserWarning):
        return False
    return True
