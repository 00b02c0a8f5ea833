"""A local folder of the transformers library as a layer.

Covers: mtl_core/architectures/layers/transformers_folder.py, mtl_core/architectures/layers/pretrained_rules.py.
"""

import importlib.util
import json
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from mtl_core.architectures import SCHEMES, MultiTaskModel, build_model, describe_model
from mtl_core.spec import Fix, InputError, ModelSpec, TargetInfo, set_at, spec_to_data
from tests.architectures.folders import CHANNELS, MODELS, SIZE, WIDTH, layer_data, library, model_folder
from tests.inputs import as_table

SHAPE = (CHANNELS, SIZE, SIZE)
TARGETS = {"a": TargetInfo(name="a", kind="binary", classes=("no", "yes"))}


def spec_of(*layers: dict[str, Any], sharing: str = "hard") -> ModelSpec:
    return ModelSpec.model_validate({"shared": layers, "sharing": {"kind": sharing}}, strict=False)


def taken(spec: ModelSpec, fix: Fix) -> ModelSpec:
    data = set_at({"model": spec_to_data(spec)}, fix.path, fix.value)["model"]
    return ModelSpec.model_validate(data, strict=False)


def built(folder: Path, shape: tuple[int, ...] = SHAPE, **settings: Any) -> MultiTaskModel:
    return build_model(spec_of(layer_data(folder, **settings)), {"table": shape}, {"a": 1})


def images(*shape: int) -> Tensor:
    return torch.randn(4, *(shape or SHAPE), generator=torch.Generator().manual_seed(0))


def features(model: MultiTaskModel, inputs: Tensor) -> Tensor:
    with torch.no_grad():
        return model.eval().features(as_table(inputs))[0]


@pytest.mark.parametrize("name", MODELS)
def test_features_are_those_the_library_gives_for_the_same_images(name: str, tmp_path: Path) -> None:
    with torch.no_grad():
        theirs = model_folder(tmp_path, name)(images())
    positions = theirs.last_hidden_state
    positions = positions.transpose(1, 2) if positions.dim() == 3 else positions
    torch.testing.assert_close(features(built(tmp_path), images()), theirs.pooler_output.flatten(1))
    torch.testing.assert_close(features(built(tmp_path, output="positions"), images()), positions)


@pytest.mark.parametrize("output", ["pooled", "positions"])
@pytest.mark.parametrize("name", MODELS)
def test_a_model_is_described_as_it_is_built_and_learns(name: str, output: str, tmp_path: Path) -> None:
    model_folder(tmp_path, name)
    model = built(tmp_path, output=output)
    info = describe_model(spec_of(layer_data(tmp_path, output=output)), {"table": SHAPE}, TARGETS).shared[0]
    assert info.output_shape == tuple(features(model, images()).shape[1:])
    assert info.parameters == sum(p.numel() for p in model.shared_parameters())
    assert info.detail == f"{tmp_path.name} · {output}"
    model.train()(as_table(images()))[0].sum().backward()
    idle = {name for name, p in model.named_parameters() if p.grad is None}
    assert all("pretrained.layernorm" in name for name in idle)  # ConvNeXt's is behind its pooling


def test_a_classifier_gives_its_trunk_and_what_it_has_not_is_not_made_up(tmp_path: Path) -> None:
    theirs = model_folder(tmp_path, suffix="ForImageClassification")
    with torch.no_grad():
        expected = theirs.vit(images()).last_hidden_state.transpose(1, 2)
    torch.testing.assert_close(features(built(tmp_path, output="positions"), images()), expected)
    spec = spec_of(layer_data(tmp_path))
    fault = describe_model(spec, {"table": SHAPE}, TARGETS).shared[0]
    assert "finds no weights for pooler.dense.bias, pooler.dense.weight" in str(fault.error)
    assert fault.fix is not None
    mended = taken(spec, fault.fix)
    torch.testing.assert_close(
        features(build_model(mended, {"table": SHAPE}, {"a": 1}), images()), expected.mean(dim=2)
    )


def test_other_layers_begin_as_they_would_without_it(tmp_path: Path) -> None:
    model_folder(tmp_path, suffix="ForImageClassification")
    torch.manual_seed(3)
    expected = nn.Linear(WIDTH * 10, 1).weight
    torch.manual_seed(3)
    model = built(tmp_path, output="positions")
    assert torch.equal(next(p for name, p in model.named_parameters() if name.startswith("heads.")), expected)


def test_half_precision_weights_are_trained_in_single(tmp_path: Path) -> None:
    model_folder(tmp_path)
    half = {name: tensor.half() for name, tensor in load_file(tmp_path / "model.safetensors").items()}
    save_file(half, tmp_path / "model.safetensors", {"format": "pt"})
    edit_config(tmp_path, dtype="float16")
    assert {p.dtype for p in built(tmp_path).parameters()} == {torch.float32}


