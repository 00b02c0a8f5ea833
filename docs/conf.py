"""How Sphinx builds the documentation; ``make docs`` runs it."""

import re
import sys
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

sys.path.insert(0, str(Path(__file__).parents[1]))

from docs.generators import fill_placeholders
from mtl_core import __version__

project = "MTL Workbench"
author = "MTL Workbench contributors"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build", "generators"]
myst_heading_anchors = 3
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented_params"

html_theme = "furo"  # brings its own fonts and scripts
html_title = f"MTL Workbench {__version__}"
html_show_sphinx = False
html_copy_source = False

_REMOTE = re.compile(r"<(?:script|link|img|source|iframe)\b[^>]*\b(?:src|href)=\"(?:https?:)?//[^\"]*\"")


def _fill(app: Sphinx, page: str, source: list[str]) -> None:
    source[0] = fill_placeholders(source[0])


def _refuse_remote_files(app: Sphinx, error: Exception | None) -> None:
    """Fail where a page would load something from the network: the documentation is read offline."""
    if error is None and app.builder.name == "html":
        for page in Path(app.outdir).rglob("*.html"):
            if remote := _REMOTE.search(page.read_text(encoding="utf-8")):
                raise ExtensionError(f"{page} loads a file from elsewhere: {remote[0]}")


def setup(app: Sphinx) -> None:
    """Fill the placeholders of each page before it is parsed, and check what was built."""
    app.connect("source-read", _fill)
    app.connect("build-finished", _refuse_remote_files)
