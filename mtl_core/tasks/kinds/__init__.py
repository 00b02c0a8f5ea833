"""One module for each kind of task, of the kind's name, whose ``KIND`` says what is done with it.

Metrics are imported where they are made: torchmetrics takes a second to load, which reading a target need not wait for.
"""
