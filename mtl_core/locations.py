"""Where the application keeps its files."""

import os
from pathlib import Path

import platformdirs

APP_NAME = "mtl-workbench"


def home() -> Path:
    """The application's folder: ``$MTL_WORKBENCH_HOME``, or the platform's folder for user data. It may not exist."""
    stated = os.environ.get("MTL_WORKBENCH_HOME")
    return Path(stated).expanduser().absolute() if stated else platformdirs.user_data_path(APP_NAME, False)
