"""The folder of the application's files."""

import os
from pathlib import Path

import platformdirs

APP_NAME = "mtl-workbench"


def home() -> Path:
    """The application's folder: ``$MTL_WORKBENCH_HOME``, or the platform's folder for user data. It may not exist."""
    override = os.environ.get("MTL_WORKBENCH_HOME")
    return Path(override).expanduser().absolute() if override else platformdirs.user_data_path(APP_NAME, False)
