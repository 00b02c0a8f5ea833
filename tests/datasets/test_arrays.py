"""Arrays in files as a data set.

Covers: mtl_core/tabular/arrays/, mtl_core/datasets/kinds/arrays.py, mtl_core/datasets/splits/drawn_validation.py.
"""

import gzip
import io
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtl_core.datasets.description import describe
from mtl_core.datasets.preparation import load
from mtl_core.spec import ArraysDataset, ImageInput, InputError, TableInput
from mtl_core.spec.data.splits import KFoldSplit, RandomSplit
from mtl_core.spec.tasks import MulticlassTask, RegressionTask, SegmentationTask
from mtl_core.tabular.arrays.array_file import read_arrays
from mtl_core.tabular.arrays.split_arrays import join_split_arrays

ROWS = 40
RNG = np.random.default_rng(0)
X = RNG.normal(size=(ROWS, 3)).astype(np.float32)
IMAGES = RNG.integers(0, 256, (ROWS, 6, 5), np.uint8)
KIND = np.arange(ROWS) % 3
PRICE = RNG.normal(size=ROWS)
IMAGE = {"image": ImageInput(column="x")}
TASKS = (MulticlassTask(name="kind", target="kind"), RegressionTask(name="price", target="price"))


def save(path: Path, **arrays: Any) -> str:
    np.savez(path, **arrays)
    return str(path)


def idx(array: np.ndarray[Any, Any], code: int) -> bytes:
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, code, array.ndim]) + sizes + array.astype(array.dtype.newbyteorder(">")).tobytes()


def test_pictures_and_labels_of_an_npz_file_are_a_data_set(tmp_path: Path) -> None:
    dataset = ArraysDataset(path=save(tmp_path / "a.npz", x=IMAGES, kind=KIND, price=PRICE), inputs=IMAGE)
    data = load(dataset, TASKS)
    assert data.input_shapes == {"image": (1, 6, 5)}
    rows = data.train.rows
    assert rows is not None
    np.testing.assert_array_equal(data.train.inputs["image"][:, 0], IMAGES[rows])
    np.testing.assert_array_equal(data.train.targets["kind"], KIND[rows])
    info = describe(dataset)
    assert (info.rows, info.input_kind) == (ROWS, "image")
    assert {column.name: column.suggested for column in info.columns} == {"kind": "target", "price": "target"}


def test_a_matrix_is_columns_that_can_be_named_together_beside_pictures(tmp_path: Path) -> None:
    path = save(tmp_path / "a.npz", x=IMAGES, m=X, kind=KIND, price=PRICE)
    named = ArraysDataset(path=path, inputs={**IMAGE, "table": TableInput(columns=("m",))})
    assert load(named, TASKS).input_shapes == {"image": (1, 6, 5), "table": (3,)}
    listed = load(ArraysDataset(path=path, inputs=("m[0]", "m[2]")), TASKS)
    assert listed.input_shapes == {"table": (2,)}
    assert describe(ArraysDataset(path=path, inputs=("m",))).input_shapes == {"table": (3,)}
    with pytest.raises(InputError, match="not both"):
        load(ArraysDataset(path=path, inputs=("m",)), (RegressionTask(name="m", target="m[0]"),))


@pytest.mark.parametrize(
    "pictures",
    [
        IMAGES[..., None],
        IMAGES[:, None],
        np.repeat(IMAGES[..., None], 3, 3),
        np.repeat(IMAGES[:, None], 3, 1),
        np.asfortranarray(IMAGES),
        IMAGES.astype(np.int64),
        (IMAGES / 255).astype(np.float32),
    ],
)
def test_pictures_have_any_usual_layout(tmp_path: Path, pictures: np.ndarray[Any, Any]) -> None:
    dataset = ArraysDataset(path=save(tmp_path / "a.npz", x=pictures, kind=KIND, price=PRICE), inputs=IMAGE)
    data = load(dataset, TASKS)
    assert data.train.rows is not None
    np.testing.assert_array_equal(data.train.inputs["image"][:, 0], IMAGES[data.train.rows])