def test_weights_in_several_files_are_read(tmp_path: Path) -> None:
    theirs = model_folder(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    theirs.save_pretrained(tmp_path, max_shard_size="8KB")
    assert not (tmp_path / "model.safetensors").exists()
    with torch.no_grad():
        torch.testing.assert_close(features(built(tmp_path), images()), theirs(images()).pooler_output)


def test_images_are_scaled_to_the_size_asked_for(tmp_path: Path) -> None:
    model_folder(tmp_path)
    found = features(built(tmp_path, (CHANNELS, 30, 20), image_size=SIZE), images(CHANNELS, 30, 20))
    scaled = nn.functional.interpolate(images(CHANNELS, 30, 20), (SIZE, SIZE), mode="bilinear", antialias=True)
    torch.testing.assert_close(found, features(built(tmp_path), scaled))


@pytest.mark.parametrize("kind", SCHEMES)
def test_copies_under_any_sharing_scheme_begin_alike_and_all_learn(kind: str, tmp_path: Path) -> None:
    model_folder(tmp_path, "ResNet")
    layers = [layer_data(tmp_path), {"kind": "relu"}, {"kind": "linear", "out_features": 4}]
    model = build_model(spec_of(*layers, sharing=kind), {"table": SHAPE}, {"a": 1, "b": 2})
    stored = load_file(tmp_path / "model.safetensors")
    name = "embedder.embedder.convolution.weight"
    copies = [p for found, p in model.named_parameters() if found.endswith(name)]
    assert copies
    assert all(torch.equal(copy, stored[name]) for copy in copies)
    sum(output.square().sum() for output in model.train()(as_table(images()))).backward()
    assert any(copy.grad is not None and copy.grad.abs().sum() > 0 for copy in copies) == (
        not model.frozen_parameters()
    )


def edit_config(folder: Path, **changes: Any) -> None:
    data = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps(data | changes), "utf-8")


def edit_weights(folder: Path, tensors: dict[str, Tensor]) -> None:
    save_file(load_file(folder / "model.safetensors") | tensors, folder / "model.safetensors", {"format": "pt"})


def as_pickle(folder: Path) -> None:
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def with_code(folder: Path) -> None:
    edit_config(folder, model_type="own", auto_map={"AutoConfig": "own.Config", "AutoModel": "own.Model"})
    (folder / "own.py").write_text(f"open({str(folder / 'ran')!r}, 'w')", "utf-8")


def of_text(folder: Path) -> None:
    small = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
    lib = library()
    lib.BertModel(lib.BertConfig(vocab_size=9, **small)).save_pretrained(folder)


BAD: dict[str, tuple[Callable[[Path], Any], str]] = {
    "no config": (lambda folder: (folder / "config.json").unlink(), "needs a config.json"),
    "a broken config": (lambda folder: (folder / "config.json").write_text("{"), "cannot be built from"),
    "no such kind of model": (lambda folder: edit_config(folder, model_type="vat"), "cannot be built from"),
    "a wrong setting": (lambda folder: edit_config(folder, hidden_size="big"), "cannot be built from"),
    "code of its own": (with_code, "runs no code of a folder"),
    "quantised": (lambda folder: edit_config(folder, quantization_config={"bits": 4}), "'quantization_config'"),
    "a pickle": (as_pickle, "reads weights from model.safetensors only"),
    "broken weights": (lambda folder: (folder / "model.safetensors").write_text("x"), "cannot read the weights"),
    "other weights": (lambda folder: save_file({"x": torch.ones(1)}, folder / "model.safetensors"), "finds no weights"),
    "weights of another shape": (
        lambda folder: edit_weights(folder, {"layernorm.weight": torch.ones(5)}),
        "weights of another shape than its config.json says: layernorm.weight",
    ),
    "a model of text": (of_text, "needs a model of images"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_folder_that_will_not_do_is_refused_with_the_reason(name: str, tmp_path: Path) -> None:
    make, reason = BAD[name]
    model_folder(tmp_path)
    make(tmp_path)
    with pytest.raises(InputError) as caught:
        built(tmp_path)
    assert caught.value.problem.path == "model.shared[0]"
    assert reason in caught.value.problem.rule
    assert describe_model(spec_of(layer_data(tmp_path)), {"table": SHAPE}, TARGETS).shared[0].error is not None
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("shape", "reason", "fix"),
    [
        ((5,), "takes channels × height × width; 5 features arrive here", ""),
        ((1, SIZE, SIZE), "takes images of 3 channels; 1×12×12", "Add Conv2d before."),
        ((3, 16, 16), "cannot take these images; 3×16×16", "Scale images to 12."),
    ],
)
def test_images_that_do_not_fit_are_refused_with_what_would_mend_it(
    shape: tuple[int, ...], reason: str, fix: str, tmp_path: Path
) -> None:
    model_folder(tmp_path)
    with pytest.raises(InputError, match=r"^model\.shared\[0\]: ") as caught:
        built(tmp_path, shape)
    assert reason in caught.value.problem.rule
    assert caught.value.problem.fix == fix
    spec = spec_of(layer_data(tmp_path))
    if mend := describe_model(spec, {"table": shape}, TARGETS).shared[0].fix:
        assert not describe_model(taken(spec, mend), {"table": shape}, TARGETS).problems


def test_a_mended_folder_is_read_anew(tmp_path: Path) -> None:
    model_folder(tmp_path)
    whole = (tmp_path / "model.safetensors").read_bytes()
    (tmp_path / "model.safetensors").write_bytes(b"")
    with pytest.raises(InputError):
        built(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(whole)
    assert features(built(tmp_path), images()).shape == (4, WIDTH)


@pytest.mark.parametrize(("path", "reason"), [("", "none is chosen"), ("nowhere", "there is no folder nowhere")])
def test_a_folder_that_is_not_there_is_named(path: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        built(Path(path)) if path else build_model(spec_of({"kind": "pretrained"}), {"table": SHAPE}, {"a": 1})


def test_without_the_library_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).touch()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(InputError, match=r'pip install "mtl-workbench\[pretrained\]"'):
        built(tmp_path)


def test_nothing_is_asked_of_the_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("the network was asked")

    model_folder(tmp_path)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert features(built(tmp_path), images()).shape == (4, WIDTH)


@pytest.mark.slow
def test_the_library_is_not_imported_without_such_a_layer() -> None:
    code = "import sys, mtl_core.runner.inspection as i; i.warm_up(); sys.exit('transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=False).returncode == 0
