"""Twenty men in a gym, from scikit-learn."""

import pandas as pd

from mtl_core.datasets.bundled_opener import table_opener


def _frame() -> pd.DataFrame:
    from sklearn.datasets import load_linnerud

    bunch = load_linnerud()
    names = [name.lower() for name in (*bunch.feature_names, *bunch.target_names)]
    return pd.concat([pd.DataFrame(bunch.data), pd.DataFrame(bunch.target)], axis=1).set_axis(names, axis=1)


OPENER = table_opener(_frame)
