"""Inputs that are pictures."""

from collections.abc import Mapping
from typing import Any, NoReturn

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from mtl_core.datasets.decoding import PixelScaling
from mtl_core.datasets.inputs.input_kind import FittedInput, InputKind, SpecInput
from mtl_core.datasets.source import Source
from mtl_core.spec import ImageInput, InputError
from mtl_core.spec.reports import Shape
from mtl_core.tabular.column import Column, Rows
from mtl_core.text import format_names


class ImageReader:
    """Pictures of one size, read as channels × height × width.

    Args:
        spec_input: The input.
        source: The data.
    """

    tokens = None

    def __init__(self, spec_input: SpecInput, source: Source) -> None:
        assert isinstance(spec_input.spec, ImageInput)
        name = spec_input.spec.column
        if name not in source.pictures:
            fix = f"Pictures: {format_names(list(source.pictures))}." if source.pictures else ""
            raise InputError(spec_input.column_path(0), "is no column of pictures", found=repr(name), fix=fix)
        self._pictures = source.pictures[name]

    def fit(self, rows: Rows) -> FittedInput:
        """Fit mean and standard deviation of the pixels; the pixels stay as they are stored."""
        pixels = self._pictures[rows]
        mean, std = float(pixels.mean()), float(pixels.std()) or 1.0
        preprocessing = {"kind": "image", "shape": list(image_shape(self._pictures)), "mean": mean, "std": std}
        present = np.ones(len(self._pictures), np.bool_)
        return FittedInput(channels_first(self._pictures), preprocessing, [], present, PixelScaling(mean, std))


def image_shape(images: NDArray[Any]) -> Shape:
    """Shape of one image as the model's input, channels first."""
    channels = images.shape[3] if images.ndim == 4 else 1
    return (channels, *images.shape[1:3])


def channels_first(images: NDArray[Any]) -> NDArray[Any]:
    """Images ``[N, H, W]`` or ``[N, H, W, 3]`` as ``[N, C, H, W]``."""
    return images[:, None] if images.ndim == 3 else np.ascontiguousarray(np.moveaxis(images, 3, 1))


def transform_images(preprocessing: Mapping[str, Any], images: NDArray[Any]) -> Tensor:
    """Transform new images ``[N, H, W]`` or ``[N, H, W, 3]`` of 0…255 into what the model reads.

    Raises:
        InputError: They have another size, or other channels.
    """
    shape = tuple(preprocessing["shape"])
    if images.ndim not in (3, 4) or image_shape(images) != shape:
        channels = "" if shape[0] == 1 else f"×{shape[0]}"
        raise InputError("images", f"must be {shape[1]}×{shape[2]}{channels}", found=str(images.shape[1:]))
    return PixelScaling(preprocessing["mean"], preprocessing["std"])(torch.from_numpy(channels_first(images)))


def _read_new(preprocessing: Mapping[str, Any], frame: pd.DataFrame) -> dict[str, Column]:
    _refuse_table()


def _transform(preprocessing: Mapping[str, Any], columns: Mapping[str, Column]) -> Tensor:
    _refuse_table()


def _refuse_table() -> NoReturn:
    fix = "Use --split to predict the rows of its own data."
    raise InputError("images", "cannot be predicted: the model reads images, and a table has none", fix=fix)


KIND = InputKind(ImageReader, _read_new, _transform)
