"""Cell nuclei of breast tissue (Wisconsin), from scikit-learn."""

import pandas as pd

from mtl_core.datasets.bundled_opener import classification_frame, table_opener


def _frame() -> pd.DataFrame:
    from sklearn.datasets import load_breast_cancer

    return classification_frame(load_breast_cancer(), "diagnosis")


OPENER = table_opener(_frame)
