"""Inputs that are files of pictures and sounds: tables of paths, folders by class, odd files, memory and disk.

Covers: mtl_core/datasets/inputs/media_files.py, mtl_core/datasets/inputs/media_reader.py,
mtl_core/datasets/inputs/image.py, mtl_core/datasets/inputs/sound.py, mtl_core/datasets/inputs/input_kind.py,
mtl_core/datasets/inputs/registry.py, mtl_core/datasets/kinds/image_folder.py, mtl_core/spec/inputs/image.py,
mtl_core/spec/inputs/sound.py.
"""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from mtl_core.datasets import new_rows
from mtl_core.datasets.data import TaskData
from mtl_core.datasets.description import describe
from mtl_core.datasets.inputs import image
from mtl_core.datasets.new_rows import read_new_rows
from mtl_core.datasets.preparation import load, load_outline
from mtl_core.errors import InputError
from mtl_core.media.cache import MediaCache
from mtl_core.media.limits import GIB, Limits, write_limits
from mtl_core.media.sounds.sound_file import fit_duration, resample
from mtl_core.protocol.work_progress import WorkProgress, progress_listener
from mtl_core.spec import ImageFolderDataset, MulticlassTask, RegressionTask, TableDataset, dataset_from_data
from tests.datasets.media import COLORS, write_class_folder, write_picture, write_tone

CLASS = (MulticlassTask(name="class", target="class"),)


@pytest.fixture
def colors(tmp_path: Path) -> Path:
    return write_class_folder(tmp_path / "colors")


def folder_dataset(path: Path, size: int = 6, **settings: Any) -> ImageFolderDataset:
    inputs = {"image": {"kind": "image", "column": "image", "size": [size, size], **settings.pop("image", {})}}
    data = {"kind": "image_folder", "path": str(path), "inputs": inputs, **settings}
    dataset = dataset_from_data(data)
    assert isinstance(dataset, ImageFolderDataset)
    return dataset


def decoded(data: TaskData) -> dict[int, torch.Tensor]:
    """What the model reads of each row."""
    rows = {}
    for split in data.splits.values():
        assert split.rows is not None
        values = split.select_inputs(slice(None))["image"]
        rows |= dict(zip(split.rows.tolist(), values, strict=True))
    return rows


def test_a_folder_by_class_becomes_pictures_and_classes(colors: Path) -> None:
    data = load(folder_dataset(colors), CLASS)
    assert data.input_shapes == {"image": (3, 6, 6)}
    assert data.targets["class"].classes == ("blue", "red")
    assert sum(map(len, data.splits.values())) == 24
    train = data.train.select_inputs(slice(None))["image"]
    torch.testing.assert_close(train.mean(dim=(0, 2, 3)), torch.zeros(3), atol=1e-4, rtol=0)
    is_red = train[:, 0].mean(dim=(1, 2)) > 0
    assert torch.equal(is_red, data.train.targets["class"] == 1)


def test_files_are_decoded_once_and_again_only_when_they_change(colors: Path) -> None:
    def decodings(run: Any) -> int:
        count = 0

        def progress(report: WorkProgress) -> None:
            nonlocal count
            count += report.what == "Decoded 24 of 24 files"

        with progress_listener(progress):
            run()
        return count

    dataset = folder_dataset(colors)
    first = load(dataset, CLASS)
    assert decodings(lambda: load(dataset, CLASS)) == 0
    write_picture(colors / "red" / "red_0.png", COLORS["red"], 99)
    changed: list[TaskData] = []
    assert decodings(lambda: changed.append(load(dataset, CLASS))) == 1
    assert changed[0].fingerprint != first.fingerprint
    moved = shutil.copytree(colors, colors.parent / "moved")
    assert load(folder_dataset(moved), CLASS).fingerprint == changed[0].fingerprint
    flipped = folder_dataset(colors, image={"augmentation": [{"kind": "horizontal_flip"}]})
    assert load(flipped, CLASS).fingerprint == changed[0].fingerprint
    assert list(load(flipped, CLASS).train.augmentations) == ["image"]
    assert load(flipped, CLASS).val.augmentations == {}


