"""The engine of MTL Workbench: everything but the window.

Importing this package loads neither torch nor SQLAlchemy; each public name is imported on first use.

Example:
    >>> import mtl_core
    >>> spec = mtl_core.load_preset("multidigits")
    >>> run = mtl_core.train(spec)  # doctest: +SKIP
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mtl_core.runner.local import Run, train
    from mtl_core.spec import ExperimentSpec, InputError, load_preset, load_spec, save_spec
    from mtl_core.store import RunStore, open_store

__version__ = "0.2.0"

_MODULES = {
    "ExperimentSpec": "mtl_core.spec",
    "InputError": "mtl_core.spec",
    "Run": "mtl_core.runner.local",
    "RunStore": "mtl_core.store",
    "load_preset": "mtl_core.spec",
    "load_spec": "mtl_core.spec",
    "open_store": "mtl_core.store",
    "save_spec": "mtl_core.spec",
    "train": "mtl_core.runner.local",
}

__all__ = [
    "ExperimentSpec",
    "InputError",
    "Run",
    "RunStore",
    "__version__",
    "load_preset",
    "load_spec",
    "open_store",
    "save_spec",
    "train",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'mtl_core' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
