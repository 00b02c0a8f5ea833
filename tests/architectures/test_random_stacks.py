"""Any list of layers either builds as described or is refused with a reason."""

from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from mtl_core.architectures import build_model, describe_model
from mtl_core.spec import InputError, ModelSpec, TargetInfo
from mtl_core.spec import layers as spec
from tests.inputs import as_table

TARGETS = {
    "a": TargetInfo(name="a", kind="multiclass", classes=("x", "y", "z")),
    "b": TargetInfo(name="b", kind="regression", width=2),
}
OUTPUTS = {name: info.outputs for name, info in TARGETS.items()}


def small(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high)


def convolutions(kind: Any) -> st.SearchStrategy[Any]:
    return st.builds(
        kind,
        out_channels=small(1, 6),
        kernel_size=small(1, 5),
        stride=small(1, 3),
        padding=st.one_of(st.just("same"), small(0, 3)),
        dilation=small(1, 2),
        groups=small(1, 3),
        in_channels=st.one_of(st.none(), st.none(), small(1, 6)),
    )


def pools(kind: Any) -> st.SearchStrategy[Any]:
    return st.builds(kind, kernel_size=small(1, 4), stride=st.one_of(st.none(), small(1, 3)), padding=small(0, 2))


PLAIN = (
    spec.BatchNorm1d, spec.BatchNorm2d, spec.LayerNorm, spec.Dropout, spec.Dropout2d, spec.GaussianNoise, spec.ReLU,
    spec.LeakyReLU, spec.ELU, spec.GELU, spec.SiLU, spec.Mish, spec.Tanh, spec.Sigmoid, spec.Softplus, spec.Flatten,
    spec.GlobalAvgPool, spec.GlobalMaxPool, spec.RMSNorm, spec.LayerScale, spec.StochasticDepth, spec.ClassToken,
)  # fmt: skip
STATED = st.one_of(st.none(), small(1, 6))
SINGLE = st.one_of(
    st.builds(spec.Linear, out_features=small(1, 6), bias=st.booleans(), in_features=STATED),
    convolutions(spec.Conv1d),
    convolutions(spec.Conv2d),
    *(pools(kind) for kind in (spec.MaxPool1d, spec.MaxPool2d, spec.AvgPool1d, spec.AvgPool2d)),
    *(
        st.builds(
            kind,
            multiplier=small(1, 2),
            kernel_size=small(1, 4),
            stride=small(1, 2),
            padding=st.one_of(st.just("same"), small(0, 2)),
            in_channels=STATED,
        )
        for kind in (spec.DepthwiseConv1d, spec.DepthwiseConv2d)
    ),
    *(
        st.builds(
            kind,
            out_channels=small(1, 4),
            kernel_size=small(1, 4),
            stride=small(1, 3),
            padding=small(0, 3),
            output_padding=small(0, 3),
        )
        for kind in (spec.ConvTranspose1d, spec.ConvTranspose2d)
    ),
    *(
        st.builds(
            kind,
            out_channels=small(1, 6),
            kernel_size=small(1, 4),
            stride=small(1, 3),
            norm=st.sampled_from(["batch", "group"]),
        )
        for kind in (spec.Bottleneck1d, spec.Bottleneck2d)
    ),
    st.builds(spec.SelfAttention, dimensions=STATED),
    *(st.builds(kind, heads=small(1, 3)) for kind in (spec.MultiHeadAttention, spec.TransformerBlock)),
    st.builds(spec.PositionalEncoding, encoding=st.sampled_from(["learned", "sinusoidal"])),
    st.builds(spec.PatchEmbedding, patch_size=small(1, 3), dimensions=small(1, 6)),
    st.builds(spec.TokensToImage, height=st.one_of(st.none(), small(1, 4)), skip=small(0, 2)),
    st.builds(spec.MixerBlock, position_features=STATED, channel_features=STATED),
    st.builds(spec.SequencePool, pool=st.sampled_from(["mean", "max", "attention"])),
    st.builds(spec.SelectPosition, position=st.sampled_from(["first", "last"])),
    st.builds(spec.SqueezeExcite, reduction=small(1, 4)),
    st.builds(spec.Upsample, factor=small(1, 3), mode=st.sampled_from(["nearest", "linear"])),
    st.builds(spec.AdaptiveAvgPool, output_size=small(1, 5)),
    st.builds(spec.GroupNorm, num_groups=small(1, 4)),
    st.builds(spec.Embedding, vocabulary=small(3, 9), dimensions=small(1, 4)),
    *(
        st.builds(kind, hidden_size=small(1, 4), num_layers=small(1, 2), bidirectional=st.booleans())
        for kind in (spec.LSTM, spec.GRU)
    ),
    st.sampled_from(PLAIN).map(lambda kind: kind()),
)
LAYERS = st.one_of(
    SINGLE, SINGLE, SINGLE, st.lists(SINGLE, max_size=3).map(lambda inner: spec.Residual(layers=tuple(inner)))
)
STACKS = st.lists(LAYERS, max_size=6).map(tuple)
INPUTS = st.lists(small(1, 9), min_size=1, max_size=3).map(tuple)