def test_data_that_exceed_the_memory_limit_stay_on_disk_and_are_the_same(colors: Path) -> None:
    dataset = folder_dataset(colors)
    in_memory = load(dataset, CLASS)
    write_limits(Limits(memory=1000 / GIB))
    mapped = load(dataset, CLASS)
    assert [split.is_mapped for split in (*in_memory.splits.values(), *mapped.splits.values())] == [False] * 3 + [
        True
    ] * 3
    assert mapped.fingerprint == in_memory.fingerprint
    expected, rows = decoded(in_memory), decoded(mapped)
    assert expected.keys() == rows.keys()
    assert all(torch.equal(expected[row], rows[row]) for row in rows)
    train = mapped.train.inputs["image"]
    assert train.is_contiguous()
    assert sum(entry.title.count("rows of a split") for entry in MediaCache().entries()) == 3


def test_an_outline_has_all_but_the_pictures(colors: Path) -> None:
    dataset = folder_dataset(colors)
    outline = load_outline(dataset, CLASS)
    assert MediaCache().entries() == ()
    data = load(dataset, CLASS)
    assert (outline.input_shapes, outline.targets) == (data.input_shapes, data.targets)
    assert list(map(len, outline.splits.values())) == list(map(len, data.splits.values()))
    assert describe(dataset).input_shapes == {"image": (3, 6, 6)}


def test_a_folder_is_described_with_its_first_pictures(colors: Path) -> None:
    (colors / "blue" / "blue_1.png").write_bytes(b"damaged")
    info = describe(folder_dataset(colors))
    assert (info.input_kind, info.pictures, info.rows) == ("image", ("image",), 24)
    assert len(info.images) == len(info.preview) == 24
    assert info.images[1][0][0] == 0
    assert info.images[0][16][16] & 0xFF > 180  # blue
    assert info.images[-1][16][16] >> 16 > 180  # red


def test_rows_whose_only_picture_cannot_be_read_are_left_out_and_listed(colors: Path) -> None:
    (colors / "red" / "red_1.png").write_bytes(b"")
    (colors / "red" / "red_2.png").write_bytes((colors / "red" / "red_3.png").read_bytes()[:-30])
    data = load(folder_dataset(colors), CLASS)
    assert sum(map(len, data.splits.values())) == 22
    (note,) = [str(note) for note in data.notes if "cannot be read" in note.what]
    assert note.startswith("Column 'image': 2 of 24 files cannot be read as a picture (red_1.png: the file is empty")
    assert data.train.inputs.keys() == {"image"}


def test_no_readable_picture_is_an_error(tmp_path: Path) -> None:
    for number in range(12):
        path = tmp_path / "bad" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"dataset.inputs.image.column: no picture of the training rows can be read"):
        load(folder_dataset(tmp_path / "bad"), CLASS)


def test_further_labels_are_joined_by_name(colors: Path) -> None:
    lines = [
        "file,weight,kind",
        *(f"red/red_{n}.png,{n},a" for n in range(11)),
        *(f"blue_{n},{n + 0.5},b" for n in range(12)),
    ]
    table = colors.parent / "more.csv"
    table.write_text("\n".join([*lines, "nowhere.png,1,c"]))
    dataset = folder_dataset(colors, labels=str(table))
    data = load(dataset, (*CLASS, RegressionTask(name="weight", target="weight")))
    notes = " ".join(map(str, data.notes))
    assert "1 of 24 images are not in the table of labels" in notes
    assert "1 of 24 rows of the table of labels name no image" in notes
    assert sum(int(split.masks["weight"].sum()) for split in data.splits.values()) == 23
    info = describe(dataset)
    assert {column.name: column.suggested for column in info.columns}["class"] == "target"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["file,weight", "red_1.png,1", "red_1.png,2"], "each image once"),
        (["file,weight", "other.png,1"], "no image has its name"),
        (None, "there is no such file"),
    ],
)
def test_odd_tables_of_labels_are_refused(colors: Path, lines: list[str] | None, message: str) -> None:
    table = colors.parent / "more.csv"
    if lines:
        table.write_text("\n".join(lines))
    with pytest.raises(InputError, match=f"dataset.labels: .*{message}"):
        describe(folder_dataset(colors, labels=str(table)))


