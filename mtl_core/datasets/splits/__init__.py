"""Assign rows to splits, each kind of split in the module of its name."""
