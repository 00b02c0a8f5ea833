"""The bundled sample tables."""

from importlib import resources

from resources.samples.houses import as_csv


def test_the_houses_file_is_what_its_generator_makes() -> None:
    path = resources.files("resources") / "samples" / "houses.csv"
    assert path.read_bytes() == as_csv().encode()
