"""Diagnostics of gradient conflict: norms, cosines and conditioning of the tasks' gradients, outside of the step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mtl_core.protocol.series_names import (
    GRADIENT_CONDITION,
    GRADIENT_CONFLICTS,
    GRADIENT_NORM,
    gradient_norm_name,
    gradient_pair_name,
)
from mtl_core.weighting.autograd.passes import backward_pass
from mtl_core.weighting.gradients.jacobian import flatten_gradients
from mtl_core.weighting.gradients.products import gramian
from mtl_core.weighting.interface import ForwardPass, participation


@dataclass(frozen=True)
class GradientAgreement:
    """Measures of how far the tasks' gradients of the shared parameters agree.

    Attributes:
        tasks: [K'] numbers of the tasks that have labels in the batch; everything else is in their order.
        norms: [K'] norms of the gradients.
        blocks: By block of shared parameters, [K'] norms of the gradients of that block.
        cosines: [K', K'] cosine of each pair; NaN where a gradient is zero.
        similarities: [K', K'] magnitude similarity 2·a·b / (a² + b²), 1 for equal norms (Yu et al. 2020).
        conflicts: Fraction of the pairs whose cosine is negative; NaN without a pair.
        condition: Largest over smallest singular value of the gradients scaled to unit norm; NaN if one is zero,
            infinite if they are linearly dependent.
    """

    tasks: tuple[int, ...]
    norms: Tensor
    blocks: Mapping[str, Tensor]
    cosines: Tensor
    similarities: Tensor
    conflicts: float
    condition: float


def measure_agreement(forward_pass: ForwardPass, blocks: Mapping[str, Sequence[nn.Parameter]]) -> GradientAgreement:
    """Compare the tasks' gradients of a forward pass, without freeing its graph or changing any ``grad``.

    It costs one backward pass of the shared layers for each task.

    Args:
        forward_pass: Before its backward pass.
        blocks: The shared parameters by block.
    """
    flags = participation(forward_pass.losses, forward_pass.present)
    tasks = tuple(task for task, active in enumerate(flags) if active)
    parameters = [p for block in blocks.values() for p in block if p.requires_grad]
    if not tasks or not parameters:
        return compare_gradients(tasks, torch.zeros(len(tasks), 0), {})
    rows = [flatten_gradients(_gradients(forward_pass, task, parameters), parameters) for task in tasks]
    widths = {name: sum(p.numel() for p in block if p.requires_grad) for name, block in blocks.items()}
    return compare_gradients(tasks, torch.stack(rows).detach(), widths)


def _gradients(forward_pass: ForwardPass, task: int, parameters: Sequence[nn.Parameter]) -> Sequence[Tensor | None]:
    loss = forward_pass.losses[task]
    if forward_pass.representation is None:
        with backward_pass:
            return torch.autograd.grad(loss, list(parameters), retain_graph=True, allow_unused=True)
    return forward_pass.representation.loss_gradients(loss, task, parameters)


def compare_gradients(tasks: tuple[int, ...], jacobian: Tensor, widths: Mapping[str, int]) -> GradientAgreement:
    """Compute all measures from the Jacobian.

    Args:
        tasks: Number of each row's task.
        jacobian: [K', P].
        widths: Number of columns of each block, in the order of the columns.
    """
    products = gramian(jacobian)
    norms = products.diagonal().clamp(min=0).sqrt()
    norm_products = norms[:, None] * norms
    cosines = (products / norm_products).clamp(-1, 1)
    squares = norms.square()
    pairs = torch.triu_indices(len(tasks), len(tasks), offset=1)
    pair_cosines = cosines[pairs[0], pairs[1]]
    parts = torch.split(jacobian, list(widths.values()), dim=1) if widths else ()
    return GradientAgreement(
        tasks=tasks,
        norms=norms,
        blocks={n: torch.linalg.vector_norm(part.double(), dim=1) for n, part in zip(widths, parts, strict=True)},
        cosines=cosines,
        similarities=2 * norm_products / (squares[:, None] + squares),
        conflicts=float((pair_cosines < 0).double().mean()),
        condition=_condition_number(cosines),
    )


def _condition_number(cosines: Tensor) -> float:
    if not len(cosines) or not bool(cosines.isfinite().all()):
        return float("nan")
    eigenvalues = torch.linalg.eigvalsh(cosines).clamp(min=0)
    return float((eigenvalues[-1] / eigenvalues[0]).sqrt())


def parameter_blocks(model: nn.Module, shared: Sequence[nn.Parameter]) -> dict[str, list[nn.Parameter]]:
    """Group shared parameters by the module that holds them, such as ``shared.0``, in the model's order."""
    shared_ids = {id(parameter) for parameter in shared}
    blocks: dict[str, list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if id(parameter) in shared_ids:
            blocks.setdefault(name.rpartition(".")[0] or name, []).append(parameter)
    return blocks


def agreement_series(agreement: GradientAgreement, names: Sequence[str], total: str) -> dict[tuple[str, str], float]:
    """The measures as values of named series, by task name and series name.

    Args:
        agreement: The measures.
        names: All tasks' names.
        total: The name under which measures of all tasks together are recorded.
    """
    values: dict[tuple[str, str], float] = {
        (total, GRADIENT_CONFLICTS): agreement.conflicts,
        (total, GRADIENT_CONDITION): agreement.condition,
    }
    for row, task in enumerate(agreement.tasks):
        name = names[task]
        values[name, GRADIENT_NORM] = float(agreement.norms[row])
        for block, norms in agreement.blocks.items():
            values[name, gradient_norm_name(block)] = float(norms[row])
        for column, other in enumerate(agreement.tasks[row + 1 :], row + 1):
            values[name, gradient_pair_name("cosine", names[other])] = float(agreement.cosines[row, column])
            values[name, gradient_pair_name("similarity", names[other])] = float(agreement.similarities[row, column])
    return values
