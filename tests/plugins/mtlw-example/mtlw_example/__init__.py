"""A weighting method and a layer for MTL Workbench."""

import mtl_core.spec  # noqa: F401  # first: it imports the spec classes of this package, which then find its base classes
