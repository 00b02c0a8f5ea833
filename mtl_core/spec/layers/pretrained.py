"""Pretrained models as layers."""

from typing import ClassVar, Literal

from mtl_core.spec.base import Spec, field


class Pretrained(Spec):
    """A model of images, texts or sounds in a local folder of the transformers library, with its trained weights.

    The folder holds ``config.json`` and weights as safetensors; weights as a pickle and code of its own are never read.
    Of a model with an encoder and a decoder the encoder is taken. Images and sounds arrive standardized by the data's
    own mean and deviation; whether a sound comes as a waveform or a spectrogram is a setting of the input. A model of
    texts must be the first layer, and its folder must hold ``tokenizer.json`` and be named in
    ``dataset.text.tokenizer`` too.
    """

    title: ClassVar[str] = "Pretrained model"
    kind: Literal["pretrained"] = "pretrained"
    path: str = field(
        "",
        "The model's folder; a relative path starts at the spec file's folder.",
        title="Folder",
        widget="folder",
    )
    output: Literal["pooled", "mean", "positions"] = field(
        "pooled",
        "One row of features an image, text or sound, as the model itself pools it or as their mean over all "
        "positions; or features at each position: channels × height × width of a convolutional model, channels × "
        "length of a transformer, whose class token comes first. Behind a text's end they are 0, and in no mean.",
    )
    image_size: int | None = field(
        None, "Images are scaled to this many pixels a side first; empty: as they come.", unit="pixels", ge=1, le=4096
    )
