"""How far the tasks' gradients of the shared parameters agree, measured without touching the step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mtl_core.protocol.series import (
    GRADIENT_CONDITION,
    GRADIENT_CONFLICTS,
    GRADIENT_NORM,
    gradient_norm_name,
    gradient_pair_name,
)
from mtl_core.weighting.gradients.jacobian import flat
from mtl_core.weighting.gradients.products import gramian
from mtl_core.weighting.interface import Pass, taking_part


@dataclass(frozen=True)
class Agreement:
    """The tasks' gradients compared.

    Attributes:
        tasks: [K'] numbers of the tasks that have labels in the batch; everything else is in their order.
        norms: [K'] lengths of the gradients.
        blocks: By block of shared parameters, [K'] lengths of the gradients there.
        cosines: [K', K'] of each two; NaN where a gradient is zero.
        similarities: [K', K'] of magnitude, 2·a·b / (a² + b²), 1 for equal lengths (Yu et al. 2020).
        conflicts: Share of the pairs whose cosine is negative, 0 … 1; NaN without a pair.
        condition: Largest over smallest singular value of the gradients scaled to unit length; NaN when one is zero,
            infinite when they are dependent.
    """

    tasks: tuple[int, ...]
    norms: Tensor
    blocks: Mapping[str, Tensor]
    cosines: Tensor
    similarities: Tensor
    conflicts: float
    condition: float


def agreement(one: Pass, blocks: Mapping[str, Sequence[nn.Parameter]]) -> Agreement:
    """Compare the gradients of a forward pass; its graph is kept, and no parameter's gradient is touched.

    It costs one backward pass of the shared layers for each task.

    Args:
        one: Before its backward pass.
        blocks: The shared parameters by block.
    """
    tasks = tuple(task for task, here in enumerate(taking_part(one.losses, one.present)) if here)
    parameters = [p for block in blocks.values() for p in block if p.requires_grad]
    rows = [flat(_gradients(one, task, parameters), parameters) for task in tasks] if parameters else []
    if not rows:
        return compared(tasks, torch.zeros(len(tasks), 0), {})
    widths = {name: sum(p.numel() for p in block if p.requires_grad) for name, block in blocks.items()}
    return compared(tasks, torch.stack(rows).detach(), widths)


def _gradients(one: Pass, task: int, parameters: Sequence[nn.Parameter]) -> Sequence[Tensor | None]:
    loss = one.losses[task]
    if one.cut is None:
        return torch.autograd.grad(loss, list(parameters), retain_graph=True, allow_unused=True)
    return one.cut.reach(loss, task, parameters)


def compared(tasks: tuple[int, ...], jacobian: Tensor, widths: Mapping[str, int]) -> Agreement:
    """The comparison of given gradients.

    Args:
        tasks: Whose gradients they are.
        jacobian: [K', P].
        widths: Columns of each block, in the order of the columns.
    """
    products = gramian(jacobian)
    norms = products.diagonal().clamp(min=0).sqrt()
    lengths = norms[:, None] * norms
    cosines = (products / lengths).clamp(-1, 1)
    squares = norms.square()
    pairs = torch.triu_indices(len(tasks), len(tasks), offset=1)
    apart = cosines[pairs[0], pairs[1]]
    parts = torch.split(jacobian, list(widths.values()), dim=1) if widths else ()
    return Agreement(
        tasks=tasks,
        norms=norms,
        blocks={n: torch.linalg.vector_norm(part.double(), dim=1) for n, part in zip(widths, parts, strict=True)},
        cosines=cosines,
        similarities=2 * lengths / (squares[:, None] + squares),
        conflicts=float((apart < 0).double().mean()),
        condition=_condition(cosines),
    )


def _condition(cosines: Tensor) -> float:
    if not len(cosines) or not bool(cosines.isfinite().all()):
        return float("nan")
    values = torch.linalg.eigvalsh(cosines).clamp(min=0)
    return float((values[-1] / values[0]).sqrt())


def blocks_of(model: nn.Module, shared: Sequence[nn.Parameter]) -> dict[str, list[nn.Parameter]]:
    """Shared parameters by the layer that holds them, such as ``shared.0``, in the model's order."""
    wanted = {id(parameter) for parameter in shared}
    blocks: dict[str, list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if id(parameter) in wanted:
            blocks.setdefault(name.rpartition(".")[0] or name, []).append(parameter)
    return blocks


def as_values(found: Agreement, names: Sequence[str], total: str) -> dict[tuple[str, str], float]:
    """The comparison as numbers by task and name, for the record.

    Args:
        found: The comparison.
        names: All tasks' names.
        total: Under which name what concerns all tasks stands.
    """
    values: dict[tuple[str, str], float] = {
        (total, GRADIENT_CONFLICTS): found.conflicts,
        (total, GRADIENT_CONDITION): found.condition,
    }
    for row, task in enumerate(found.tasks):
        values[names[task], GRADIENT_NORM] = float(found.norms[row])
        for block, norms in found.blocks.items():
            values[names[task], gradient_norm_name(block)] = float(norms[row])
        for column, other in enumerate(found.tasks[row + 1 :], row + 1):
            values[names[task], gradient_pair_name("cosine", names[other])] = float(found.cosines[row, column])
            values[names[task], gradient_pair_name("similarity", names[other])] = float(found.similarities[row, column])
    return values
