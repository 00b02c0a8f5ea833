"""The data sets that come with the application; none is downloaded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, get_args

import pandas as pd

from mtl_core.datasets.bundled import sentences, toys
from mtl_core.spec.dataset import BundledName, ColumnType

_DIGIT_TASKS = tuple({"name": side, "kind": "multiclass", "target": side} for side in ("left", "right"))


@dataclass(frozen=True)
class Bundled:
    """A bundled data set.

    Attributes:
        rows: Over all splits.
        tasks: Tasks that suggest themselves, as spec data.
        ignored: Columns that are no inputs by default: identifiers, and those from which a target is derived.
        frame: Reads the table; None for images, which are generated.
        types: Types of columns that are not what they look like.
    """

    name: str
    title: str
    description: str
    rows: int
    tasks: tuple[dict[str, Any], ...]
    ignored: tuple[str, ...] = ()
    frame: Callable[[], pd.DataFrame] | None = None
    types: Mapping[str, ColumnType] = field(default_factory=dict)

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns that the suggested tasks predict."""
        several = [[t["target"]] if isinstance(t["target"], str) else t["target"] for t in self.tasks]
        return tuple(target for targets in several for target in targets)


def bundled_names() -> tuple[str, ...]:
    """The names of all bundled data sets, in the order to offer them."""
    return get_args(BundledName)


def catalogue() -> tuple[Bundled, ...]:
    """All bundled data sets, in the order to offer them."""
    return tuple(ENTRIES[name] for name in bundled_names())


def _regression(*targets: str) -> tuple[dict[str, Any], ...]:
    return tuple({"name": target, "kind": "regression", "target": target} for target in targets)


def _houses() -> pd.DataFrame:
    from mtl_core.tabular.readers.table_file import read_bytes

    data = (resources.files("resources") / "samples" / "houses.csv").read_bytes()
    return read_bytes(data, "houses.csv").frame


def _named(bunch: Any, target: str) -> pd.DataFrame:
    """A scikit-learn classification set with the names of its classes as the last column."""
    frame = pd.DataFrame(bunch.data, columns=pd.Index(bunch.feature_names))
    return frame.assign(**{target: [str(bunch.target_names[code]) for code in bunch.target]})


def _iris() -> pd.DataFrame:
    from sklearn.datasets import load_iris

    frame = _named(load_iris(), "species")
    return frame.rename(columns=lambda name: name.removesuffix(" (cm)"))


def _wine() -> pd.DataFrame:
    from sklearn.datasets import load_wine

    frame = _named(load_wine(), "cultivar")
    frame["cultivar"] = frame["cultivar"].str.replace("class_", "cultivar ", regex=False)
    return frame.rename(columns=lambda name: name.replace("_", " "))


def _breast_cancer() -> pd.DataFrame:
    from sklearn.datasets import load_breast_cancer

    return _named(load_breast_cancer(), "diagnosis")


def _diabetes() -> pd.DataFrame:
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes(scaled=False)
    names = ["age", "sex", "bmi", "blood pressure", "cholesterol", "ldl", "hdl", "cholesterol to hdl"]
    frame = pd.DataFrame(bunch.data, columns=pd.Index([*names, "log triglycerides", "glucose"]))
    return frame.assign(sex=["a" if sex == 1 else "b" for sex in frame["sex"]], progression=bunch.target)


def _linnerud() -> pd.DataFrame:
    from sklearn.datasets import load_linnerud

    bunch = load_linnerud()
    names = [name.lower() for name in (*bunch.feature_names, *bunch.target_names)]
    return pd.concat([pd.DataFrame(bunch.data), pd.DataFrame(bunch.target)], axis=1).set_axis(names, axis=1)


_CELL_SIZE = ("radius", "perimeter", "area")  # each follows from the others
_CELL_SIZES = tuple(
    name for size in _CELL_SIZE for name in (f"mean {size}", f"{size} error", f"worst {size}") if name != "mean area"
)

