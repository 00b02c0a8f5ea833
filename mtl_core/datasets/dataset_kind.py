"""What a kind of data set needs beside its spec class."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from mtl_core.datasets.source import Source, SourceSample


@dataclass(frozen=True)
class DatasetKind:
    """A kind of data set, from its spec to its columns.

    Attributes:
        stamp: From a spec to what changes whenever the data behind it change; raises an InputError where they are gone.
        open_source: From a spec to the columns; raises an InputError where the data cannot be read.
        check_settings: Raises an InputError where settings of the spec do not suit the columns.
        open_sample: From a spec to some rows, where it takes long to read all; None where it does not.
    """

    stamp: Callable[[Any], Hashable]
    open_source: Callable[[Any], Source]
    check_settings: Callable[[Any, Source], None]
    open_sample: Callable[[Any], SourceSample | None] = lambda dataset: None
