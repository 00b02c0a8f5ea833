"""A local folder of the transformers library with a model of texts as the first layer."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from mtl_core.architectures import SCHEMES, MultiTaskModel, build_model, describe_model
from mtl_core.spec import Fix, InputError, ModelSpec, TargetInfo, TextSpec, set_at, spec_to_data
from mtl_core.tabular.text.tokenizer import encode_texts
from tests.architectures.folders import (
    ENCODER_DECODERS,
    LONGEST,
    VOCABULARY,
    WIDTH,
    layer_data,
    library,
    model_folder,
    save_tokenizer,
    text_folder,
)
from tests.inputs import as_table

TARGETS = {"a": TargetInfo(name="a", kind="binary", classes=("no", "yes"))}
LENGTH = 8
TOKENS = torch.tensor([[3.0, 5, 6, 7, 4, 0, 0, 0], [3, 5, 6, 7, 8, 9, 10, 4], [3, 4, 0, 0, 0, 0, 0, 0]])
"""As a data set gives them: the tokenizer's numbers and 1 more, 0 behind a text's end."""
KINDS = ("Bert", "Roberta", "DistilBert", "Electra", "Albert", "DebertaV2", "ModernBert", "GPT2")
_NAMES: dict[str, dict[str, Any]] = {
    "Roberta": {"pad_token_id": 1},
    "DistilBert": {"dim": WIDTH, "n_layers": 2, "n_heads": 2, "hidden_dim": 8},
    "Electra": {"embedding_size": WIDTH},
    "Albert": {"embedding_size": 8},
    "ModernBert": {f"{name}_token_id": 2 for name in ("cls", "sep", "bos", "eos")},
    "GPT2": {"bos_token_id": 2, "eos_token_id": 3},
}


def small(folder: Path, name: str) -> Any:
    return text_folder(folder, name, **_NAMES.get(name, {}))


def spec_of(*layers: dict[str, Any], sharing: str = "hard") -> ModelSpec:
    return ModelSpec.model_validate({"shared": layers, "sharing": {"kind": sharing}}, strict=False)


def built(folder: Path, length: int = LENGTH, **settings: Any) -> MultiTaskModel:
    return build_model(spec_of(layer_data(folder, **settings)), {"table": (length,)}, {"a": 1})


def features(model: MultiTaskModel, tokens: Tensor = TOKENS) -> Tensor:
    with torch.no_grad():
        return model.eval().features(as_table(tokens))[0]


def alone(model: Any, row: Tensor) -> Any:
    """What the library's model says of one text without padding."""
    ids = row[row > 0].long()[None] - 1
    with torch.no_grad():
        return model(input_ids=ids, attention_mask=torch.ones_like(ids))


@pytest.mark.parametrize("name", KINDS)
def test_features_are_those_the_library_gives_for_each_text_alone(name: str, tmp_path: Path) -> None:
    theirs = small(tmp_path, name)
    states = [alone(theirs, row).last_hidden_state[0].T for row in TOKENS]
    positions = features(built(tmp_path, output="positions"))
    assert positions.shape == (3, WIDTH, LENGTH)
    for found, expected in zip(positions, states, strict=True):
        end = expected.shape[1]
        torch.testing.assert_close(found[:, :end], expected, rtol=1e-4, atol=1e-5)
        assert not found[:, end:].any()
    means = torch.stack([state.mean(1) for state in states])
    torch.testing.assert_close(features(built(tmp_path, output="mean")), means, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["Bert", "Roberta", "Albert"])
def test_pooled_features_are_the_models_own(name: str, tmp_path: Path) -> None:
    theirs = small(tmp_path, name)
    expected = torch.cat([alone(theirs, row).pooler_output for row in TOKENS])
    torch.testing.assert_close(features(built(tmp_path)), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ENCODER_DECODERS)
def test_of_an_encoder_and_a_decoder_the_encoder_is_taken(name: str, tmp_path: Path) -> None:
    theirs = text_folder(tmp_path, name, **ENCODER_DECODERS[name])
    model = built(tmp_path, output="mean")
    states = [alone(theirs.get_encoder(), row).last_hidden_state[0].T.mean(1) for row in TOKENS]
    torch.testing.assert_close(features(model), torch.stack(states), rtol=1e-4, atol=1e-5)
    assert not any("decoder" in parameter for parameter, _ in model.named_parameters())
    model.train()(as_table(TOKENS))[0].sum().backward()
    assert all(p.grad is not None for p in model.parameters())


def test_an_encoder_whose_words_have_no_weights_is_refused(tmp_path: Path) -> None:
    text_folder(tmp_path, "T5", **ENCODER_DECODERS["T5"])
    weights = load_file(tmp_path / "model.safetensors")
    save_file({n: t for n, t in weights.items() if n != "shared.weight"}, tmp_path / "model.safetensors")
    with pytest.raises(InputError, match=r"finds no weights for embed_tokens\.weight in"):
        built(tmp_path, output="mean")
    kept = {name: tensor for name, tensor in weights.items() if not name.startswith("decoder.")}
    save_file(kept, tmp_path / "model.safetensors")
    assert features(built(tmp_path, output="mean")).isfinite().all()


