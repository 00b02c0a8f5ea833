"""Which features of the shared layers each task uses: mean of |gradient × activation| (Molchanov et al., CVPR 2019)."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from mtl_core.architectures import MultiTaskModel
from mtl_core.datasets.data import Split
from mtl_core.errors import InputError
from mtl_core.evaluation.ensemble import Ensemble
from mtl_core.explanation.explained_model import ExplainedModel
from mtl_core.explanation.row_selection import draw_rows
from mtl_core.protocol.explanation import FeatureUse
from mtl_core.training.metrics.validation import evaluation_batches

MOST_ROWS = 500
MOST_FEATURES = 48
_MOST_OUTPUTS = 8
"""Outputs of a task whose gradients are computed; of more, groups are summed with random signs."""


def shared_feature_use(model: ExplainedModel, split: Split, *, seed: int = 0, most_rows: int = MOST_ROWS) -> FeatureUse:
    """Measure how much each task's outputs depend on each feature of the shared layers.

    The use of a feature is the mean over rows and outputs of |∂output/∂feature · feature|, summed over the positions of
    a feature map. Of an ensemble it is that of the first model.

    Args:
        model: The model.
        split: The rows; of more than ``most_rows`` some are drawn.
        seed: Of the rows drawn.
        most_rows: Most rows.

    Raises:
        InputError: The split has no rows.
    """
    if not len(split):
        raise InputError("split", "has no rows")
    network = model.model.models[0] if isinstance(model.model, Ensemble) else model.model
    assert isinstance(network, MultiTaskModel)
    rows = draw_rows(split, most_rows, seed)
    use: list[list[Tensor]] = []
    are_inputs = False
    with torch.backends.cudnn.flags(enabled=False):  # its recurrent layers have no gradient in evaluation mode
        for batch in evaluation_batches(rows, model.task_names, model.device).iter_in_order():
            use.append(_batch_use(network, batch.inputs))
            are_inputs = _reads_inputs(network, batch.inputs)
    totals = [torch.stack(parts).sum(dim=0) for parts in zip(*use, strict=True)]
    widths = [total.shape[1] for total in totals]
    return _report(model.task_names, torch.cat(totals, dim=1) / len(rows), widths, are_inputs=are_inputs)


@torch.no_grad()
def _reads_inputs(network: MultiTaskModel, inputs: dict[str, Tensor]) -> bool:
    """Whether the shared features are the inputs themselves."""
    places = {tensor.data_ptr() for tensor in inputs.values()}
    return any(feature.data_ptr() in places for feature in network.features(inputs))


def _batch_use(network: MultiTaskModel, inputs: dict[str, Tensor]) -> list[Tensor]:
    """``[tasks, features]`` of each tensor of features: the sum of the uses of the rows."""
    with torch.no_grad():
        features = tuple(feature.detach() for feature in network.features(inputs))
    uses = [torch.zeros(len(network.tasks), _width(feature), dtype=torch.float64) for feature in features]
    leaves = [feature.requires_grad_() if feature.is_floating_point() else feature for feature in features]
    for task in range(len(network.tasks)):
        with torch.enable_grad():
            outputs = _few_outputs(network.head(task, tuple(leaves)).flatten(1))
        if not outputs.requires_grad:  # the features are the tokens of a text, which only the heads read
            continue
        for output in outputs.unbind(dim=1):
            found = torch.autograd.grad(output.sum(), leaves, retain_graph=True, allow_unused=True)
            for use, feature, gradient in zip(uses, leaves, found, strict=True):
                if gradient is not None:
                    use[task] += _by_feature((gradient * feature).abs()).detach().double().cpu() / outputs.shape[1]
    return uses


def _few_outputs(outputs: Tensor) -> Tensor:
    """``[N, few]``: the outputs, or sums of groups of many with random signs, which keep the size of gradients."""
    count = outputs.shape[1]
    if count <= _MOST_OUTPUTS:
        return outputs
    signs = torch.randint(0, 2, (count,), generator=torch.Generator().manual_seed(0)) * 2.0 - 1.0
    groups = torch.arange(count) % _MOST_OUTPUTS
    mixing = torch.zeros(count, _MOST_OUTPUTS).scatter_(1, groups.unsqueeze(1), signs.unsqueeze(1))
    return outputs @ mixing.to(outputs)


def _width(feature: Tensor) -> int:
    return int(feature.shape[1]) if feature.dim() > 1 else 1


def _by_feature(values: Tensor) -> Tensor:
    """``[features]``: sums of ``[N, C, …]`` over rows and positions."""
    return values.sum(dim=0, keepdim=True) if values.dim() == 1 else values.transpose(0, 1).flatten(1).sum(dim=1)


def _report(tasks: Sequence[str], use: Tensor, widths: Sequence[int], *, are_inputs: bool) -> FeatureUse:
    """Shares and overlap from the use of all features ``[tasks, features]``; ``widths``: features of each tensor."""
    totals = use.sum(dim=1, keepdim=True)
    shares = torch.where(totals > 0, use / totals.clamp(min=1e-300), 0.0)
    listed = shares.sum(dim=0).topk(min(MOST_FEATURES, shares.shape[1])).indices.sort().values
    names = [
        f"{tensor}.{number}" if len(widths) > 1 else str(number)
        for tensor, width in enumerate(widths, 1)
        for number in range(1, width + 1)
    ]
    lengths = use.norm(dim=1)
    overlap = [
        [
            float(use[i] @ use[j] / (lengths[i] * lengths[j])) if lengths[i] > 0 and lengths[j] > 0 else math.nan
            for j in range(len(tasks))
        ]
        for i in range(len(tasks))
    ]
    return FeatureUse(
        tasks=tuple(tasks),
        features=tuple(names[index] for index in listed.tolist()),
        shares=tuple(map(tuple, shares[:, listed].tolist())),
        omitted=shares.shape[1] - len(listed),
        overlap=tuple(map(tuple, overlap)),
        are_inputs=are_inputs,
        are_separate=len(tasks) > 1 and bool(((use > 0).sum(dim=0) <= 1).all()),
    )
