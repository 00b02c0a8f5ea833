"""Titles and descriptions of the bundled data sets, known without asking the worker."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BundledEntry:
    """A bundled data set as the list offers it."""

    name: str
    title: str
    text: str


BUNDLED = (
    BundledEntry("multidigits", "Two digits", "16×16 images · left and right digit"),
    BundledEntry("shapes", "Shapes", "64×64 color images · class, box and mask"),
    BundledEntry("sentences", "Sentences", "1 500 texts, made up · parts of speech and topic"),
    BundledEntry("houses", "Houses", "600 rows · price and whether it sold"),
    BundledEntry("iris", "Iris", "150 rows · species and petal width"),
    BundledEntry("wine", "Wine", "178 rows · cultivar, alcohol, proline"),
    BundledEntry("diabetes", "Diabetes", "442 rows · progression and glucose"),
    BundledEntry("linnerud", "Linnerud", "20 rows · weight, waist, pulse"),
    BundledEntry("breast_cancer", "Breast cancer", "569 rows · diagnosis and mean area"),
    BundledEntry("two_heads", "Two heads", "1 000 rows, made up · five numbers and three probabilities"),
    BundledEntry("many_heads", "Many heads", "1 000 rows, made up · eight numbers"),
    BundledEntry("gradnorm_toy", "Ten scales", "2 000 rows, made up · the GradNorm paper's ten tasks"),
    BundledEntry("two_objectives", "Two objectives", "Made up · the CAGrad paper's two functions"),
)
"""In the order of the list."""

_TITLES = {entry.name: entry.title for entry in BUNDLED}


def dataset_title(name: str) -> str:
    """The title of a bundled data set; ``name`` itself for anything else, such as a file."""
    return _TITLES.get(name, name)
