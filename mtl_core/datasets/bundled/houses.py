"""Made-up house sales, the sample file that comes along."""

from importlib import resources

import pandas as pd

from mtl_core.datasets.bundled_opener import table_opener
from mtl_core.tabular.readers.table_file import read_bytes


def _frame() -> pd.DataFrame:
    data = (resources.files("resources") / "samples" / "houses.csv").read_bytes()
    return read_bytes(data, "houses.csv").frame


OPENER = table_opener(_frame)
