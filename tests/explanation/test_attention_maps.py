"""Attention weights: those that the layers apply, of every attention layer, named and pooled."""

import pytest
import torch
from torch import nn

from mtl_core.architectures.layers.modules import attention
from mtl_core.architectures.layers.modules.attention import MultiHeadAttention, Prefix, SelfAttention
from mtl_core.errors import InputError
from mtl_core.explanation.attention_maps import attention_maps, attention_weights
from tests.explanation.models import EMBED, POOL, explained, explained_model, rows


class Recorder:
    """Stands in the place of the function that turns scores to weights."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.weights: list[torch.Tensor] = []
        softmax = torch.softmax

        def record(scores: torch.Tensor, dim: int) -> torch.Tensor:
            self.weights.append(softmax(scores, dim=dim))
            return self.weights[-1]

        monkeypatch.setattr(attention.torch, "softmax", record)


@pytest.mark.parametrize("case", ["text", "patches", "columns as tokens"])
def test_the_weights_are_those_that_the_layer_applies(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = explained(case)
    inputs = rows(model)
    recorder = Recorder(monkeypatch)
    (found,) = attention_weights(model.model, inputs)
    assert len(recorder.weights) == 2  # recomputed, then applied
    torch.testing.assert_close(found.weights, recorder.weights[-1][0].double())
    torch.testing.assert_close(found.weights.sum(dim=-1), torch.ones(found.weights.shape[:2], dtype=torch.float64))


def test_the_maps_of_a_text_are_named_by_its_tokens_without_padding() -> None:
    model = explained_model({"shared": [EMBED, {"kind": "self_attention"}, POOL]}, ("text",))
    inputs = {"text": torch.tensor([[3.0, 5.0, 4.0, 0.0, 0.0, 0.0]])}
    (found,) = attention_maps(model, inputs, ("a", "b", "c"))
    assert found.queries == found.keys == ("a", "b", "c")
    assert found.heads == 1
    assert all(sum(row) == pytest.approx(1.0) for row in found.weights)


def test_the_mean_is_that_of_the_heads_and_a_head_that_is_not_there_is_refused() -> None:
    model = explained("patches")
    inputs = rows(model)
    mean, first, second = (attention_maps(model, inputs, (), head=head)[0] for head in (0, 1, 2))
    assert mean.heads == 2
    assert mean.queries[0] == "1"
    assert len(mean.queries) == 10
    for i, row in enumerate(mean.weights):
        for j, value in enumerate(row):
            assert value == pytest.approx((first.weights[i][j] + second.weights[i][j]) / 2)
    with pytest.raises(InputError, match="head: must be a number from 0"):
        attention_maps(model, inputs, (), head=3)
    assert attention_maps(explained("table"), rows(explained("table")), ()) == ()


def test_every_layer_of_a_fusion_by_attention_has_weights() -> None:
    model = explained("fused by attention")
    found = attention_maps(model, rows(model), ())
    assert any("fusion" in each.layer for each in found)
    assert any("encoders" in each.layer for each in found)
    absent = attention_maps(model, rows(model, absent="text"), ())
    assert [each.layer for each in absent] == [each.layer for each in found]


def test_long_sequences_are_pooled_so_that_the_weights_still_sum_to_one() -> None:
    layer = SelfAttention(3, 4, bias=True, dropout=0.0)
    model = explained("table")
    long = type(model)(Only(layer), model.heads, model.output_names, model.preprocessing, model.device)
    (found,) = attention_maps(long, {"table": torch.randn(1, 3, 150)}, ())
    assert found.block == 3
    assert found.queries[0] == "1–3"
    assert len(found.weights) == len(found.keys) == 50
    assert all(sum(row) == pytest.approx(1.0) for row in found.weights)


class Only(nn.Module):
    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, inputs: dict[str, torch.Tensor]) -> list[torch.Tensor]:
        return [self.layer(inputs["table"])]


@pytest.mark.parametrize("masked", [False, True])
def test_a_prefix_takes_its_part_of_the_weights(masked: bool) -> None:
    layer = MultiHeadAttention(4, 2)
    layer.prefix = Prefix(torch.randn(2, 3, 2), torch.randn(2, 3, 2))
    mask = torch.tensor([[True, True, True, False]]) if masked else None
    tokens = torch.randn(1, 4, 4)

    class Masked(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
            output: torch.Tensor = self.layer(inputs["table"], mask)
            return output

    (found,) = attention_weights(Masked(), {"table": tokens})
    assert tuple(found.weights.shape) == (2, 4, 4)
    assert bool((found.weights.sum(dim=-1) < 1).all())
    assert bool((found.weights[..., 3] == 0).all()) == masked


def test_the_pass_of_the_chosen_task_counts() -> None:
    shared = [EMBED, {"kind": "multi_head_attention", "heads": 2}, POOL]
    model = explained_model({"shared": shared, "sharing": {"kind": "prefixes"}}, ("text",))
    for parameter in model.model.parameters():
        parameter.data.normal_()
    inputs = rows(model)
    first, second = (attention_weights(model.model, inputs, task, 2)[0].weights for task in (0, 1))
    assert not torch.equal(first, second)
