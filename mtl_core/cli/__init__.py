"""The command line: ``python -m mtl_core VERB`` or ``mtl-workbench VERB``."""

from mtl_core.cli.verbs import VERBS, main

__all__ = ["VERBS", "main"]
