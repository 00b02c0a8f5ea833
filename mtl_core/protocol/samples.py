"""Some rows as the model sees them, as a worker describes them."""

from mtl_core.spec import Report


class InputSamples(Report):
    """An input of some training rows as the model sees it; None in place of a row that lacks it.

    Attributes:
        kind: The kind of input.
        images: Pictures and spectrograms as rows of pixels: 0…255, or 0xRRGGBB in color.
        color: Whether the images are in color.
        texts: The tokens of texts; of a table its features.
    """

    kind: str
    images: tuple[tuple[tuple[int, ...], ...] | None, ...] = ()
    color: bool = False
    texts: tuple[str | None, ...] = ()


class SampleRows(Report):
    """Some training rows as the model sees them.

    Attributes:
        rows: How many.
        inputs: Each input by name.
        labels: The label of each row by task, empty where it has none.
    """

    rows: int
    inputs: dict[str, InputSamples]
    labels: dict[str, tuple[str, ...]]
