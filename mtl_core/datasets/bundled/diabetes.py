"""A year's progression of diabetes (Efron et al. 2004), from scikit-learn."""

import pandas as pd

from mtl_core.datasets.bundled_opener import table_opener

_COLUMNS = (
    *("age", "sex", "bmi", "blood pressure", "cholesterol", "ldl", "hdl", "cholesterol to hdl"),
    *("log triglycerides", "glucose"),
)


def _frame() -> pd.DataFrame:
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes(scaled=False)
    frame = pd.DataFrame(bunch.data, columns=pd.Index(_COLUMNS))
    return frame.assign(sex=["a" if sex == 1 else "b" for sex in frame["sex"]], progression=bunch.target)


OPENER = table_opener(_frame)
