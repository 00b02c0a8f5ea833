"""Editors of one value, each with ``value()``, ``setValue()`` and ``valueChanged``."""
