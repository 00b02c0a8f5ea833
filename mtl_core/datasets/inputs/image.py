"""Inputs that are pictures."""

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import Tensor

from mtl_core.datasets.decoding import ImageChanges, PixelScaling
from mtl_core.datasets.inputs.input_kind import FittedInput, InputKind, InputReader, SpecInput
from mtl_core.datasets.inputs.media_files import MediaForm, NewFiles, file_paths
from mtl_core.datasets.inputs.media_reader import MediaReader, fitted_media, new_files, read_new_names
from mtl_core.datasets.source import Source
from mtl_core.errors import EnvironmentFault
from mtl_core.media.images.image_file import ImageFormat, decode_image, read_image
from mtl_core.media.images.normalization import fit_channels
from mtl_core.spec import ImageInput, InputError
from mtl_core.spec.augmentation import MixUp
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
        self._pictures, self._augmentation = source.pictures[name], _augmentation(spec_input.spec)

    def fit(self, rows: Rows) -> FittedInput:
        """Fit mean and standard deviation of the pixels; the pixels stay as they are stored."""
        pixels = self._pictures[rows]
        mean, std = float(pixels.mean()), float(pixels.std()) or 1.0
        preprocessing = {"kind": "image", "shape": list(image_shape(self._pictures)), "mean": mean, "std": std}
        present = np.ones(len(self._pictures), np.bool_)
        pixels = channels_first(self._pictures)
        return FittedInput(pixels, preprocessing, [], present, PixelScaling((mean,), (std,)), self._augmentation)


class ImageFileReader(MediaReader):
    """Files of pictures, which are resized to one size.

    Args:
        spec_input: The input.
        source: The data.
    """

    def __init__(self, spec_input: SpecInput, source: Source) -> None:
        assert isinstance(spec_input.spec, ImageInput)
        spec = spec_input.spec
        super().__init__(spec_input, source, spec.column)
        self.form, self._augmentation = _form(spec.size, spec.channels, spec.fit), _augmentation(spec)
        self._settings = {"column": spec.column, "fit": spec.fit}

    def fit_statistics(self, array: NDArray[Any], rows: Rows) -> FittedInput:
        """Fit mean and standard deviation of each channel."""
        statistics = fit_channels(array, rows)
        values = {"shape": list(self.form.shape), "mean": list(statistics.mean), "std": list(statistics.std)}
        decoder = PixelScaling(statistics.mean, statistics.std)
        return fitted_media(array, {"kind": "image", **self._settings, **values}, decoder, self._augmentation)


def _augmentation(spec: ImageInput) -> ImageChanges | None:
    """The changes of each picture alone."""
    changes = tuple(change for change in spec.augmentation if not isinstance(change, MixUp))
    return ImageChanges(changes) if changes else None


def _form(size: tuple[int, int], channels: Any, fit: Any) -> MediaForm:
    """The form of pictures; the arguments as of :class:`ImageFormat`."""
    form = ImageFormat(size, channels, fit)
    settings = {"kind": "image", "size": list(size), "channels": channels, "fit": fit}
    return MediaForm("picture", form.shape, np.dtype(np.uint8), partial(decode_image, form=form), settings)


def _reader(spec_input: SpecInput, source: Source) -> InputReader:
    """The reader of pictures that the data set holds, or of the files that a column names."""
    assert isinstance(spec_input.spec, ImageInput)
    name = spec_input.spec.column
    if name not in source.pictures and source.folder:
        return ImageFileReader(spec_input, source)
    return ImageReader(spec_input, source)


def image_shape(images: NDArray[Any]) -> Shape:
    """Shape of one image as the model's input, channels first."""
    channels = images.shape[3] if images.ndim == 4 else 1
    return (channels, *images.shape[1:3])


def example_files(column: Column, folder: str, count: int, side: int) -> NDArray[np.uint8]:
    """``[N, side, side, 3]``: the first pictures that a column of file names names; black where one cannot be read."""
    images = np.zeros((min(count, len(column.codes)), side, side, 3), np.uint8)
    for image, path in zip(images, file_paths(column, folder), strict=False):
        if path is not None:
            with suppress(InputError, EnvironmentFault):
                image[:] = np.moveaxis(read_image(path, ImageFormat((side, side))), 0, 2)
    return images


def channels_first(images: NDArray[Any]) -> NDArray[Any]:
    """Images ``[N, H, W]`` or ``[N, H, W, 3]`` as ``[N, C, H, W]``."""
    return images[:, None] if images.ndim == 3 else np.ascontiguousarray(np.moveaxis(images, 3, 1))


def _read_new(preprocessing: Mapping[str, Any], frame: pd.DataFrame) -> dict[str, Column]:
    if "column" not in preprocessing:
        fix = "Use --split to predict the rows of its own data."
        raise InputError("images", "cannot be predicted: the model reads images, and a table has none", fix=fix)
    return read_new_names(preprocessing, frame)


def _new_files(preprocessing: Mapping[str, Any], column: Column) -> NewFiles:
    channels, *size = preprocessing["shape"]
    form = _form((size[0], size[1]), channels, preprocessing["fit"])
    return new_files(column, form, PixelScaling(tuple(preprocessing["mean"]), tuple(preprocessing["std"])))


def _transform(preprocessing: Mapping[str, Any], columns: Mapping[str, Column]) -> Tensor:
    return _new_files(preprocessing, columns[preprocessing["column"]]).decode(slice(None)).inputs


KIND = InputKind(_reader, _read_new, _transform, new_files=_new_files)
