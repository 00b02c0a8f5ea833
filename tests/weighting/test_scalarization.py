"""The two ways to compute a scalarizer's weights, and the state of stateful ones."""

import pytest
import torch
from torch import Tensor, nn

from mtl_core.weighting.losses.scalarization import LossScalarization, Scalarizer
from mtl_core.weighting.methods.uncertainty import UncertaintyScalarizer
from tests.weighting.cases import Linear


class GeometricMean(Scalarizer):
    """The K-th root of the product, times a learned factor; remembers the last epoch's losses."""

    def __init__(self) -> None:
        self.factor = nn.Parameter(torch.tensor(2.0, dtype=torch.float64))
        self.last = torch.zeros(2, dtype=torch.float64)

    def scalarize(self, losses: Tensor, present: Tensor | None = None) -> Tensor:
        return self.factor * losses.prod() ** (1 / len(losses))

    def parameters(self) -> dict[str, nn.Parameter]:
        return {"factor": self.factor}

    def epoch_end(self, mean_losses: Tensor) -> None:
        self.last.copy_(mean_losses)

    def buffers(self) -> dict[str, Tensor]:
        return {"last": self.last}


def ones() -> Tensor:
    return torch.ones(2, dtype=torch.float64)


def test_the_weights_are_the_derivatives_of_the_total() -> None:
    model, weighting = Linear(torch.eye(2, dtype=torch.float64)), LossScalarization(GeometricMean(), ones())
    weighting.backward(model.losses([4.0, 9.0]), model)
    wanted = torch.tensor([2 * 6 / (2 * 4), 2 * 6 / (2 * 9)], dtype=torch.float64)
    torch.testing.assert_close(weighting.weights(), wanted)
    torch.testing.assert_close(model.shared.grad, wanted)
    assert float(weighting.parameters()[0].grad) == pytest.approx(6)  # type: ignore[arg-type]


def test_what_is_learned_and_remembered_comes_back_in_place() -> None:
    weighting = LossScalarization(GeometricMean(), ones())
    weighting.epoch_end(torch.tensor([3.0, 4.0], dtype=torch.float64))
    with torch.no_grad():
        weighting.parameters()[0].fill_(7.0)
    other = GeometricMean()
    parameter = other.factor
    LossScalarization(other, ones()).load_state_dict(weighting.state_dict())
    assert other.factor is parameter
    assert float(parameter.detach()) == 7
    assert other.last.tolist() == [3, 4]


@pytest.mark.parametrize("present", [None, [True, False, True]])
def test_the_closed_form_of_uncertainty_is_its_derivative(present: list[bool] | None) -> None:
    mask = None if present is None else torch.tensor(present)
    losses = torch.tensor([0.3, 2.0, 7.0], dtype=torch.float64)
    scalarizer = UncertaintyScalarizer(torch.tensor([0.5, 1.0, 1.0], dtype=torch.float64), 0.4)
    wanted = Scalarizer.derivatives(scalarizer, losses, mask)
    gradient = scalarizer.log_variances.grad
    scalarizer.log_variances.grad = None
    torch.testing.assert_close(scalarizer.derivatives(losses, mask), wanted)
    torch.testing.assert_close(scalarizer.log_variances.grad, gradient)
