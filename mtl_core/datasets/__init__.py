"""The data: bundled sets and the user's tables, described for the window and prepared as tensors for training.

Importing this package loads neither torch nor pandas; each public name is fetched when it is first used.

Example:
    >>> from mtl_core.datasets import load
    >>> from mtl_core.spec import BundledDataset, MulticlassTask
    >>> load(BundledDataset(), (MulticlassTask(name="left", target="left"),)).input_shape
    (1, 16, 16)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mtl_core.datasets.bundled.catalogue import Bundled, bundled_names, catalogue
    from mtl_core.datasets.data import Split, TaskData
    from mtl_core.datasets.description import describe
    from mtl_core.datasets.features import transform_inputs
    from mtl_core.datasets.preparation import load, load_again

_HOMES = {
    "Bundled": "bundled.catalogue",
    "Split": "data",
    "TaskData": "data",
    "bundled_names": "bundled.catalogue",
    "catalogue": "bundled.catalogue",
    "describe": "description",
    "load": "preparation",
    "load_again": "preparation",
    "transform_inputs": "features",
}

__all__ = [
    "Bundled",
    "Split",
    "TaskData",
    "bundled_names",
    "catalogue",
    "describe",
    "load",
    "load_again",
    "transform_inputs",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'mtl_core.datasets' has no attribute {name!r}")
    value = getattr(import_module(f"mtl_core.datasets.{_HOMES[name]}"), name)
    globals()[name] = value  # a module of the same name would shadow it otherwise
    return value
