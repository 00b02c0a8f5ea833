"""A local folder of the transformers library with a model of waveforms or spectrograms."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_core.architectures import MultiTaskModel, build_model, describe_model
from mtl_core.architectures.layers.pretrained import Pretrained
from mtl_core.spec import InputError, ModelSpec, TargetInfo
from tests.architectures.folders import (
    BANDS,
    ENCODER_DECODERS,
    SAMPLES,
    WIDTH,
    WINDOWS,
    layer_data,
    model_folder,
    sound_folder,
    text_folder,
)

WAVEFORM, SPECTROGRAM = (1, SAMPLES), (1, BANDS, WINDOWS)
SHAPES = {"Wav2Vec2": WAVEFORM, "Hubert": WAVEFORM, "AST": SPECTROGRAM, "Whisper": SPECTROGRAM}
TARGETS = {"a": TargetInfo(name="a", kind="binary", classes=("no", "yes"))}


def spec_of(folder: Path, **settings: Any) -> ModelSpec:
    return ModelSpec.model_validate({"shared": [layer_data(folder, **settings)]}, strict=False)


def built(folder: Path, shape: tuple[int, ...], **settings: Any) -> MultiTaskModel:
    return build_model(spec_of(folder, **settings), {"sound": shape}, {"a": 1})


def sounds(shape: tuple[int, ...]) -> Tensor:
    return torch.randn(3, *shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", SHAPES)
def test_features_are_those_the_library_gives_for_the_same_sounds(name: str, tmp_path: Path) -> None:
    theirs, inputs = sound_folder(tmp_path, name), sounds(SHAPES[name])
    with torch.no_grad():
        match name:
            case "AST":
                states = theirs(input_values=inputs[:, 0].transpose(1, 2)).last_hidden_state
            case "Whisper":
                states = theirs.get_encoder()(input_features=inputs[:, 0]).last_hidden_state
            case _:
                states = theirs(input_values=inputs[:, 0]).last_hidden_state
        model = built(tmp_path, SHAPES[name], output="positions").eval()
        (found,) = model.features({"sound": inputs})
    torch.testing.assert_close(found, states.transpose(1, 2), rtol=1e-4, atol=1e-5)
    info = describe_model(spec_of(tmp_path, output="mean"), {"sound": SHAPES[name]}, TARGETS).shared[0]
    assert info.output_shape == (WIDTH,)
    model.train()({"sound": inputs})[0].sum().backward()
    assert all(p.grad is not None for p in model.parameters())


def test_nothing_of_a_sound_is_masked_at_random_and_no_layer_is_left_out(tmp_path: Path) -> None:
    """The library masks by NumPy's random numbers, which no checkpoint holds."""
    still = dict.fromkeys(("hidden_dropout", "attention_dropout", "activation_dropout", "feat_proj_dropout"), 0.0)
    sound_folder(tmp_path, **still, layerdrop=0.9, mask_time_prob=0.9, mask_time_length=2)
    model, inputs = built(tmp_path, WAVEFORM, output="mean"), {"sound": sounds(WAVEFORM)}
    torch.testing.assert_close(model.train().features(inputs), model.eval().features(inputs))


def test_rates_fall_through_the_transformer_and_on_through_the_convolutions(tmp_path: Path) -> None:
    sound_folder(tmp_path)
    layer = built(tmp_path, WAVEFORM, output="mean").get_submodule("shared.0")
    assert isinstance(layer, Pretrained)
    depths = layer.parameter_depths()
    first = {
        part: min(depth for name, depth in depths.items() if part in name)
        for part in ("conv_layers.0", "conv_layers.1", "feature_projection", "layers.0.attention", "layers.1.attention")
    }
    assert list(first.values()) == sorted(set(first.values()))


BAD: dict[str, tuple[Callable[[Path], Any], tuple[int, ...], dict[str, Any], str]] = {
    "a spectrogram for a model of waveforms": (
        sound_folder,
        SPECTROGRAM,
        {},
        "has a model of waveforms (wav2vec2); let the sound input give a waveform",
    ),
    "a waveform for a model of spectrograms": (
        lambda at: sound_folder(at, "AST"),
        WAVEFORM,
        {},
        "let the sound input give a spectrogram",
    ),
    "other bands": (
        lambda at: sound_folder(at, "AST"),
        (1, BANDS, 9),
        {},
        "takes spectrograms of 8 bands × 16 windows; 1×8×9 (channels × height × width) arrives here; set mels",
    ),
    "a picture": (lambda at: sound_folder(at, "AST"), (3, BANDS, WINDOWS), {}, "which have one channel"),
    "a text for a model of sounds": (sound_folder, (8,), {}, "needs a model of texts"),
    "a sound for a model of texts": (
        lambda at: text_folder(at, "T5", **ENCODER_DECODERS["T5"]),
        WAVEFORM,
        {},
        "needs a model of waveforms",
    ),
    "a sound for a model of images": (model_folder, WAVEFORM, {}, "needs a model of waveforms"),
    "two channels": (sound_folder, (2, SAMPLES), {}, "or a sound as 1 × samples"),
    "too short a sound": (sound_folder, (1, 9), {}, "cannot take these sounds"),
    "images to scale": (sound_folder, WAVEFORM, {"image_size": 9}, "has no images to scale"),
    "no pooling": (sound_folder, WAVEFORM, {"output": "pooled"}, "it does not pool"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_folder_that_will_not_do_is_refused_with_the_reason(name: str, tmp_path: Path) -> None:
    make, shape, settings, reason = BAD[name]
    make(tmp_path)
    with pytest.raises(InputError, match=r"^model\.shared\[0\]: ") as caught:
        built(tmp_path, shape, **{"output": "mean", **settings})
    assert reason in caught.value.problem.rule
