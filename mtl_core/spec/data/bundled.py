"""The bundled data sets, one entry each: names, titles, kinds of input and suggested tasks.

This is the only list of them. What can be chosen in a spec, what the window and the command line show and what is
checked before the data is read derive from it; ``mtl_core.datasets.bundled.<name>`` opens the set.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

InputKind = Literal["table", "image", "text"]


@dataclass(frozen=True)
class BundledSet:
    """A data set that comes with the application.

    Attributes:
        name: What it is called in a spec.
        title: What people call it.
        summary: Its size and its targets, for one line of a list.
        description: What it holds and what to predict.
        rows: Number of rows over all splits.
        tasks: Suggested tasks, as spec data.
        input_kind: What the input is when the spec lists columns, or names no inputs and the set has none by name.
        inputs: The inputs by name when the spec names none, as spec data; empty where all columns are one input.
        ignored: Columns that are no inputs by default: identifiers, and those from which a target is derived.
    """

    name: str
    title: str
    summary: str
    description: str
    rows: int
    tasks: tuple[dict[str, Any], ...]
    input_kind: InputKind = "table"
    inputs: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        """The columns that the suggested tasks predict."""
        targets = [[t["target"]] if isinstance(t["target"], str) else t["target"] for t in self.tasks]
        return tuple(column for columns in targets for column in columns)


def numbered(prefix: str, count: int) -> list[str]:
    """Names of columns numbered from 1: ``x1``, ``x2`` and so on."""
    return [f"{prefix}{i + 1}" for i in range(count)]


def _task(kind: str, target: str | list[str], name: str = "", **settings: Any) -> dict[str, Any]:
    return {"name": name or target, "kind": kind, "target": target, **settings}


_AREA_MEASURES = tuple(
    column
    for size in ("radius", "perimeter", "area")  # each follows from the others
    for column in (f"mean {size}", f"{size} error", f"worst {size}")
    if column != "mean area"
)

_SETS = (
    BundledSet(
        "multidigits",
        "Two digits",
        "16×16 images · left and right digit",
        "Two overlapping handwritten digits on one 16×16 canvas; say which is on the left and on the right.",
        14_000,
        (_task("multiclass", "left"), _task("multiclass", "right")),
        input_kind="image",
    ),
    BundledSet(
        "shapes",
        "Shapes",
        "64×64 images · class, box, mask",
        "Made-up 64×64 color images with one shape each; say which it is, in which box, and which pixels are its.",
        2000,
        (_task("multiclass", "shape"), _task("box", ["x", "y", "width", "height"], "box", loss="giou")),
        input_kind="image",
    ),
    BundledSet(
        "sentences",
        "Sentences",
        "1 500 texts, made up · parts of speech and topic",
        "Made-up English sentences; say each word's part of speech and what the sentence is about.",
        1500,
        (_task("tagging", "tags"), _task("multiclass", "topic")),
        input_kind="text",
    ),
    BundledSet(
        "reviews",
        "Reviews",
        "1 500 texts, made up · entities, subject and sentiment",
        "Made-up English reviews; say which words name a person, a place or a day, what is reviewed, and how content "
        "the writer is.",
        1500,
        (
            _task("tagging", "entities"),
            _task("multiclass", "subject"),
            _task("ordinal", "sentiment", order=["negative", "neutral", "positive"]),
        ),
        input_kind="text",
    ),
    BundledSet(
        "talents",
        "Talents",
        "1 200 rows, made up · category, price, satisfaction",
        "Made-up offers of talents in Korean and English: title, description, picture and behavior; predict the "
        "category, the price and how satisfied people are.",
        1200,
        (
            _task("multiclass", "category"),
            _task("regression", "price"),
            _task("ordinal", "satisfaction"),
        ),
        inputs={
            "behavior": {"kind": "table", "columns": ["views", "rating", "region"]},
            "title": {"kind": "text", "column": "title", "max_length": 8, "vocabulary": 100},
            "description": {"kind": "text", "column": "description", "max_length": 12, "vocabulary": 100},
            "picture": {"kind": "image", "column": "picture", "size": [24, 24]},
        },
    ),
    BundledSet(
        "captions",
        "Captions",
        "1 500 rows, made up · picture and caption to class, color, box",
        "Made-up pictures of two shapes each, and a caption that means one of them by its color, its shape or its "
        "side; say which shape it is, of which color, and in which box.",
        1500,
        (
            _task("multiclass", "shape"),
            _task("multiclass", "color"),
            _task("box", ["x", "y", "width", "height"], "box"),
        ),
        inputs={
            "picture": {"kind": "image", "column": "picture", "size": [24, 24]},
            "caption": {"kind": "text", "column": "caption", "max_length": 8, "vocabulary": 50},
        },
    ),
    BundledSet(
        "sounds",
        "Sounds",
        "800 rows, made up · half a second of sound to kind and pitch",
        "Made-up sounds of half a second: beeps, noises, sweeps and tones; say which it is, and its pitch as the "
        "number of a note, 69 for 440 Hz and 12 more for each octave.",
        800,
        (_task("multiclass", "kind"), _task("regression", "pitch")),
        inputs={
            "sound": {
                "kind": "sound",
                "column": "sound",
                "rate": 8000,
                "seconds": 0.5,
                "mels": 32,
                "window": 32,
                "hop": 16,
            }
        },
    ),
    BundledSet(
        "two_views",
        "Two views",
        "1 000 rows, made up · two inputs of 1 000 numbers",
        "Made up: two inputs of 1 000 numbers each; one says which of five pairs of classes a row belongs to, the "
        "other which of a pair.",
        1000,
        (_task("multiclass", "class"),),
        inputs={
            "first": {"kind": "table", "columns": numbered("a", 1000)},
            "second": {"kind": "table", "columns": numbered("b", 1000)},
        },
    ),
    BundledSet(
        "houses",
        "Houses",
        "600 rows · price and whether it sold",
        "Made-up house sales with numeric and categorical columns and gaps; predict the price and whether it sold.",
        600,
        (_task("regression", "price"), _task("binary", "sold")),
        ignored=("id",),
    ),
    BundledSet(
        "iris",
        "Iris",
        "150 rows · species and petal width",
        "Three species of iris (Fisher 1936); predict the species and the petal width from the other lengths.",
        150,
        (_task("multiclass", "species"), _task("regression", "petal width")),
    ),
    BundledSet(
        "wine",
        "Wine",
        "178 rows · cultivar, alcohol, proline",
        "Chemistry of wines from three cultivars; predict the cultivar, the alcohol and the proline.",
        178,
        (_task("multiclass", "cultivar"), _task("regression", "alcohol"), _task("regression", "proline")),
    ),
    BundledSet(
        "diabetes",
        "Diabetes",
        "442 rows · progression and glucose",
        "Ten measures of diabetes patients (Efron et al. 2004); predict a year's progression and the glucose.",
        442,
        (_task("regression", "progression"), _task("regression", "glucose")),
    ),
    BundledSet(
        "linnerud",
        "Linnerud",
        "20 rows · weight, waist, pulse",
        "Twenty men in a gym; predict weight, waist and pulse from three exercises.",
        20,
        (_task("regression", "weight"), _task("regression", "waist"), _task("regression", "pulse")),
    ),
    BundledSet(
        "breast_cancer",
        "Breast cancer",
        "569 rows · diagnosis and mean area",
        "Cell nuclei of breast tissue (Wisconsin); predict diagnosis and mean area from texture and shape.",
        569,
        (_task("binary", "diagnosis", positive="malignant"), _task("regression", "mean area")),
        ignored=_AREA_MEASURES,
    ),
    BundledSet(
        "two_heads",
        "Two heads",
        "1 000 rows, made up · five numbers and three probabilities",
        "Made up: ten numbers from which follow five others and the probabilities of three classes.",
        1000,
        (
            _task("regression", numbered("y", 5), "numbers"),
            _task("distribution", numbered("p", 3), "probabilities"),
        ),
    ),
    BundledSet(
        "many_heads",
        "Many heads",
        "1 000 rows, made up · eight numbers",
        "Made up: twelve numbers from which follow eight others, all by the same few hidden features.",
        1000,
        tuple(_task("regression", column) for column in numbered("y", 8)),
    ),
    BundledSet(
        "gradnorm_toy",
        "Ten scales",
        "2 000 rows, made up · the GradNorm paper's ten tasks",
        "The toy of the GradNorm paper (Chen et al. 2018) at a tenth of its widths: ten tasks of unlike scale.",
        2000,
        tuple(_task("regression", numbered(f"{i + 1}_", 10), f"task {i + 1}", standardize=False) for i in range(10)),
    ),
    BundledSet(
        "two_objectives",
        "Two objectives",
        "Made up · the CAGrad paper's two functions",
        "The toy of the CAGrad paper (Liu et al. 2021): two functions of two parameters, nothing to predict.",
        1000,
        tuple(_task("objective", ["start_1", "start_2"], side, loss=f"valley_{side}") for side in ("left", "right")),
    ),
)

BUNDLED: dict[str, BundledSet] = {entry.name: entry for entry in _SETS}
"""The bundled data sets by name, in the order to offer them."""

if TYPE_CHECKING:
    BundledName = str
else:
    BundledName = Literal[tuple(BUNDLED)]
