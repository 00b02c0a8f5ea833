"""The output layer of a head follows from its task: values, a map, or the features themselves."""

import pytest
import torch

from mtl_core.architectures import build_model, describe_model
from mtl_core.spec import InputError, ModelSpec, TargetInfo
from tests.inputs import as_table

ROW = TargetInfo(name="row", kind="ordinal", classes=("a", "b", "c"))
MAP = TargetInfo(name="map", kind="segmentation", classes=("a", "b", "c"), size=(8, 8))
POINT = TargetInfo(name="point", kind="objective", width=2)


def model(*shared: dict[str, object]) -> ModelSpec:
    return ModelSpec.model_validate({"shared": list(shared)}, strict=False)


def test_a_map_is_made_by_a_convolution_beside_a_row_of_numbers() -> None:
    spec = model({"kind": "conv2d", "out_channels": 4}, {"kind": "max_pool2d"})
    targets = {"row": ROW, "map": MAP}
    described = describe_model(spec, {"table": (3, 8, 8)}, targets)
    assert described.problems == ()
    built = build_model(spec, {"table": (3, 8, 8)}, {name: info.outputs for name, info in targets.items()})
    row, map_ = built(as_table(torch.zeros(5, 3, 8, 8)))
    assert row.shape == (5, *(described.outputs["row"].output_shape or ())) == (5, 2)
    assert map_.shape == (5, *(described.outputs["map"].output_shape or ())) == (5, 3, 4, 4)
    assert (described.outputs["map"].kind, described.outputs["map"].detail) == ("conv2d", "3 classes")
    assert described.parameters == sum(p.numel() for p in built.parameters())


def test_a_map_asks_for_an_image_to_arrive() -> None:
    spec = model({"kind": "flatten"})
    (problem,) = describe_model(spec, {"table": (3, 8, 8)}, {"map": MAP}).problems
    assert problem.path == "model.heads.map"
    with pytest.raises(InputError, match="channels × height × width"):
        build_model(spec, {"table": (3, 8, 8)}, {"map": MAP.outputs})


def test_an_objective_takes_the_features_as_they_are() -> None:
    spec = model({"kind": "linear", "out_features": 2})
    described = describe_model(spec, {"table": (1,)}, {"point": POINT})
    assert described.parameters == described.shared_parameters == 4
    built = build_model(spec, {"table": (1,)}, {"point": POINT.outputs})
    inputs = torch.randn(3, 1)
    assert torch.equal(built(as_table(inputs))[0], built.features(as_table(inputs))[0])


def test_an_objective_of_other_features_is_refused() -> None:
    spec = model({"kind": "linear", "out_features": 3})
    (problem,) = describe_model(spec, {"table": (1,)}, {"point": POINT}).problems
    assert "2 features" in (problem.error or "")
    with pytest.raises(InputError, match="3 features arrive"):
        build_model(spec, {"table": (1,)}, {"point": POINT.outputs})


@pytest.mark.parametrize(
    ("info", "outputs", "words"),
    [
        (ROW, 2, "2 thresholds"),
        (TargetInfo(name="t", kind="multilabel", width=3, classes=("a", "b", "c")), 3, "3 labels"),
        (TargetInfo(name="t", kind="distribution", width=3, classes=("a", "b", "c")), 3, "3 classes"),
        (TargetInfo(name="t", kind="count"), 1, "1 log rate"),
        (TargetInfo(name="t", kind="box", width=4), 4, "4 numbers"),
        (TargetInfo(name="t", kind="regression", width=2, per_value=2), 4, "2 values, 2 variances"),
    ],
)
def test_the_output_layer_says_what_it_gives(info: TargetInfo, outputs: int, words: str) -> None:
    output = describe_model(model(), {"table": (6,)}, {"t": info}).outputs["t"]
    assert (output.output_shape, output.detail) == ((outputs,), words)
