"""The bundled data sets by what people call them, known without asking the worker."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """A bundled data set as the list offers it."""

    name: str
    title: str
    text: str


BUNDLED = (
    Entry("multidigits", "Two digits", "16×16 images · left and right digit"),
    Entry("shapes", "Shapes", "64×64 color images · class, box and mask"),
    Entry("sentences", "Sentences", "1 500 texts, made up · parts of speech and topic"),
    Entry("houses", "Houses", "600 rows · price and whether it sold"),
    Entry("iris", "Iris", "150 rows · species and petal width"),
    Entry("wine", "Wine", "178 rows · cultivar, alcohol, proline"),
    Entry("diabetes", "Diabetes", "442 rows · progression and glucose"),
    Entry("linnerud", "Linnerud", "20 rows · weight, waist, pulse"),
    Entry("breast_cancer", "Breast cancer", "569 rows · diagnosis and mean area"),
    Entry("two_heads", "Two heads", "1 000 rows, made up · five numbers and three probabilities"),
    Entry("many_heads", "Many heads", "1 000 rows, made up · eight numbers"),
    Entry("gradnorm_toy", "Ten scales", "2 000 rows, made up · the GradNorm paper's ten tasks"),
    Entry("two_objectives", "Two objectives", "Made up · the CAGrad paper's two functions"),
)
"""In the order of the list."""
