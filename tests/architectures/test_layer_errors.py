"""A layer that does not fit is refused with what it needs and what arrives; the offered fix repairs it.

Covers: mtl_core/architectures/layers/faults.py, mtl_core/architectures/describe.py.
"""

import json
from typing import Any

import pytest

from mtl_core.architectures import build_model, describe_model
from mtl_core.spec import (
    InputError,
    LayerInfo,
    ModelInfo,
    ModelSpec,
    Spec,
    TargetInfo,
    load_preset,
    set_at,
    spec_to_data,
)
from mtl_core.spec.layers import (
    AdaptiveAvgPool,
    AvgPool1d,
    BatchNorm1d,
    BatchNorm2d,
    Bottleneck1d,
    Bottleneck2d,
    Conv1d,
    Conv2d,
    ConvTranspose1d,
    ConvTranspose2d,
    DepthwiseConv1d,
    DepthwiseConv2d,
    Dropout2d,
    Flatten,
    GlobalAvgPool,
    GroupNorm,
    LayerNorm,
    Linear,
    MaxPool1d,
    MaxPool2d,
    MultiHeadAttention,
    PatchEmbedding,
    ReLU,
    SelectPosition,
    SelfAttention,
    SqueezeExcite,
    TokensToImage,
    TransformerBlock,
    Upsample,
)
from mtl_core.spec.reports import Shape

TARGETS = {
    "left": TargetInfo(name="left", kind="multiclass", classes=tuple("0123456789")),
    "sold": TargetInfo(name="sold", kind="binary", classes=("no", "yes")),
    "price": TargetInfo(name="price", kind="regression", width=2),
}
OUTPUTS = {name: info.outputs for name, info in TARGETS.items()}


def describe(model: ModelSpec, shape: Shape) -> ModelInfo:
    return describe_model(model, {"table": shape}, TARGETS)


def mended(model: ModelSpec, layer: LayerInfo) -> ModelSpec:
    assert layer.fix is not None
    data: dict[str, Any] = set_at({"model": spec_to_data(model)}, layer.fix.path, layer.fix.value)
    return ModelSpec.model_validate_json(json.dumps(data["model"]))


