"""Folders of small image and text models, made by the transformers library with random weights."""

from pathlib import Path
from typing import Any

import pytest

from mtl_core.spec import Spec
from mtl_core.spec.layers import Pretrained

CHANNELS, SIZE, WIDTH = 3, 12, 16
_VIT = {"hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 8, "patch_size": 4}
_SETTINGS: dict[str, dict[str, Any]] = {
    "ViT": _VIT | {"image_size": SIZE},
    "ResNet": {"embedding_size": 8, "hidden_sizes": [8, WIDTH], "depths": [1, 1], "layer_type": "basic"},
    "ConvNext": {"hidden_sizes": [8, WIDTH], "depths": [1, 1], "num_stages": 2},
}
MODELS = tuple(_SETTINGS)


def library() -> Any:
    """The transformers library; a test that asks for it is skipped where it is not."""
    found = pytest.importorskip("transformers", reason="needs the extra 'pretrained'")
    found.utils.logging.disable_progress_bar()  # it has a thread, which stays
    return found


def config_of(name: str, **changes: Any) -> Any:
    """The settings of a small model."""
    return getattr(library(), f"{name}Config")(**{"num_channels": CHANNELS, **_SETTINGS[name], **changes})


def model_folder(folder: Path, name: str = "ViT", suffix: str = "Model", **changes: Any) -> Any:
    """Save a small model in a folder; the model."""
    model = getattr(library(), f"{name}{suffix}")(config_of(name, **changes))
    model.save_pretrained(folder)
    return model.eval()


WORDS = ("the", "sun", "rises", "sets", "again", "##s", "moon", ".")
MARKS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
VOCABULARY = {word: number for number, word in enumerate((*MARKS, *WORDS))}
LONGEST = 12
"""Most tokens that a small text model reads."""


def text_folder(folder: Path, name: str = "Bert", suffix: str = "Model", **changes: Any) -> Any:
    """Save a small model of texts in a folder, with its tokenizer; the model."""
    small = {"hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 8}
    sizes = {"vocab_size": len(VOCABULARY), "max_position_embeddings": LONGEST, "pad_token_id": 0}
    lib = library()
    config = getattr(lib, f"{name}Config")(**{**small, **sizes, **changes})
    model = getattr(lib, f"{name}{suffix}")(config)
    model.save_pretrained(folder)
    save_tokenizer(folder)
    return model.eval()


def save_tokenizer(folder: Path, vocabulary: dict[str, int] = VOCABULARY) -> None:
    """Save a tokenizer of a few words, whose texts begin and end with a mark, as BERT's do."""
    lib = pytest.importorskip("tokenizers", reason="needs the extra 'pretrained'")
    tokenizer = lib.Tokenizer(lib.models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = lib.normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = lib.pre_tokenizers.BertPreTokenizer()
    ends = [(mark, vocabulary[mark]) for mark in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = lib.processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=ends)
    tokenizer.enable_padding(length=9)
    tokenizer.enable_truncation(4)
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))


SAMPLES, BANDS, WINDOWS = 120, 8, 16
"""Samples of a small waveform; bands and windows of a small spectrogram."""
_LAYERS = {"num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 8}
_CONVOLUTIONS = {"conv_dim": (8, 8), "conv_kernel": (10, 3), "conv_stride": (5, 2), "num_feat_extract_layers": 2}
_WAVES = {**_LAYERS, **_CONVOLUTIONS, "num_conv_pos_embeddings": 4, "num_conv_pos_embedding_groups": 2}
_ENCODER_DECODER = {
    f"{part}_{name}": value
    for part in ("encoder", "decoder")
    for name, value in (("layers", 2), ("attention_heads", 2), ("ffn_dim", 8))
}
_MARKS = {f"{name}_token_id": 1 for name in ("pad", "bos", "eos", "decoder_start")}
_BANDS = {"num_mel_bins": BANDS, "max_length": WINDOWS, "patch_size": 4, "frequency_stride": 4, "time_stride": 4}
_SOUNDS: dict[str, dict[str, Any]] = {
    "Wav2Vec2": {"hidden_size": WIDTH, **_WAVES},
    "Hubert": {"hidden_size": WIDTH, **_WAVES},
    "WavLM": {"hidden_size": WIDTH, **_WAVES},
    "AST": {"hidden_size": WIDTH, **_LAYERS, **_BANDS},
    "Whisper": {
        "d_model": WIDTH,
        **_ENCODER_DECODER,
        **_MARKS,
        "vocab_size": 9,
        "num_mel_bins": BANDS,
        "max_source_positions": WINDOWS // 2,
    },
}
ENCODER_DECODERS: dict[str, dict[str, Any]] = {
    "T5": {"d_model": WIDTH, "d_kv": 8, "d_ff": 8, "num_layers": 2, "num_heads": 2},
    "Bart": {"d_model": WIDTH, **_ENCODER_DECODER},
}
"""The settings of small models of texts with an encoder and a decoder."""


def sound_folder(folder: Path, name: str = "Wav2Vec2", **changes: Any) -> Any:
    """Save a small model of sounds in a folder; the model."""
    lib = library()
    model = getattr(lib, f"{name}Model")(getattr(lib, f"{name}Config")(**{**_SOUNDS[name], **changes}))
    model.save_pretrained(folder)
    return model.eval()


def layer_data(folder: Path, **settings: Any) -> dict[str, Any]:
    """The layer of a folder as plain data."""
    return {"kind": "pretrained", "path": str(folder), **settings}


def with_defaults(kind: type[Spec], folder: Path) -> Spec:
    """A layer with its defaults; one that needs a folder gets that of a small model, of images of 16 channels."""
    if kind is not Pretrained:
        return kind()
    model_folder(folder / "model", num_channels=16)
    return Pretrained(path=str(folder / "model"))
