"""Integrated gradients (Sundararajan, Taly & Yan: Axiomatic Attribution for Deep Networks, ICML 2017).

The path goes straight from the baseline of all inputs at once (zeros in standardized space, blank pictures, padding) to
the row. Tokens are varied by their embeddings.
"""

import torch
from torch import Tensor

from mtl_core.explanation.attribution import NUMERIC_KINDS, Attribution, ExplainedRow, sum_blocks, sum_by_column
from mtl_core.explanation.path_integral import integrate
from mtl_core.explanation.text_path import TextPath


def integrated_gradients(row: ExplainedRow) -> Attribution:
    """Attribute a prediction to the columns, tokens and pixels of a row; the sum is prediction minus baseline.

    Raises:
        InputError: A text is read by no embedding.
    """
    with torch.backends.cudnn.flags(enabled=False):  # its recurrent layers have no gradient in evaluation mode
        path = _Path(row)
        result = integrate(path.values, path.derivatives)
    values = {}
    for name, contribution in zip(row.names, result.contributions, strict=True):
        values[name] = _summarize(row, name, contribution)
    return Attribution(values, result.start, result.gap, result.is_complete, result.evaluations)


def _summarize(row: ExplainedRow, name: str, contribution: Tensor) -> Tensor:
    """Contributions of features by column, of pixels by block; those of tokens as they are."""
    match row.kind(name):
        case "table":
            return sum_by_column(contribution, row.model.preprocessing[name])
        case "image" | "sound":
            return sum_blocks(contribution)
    return contribution


class _Path:
    """The function along the path, and what each input contributes to its derivative.

    Args:
        row: The row.
    """

    def __init__(self, row: ExplainedRow) -> None:
        self._row = row
        self._numeric = [name for name in row.names if row.kind(name) in NUMERIC_KINDS]
        self._texts = {name: row.inputs[name][0] for name in row.names if name not in self._numeric}

    def values(self, shares: Tensor) -> Tensor:
        """``[K]`` the function at shares of the path."""
        shares = self._move(shares)
        with torch.no_grad():
            inputs = self._row.repeat(len(shares)) | self._points(shares)
            with TextPath(self._row.model.model, self._texts, shares, differentiable=False):
                return self._row.value(inputs)

    def derivatives(self, shares: Tensor) -> list[Tensor]:
        """``[K, …]`` of each input, in their order."""
        shares = self._move(shares)
        points = {name: point.requires_grad_() for name, point in self._points(shares).items()}
        with torch.enable_grad(), TextPath(self._row.model.model, self._texts, shares, differentiable=True) as path:
            value = self._row.value(self._row.repeat(len(shares)) | points)
        leaves = [*points.values(), *path.points]
        found = (
            torch.autograd.grad(value.sum(), leaves, allow_unused=True) if value.requires_grad else [None] * len(leaves)
        )
        contributions = path.contributions(list(found[len(points) :]))
        for (name, point), gradient in zip(points.items(), found, strict=False):
            row = self._row.inputs[name]
            contributions[name] = torch.zeros_like(point) if gradient is None else gradient * row
        return [contributions[name] for name in self._row.names]

    def _points(self, shares: Tensor) -> dict[str, Tensor]:
        """The inputs that are varied themselves: their row times the share, as the baseline is 0."""
        inputs = self._row.inputs
        return {
            name: inputs[name] * shares.to(inputs[name].dtype).view(-1, *[1] * (inputs[name].dim() - 1))
            for name in self._numeric
        }

    def _move(self, shares: Tensor) -> Tensor:
        return shares.to(dtype=torch.float32, device=self._row.model.device)
