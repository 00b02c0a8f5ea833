"""The kinds of data set, each from the module of its name, and how any data set is opened."""

from collections.abc import Hashable
from hashlib import blake2b
from importlib import import_module

from mtl_core.datasets.dataset_kind import DatasetKind
from mtl_core.datasets.reviewed_rows import reviewed_stamp
from mtl_core.datasets.source import Source
from mtl_core.spec import Dataset
from mtl_core.spec.data.dataset import DATASET_KINDS
from mtl_core.tabular.text.tokenizer import tokenizer_stamp

KINDS: dict[str, DatasetKind] = {kind: import_module(f"mtl_core.datasets.kinds.{kind}").KIND for kind in DATASET_KINDS}
"""By the name of the kind, which is registered in :data:`mtl_core.spec.Dataset`."""


def open_source(dataset: Dataset) -> Source:
    """Read a data set as columns; the last few are kept while their data do not change.

    Raises:
        InputError: It cannot be read.
    """
    return KINDS[dataset.kind].open_source(dataset)


def data_version(dataset: Dataset) -> str:
    """What changes whenever the data behind a data set do, such as a file; settings of the spec do not count.

    Raises:
        InputError: A file of it is not there.
    """
    stamp = KINDS[dataset.kind].stamp(dataset)
    return blake2b(repr(stamp).encode("utf-8", "replace"), digest_size=16).hexdigest()


def source_key(dataset: Dataset) -> Hashable:
    """The key of a data set in caches: its spec, and the stamps of its data, reviewed list and tokenizer.

    Raises:
        InputError: A file of it is not there.
    """
    stamp = KINDS[dataset.kind].stamp(dataset)
    return dataset.model_dump_json(), stamp, reviewed_stamp(dataset), tokenizer_stamp(dataset.text.tokenizer)
