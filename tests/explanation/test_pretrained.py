"""Pretrained models of texts: their embeddings are varied, and their attention is shown."""

from pathlib import Path

import pytest
import torch

from mtl_core.explanation.attention_maps import attention_weights
from mtl_core.explanation.explained_model import ExplainedModel
from mtl_core.explanation.integrated_gradients import integrated_gradients
from mtl_core.explanation.occlusion import occlusion
from tests.architectures.folders import layer_data, text_folder
from tests.explanation.models import explained_model, explained_row

TOKENS = torch.tensor([[3.0, 5.0, 6.0, 4.0, 0.0, 0.0]])
NAMES: dict[str, dict[str, int]] = {"Bert": {}, "GPT2": {"bos_token_id": 2, "eos_token_id": 3}}


def built(folder: Path, name: str, sharing: str) -> ExplainedModel:
    text_folder(folder, name, **NAMES[name])
    data = {"shared": [layer_data(folder, output="mean")], "sharing": {"kind": sharing}}
    return explained_model(data, ("text",))


@pytest.mark.parametrize(("name", "sharing"), [("Bert", "hard"), ("Bert", "soft"), ("GPT2", "hard")])
def test_the_tokens_of_a_pretrained_model_are_explained(name: str, sharing: str, tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="needs the extra 'pretrained'")
    row = explained_row(built(tmp_path, name, sharing), {"text": TOKENS})
    found = integrated_gradients(row)
    assert found.is_complete
    assert found.values["text"][:4].any()
    assert not found.values["text"][4:].any()
    assert occlusion(row).values["text"][:4].any()


def test_the_attention_of_a_pretrained_model_is_that_of_each_layer(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="needs the extra 'pretrained'")
    model = built(tmp_path, "Bert", "hard")
    before = model.model({"text": TOKENS})[0]
    found = attention_weights(model.model, {"text": TOKENS})
    assert len(found) == 2
    for layer in found:
        torch.testing.assert_close(layer.weights.sum(dim=-1), torch.ones(layer.weights.shape[:2], dtype=torch.float64))
        assert bool((layer.weights[..., 4:] == 0).all())
    torch.testing.assert_close(model.model({"text": TOKENS})[0], before)
