"""The cache of descriptions of data sets: a worker is asked once for the same data."""

from pathlib import Path
from typing import Any

import pytest

from app.jobs import DatasetDescriptions, Worker
from mtl_core.protocol.questions import DatasetQuestion, Question
from mtl_core.spec import BundledDataset, DatasetInfo, InputError, TableDataset, dataset_from_data, spec_to_data
from tests.app.pages.data.synthetic_sets import table


class CountingWorker(Worker):
    """Describes every data set at once; one whose path ends in ``.bad`` cannot be read."""

    def __init__(self) -> None:
        super().__init__()
        self.questions: list[DatasetQuestion] = []

    def ask(self, question: Question[Any], done: Any = None, failed: Any = None, *, key: str = "") -> None:
        assert isinstance(question, DatasetQuestion)
        self.questions.append(question)
        dataset = dataset_from_data(question.dataset)
        if isinstance(dataset, TableDataset) and dataset.path.endswith(".bad"):
            failed(InputError("dataset.path", "cannot be read"))
        elif isinstance(dataset, TableDataset) and dataset.path.endswith("large.csv") and question.preview:
            done(table().model_copy(update={"sample": 10}))
        else:
            version = Path(dataset.path).read_text() if isinstance(dataset, TableDataset) else "generated"
            done(None if question.known == version else table().model_copy(update={"version": version}))


@pytest.fixture
def worker(qapp: Any) -> CountingWorker:
    return CountingWorker()


@pytest.fixture
def descriptions(worker: CountingWorker) -> DatasetDescriptions:
    return DatasetDescriptions(worker)


@pytest.fixture
def houses(tmp_path: Path) -> dict[str, Any]:
    """Spec data of a table."""
    file = tmp_path / "houses.csv"
    file.write_text("area,price\n1,2\n")
    return spec_to_data(TableDataset(path=str(file)))


def _request(descriptions: DatasetDescriptions, dataset: Any) -> list[DatasetInfo]:
    infos: list[DatasetInfo] = []
    descriptions.request(dataset, infos.append)
    return infos


def test_the_same_data_are_described_once_whoever_asks(
    descriptions: DatasetDescriptions, worker: CountingWorker, houses: dict[str, Any]
) -> None:
    assert descriptions.get(houses) is None
    first = _request(descriptions, houses)
    again = _request(descriptions, {**houses, "inputs": ["area"], "split": {**houses["split"], "seed": 5}})
    assert first == again
    assert [bool(question.known) for question in worker.questions] == [False, True]
    assert descriptions.get({**houses, "inputs": ["area"]}) is first[0]


@pytest.mark.parametrize(
    "change", [{"delimiter": ";"}, {"types": {"area": "text"}}, {"missing": {"area": ["1"]}}, {"encoding": "cp949"}]
)
def test_data_that_are_read_otherwise_are_described_anew(
    change: dict[str, Any], descriptions: DatasetDescriptions, worker: CountingWorker, houses: dict[str, Any]
) -> None:
    _request(descriptions, houses)
    assert descriptions.get(houses | change) is None
    _request(descriptions, houses | change)
    assert len(worker.questions) == 2


def test_a_file_that_has_changed_is_described_anew(
    descriptions: DatasetDescriptions, worker: CountingWorker, houses: dict[str, Any]
) -> None:
    before = _request(descriptions, houses)[0]
    Path(houses["path"]).write_text("area,price\n1,2\n3,4\n")
    assert descriptions.get(houses) is before
    (after,) = _request(descriptions, houses)
    assert after is descriptions.get(houses)
    assert after.version != before.version


def test_generated_data_are_described_anew_for_another_split(
    descriptions: DatasetDescriptions, worker: CountingWorker
) -> None:
    digits = spec_to_data(BundledDataset())
    _request(descriptions, digits)
    _request(descriptions, {**digits, "inputs": None})
    assert len(worker.questions) == 1
    _request(descriptions, {**digits, "split": {**digits["split"], "seed": 1}})
    assert len(worker.questions) == 2


def test_what_cannot_be_read_is_asked_for_again(
    descriptions: DatasetDescriptions, worker: CountingWorker, tmp_path: Path
) -> None:
    dataset = {"kind": "table", "path": str(tmp_path / "x.bad")}
    errors: list[Exception] = []
    for _ in range(2):
        descriptions.request(dataset, print, errors.append)
    assert len(errors) == len(worker.questions) == 2
    assert descriptions.get(dataset) is None


@pytest.mark.parametrize("dataset", [None, 5, [], {}, {"path": 3}])
def test_data_that_are_no_data_set_have_no_description(dataset: Any, descriptions: DatasetDescriptions) -> None:
    assert descriptions.get(dataset) is None


def test_old_descriptions_are_dropped(descriptions: DatasetDescriptions) -> None:
    for number in range(40):
        descriptions.add({"kind": "table", "path": f"/x/{number}.csv"}, table())
    kept = [descriptions.get({"kind": "table", "path": f"/x/{number}.csv"}) is not None for number in range(40)]
    assert kept == [False] * 24 + [True] * 16


def test_large_data_are_described_by_some_rows_first(
    descriptions: DatasetDescriptions, worker: CountingWorker, tmp_path: Path
) -> None:
    (tmp_path / "large.csv").write_text("area,price\n1,2\n")
    dataset = spec_to_data(TableDataset(path=str(tmp_path / "large.csv")))
    assert sorted(info.sample for info in _request(descriptions, dataset)) == [0, 10]
    assert [question.preview for question in worker.questions] == [True, False]
    described = descriptions.get(dataset)
    assert described is not None
    assert described.sample == 0


def test_all_rows_are_asked_for_by_whoever_gets_a_sample_only(
    descriptions: DatasetDescriptions, worker: CountingWorker, houses: dict[str, Any]
) -> None:
    sample = table().model_copy(update={"sample": 10})
    descriptions.request(houses, lambda _: None)
    descriptions.add(houses, sample)
    assert [info.sample for info in _request(descriptions, houses)] == [10, 0]
    assert worker.questions[-1].preview is False
