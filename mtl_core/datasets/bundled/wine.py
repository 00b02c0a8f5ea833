"""The chemistry of wines from three cultivars, from scikit-learn."""

import pandas as pd

from mtl_core.datasets.bundled_opener import classification_frame, table_opener


def _frame() -> pd.DataFrame:
    from sklearn.datasets import load_wine

    frame = classification_frame(load_wine(), "cultivar")
    frame["cultivar"] = frame["cultivar"].str.replace("class_", "cultivar ", regex=False)
    return frame.rename(columns=lambda name: name.replace("_", " "))


OPENER = table_opener(_frame)