FAULTS: dict[str, tuple[Spec, Shape, str, str | None]] = {
    "a table into Conv2d": (
        Conv2d(),
        (8,),
        "Conv2d takes channels × height × width; 8 features arrive here.",
        "Use Linear",
    ),
    "a sequence into Conv2d": (
        Conv2d(),
        (3, 20),
        "Conv2d takes channels × height × width; 3×20 (channels × length) arrives here.",
        "Use Conv1d",
    ),
    "an image into Conv1d": (
        Conv1d(),
        (3, 8, 8),
        "Conv1d takes channels × length; 3×8×8 (channels × height × width) arrives here.",
        "Use Conv2d",
    ),
    "an image into Linear": (
        Linear(),
        (3, 8, 8),
        "Linear takes a row of features; 3×8×8 (channels × height × width) arrives here.",
        "Add Flatten before",
    ),
    "one feature into BatchNorm2d": (
        BatchNorm2d(),
        (1,),
        "BatchNorm2d takes channels × height × width; 1 feature arrives here.",
        "Use BatchNorm1d",
    ),
    "features into BatchNorm2d": (
        BatchNorm2d(),
        (64,),
        "BatchNorm2d takes channels × height × width; 64 features arrive here.",
        "Use BatchNorm1d",
    ),
    "an image into BatchNorm1d": (
        BatchNorm1d(momentum=0.2),
        (3, 8, 8),
        "BatchNorm1d takes features, or channels × length; 3×8×8 (channels × height × width) arrives here.",
        "Use BatchNorm2d",
    ),
    "features into a pool": (
        MaxPool2d(),
        (64,),
        "MaxPool2d takes channels × height × width; 64 features arrive here.",
        "Remove this layer",
    ),
    "an image into a pool along a sequence": (
        AvgPool1d(),
        (3, 8, 8),
        "AvgPool1d takes channels × length; 3×8×8 (channels × height × width) arrives here.",
        "Use AvgPool2d",
    ),
    "features into a global pool": (
        GlobalAvgPool(),
        (64,),
        "Global average pool takes channels × length or channels × height × width; 64 features arrive here.",
        "Remove this layer",
    ),
    "features into Dropout2d": (
        Dropout2d(p=0.3),
        (64,),
        "Dropout2d takes channels × height × width, or channels × length; 64 features arrive here.",
        "Use Dropout",
    ),
    "a pool larger than the input": (
        MaxPool2d(kernel_size=5),
        (3, 4, 9),
        "MaxPool2d has a window of 5 positions, which must fit the padded input; 4 arrive.",
        "Set the kernel size to 4",
    ),
    "a pool on a single position": (
        MaxPool1d(),
        (3, 1),
        "MaxPool1d has a window of 2 positions, which must fit the padded input; 1 arrives.",
        "Remove this layer",
    ),
    "a pool padded by more than half its window": (
        MaxPool2d(padding=2),
        (3, 8, 8),
        "MaxPool2d pads by at most half its window of 2; its padding is 2.",
        "Set padding to 1",
    ),
    "a window larger than the padded input": (
        Conv2d(kernel_size=5, padding=0, dilation=2),
        (3, 8, 8),
        "Conv2d has a window of 9 positions, which must fit the padded input; 8 arrive.",
        "Set the kernel size to 4",
    ),
    "'same' with a stride": (
        Conv2d(stride=2),
        (3, 8, 8),
        "Conv2d keeps the size with padding 'same', so its stride must be 1; it is 2.",
        "Set padding to 1",
    ),
    "groups that do not divide the channels": (
        Conv2d(groups=4),
        (6, 8, 8),
        "Conv2d splits its channels into 4 groups, which must divide the channels that arrive (6) and its own (32).",
        "Set groups to 2",
    ),
    "group norm of channels it does not divide": (
        GroupNorm(num_groups=8),
        (12, 4),
        "GroupNorm needs a number of groups that divides the channels; 8 groups do not divide 12.",
        "Set the groups to 6",
    ),
    "group norm of single values": (
        GroupNorm(num_groups=8),
        (8,),
        "GroupNorm needs at least two values in each group; 8 groups of 8 leave one in each.",
        "Set the groups to 4",
    ),
    "group norm of one feature": (
        GroupNorm(),
        (1,),
        "GroupNorm needs at least two values a row; 1 feature arrives here.",
        "Remove this layer",
    ),
    "a weight matrix of 4 TB": (
        Linear(out_features=1_000_000),
        (1_000_000,),
        "Linear would have 1\u202f000 billion parameters; at most 2 billion can be held.",
        None,
    ),
    "filters beyond counting": (
        Conv2d(out_channels=100_000, kernel_size=1024, padding=500),
        (100_000, 64, 64),
        "Conv2d would have about 10^16 parameters; at most 2 billion can be held.",
        None,
    ),
    "padding beyond counting": (
        Conv1d(padding=10**30),
        (3, 8),
        "Conv1d would make about 10^31 values of each row; at most 2 billion can be held.",
        None,
    ),
    "more features than are stated": (
        Linear(in_features=512),
        (1024,),
        "Linear is set to take 512 features; 1\u202f024 features arrive here.",
        "Take 1024 features",
    ),
    "fewer channels than are stated": (
        Conv1d(in_channels=4),
        (3, 8),
        "Conv1d is set to take 4 channels; 3×8 (channels × length) arrives here.",
        "Take 3 channels",
    ),
    "a depthwise convolution of features": (
        DepthwiseConv1d(),
        (8,),
        "DepthwiseConv1d takes channels × length; 8 features arrive here.",
        "Remove this layer",
    ),
    "a depthwise convolution along the wrong dimensions": (
        DepthwiseConv2d(padding=1, stride=2),
        (3, 8),
        "DepthwiseConv2d takes channels × height × width; 3×8 (channels × length) arrives here.",
        "Use DepthwiseConv1d",
    ),
    "an output padding of a whole step": (
        ConvTranspose1d(output_padding=2),
        (3, 8),
        "ConvTranspose1d adds fewer positions at the end than its stride of 2; its output padding is 2.",
        "Set the output padding to 1",
    ),
    "a transposed convolution that cuts everything off": (
        ConvTranspose2d(padding=9),
        (3, 4, 8),
        "ConvTranspose2d cuts off 9 positions at each border, which leaves none; "
        "3×4×8 (channels × height × width) arrives here.",
        "Set padding to 3",
    ),
    "an even window of a bottleneck": (
        Bottleneck2d(kernel_size=4),
        (3, 8, 8),
        "Bottleneck2d needs a window of an odd number of positions, which has a middle; it has 4.",
        "Set the kernel size to 5",
    ),
    "a bottleneck without values to normalize": (
        Bottleneck1d(out_channels=2, norm="group"),
        (3, 1),
        "Bottleneck1d needs at least two values a row to normalize; it keeps one.",
        "Normalize over the batch",
    ),
    "a bottleneck of features": (
        Bottleneck1d(),
        (8,),
        "Bottleneck1d takes channels × length; 8 features arrive here.",
        "Use Linear",
    ),
    "squeeze and excite of features": (
        SqueezeExcite(),
        (8,),
        "Squeeze and excite takes channels × length or channels × height × width; 8 features arrive here.",
        "Remove this layer",
    ),
    "features made larger": (
        Upsample(),
        (8,),
        "Upsample takes channels × length or channels × height × width; 8 features arrive here.",
        "Remove this layer",
    ),
    "an adaptive pool of features": (
        AdaptiveAvgPool(),
        (8,),
        "Adaptive average pool takes channels × length or channels × height × width; 8 features arrive here.",
        "Remove this layer",
    ),
    "heads that do not divide the channels": (
        TransformerBlock(heads=4),
        (6, 8),
        "Transformer block needs a number of heads that divides the channels; 4 heads do not divide 6.",
        "Set the heads to 3",
    ),
    "attention over an image": (
        MultiHeadAttention(heads=1),
        (3, 8, 6),
        "Multi-head attention takes channels × length; 3×8×6 (channels × height × width) arrives here.",
        "Add Patch embedding before",
    ),
    "attention over features": (
        SelfAttention(),
        (8,),
        "Self-attention takes channels × length; 8 features arrive here.",
        "Remove this layer",
    ),
    "patches that do not cover the image": (
        PatchEmbedding(patch_size=4),
        (3, 8, 6),
        "Patch embedding needs patches that cover the image; patches of 4×4 do not cover 8×6.",
        "Set the patch size to 2",
    ),
    "tokens of a square image behind a class token": (
        TokensToImage(),
        (8, 17),
        "Tokens to image cannot lay out 17 tokens as a square image; 8×17 (channels × length) arrives here.",
        "Skip 1 and lay out a square",
    ),
    "tokens of another height": (
        TokensToImage(height=5, skip=1),
        (8, 13),
        "Tokens to image cannot lay out 12 tokens behind the first 1 as 5 rows; 8×13 (channels × length) arrives here.",
        "Set the height to 3",
    ),
    "a position of an image": (
        SelectPosition(),
        (3, 8, 6),
        "Select position takes channels × length; 3×8×6 (channels × height × width) arrives here.",
        "Use Global average pool",
    ),
    "nothing arrives": (
        LayerNorm(),
        (0,),
        "LayerNorm needs something to work on; 0 features arrive here.",
        None,
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_faulty_layer_says_what_it_needs_and_what_arrives(case: str) -> None:
    layer, shape, text, label = FAULTS[case]
    info = describe(ModelSpec(shared=(layer, ReLU())), shape)  # type: ignore[arg-type]
    (problem,) = info.problems
    assert problem.path == "model.shared[0]"
    assert problem.error == text
    assert problem.output_shape is None
    assert (problem.fix.label if problem.fix else None) == label


@pytest.mark.parametrize("case", FAULTS)
def test_building_is_refused_in_the_same_words(case: str) -> None:
    layer, shape, text, label = FAULTS[case]
    with pytest.raises(InputError) as caught:
        build_model(ModelSpec(shared=(layer, ReLU())), {"table": shape}, OUTPUTS)  # type: ignore[arg-type]
    problem = caught.value.problem
    assert problem.path == "model.shared[0]"
    assert problem.rule + "." == text
    assert problem.fix == (f"{label}." if label else "")


@pytest.mark.parametrize("case", [case for case, (*_, label) in FAULTS.items() if label])
def test_the_fix_mends_the_layer(case: str) -> None:
    layer, shape, *_ = FAULTS[case]
    model = ModelSpec(shared=(layer, ReLU()))  # type: ignore[arg-type]
    (problem,) = describe(model, shape).problems
    assert describe(mended(model, problem), shape).problems == ()


def test_a_fix_of_one_setting_leaves_the_rest_alone() -> None:
    model = ModelSpec(shared=(ReLU(), Conv2d(stride=2, kernel_size=5, out_channels=7)))
    (problem,) = describe(model, (3, 8, 8)).problems
    assert problem.fix is not None
    assert (problem.fix.path, problem.fix.value) == ("model.shared[1].padding", 2)


def test_another_kind_keeps_the_settings_it_has_in_common() -> None:
    model = ModelSpec(shared=(BatchNorm1d(momentum=0.2),))
    (problem,) = describe(model, (3, 8, 8)).problems
    assert mended(model, problem).shared == (BatchNorm2d(momentum=0.2),)


def test_an_inserted_layer_is_a_new_list() -> None:
    model = ModelSpec(shared=(Conv2d(),), heads={"left": (ReLU(), Linear(), ReLU())})
    (problem,) = describe(model, (3, 8, 8)).problems
    assert problem.fix is not None
    assert problem.fix.path == "model.heads.left"
    assert mended(model, problem).heads["left"] == (ReLU(), Flatten(), Linear(), ReLU())


def test_layers_behind_a_fault_have_no_shape_and_no_error_of_their_own() -> None:
    model = ModelSpec(shared=(Conv2d(), Linear(), ReLU()), heads={"left": (Linear(),)})
    info = describe(model, (3, 8, 8))
    assert [layer.error is None for layer in info.shared] == [True, False, True]
    assert info.shared[0].output_shape == (32, 8, 8)
    behind = [info.shared[2], *info.heads["left"], *info.outputs.values()]
    assert all(layer.output_shape is None and layer.error is None for layer in behind)


def test_a_fault_in_one_head_leaves_the_others_whole() -> None:
    model = ModelSpec(shared=(Flatten(),), heads={"sold": (Conv2d(),)})
    info = describe(model, (3, 8, 8))
    assert [problem.path for problem in info.problems] == ["model.heads.sold[0]"]
    assert info.outputs["left"].output_shape == (10,)
    assert info.outputs["sold"].output_shape is None


def test_all_layers_together_may_not_exceed_what_can_be_held() -> None:
    wide = Linear(out_features=30_000)
    info = describe(ModelSpec(shared=(wide, wide, wide, wide)), (30_000,))
    (problem,) = info.problems
    assert problem.path == "model.shared[2]"
    assert problem.error == (
        "With this Linear the model would have 2.7 billion parameters; at most 2 billion can be held."
    )


def test_an_output_layer_on_nothing_is_at_fault() -> None:
    info = describe(ModelSpec(), (0,))
    assert [problem.path for problem in info.problems] == [f"model.heads.{name}" for name in TARGETS]
    with pytest.raises(InputError, match=r"^model\.heads\.left: Linear needs something to work on"):
        build_model(ModelSpec(), {"table": (0,)}, OUTPUTS)


def test_the_preset_is_described_layer_by_layer() -> None:
    model = load_preset("multidigits").model
    targets = {name: TargetInfo(name=name, kind="multiclass", classes=tuple("0123456789")) for name in model.heads}
    info = describe_model(model, {"table": (1, 16, 16)}, targets)
    assert info.problems == ()
    first = info.shared[0]
    assert (first.path, first.kind, first.title, first.detail) == (
        "model.shared[0]",
        "conv2d",
        "Conv2d",
        "32 · 3×3 · same",
    )
    assert [layer.output_shape for layer in info.shared[:4]] == [
        (32, 16, 16),
        (32, 16, 16),
        (32, 8, 8),
        (64, 8, 8),
    ]
    assert first.parameters == 32 * 9 + 32
    assert info.outputs["left"].detail == "10 classes"
    assert info.outputs["left"].output_shape == (10,)
    built = build_model(model, {"table": (1, 16, 16)}, {"left": 10, "right": 10})
    assert info.parameters == sum(p.numel() for p in built.parameters())
    assert info.shared_parameters == sum(p.numel() for p in built.shared_parameters())


def test_the_output_layer_shows_the_flatten_it_needs() -> None:
    info = describe(ModelSpec(shared=(Conv2d(),), heads={"sold": (Flatten(),)}), (3, 8, 8))
    assert info.outputs["left"].title == "Flatten · Linear"
    assert info.outputs["left"].parameters == 32 * 64 * 10 + 10
    assert info.outputs["sold"].title == "Linear"
    assert [info.outputs[name].detail for name in TARGETS] == ["10 classes", "1 logit", "2 values"]


@pytest.mark.parametrize(
    ("layer", "detail"),
    [
        (
            Conv2d(out_channels=8, kernel_size=5, stride=2, padding=2, bias=False),
            "8 · 5×5 · padding 2 · stride 2 · no bias",
        ),
        (Conv1d(out_channels=8, dilation=3, groups=2), "8 · 3 · same · dilation 3 · 2 groups"),
        (MaxPool2d(kernel_size=3, stride=2, padding=1), "3×3 · stride 2 · padding 1"),
        (MaxPool2d(kernel_size=3, stride=3), "3×3"),
        (GroupNorm(num_groups=1), "1 group"),
        (BatchNorm2d(momentum=0.01, affine=False), "momentum 0.01 · not learned"),
        (Linear(out_features=5, bias=False), "5 · no bias"),
        (ReLU(), ""),
    ],
)
def test_the_detail_tells_what_differs_from_the_plain_layer(layer: Spec, detail: str) -> None:
    (info,) = describe(ModelSpec(shared=(layer,)), (8, 16, 16)).shared  # type: ignore[arg-type]
    assert info.detail == detail


def test_a_description_travels_as_json() -> None:
    info = describe(ModelSpec(shared=(Conv2d(), Linear())), (3, 8, 8))
    assert ModelInfo.model_validate_json(info.model_dump_json()) == info


@pytest.mark.parametrize(
    ("layers", "after"),
    [
        ((Conv2d(), Flatten(), MaxPool2d(), Linear()), (Conv2d(), MaxPool2d(), Flatten(), Linear())),
        ((Flatten(), ReLU(), Conv2d(), ReLU(), MaxPool2d()), (ReLU(), Conv2d(), ReLU(), MaxPool2d(), Flatten())),
        ((Conv2d(), Flatten(), GlobalAvgPool()), (Conv2d(), GlobalAvgPool(), Flatten())),
    ],
)
def test_a_flatten_too_early_is_moved_down(layers: tuple[Spec, ...], after: tuple[Spec, ...]) -> None:
    model = ModelSpec(shared=layers)  # type: ignore[arg-type]
    (problem,) = describe(model, (3, 8, 8)).problems
    assert problem.fix is not None
    assert problem.fix.label == "Move Flatten down"
    assert mended(model, problem).shared == after
    assert describe(mended(model, problem), (3, 8, 8)).problems == ()


def test_a_flatten_is_not_moved_over_layers_that_need_it() -> None:
    model = ModelSpec(shared=(Flatten(), Linear(), MaxPool2d()))
    (problem,) = describe(model, (3, 8, 8)).problems
    assert problem.fix is not None
    assert problem.fix.label == "Remove this layer"


def test_numbers_are_grouped_as_they_are_in_the_window() -> None:
    (problem,) = describe(ModelSpec(shared=(MaxPool2d(),)), (8192,)).problems
    assert problem.error == "MaxPool2d takes channels × height × width; 8\u202f192 features arrive here."
