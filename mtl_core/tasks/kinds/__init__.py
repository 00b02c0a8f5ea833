"""One module per kind of task, named like the kind, with its functions in ``KIND``.

torchmetrics is imported where metrics are built: it takes a second to load, for which reading a target need not wait.
"""
