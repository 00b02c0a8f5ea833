"""Import of the libraries of other trackers, which the extra ``trackers`` brings; none of them may use the network."""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from mtl_core.errors import EnvironmentFault

_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_ALLOW_FILE_STORE": "true",  # to read the folders of earlier versions
    "WANDB_MODE": "offline",
    "WANDB_ERROR_REPORTING": "false",
    "WANDB_SILENT": "true",
}


def load_library(name: str) -> Any:
    """Import a module of a tracker's library.

    Raises:
        EnvironmentFault: The extra is not installed.
    """
    os.environ.update(_SETTINGS)
    try:
        return import_module(name)
    except ImportError as error:
        package = name.partition(".")[0]
        fix = 'Install it with: pip install "mtl-workbench[trackers]".'
        raise EnvironmentFault(
            package, "needs the extra trackers, which is not installed", found=error, fix=fix
        ) from None


@contextmanager
def quiet_library() -> Iterator[None]:
    """Context manager in which a library neither warns of its own code nor logs its progress."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)  # of all, as a library sets its own level when it is imported
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
