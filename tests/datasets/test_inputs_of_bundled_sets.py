"""Bundled sets with inputs by name, and those whose content is generated: pictures, captions, texts, sounds.

Covers: mtl_core/datasets/inputs/table.py, mtl_core/datasets/inputs/text.py.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile
import torch

from mtl_core.datasets.bundled.captions import COLORS, SHAPES, SIDE, SIDES, generate_captions
from mtl_core.datasets.bundled.reviews import reviews
from mtl_core.datasets.bundled.sounds import KINDS, RATE, generate_sounds, note_hertz
from mtl_core.datasets.bundled.talents import CATEGORIES, generate_talents
from mtl_core.datasets.bundled.two_views import two_views
from mtl_core.datasets.inputs.registry import KINDS as INPUT_KINDS
from mtl_core.datasets.preparation import load
from mtl_core.spec import (
    BundledDataset,
    InputError,
    MulticlassTask,
    RegressionTask,
    SoundInput,
    dataset_from_data,
    problems_of,
    spec_to_data,
)

CATEGORY = (MulticlassTask(name="category", target="category"),)


def talents(**settings: Any) -> BundledDataset:
    dataset = dataset_from_data({"kind": "bundled", "name": "talents", **settings})
    assert isinstance(dataset, BundledDataset)
    return dataset


def test_stated_or_not_the_inputs_of_a_set_give_the_same_data() -> None:
    default = talents()
    assert default.inputs is None
    stated = talents(inputs={name: spec_to_data(value) for name, value in (default.named_inputs or {}).items()})
    first, second = load(default, CATEGORY), load(stated, CATEGORY)
    assert first.fingerprint == second.fingerprint
    assert list(first.input_shapes) == ["behavior", "title", "description", "picture"]
    assert first.preprocessing == second.preprocessing


@pytest.mark.parametrize(
    ("inputs", "kind"), [(["views", "rating"], "table"), (["title"], "text"), (["region"], "table")]
)
def test_columns_of_a_set_with_named_inputs_may_be_listed(inputs: list[str], kind: str) -> None:
    dataset = talents(inputs=inputs)
    assert dataset.input_kinds == {kind: kind}
    assert load(dataset, CATEGORY).input_shapes.keys() == {kind}


def test_a_target_that_is_an_input_by_default_is_refused_at_the_inputs() -> None:
    task = RegressionTask(name="rating", target="rating")
    layers = {name: [{"kind": "flatten"}] for name in ("behavior", "picture")}
    texts = {name: [{"kind": "embedding"}, {"kind": "global_max_pool"}] for name in ("title", "description")}
    problems = problems_of(
        {
            "version": 2,
            "dataset": {"kind": "bundled", "name": "talents"},
            "tasks": [spec_to_data(task)],
            "model": {"inputs": {**layers, **texts}},
        }
    )
    assert [(problem.path, problem.found) for problem in problems] == [("dataset.inputs", "'rating'")]
    with pytest.raises(InputError, match="an input or a target, not both"):
        load(talents(), (task,))


def test_generated_sets_are_the_same_for_a_seed_and_others_for_another() -> None:
    assert reviews(30, 1).equals(reviews(30, 1))
    assert not reviews(30, 1).equals(reviews(30, 2))
    assert generate_talents(30, 1).frame.equals(generate_talents(30, 1).frame)
    pairs: list[Any] = [
        [generate_talents(20, seed).pictures for seed in (1, 1, 2)],
        [generate_captions(20, seed).pictures for seed in (1, 1, 2)],
        [generate_sounds(8, seed)[0] for seed in (1, 1, 2)],
        [two_views(10, seed)[0] for seed in (1, 1, 2)],
    ]
    for first, again, other in pairs:
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)


def test_talents_are_offered_in_korean_and_english_and_each_column_says_a_part() -> None:
    offers = generate_talents(400)
    titles = offers.frame["title"]
    is_korean = titles.str.contains("[가-힣]")
    assert 100 < is_korean.sum() < 300
    assert (is_korean == offers.frame["description"].str.contains("[가-힣]")).all()
    assert offers.frame["category"].isin([name for pair in CATEGORIES for name in pair]).all()
    for title, categories in offers.frame.groupby("title")["category"].unique().items():
        assert set(categories) <= set(CATEGORIES[0]) or set(categories) <= set(CATEGORIES[1]), title
    assert sorted(offers.frame["satisfaction"].unique()) == [1, 2, 3, 4]
    assert offers.frame["price"].min() >= 5


def test_a_caption_means_the_shape_whose_class_color_and_box_are_targets() -> None:
    made = generate_captions(120)
    rows = zip(made.pictures, made.captions, made.shapes, made.colors, made.boxes, strict=True)
    for picture, caption, shape, color, (x, y, width, height) in rows:
        pixel = picture[round(y * SIDE), round(x * SIDE)].astype(int)
        assert np.abs(pixel - np.array(tuple(COLORS.values()))[color]).max() < 60
        side = SIDES[int(x > 0.5)]
        assert any(word in caption for word in (SHAPES[shape], tuple(COLORS)[color], side))
        assert min(width, height) * SIDE > 7.5


def test_tags_of_reviews_fit_their_words_and_no_review_is_repeated() -> None:
    frame = reviews(300)
    assert frame["text"].is_unique
    for text, entities in zip(frame["text"], frame["entities"], strict=True):
        tags = entities.split()
        assert len(tags) == len(text[:-1].split()) + 1
        for before, tag in zip(["O", *tags], tags, strict=False):
            assert not tag.startswith("I-") or before[2:] == tag[2:]


def test_a_tone_sounds_at_its_pitch() -> None:
    waves, kinds, pitch = generate_sounds(40)
    is_tone = kinds == KINDS.index("tone")
    peaks = np.abs(np.fft.rfft(waves[is_tone], axis=1)).argmax(1) * RATE / waves.shape[1]
    np.testing.assert_allclose(peaks, note_hertz(pitch[is_tone]), atol=2.5)
    assert np.abs(waves).max() <= 1


def test_a_sound_in_memory_is_read_as_the_same_sound_in_a_file(tmp_path: Path) -> None:
    data = load(BundledDataset(name="sounds"), (MulticlassTask(name="kind", target="kind"),))
    assert data.train.rows is not None
    row = int(data.train.rows[0])
    soundfile.write(tmp_path / "0.wav", generate_sounds()[0][row], RATE, subtype="FLOAT")
    preprocessing, kind = data.preprocessing["inputs"]["sound"], INPUT_KINDS["sound"]
    columns = kind.read_new(preprocessing, pd.DataFrame({"sound": [str(tmp_path / "0.wav")]}))
    expected = data.train.select_inputs(slice(1))["sound"]
    torch.testing.assert_close(kind.transform(preprocessing, columns), expected)


def test_sounds_in_memory_are_resampled_and_cut_as_the_input_says() -> None:
    sound = SoundInput(column="sound", rate=4000, seconds=0.25, mels=8, window=32, hop=16)
    dataset = BundledDataset(name="sounds", inputs={"sound": sound})
    data = load(dataset, (MulticlassTask(name="kind", target="kind"),))
    assert data.input_shapes == {"sound": (1, 8, 16)}
