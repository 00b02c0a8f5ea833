"""A data set that comes with the application; each is opened by the module of its name."""

from importlib import import_module

from mtl_core.datasets.bundled_opener import BundledOpener
from mtl_core.datasets.dataset_kind import DatasetKind
from mtl_core.datasets.source import Source
from mtl_core.spec import BundledDataset, StratifiedSplit
from mtl_core.spec.data.bundled import BUNDLED
from mtl_core.spec.data.splits import GeneratedRowsSplit
from mtl_core.tabular.cache import LruCache

OPENERS: dict[str, BundledOpener] = {
    name: import_module(f"mtl_core.datasets.bundled.{name}").OPENER for name in BUNDLED
}
"""By the name of the set, which is registered in :data:`mtl_core.spec.data.bundled.BUNDLED`."""

_sources: LruCache[Source] = LruCache(6)


def _stamp(dataset: BundledDataset) -> None:
    """Nothing changes: a set is the same in every session."""


def _open_source(dataset: BundledDataset) -> Source:
    entry, opener = BUNDLED[dataset.name], OPENERS[dataset.name]
    own = dataset.split if isinstance(dataset.split, GeneratedRowsSplit) else StratifiedSplit()
    split = own.model_copy(update={"tasks": ()})  # the rows of no set depend on the tasks
    key = entry.name, split.model_dump_json() if opener.by_split else ""
    return _sources.get(key, lambda: opener.open(entry, split))


def _check_settings(dataset: BundledDataset, source: Source) -> None:
    """No setting names a column's type."""


KIND = DatasetKind(_stamp, _open_source, _check_settings)
