"""Fisher's irises, from scikit-learn."""

import pandas as pd

from mtl_core.datasets.bundled_opener import classification_frame, table_opener


def _frame() -> pd.DataFrame:
    from sklearn.datasets import load_iris

    return classification_frame(load_iris(), "species").rename(columns=lambda name: name.removesuffix(" (cm)"))


OPENER = table_opener(_frame)
