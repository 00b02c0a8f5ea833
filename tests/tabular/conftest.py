"""The tables that the tests of data sets use too."""

from tests.datasets.conftest import homes, write

__all__ = ["homes", "write"]