ENTRIES = {
    entry.name: entry
    for entry in (
        Bundled(
            "multidigits",
            "Two digits",
            "Two overlapping handwritten digits on one 16×16 canvas; say which is on the left and on the right.",
            14_000,
            _DIGIT_TASKS,
        ),
        Bundled(
            "shapes",
            "Shapes",
            "Made-up 64×64 colour images with one shape each; say which it is, in which box, and which pixels are its.",
            2000,
            (
                {"name": "shape", "kind": "multiclass", "target": "shape"},
                {"name": "box", "kind": "box", "target": ["x", "y", "width", "height"]},
            ),
        ),
        Bundled(
            "sentences",
            "Sentences",
            "Made-up English sentences; say each word's part of speech and what the sentence is about.",
            sentences.COUNT,
            (
                {"name": "tags", "kind": "tagging", "target": "tags"},
                {"name": "topic", "kind": "multiclass", "target": "topic"},
            ),
            (),
            sentences.sentences,
            {"text": "text", "tags": "text"},
        ),
        Bundled(
            "houses",
            "Houses",
            "Made-up house sales with numeric and categorical columns and gaps; predict the price and whether it sold.",
            600,
            (*_regression("price"), {"name": "sold", "kind": "binary", "target": "sold"}),
            ("id",),
            _houses,
        ),
        Bundled(
            "iris",
            "Iris",
            "Three species of iris (Fisher 1936); predict the species and the petal width from the other lengths.",
            150,
            ({"name": "species", "kind": "multiclass", "target": "species"}, *_regression("petal width")),
            (),
            _iris,
        ),
        Bundled(
            "wine",
            "Wine",
            "Chemistry of wines from three cultivars; predict the cultivar, the alcohol and the proline.",
            178,
            (
                {"name": "cultivar", "kind": "multiclass", "target": "cultivar"},
                *_regression("alcohol", "proline"),
            ),
            (),
            _wine,
        ),
        Bundled(
            "diabetes",
            "Diabetes",
            "Ten measures of diabetes patients (Efron et al. 2004); predict a year's progression and the glucose.",
            442,
            _regression("progression", "glucose"),
            (),
            _diabetes,
        ),
        Bundled(
            "linnerud",
            "Linnerud",
            "Twenty men in a gym; predict weight, waist and pulse from three exercises.",
            20,
            _regression("weight", "waist", "pulse"),
            (),
            _linnerud,
        ),
        Bundled(
            "breast_cancer",
            "Breast cancer",
            "Cell nuclei of breast tissue (Wisconsin); predict diagnosis and mean area from texture and shape.",
            569,
            (
                {"name": "diagnosis", "kind": "binary", "target": "diagnosis", "positive": "malignant"},
                *_regression("mean area"),
            ),
            _CELL_SIZES,
            _breast_cancer,
        ),
        Bundled(
            "two_heads",
            "Two heads",
            "Made up: ten numbers from which follow five others and the probabilities of three classes.",
            1000,
            (
                {"name": "numbers", "kind": "regression", "target": toys.names("y", 5)},
                {"name": "probabilities", "kind": "distribution", "target": toys.names("p", 3)},
            ),
            (),
            toys.two_heads,
        ),
        Bundled(
            "many_heads",
            "Many heads",
            "Made up: twelve numbers from which follow eight others, all by the same few hidden features.",
            1000,
            _regression(*toys.names("y", toys.HEADS)),
            (),
            toys.many_heads,
        ),
        Bundled(
            "gradnorm_toy",
            "Ten scales",
            "The toy of the GradNorm paper (Chen et al. 2018) at a tenth of its widths: ten tasks of unlike scale.",
            2000,
            tuple(
                {
                    "name": f"task {i + 1}",
                    "kind": "regression",
                    "target": toys.gradnorm_targets(i),
                    "standardize": False,
                }
                for i in range(len(toys.GRADNORM_SCALES))
            ),
            (),
            toys.gradnorm_toy,
        ),
        Bundled(
            "two_objectives",
            "Two objectives",
            "The toy of the CAGrad paper (Liu et al. 2021): two functions of two parameters, nothing to predict.",
            1000,
            tuple(
                {"name": side, "kind": "objective", "target": ["start_1", "start_2"], "loss": f"valley_{side}"}
                for side in ("left", "right")
            ),
            (),
            toys.two_objectives,
        ),
    )
}