def test_folders_of_splits_are_the_splits(tmp_path: Path) -> None:
    for split, count in (("train", 10), ("val", 4), ("test", 3)):
        write_class_folder(tmp_path / "all" / split, count)
    data = load(folder_dataset(tmp_path / "all"), CLASS)
    assert list(map(len, data.splits.values())) == [20, 8, 6]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Rows with a number, a picture and a sound; some lack one."""
    lines = ["class,size,picture,sound"]
    for number in range(24):
        name = ("red", "blue")[number % 2]
        write_picture(tmp_path / "pictures" / f"{number}.png", COLORS[name], number)
        write_tone(tmp_path / "sounds" / f"{number}.wav", (300, 1200)[number % 2])
        picture = "" if number == 3 else f"pictures/{'missing' if number == 4 else number}.png"
        lines.append(f"{name},{number},{picture},sounds\\{number}.wav")
    path = tmp_path / "rows.csv"
    path.write_text("\n".join(lines))
    return path


def table_dataset(path: Path, *names: str, **settings: Any) -> TableDataset:
    inputs: dict[str, Any] = {
        "sizes": {"kind": "table", "columns": ["size"]},
        "photo": {"kind": "image", "column": "picture", "size": [4, 5], "channels": 1},
        "noise": {"kind": "sound", "column": "sound", "rate": 4000, "seconds": 0.25, "mels": 16, **settings},
    }
    chosen = {name: inputs[name] for name in names or inputs}
    dataset = dataset_from_data({"kind": "table", "path": str(path), "inputs": chosen})
    assert isinstance(dataset, TableDataset)
    return dataset


def test_columns_of_paths_start_at_the_folder_of_the_table_and_a_missing_file_is_a_missing_input(table: Path) -> None:
    data = load(table_dataset(table), CLASS)
    assert data.input_shapes == {"sizes": (1,), "photo": (1, 4, 5), "noise": (1, 16, 26)}
    present = {}
    for split in data.splits.values():
        assert split.rows is not None
        assert set(split.inputs) == {"sizes", "photo", "photo.present", "noise"}
        present |= dict(zip(split.rows.tolist(), split.inputs["photo.present"].tolist(), strict=True))
    assert [row for row, is_present in present.items() if not is_present] in ([3, 4], [4, 3])
    assert any("1 of 23 file cannot be read as a picture (missing.png: cannot be read" in str(n) for n in data.notes)
    noise = data.train.select_inputs(slice(None))["noise"]
    torch.testing.assert_close(noise.mean(dim=(0, 3)), torch.zeros(1, 16), atol=0.02, rtol=0)
    assert describe(table_dataset(table)).input_shapes == data.input_shapes


def test_a_sound_may_be_read_as_its_waveform(table: Path) -> None:
    dataset = table_dataset(table, "noise", form="waveform")
    data = load(dataset, CLASS)
    assert data.input_shapes == {"noise": (1, 1000)} == describe(dataset).input_shapes
    waves = data.train.select_inputs(slice(None))["noise"]
    torch.testing.assert_close(torch.stack([waves.mean(), waves.std()]), torch.tensor([0.0, 1.0]), atol=0.01, rtol=0)
    assert data.train.rows is not None
    row = int(data.train.rows[0])
    samples, rate = soundfile.read(table.parent / "sounds" / f"{row}.wav", dtype="float32")
    expected = torch.from_numpy(fit_duration(resample(samples, rate, 4000), 1000))
    fitted = data.preprocessing["inputs"]["noise"]
    torch.testing.assert_close(waves[0, 0] * fitted["std"] + fitted["mean"], expected, atol=1e-4, rtol=0)
    new = table.parent / "new.csv"
    new.write_text(f"sound\nsounds/{row}.wav")
    (batch,) = read_new_rows(str(new), data.preprocessing).batches()
    assert torch.equal(batch.inputs["noise"][0], waves[0])


def test_the_settings_of_bands_do_not_change_the_data_of_waveforms(table: Path) -> None:
    digests = [
        load(table_dataset(table, "noise", **settings), CLASS).fingerprint
        for settings in (
            {"form": "waveform"},
            {"form": "waveform", "mels": 9},
            {},
            {"form": "spectrogram"},
            {"mels": 9},
        )
    ]
    assert digests[0] == digests[1]
    assert digests[2] == digests[3]
    assert len(set(digests)) == 3


@pytest.mark.parametrize(("column", "message"), [("size", "it is read as numbers"), ("nothing", "no such column")])
def test_a_column_that_names_no_files_is_refused(table: Path, column: str, message: str) -> None:
    dataset = table_dataset(table, "noise", column=column)
    with pytest.raises(InputError, match=rf"dataset.inputs.noise.column: .*{message}"):
        load(dataset, CLASS)


def test_new_rows_are_read_from_a_table_or_a_folder_as_the_training_rows_were(table: Path, colors: Path) -> None:
    data = load(table_dataset(table), CLASS)
    (table.parent / "new").mkdir()
    new = table.parent / "new" / "rows.csv"
    new.write_text("size,picture,sound\n0,../pictures/0.png,../sounds/0.wav\n1,../pictures/none.png,../sounds/1.wav")
    table_rows = read_new_rows(str(new), data.preprocessing)
    (rows,) = table_rows.batches()
    assert rows.inputs["photo.present"].tolist() == [True, False]
    assert any("none.png" in note for note in table_rows.notes())
    for number in (0, 1):
        for split in data.splits.values():
            assert split.rows is not None
            if number in split.rows:
                index = int((split.rows == number).nonzero())
                known = split.select_inputs(slice(index, index + 1))
                for name in ("sizes", "noise") if number else ("sizes", "photo", "noise"):
                    assert torch.equal(rows.inputs[name][number], known[name][0])
    pictures = load(folder_dataset(colors), CLASS)
    (folder,) = read_new_rows(str(colors / "red"), pictures.preprocessing).batches()
    assert folder.inputs["image"].shape == (12, 3, 6, 6)
    assert bool((folder.inputs["image"][:, 0].mean(dim=(1, 2)) > 0).all())
    with pytest.raises(InputError, match="a folder has one input, and the model reads 3"):
        read_new_rows(str(colors), data.preprocessing)


def test_new_rows_are_decoded_a_batch_at_a_time_and_are_the_same(colors: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    decoded = list[str]()
    decode_image = image.decode_image

    def count(data: bytes, name: str, **options: Any) -> Any:
        decoded.append(name)
        return decode_image(data, name, **options)

    monkeypatch.setattr(image, "decode_image", count)
    preprocessing = load(folder_dataset(colors), CLASS).preprocessing
    (colors / "red" / "red_3.png").write_bytes(b"damaged")
    whole = read_new_rows(str(colors / "red"), preprocessing)
    (expected,) = whole.batches()
    monkeypatch.setattr(new_rows, "_BATCH_BYTES", 5 * 4 * 3 * 6 * 6)
    decoded.clear()
    rows, batches = read_new_rows(str(colors / "red"), preprocessing), []
    assert not decoded
    for batch in rows.batches():
        batches.append(batch)
        assert len(decoded) == sum(len(batch.readable) for batch in batches)
    assert [len(batch.readable) for batch in batches] == [5, 5, 2]
    assert torch.equal(torch.cat([batch.inputs["image"] for batch in batches]), expected.inputs["image"])
    assert np.flatnonzero(~np.concatenate([batch.readable for batch in batches])).tolist() == [5]
    assert rows.notes() == whole.notes()
    assert any("1 of 12 file cannot be read" in note for note in rows.notes())
