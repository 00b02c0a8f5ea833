"""Models that learn each task alone: of scikit-learn, and of LightGBM and pytabkit where these are installed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

_TREES = 300
_MOST_TREES, _PATIENCE = 2000, 50
_SCALARS = 300

Array = NDArray[Any]


@dataclass(frozen=True)
class Problem:
    """One target column: the inputs as a frame of numbers (NaN where missing) and categories, and the target.

    Attributes:
        classes: Whether the target has classes, numbered from 0.
    """

    train: pd.DataFrame
    val: pd.DataFrame
    test: pd.DataFrame
    train_target: Array
    val_target: Array
    classes: bool


Baseline = Callable[[Problem], Array]
"""From a problem to the predictions for its test rows."""


def _encoder() -> Any:
    """Standardized numbers and one-hot categories; missing numbers are replaced by the median."""
    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    categories = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_include="category")),
    )


def _linear(problem: Problem) -> Array:
    model = LogisticRegression(max_iter=5000) if problem.classes else RidgeCV(np.logspace(-3, 3, 13))
    return _fit(make_pipeline(_encoder(), model), problem)


def _forest(problem: Problem) -> Array:
    kind = RandomForestClassifier if problem.classes else RandomForestRegressor
    return _fit(make_pipeline(_encoder(), kind(_TREES, random_state=0)), problem)


def _hist_boosting(problem: Problem) -> Array:
    kind = HistGradientBoostingClassifier if problem.classes else HistGradientBoostingRegressor
    return _fit(kind(categorical_features="from_dtype", random_state=0), problem)


def _lightgbm(problem: Problem) -> Array:
    import lightgbm

    kind = lightgbm.LGBMClassifier if problem.classes else lightgbm.LGBMRegressor
    model = kind(n_estimators=_MOST_TREES, learning_rate=0.05, random_state=0, n_jobs=1, verbose=-1)
    stopping = lightgbm.early_stopping(_PATIENCE, verbose=False)
    model.fit(problem.train, problem.train_target, eval_X=problem.val, eval_y=problem.val_target, callbacks=[stopping])
    return np.asarray(model.predict(problem.test))


def _realmlp(problem: Problem) -> Array:
    import pytabkit

    return _fit_network(pytabkit.RealMLP_TD_Classifier, pytabkit.RealMLP_TD_Regressor, problem)


def _tabm(problem: Problem) -> Array:
    import pytabkit

    return _fit_network(pytabkit.TabM_D_Classifier, pytabkit.TabM_D_Regressor, problem)


def _fit(model: Any, problem: Problem) -> Array:
    return np.asarray(model.fit(problem.train, problem.train_target).predict(problem.test))


def _fit_network(classifier: Any, regressor: Any, problem: Problem) -> Array:
    """Fit a model of pytabkit with its defaults, which chooses its best epoch by the validation rows."""
    kind = classifier if problem.classes else regressor
    model = kind(device="cpu", random_state=0, n_cv=1, n_refit=0, verbosity=0, n_threads=1)
    fill = problem.train.median(numeric_only=True).fillna(0)
    train, val, test = (rows.fillna(fill) for rows in (problem.train, problem.val, problem.test))
    model.fit(train, problem.train_target, X_val=val, y_val=problem.val_target)
    return np.asarray(model.predict(test)).reshape(len(test))


BOOSTED = ("HistGradientBoosting", "LightGBM")
"""The baselines that need only be reached on half of the tables."""


def installed_baselines() -> Mapping[str, Baseline]:
    """The baselines whose packages are installed, by name."""
    baselines: dict[str, Baseline] = {"linear": _linear, "forest": _forest, "HistGradientBoosting": _hist_boosting}
    if find_spec("lightgbm"):
        baselines["LightGBM"] = _lightgbm
    if find_spec("pytabkit"):
        baselines |= {"RealMLP": _realmlp, "TabM": _tabm}
    return baselines
