"""Training rows as the model sees them."""

from pathlib import Path
from typing import Any

import pytest

from mtl_core.datasets.samples import SAMPLES, SIDE, sample_rows
from mtl_core.spec import MulticlassTask, dataset_from_data
from tests.datasets.media import COLORS, write_picture, write_tone


@pytest.fixture
def dataset(tmp_path: Path) -> dict[str, Any]:
    """Pictures, sounds, texts and a number beside a label; a picture and a text are missing."""
    lines = ["picture,sound,text,size,label"]
    for number in range(20):
        color = list(COLORS)[number % 2]
        write_picture(tmp_path / f"{number}.png", COLORS[color], number, (12, 10))
        write_tone(tmp_path / f"{number}.wav", 300 + 100 * number, seconds=0.1)
        text = "" if number == 3 else f"a {color} one"
        picture = "" if number == 5 else f"{number}.png"
        lines.append(f"{picture},{number}.wav,{text},{number % 7},{color}")
    (tmp_path / "data.csv").write_text("\n".join(lines))
    return {
        "kind": "table",
        "path": str(tmp_path / "data.csv"),
        "types": {"text": "text"},
        "inputs": {
            "picture": {"kind": "image", "column": "picture", "size": [6, 6]},
            "sound": {"kind": "sound", "column": "sound", "rate": 4000, "seconds": 0.1, "mels": 8},
            "text": {"kind": "text", "column": "text"},
            "size": {"kind": "table", "columns": ["size"]},
        },
    }


def test_each_kind_of_input_is_shown_as_the_model_sees_it(dataset: dict[str, Any]) -> None:
    samples = sample_rows(dataset_from_data(dataset), (MulticlassTask(name="label", target="label"),))
    assert samples.rows == SAMPLES
    pictures, sounds = samples.inputs["picture"], samples.inputs["sound"]
    assert pictures.color
    assert {len(image) for image in pictures.images if image} == {6}
    assert {len(image) for image in sounds.images if image} == {8}
    assert {low for image in sounds.images if image for low in (min(map(min, image)), max(map(max, image)))} == {0, 255}
    for label, text, image in zip(samples.labels["label"], samples.inputs["text"].texts, pictures.images, strict=True):
        assert text is None or label in text
        if image is not None:
            red, blue = image[3][3] >> 16, image[3][3] & 0xFF
            assert (red > blue) == (label == "red")
    assert all(text is not None and text for text in samples.inputs["size"].texts)


def test_a_waveform_is_shown_as_a_spectrogram(dataset: dict[str, Any]) -> None:
    dataset["inputs"] = {"sound": {**dataset["inputs"]["sound"], "form": "waveform"}}
    samples = sample_rows(dataset_from_data(dataset), (MulticlassTask(name="label", target="label"),))
    images = [image for image in samples.inputs["sound"].images if image]
    loudest = {max(range(len(image)), key=[sum(row) for row in image].__getitem__) for image in images}
    assert len(loudest) > 3  # the tones are of different pitch


def test_augmented_pictures_are_shown_augmented(dataset: dict[str, Any]) -> None:
    task = (MulticlassTask(name="label", target="label"),)
    plain = sample_rows(dataset_from_data(dataset), task).inputs["picture"]
    dataset["inputs"]["picture"]["augmentation"] = [{"kind": "horizontal_flip", "p": 1.0}]
    flipped = sample_rows(dataset_from_data(dataset), task).inputs["picture"]
    assert [image and tuple(row[::-1] for row in image) for image in plain.images] == list(flipped.images)


def test_rows_that_lack_an_input_have_no_sample(dataset: dict[str, Any]) -> None:
    data = dataset_from_data({**dataset, "split": {"kind": "random", "train": 0.9, "val": 0.05, "test": 0.05}})
    samples = sample_rows(data, (MulticlassTask(name="label", target="label"),))
    assert None in (*samples.inputs["picture"].images, *samples.inputs["text"].texts)


def test_large_pictures_are_thinned_out(dataset: dict[str, Any]) -> None:
    dataset["inputs"] = {"picture": {**dataset["inputs"]["picture"], "size": [4, 2 * SIDE]}}
    samples = sample_rows(dataset_from_data(dataset), (MulticlassTask(name="label", target="label"),))
    assert {(len(image), len(image[0])) for image in samples.inputs["picture"].images if image} == {(4, SIDE)}
