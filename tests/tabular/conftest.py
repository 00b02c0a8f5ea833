"""Fixtures of tables, shared with the tests of data sets."""

from tests.datasets.conftest import homes, write

__all__ = ["homes", "write"]