def shapes(layers: nn.Sequential, inputs: torch.Tensor) -> list[tuple[int, ...]]:
    found = []
    for layer in layers:
        inputs = layer(inputs)
        found.append(tuple(inputs.shape[1:]))
    return found


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(shared=STACKS, head=STACKS, shape=INPUTS)
def test_a_stack_builds_as_described_or_is_refused(shared: Any, head: Any, shape: tuple[int, ...]) -> None:
    model = ModelSpec(shared=shared, heads={"a": head})
    info = describe_model(model, {"table": shape}, TARGETS)
    if info.problems:
        first = info.problems[0]
        with pytest.raises(InputError) as caught:
            build_model(model, {"table": shape}, OUTPUTS)
        assert caught.value.problem.path == first.path
        assert first.error == caught.value.problem.rule + "."
        return
    built = build_model(model, {"table": shape}, OUTPUTS)
    inputs = torch.randn(3, *shape)
    assert shapes(built.shared, inputs) == [layer.output_shape for layer in info.shared]
    features = built.features(as_table(inputs))
    in_head = shapes(built.heads["task_a"], features[0])
    assert in_head[: len(head)] == [layer.output_shape for layer in info.heads["a"]]
    assert [tuple(o.shape) for o in built.head_outputs(features)] == [(3, 3), (3, 2)]
    assert info.parameters == sum(p.numel() for p in built.parameters())
    built.eval()
    assert [tuple(o.shape) for o in built(as_table(inputs[:1]))] == [(1, 3), (1, 2)]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(shared=STACKS, shape=INPUTS)
def test_no_fault_is_told_in_torch_s_words(shared: Any, shape: tuple[int, ...]) -> None:
    for problem in describe_model(ModelSpec(shared=shared), {"table": shape}, TARGETS).problems:
        assert problem.error is not None
        assert "cannot be built" not in problem.error


@given(
    kernel=small(1, 8),
    dilation=small(1, 3),
    size=small(1, 9),
)
@settings(max_examples=60, deadline=None)
@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
def test_same_padding_is_torch_s_own(kernel: int, dilation: int, size: int) -> None:
    layer = spec.Conv2d(out_channels=2, kernel_size=kernel, dilation=dilation)
    torch.manual_seed(0)
    ours = build_model(ModelSpec(shared=(layer,)), {"table": (1, size, size)}, {"a": 1})
    torch.manual_seed(0)
    theirs = nn.Conv2d(1, 2, kernel, dilation=dilation, padding="same")
    inputs = torch.randn(2, 1, size, size)
    torch.testing.assert_close(ours.features(as_table(inputs))[0], theirs(inputs))
