"""Backward passes that a listener is told of, of every weighting method."""

import pytest
import torch

from mtl_core.weighting.autograd.passes import backward_pass
from mtl_core.weighting.interface import weighted_backward


def test_a_listener_hears_where_a_pass_begins_and_ends_and_nothing_after_its_context() -> None:
    parameter = torch.ones((), requires_grad=True)
    heard: list[bool] = []
    with backward_pass.call(heard.append):
        weighted_backward([2 * parameter, 3 * parameter], [torch.ones(()), torch.ones(())])
    weighted_backward([2 * parameter], [torch.ones(())])
    assert heard == [True, False]
    assert float(parameter.grad or 0) == 7


def test_a_pass_that_fails_has_ended_and_its_listener_is_gone() -> None:
    heard: list[bool] = []
    with pytest.raises(RuntimeError), backward_pass.call(heard.append):
        weighted_backward([torch.ones((), requires_grad=True) * torch.ones(2)], [torch.ones(())])
    assert heard == [True, False]
    with backward_pass:
        pass
    assert heard == [True, False]