@pytest.mark.parametrize("output", ["pooled", "mean", "positions"])
def test_a_text_without_a_token_gives_numbers_all_the_same(output: str, tmp_path: Path) -> None:
    text_folder(tmp_path)
    assert features(built(tmp_path, output=output), torch.zeros(2, LENGTH)).isfinite().all()


@pytest.mark.parametrize("output", ["pooled", "mean", "positions"])
def test_a_model_is_described_as_it_is_built_and_learns(output: str, tmp_path: Path) -> None:
    text_folder(tmp_path)
    model = built(tmp_path, output=output)
    info = describe_model(spec_of(layer_data(tmp_path, output=output)), {"table": (LENGTH,)}, TARGETS).shared[0]
    assert info.output_shape == tuple(features(model).shape[1:])
    assert info.parameters == sum(p.numel() for p in model.shared_parameters())
    assert info.detail == f"{tmp_path.name} · {output}"
    model.train()(as_table(TOKENS))[0].sum().backward()
    assert all(p.grad is not None for p in model.parameters())


@pytest.mark.parametrize("kind", SCHEMES)
def test_any_sharing_scheme_has_it_as_its_first_layer(kind: str, tmp_path: Path) -> None:
    text_folder(tmp_path, max_position_embeddings=32)
    layers = [layer_data(tmp_path), {"kind": "relu"}, {"kind": "linear", "out_features": 4}]
    model = build_model(spec_of(*layers, sharing=kind), {"table": (LENGTH,)}, {"a": 1, "b": 2})
    sum(output.square().sum() for output in model.train()(as_table(TOKENS))).backward()
    name = "encoder.layer.0.output.dense.weight"
    copies = [p for found, p in model.named_parameters() if found.endswith(name)]
    assert any(copy.grad is not None and copy.grad.abs().sum() > 0 for copy in copies) == (
        not model.frozen_parameters()
    )


def with_other_tokenizer(folder: Path) -> None:
    text_folder(folder)
    save_tokenizer(folder, VOCABULARY | {"comet": len(VOCABULARY)})


BAD: dict[str, tuple[Callable[[Path], Any], dict[str, Any], int, str]] = {
    "too long a text": (text_folder, {}, LONGEST + 1, "at most 12 tokens, and 13 arrive here; set dataset.text.max"),
    "padding takes positions": (lambda at: small(at, "Roberta"), {}, LONGEST - 1, "at most 10 tokens, and 11 arrive"),
    "a tokenizer of another model": (
        with_other_tokenizer,
        {},
        LENGTH,
        "numbers tokens up to 12, and the model knows 12",
    ),
    "a model of images": (model_folder, {}, LENGTH, "takes channels × height × width; 8 features arrive here"),
    "images to scale": (text_folder, {"image_size": 9}, LENGTH, "has no images to scale"),
    "no pooling": (lambda at: small(at, "DistilBert"), {}, LENGTH, "cannot take these texts (it does not pool)"),
    "a pooling without weights": (
        lambda at: text_folder(at, suffix="ForMaskedLM"),
        {},
        LENGTH,
        "finds no weights for pooler.dense.bias, pooler.dense.weight",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_folder_that_will_not_do_is_refused_with_what_would_mend_it(name: str, tmp_path: Path) -> None:
    make, settings, length, reason = BAD[name]
    make(tmp_path)
    spec = spec_of(layer_data(tmp_path, **settings))
    with pytest.raises(InputError, match=r"^model\.shared\[0\]: ") as caught:
        build_model(spec, {"table": (length,)}, {"a": 1})
    assert reason in caught.value.problem.rule
    fix = describe_model(spec, {"table": (length,)}, TARGETS).shared[0].fix
    assert (fix is not None) == ("pool" in name or "scale" in name)
    if fix:
        assert not describe_model(taken(spec, fix), {"table": (length,)}, TARGETS).problems


def taken(spec: ModelSpec, fix: Fix) -> ModelSpec:
    data = set_at({"model": spec_to_data(spec)}, fix.path, fix.value)["model"]
    return ModelSpec.model_validate(data, strict=False)


def test_features_of_another_layer_are_no_tokens(tmp_path: Path) -> None:
    text_folder(tmp_path)
    with pytest.raises(InputError, match=r"model\.shared\[1\]: .*or as the first layer the tokens of a text; 8 feat"):
        build_model(spec_of({"kind": "linear", "out_features": 8}, layer_data(tmp_path)), {"table": (5,)}, {"a": 1})


def test_without_the_library_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text_folder(tmp_path)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(InputError, match=r'pip install "mtl-workbench\[pretrained\]"'):
        built(tmp_path)


def test_the_tokenizer_cuts_as_the_library_does(tmp_path: Path) -> None:
    text_folder(tmp_path)
    theirs = library().PreTrainedTokenizerFast(tokenizer_file=str(tmp_path / "tokenizer.json"))
    texts = ["The sun rises.", "moons", "", "the sun rises again again again"]
    expected = theirs(texts, truncation=True, max_length=6, padding=False)["input_ids"]
    assert encode_texts(texts, TextSpec(tokenizer=str(tmp_path), max_length=6))[0] == expected
