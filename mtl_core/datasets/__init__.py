"""Data sets as tensors: bundled sets and tables, described for the window and prepared for training.

Example:
    >>> from mtl_core.datasets.preparation import load
    >>> from mtl_core.spec import BundledDataset, MulticlassTask
    >>> load(BundledDataset(), (MulticlassTask(name="left", target="left"),)).input_shape
    (1, 16, 16)
"""
