"""Attributions of captum, and ours beside them; where it is not installed, the error that names the extra."""

import sys
from typing import Any

import pytest
import torch

from mtl_core.errors import EnvironmentFault, InputError
from mtl_core.explanation.captum_attribution import TaskModule, captum_attribution
from mtl_core.explanation.integrated_gradients import integrated_gradients
from mtl_core.explanation.occlusion import occlusion
from mtl_core.protocol.attribution_methods import CAPTUM_METHODS
from tests.explanation.models import explained, explained_model, explained_row, rows

NUMERIC = ("table", "columns as tokens", "members", "image", "patches", "spectrogram", "wave", "experts")


@pytest.fixture
def captum() -> Any:
    return pytest.importorskip("captum.attr")


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "captum", None)
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    with pytest.raises(EnvironmentFault, match=r"needs the extra explain.*mtl-workbench\[explain\]"):
        captum_attribution(explained_row(explained("table")), "saliency")


def test_texts_are_refused() -> None:
    with pytest.raises(InputError, match="the tokens of text 'text' are integers"):
        captum_attribution(explained_row(explained("text")), "saliency")


def test_the_module_gives_the_prediction_of_its_task() -> None:
    model = explained("several")
    inputs = rows(model, 4, absent="image")
    fixed = {name: tensor[:1] for name, tensor in inputs.items() if name not in model.preprocessing}
    for index, task in enumerate(model.task_names):
        module = TaskModule(model, task, fixed)
        tensors = [inputs[name] for name in model.preprocessing]
        torch.testing.assert_close(module(*tensors), model.predict(inputs)[index])


@pytest.mark.parametrize("case", NUMERIC)
def test_integrated_gradients_agree(case: str, captum: Any) -> None:
    model = explained(case)
    row = explained_row(model)
    (name,) = row.names
    module = TaskModule(model, "kind")
    found = captum.IntegratedGradients(module).attribute(row.inputs[name].clone(), target=0, n_steps=400)
    ours = integrated_gradients(row).values[name].sum()
    assert float(ours) == pytest.approx(float(found.sum()), abs=2e-3)
    if case == "table":
        values = found[0].double()
        by_column = torch.stack([values[0], values[1:3].sum(), values[3]])
        torch.testing.assert_close(integrated_gradients(row).values[name], by_column, atol=1e-3, rtol=1e-2)


def test_integrated_gradients_of_embeddings_agree(captum: Any) -> None:
    model = explained("text")
    row = explained_row(model)
    embedding = next(module for module in model.model.modules() if isinstance(module, torch.nn.Embedding))
    module = TaskModule(model, "kind")
    ids = row.inputs["text"]

    class Padded(torch.nn.Module):
        """Reads padding with the mask of the text, as our path does."""

        def forward(self, share: torch.Tensor) -> torch.Tensor:
            handle = embedding.register_forward_hook(lambda _, __, output: output * share)
            try:
                return module(ids.expand(len(share), -1))
            finally:
                handle.remove()

    share = torch.ones(1, 4, 6)
    found = captum.IntegratedGradients(Padded()).attribute(share, target=0, n_steps=400)
    ours = integrated_gradients(row).values["text"]
    torch.testing.assert_close(ours, found[0].sum(dim=0).double(), atol=1e-3, rtol=1e-2)


@pytest.mark.parametrize("method", CAPTUM_METHODS)
@pytest.mark.parametrize("case", ["table", "image", "wave"])
def test_the_methods_of_captum_give_a_value_for_each_part(method: str, case: str, captum: Any) -> None:
    row = explained_row(explained(case), task="size")
    found = captum_attribution(row, method)
    (name,) = row.names
    assert found.values[name].dtype == torch.float64
    assert bool(found.values[name].any())
    if method == "shapley_sampling":
        assert tuple(found.values[name].shape) == tuple(occlusion(row).values[name].shape)
        assert abs(found.gap) < 1e-3


def test_shapley_values_of_a_linear_model_are_its_contributions(captum: Any) -> None:
    linear = explained_model({"shared": []}, ("table",))
    row = explained_row(linear, task="size")
    torch.testing.assert_close(
        captum_attribution(row, "shapley_sampling").values["table"],
        integrated_gradients(row).values["table"],
        atol=1e-4,
        rtol=1e-4,
    )
