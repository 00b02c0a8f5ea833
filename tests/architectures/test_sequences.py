"""Layers of tokens and sequences, ``[channels, length]``."""

import pytest
import torch

from mtl_core.architectures import build_model, describe_model
from mtl_core.spec import InputError, ModelSpec, TargetInfo
from mtl_core.training.runtime.threads import count_multiplications
from tests.inputs import as_table

CLASS = {"t": TargetInfo(name="t", kind="binary", classes=("no", "yes"))}
EMBEDDING = {"kind": "embedding", "vocabulary": 10, "dimensions": 4}


def model(*shared: dict[str, object]) -> ModelSpec:
    return ModelSpec.model_validate({"shared": list(shared)}, strict=False)


def features(spec: ModelSpec, inputs: torch.Tensor) -> torch.Tensor:
    torch.manual_seed(0)
    return build_model(spec, {"table": tuple(inputs.shape[1:])}, {"t": 1}).features(as_table(inputs))[0]


def test_each_token_becomes_its_vector_and_padding_zeros() -> None:
    found = features(model(EMBEDDING), torch.tensor([[2.0, 3.0, 2.0, 0.0]]))
    assert found.shape == (1, 4, 4)
    assert torch.equal(found[0, :, 0], found[0, :, 2])
    assert not torch.equal(found[0, :, 0], found[0, :, 1])
    assert not found[0, :, 3].any()


def test_tokens_beyond_the_vocabulary_are_read_as_unknown() -> None:
    found = features(model(EMBEDDING), torch.tensor([[1.0, 10.0, 5000.0, -2.0]]))
    assert torch.equal(found[0], found[0, :, :1].expand(4, 4))


def test_padding_is_never_learned() -> None:
    built = build_model(model(EMBEDDING), {"table": (3,)}, {"t": 1})
    built(as_table(torch.zeros(2, 3)))[0].sum().backward()
    (weight, *_) = built.parameters()
    assert weight.grad is not None
    assert not weight.grad.any()


@pytest.mark.parametrize("kind", ["lstm", "gru"])
@pytest.mark.parametrize("both", [False, True])
def test_a_recurrent_layer_keeps_the_length_and_reads_in_its_directions(kind: str, both: bool) -> None:
    spec = model(EMBEDDING, {"kind": kind, "hidden_size": 3, "bidirectional": both})
    assert describe_model(spec, {"table": (6,)}, CLASS).shared[-1].output_shape == (3 * (1 + both), 6)
    one, other = torch.full((1, 6), 2.0), torch.full((1, 6), 2.0)
    other[0, -1] = 5.0  # only who reads backwards knows of it at the first position
    differ = features(spec, one)[0, :, 0] != features(spec, other)[0, :, 0]
    assert differ.tolist() == [False] * 3 + [True] * 3 * both


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_convolution_and_pooling_go_on_behind_a_recurrent_layer(kind: str) -> None:
    spec = model(EMBEDDING, {"kind": kind, "hidden_size": 3}, {"kind": "conv1d", "out_channels": 5})
    pooled = model(EMBEDDING, {"kind": kind, "hidden_size": 3}, {"kind": "global_avg_pool"})
    assert features(spec, torch.ones(2, 6)).shape == (2, 5, 6)
    assert features(pooled, torch.ones(2, 6)).shape == (2, 6)


@pytest.mark.parametrize(
    ("shared", "words"),
    [
        ([{"kind": "linear"}, EMBEDDING], "must be the first layer"),
        ([{"kind": "lstm"}], "takes channels × length"),
    ],
)
def test_a_sequence_layer_in_the_wrong_place_is_refused(shared: list[dict[str, object]], words: str) -> None:
    with pytest.raises(InputError, match=words):
        build_model(model(*shared), {"table": (6,)}, {"t": 1})


def test_a_head_may_begin_with_an_embedding_where_nothing_is_shared() -> None:
    heads = {"t": [EMBEDDING]}
    alone = ModelSpec.model_validate({"shared": [], "heads": heads}, strict=False)
    behind = ModelSpec.model_validate({"shared": [{"kind": "relu"}], "heads": heads}, strict=False)
    assert describe_model(alone, {"table": (6,)}, CLASS).problems == ()
    assert [layer.path for layer in describe_model(behind, {"table": (6,)}, CLASS).problems] == ["model.heads.t[0]"]


def test_the_work_of_a_recurrent_layer_counts_at_every_position() -> None:
    spec = model(EMBEDDING, {"kind": "gru", "hidden_size": 3, "bidirectional": False}, {"kind": "global_avg_pool"})
    built = build_model(spec, {"table": (6,)}, {"t": 1})
    assert count_multiplications(built, as_table(torch.zeros(1, 6))) == 6 * 3 * (4 * 3 + 3 * 3) + 3