def test_maps_of_classes_beside_pictures_are_targets(tmp_path: Path) -> None:
    dataset = ArraysDataset(path=save(tmp_path / "a.npz", x=IMAGES, mask=IMAGES // 100), inputs=IMAGE)
    data = load(dataset, (SegmentationTask(name="mask", target="mask"),))
    assert data.targets["mask"].classes == ("0", "1", "2")


def save_mnist(folder: Path, train: int = ROWS, test: int = 7) -> None:
    labels = KIND.astype(np.uint8)
    for name, content in (
        ("train-images-idx3-ubyte.gz", gzip.compress(idx(IMAGES[:train], 0x08), mtime=0)),
        ("train-labels-idx1-ubyte", idx(labels[:train], 0x08)),
        ("t10k-images-idx3-ubyte", idx(IMAGES[:test], 0x08)),
        ("t10k-labels-idx1-ubyte", idx(labels[:test], 0x08)),
        ("notes.txt", b"hello"),
    ):
        (folder / name).write_bytes(content)


def test_a_folder_of_files_of_mnist_is_split_as_its_files_say(tmp_path: Path) -> None:
    save_mnist(tmp_path)
    dataset = ArraysDataset(path=str(tmp_path), inputs={"image": ImageInput(column="images")})
    tasks = (MulticlassTask(name="digit", target="labels"),)
    data = load(dataset, tasks)
    rows = {name: part.rows.tolist() for name, part in data.splits.items() if part.rows is not None}
    assert rows["test"] == list(range(ROWS, ROWS + 7))
    assert sorted(rows["train"] + rows["val"]) == list(range(ROWS))
    assert len(rows["val"]) == 7  # 0.15 / 0.85 of the training rows
    np.testing.assert_array_equal(data.test.inputs["image"][:, 0], IMAGES[:7])
    np.testing.assert_array_equal(data.train.targets["digit"], KIND[rows["train"]])
    assert describe(dataset).split_rows == (ROWS, 0, 7)
    text = " ".join(map(str, (*describe(dataset).notes, *data.notes)))
    assert "'images' is train-images and t10k-images" in text
    assert "split so: 40 train, 7 test" in text
    assert "7 of the training rows were drawn at random" in text
    again = load(dataset.model_copy(update={"split": RandomSplit(seed=1)}), tasks)
    assert again.test.rows is not None
    assert again.test.rows.tolist() == rows["test"]
    with pytest.raises(InputError, match=r"dataset\.split\.kind: this data set comes with training and test rows"):
        load(dataset.model_copy(update={"split": KFoldSplit()}), tasks)
    save_mnist(tmp_path, train=ROWS - 1, test=8)
    assert load(dataset, tasks).fingerprint != data.fingerprint


@pytest.mark.parametrize("as_file", [True, False])
def test_arrays_named_for_training_validation_and_test_rows_are_one(tmp_path: Path, as_file: bool) -> None:
    parts = {"train": slice(0, 24), "val": slice(24, 30), "test": slice(30, ROWS)}
    arrays = {f"x_{name}": X[rows] for name, rows in parts.items()} | {
        f"{name}_kind": KIND[rows] for name, rows in parts.items()
    }
    arrays["names"] = np.array(["a", "b"])
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)
    if not as_file:
        path.unlink()
        for name, array in arrays.items():
            np.save(tmp_path / f"{name}.npy", array)
    dataset = ArraysDataset(path=str(path if as_file else tmp_path), inputs=("x",))
    data = load(dataset, (MulticlassTask(name="kind", target="kind"),))
    assert [len(part) for part in data.splits.values()] == [24, 6, 10]
    assert "Left out: names" in " ".join(map(str, data.notes))


@pytest.mark.parametrize(
    "arrays",
    [
        {"x": X, "kind": KIND, "train_mask": KIND > 0, "test_mask": KIND == 0},
        {"x_train": X[:30], "kind_train": KIND[:30], "x_test": X[30:]},
        {"x_train": X[:30], "kind_train": KIND[:30], "x_test": X[30:], "kind_test": KIND[31:]},
        {"x_train": X[:30], "kind_train": KIND[:30], "x_test": X[30:, :2], "kind_test": KIND[30:]},
        {"x_train": X[:30], "kind_train": KIND[:30], "x_val": X[30:], "kind_val": KIND[30:]},
        {"x_train": X[:30], "x-train": X[:30], "x_test": X[30:]},
        {"train": np.float64(1), "test": X},
    ],
)
def test_arrays_that_are_no_parts_of_one_stay_apart(arrays: dict[str, Any]) -> None:
    assert join_split_arrays(arrays) is None


def test_archives_of_one_array_without_a_name_have_that_of_their_file(tmp_path: Path) -> None:
    np.savez(tmp_path / "kmnist-train-imgs.npz", IMAGES)
    np.savez(tmp_path / "kmnist-train-labels.npz", KIND)
    assert list(read_arrays(str(tmp_path))) == ["kmnist-train-imgs", "kmnist-train-labels"]


@pytest.mark.parametrize("code", [0x09, 0x0B, 0x0C, 0x0D, 0x0E])
def test_idx_has_numbers_of_every_type(tmp_path: Path, code: int) -> None:
    types = {0x09: np.int8, 0x0B: np.int16, 0x0C: np.int32, 0x0D: np.float32, 0x0E: np.float64}
    array = np.arange(-6, 6).astype(types[code]).reshape(3, 4)
    (tmp_path / "a.idx").write_bytes(idx(array, code))
    np.testing.assert_array_equal(read_arrays(str(tmp_path / "a.idx"))["array"], array)


def test_a_folder_of_npy_files_is_mapped_into_memory(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", IMAGES)
    np.save(tmp_path / "kind.npy", np.array(["a", "b", "c"])[KIND])
    np.save(tmp_path / "price.npy", PRICE.astype(">f8"))
    assert isinstance(read_arrays(str(tmp_path))["x"], np.memmap)
    data = load(ArraysDataset(path=str(tmp_path), inputs=IMAGE), TASKS)
    assert data.targets["kind"].classes == ("a", "b", "c")


def npz(**parts: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(f"{name}.npy", part)
    return content.getvalue()


def npy(array: np.ndarray[Any, Any]) -> bytes:
    content = io.BytesIO()
    np.save(content, array, allow_pickle=True)
    return content.getvalue()


PICKLED = npy(np.array([{"a": 1}], dtype=object))
CLAIMS = npy(np.zeros(3)).replace(b"(3,), }                   ", b"(9000000000000,), }       ")


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "the file is empty"),
        (b"hello world", "holds no arrays"),
        (PICKLED, "holds Python objects"),
        (npz(a=PICKLED), "holds Python objects"),
        (npy(np.array([(1, 2.0)], dtype="i4,f8")), "holds records"),
        (npy(X)[:-8], "is cut off"),
        (CLAIMS, "is cut off: its header says 72000000000000 bytes"),
        (npz(a=CLAIMS), "is cut off"),
        (npz(a=npy(X) + b"more"), "does not have the size"),
        (npz(a=npy(X))[:-30], "is no whole file of arrays"),
        (npz(a=b"hello"), "is no whole file of arrays"),
        (npz(), "is an archive without arrays"),
        (npy(X)[:40], "is no whole file of arrays"),
        (npy(np.float64(3)), "holds no array with rows"),
        (npy(np.zeros((0, 3))), "holds no array with rows"),
        (npy(IMAGES), "no array can be a target"),
        (npy(np.zeros((3, 30_000))), "is too wide"),
        (idx(IMAGES, 0x08)[:-1], "does not have the size"),
        (idx(IMAGES, 0x08)[:9], "is cut off in its header"),
        (gzip.compress(idx(IMAGES, 0x08), mtime=0)[:-40], "is no whole file of arrays"),
        (gzip.compress(b"hello", mtime=0), "holds no arrays"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_clear_error(tmp_path: Path, content: bytes, rule: str) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(InputError, match=rf"^dataset.path: .*{rule}") as error:
        describe(ArraysDataset(path=str(tmp_path / "a.npz")))
    assert error.value.problem.found
    assert error.value.problem.fix or "inflates" in rule


def test_a_bomb_and_a_folder_without_arrays_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="the folder holds no arrays"):
        describe(ArraysDataset(path=str(tmp_path)))
    monkeypatch.setattr("mtl_core.tabular.arrays.array_file.MAX_BYTES", 1 << 16)
    for content in (npz(a=npy(np.zeros(1 << 20))), gzip.compress(npy(np.zeros(1 << 20)))):
        (tmp_path / "a.npz").write_bytes(content)
        with pytest.raises(InputError, match="inflates to"):
            describe(ArraysDataset(path=str(tmp_path / "a.npz")))


def test_an_array_that_is_no_picture_is_left_out_with_a_note(tmp_path: Path) -> None:
    dataset = ArraysDataset(path=save(tmp_path / "a.npz", x=IMAGES - 300.5, kind=KIND, m=X), inputs=("m",))
    assert "Array 'x' of 6×5 is no picture" in " ".join(map(str, describe(dataset).notes))
