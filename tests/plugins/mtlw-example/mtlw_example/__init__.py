"""A weighting method, a layer, a task kind, a metric and a table format for MTL Workbench."""

import mtl_core.spec  # noqa: F401  # first: it imports the spec classes of this package, which then find its base classes
