"""Questions to a worker and their answers on the wire."""

import json
from typing import Any, get_args

import pytest

from mtl_core.errors import Problem, WorkerError
from mtl_core.protocol.questions import (
    ASKS,
    AnyQuestion,
    CacheQuestion,
    CheckDataQuestion,
    CheckQuestion,
    CheckTogetherQuestion,
    CostQuestion,
    DatasetQuestion,
    DependenceQuestion,
    DevicesQuestion,
    DiagnosticsQuestion,
    DisagreementsQuestion,
    EnsembleQuestion,
    EnsembleScores,
    FileColumnsQuestion,
    JoinQuestion,
    ModelExplanationQuestion,
    ModelQuestion,
    PredictFileQuestion,
    PredictionFormQuestion,
    PredictRowQuestion,
    Question,
    ResumableQuestion,
    RowExplanationQuestion,
    RowValuesQuestion,
    SamplesQuestion,
    SavePredictionsQuestion,
    SaveTableQuestion,
    TrainingEnd,
    TrainQuestion,
    TrainTogetherQuestion,
    answer_data,
    read_answer,
)
from mtl_core.protocol.wire import decode_question, encode_question
from mtl_core.spec import DeviceInfo, load_preset, spec_to_data

SPEC = spec_to_data(load_preset("multidigits"))
QUESTIONS: list[AnyQuestion] = [
    DevicesQuestion(),
    DatasetQuestion(dataset=SPEC["dataset"]),
    DatasetQuestion(dataset=None),
    ModelQuestion(spec=SPEC),
    SamplesQuestion(spec=SPEC),
    JoinQuestion(dataset=SPEC["dataset"], path="labels.csv", key="id"),
    CheckQuestion(spec=3),
    CheckDataQuestion(spec=SPEC),
    CheckTogetherQuestion(specs=[SPEC, SPEC]),
    CostQuestion(spec=SPEC),
    EnsembleQuestion(store="runs.sqlite", runs=(1, 2), split="test"),
    DiagnosticsQuestion(store="runs.sqlite", run=1, split="val", task="left", group="shop"),
    RowValuesQuestion(store="runs.sqlite", run=1, split="val", rows=(3, 5)),
    ModelExplanationQuestion(store="runs.sqlite", run=1, split="val", repeats=3, seed=2),
    DependenceQuestion(store="runs.sqlite", run=1, split="val", task="left", column="age"),
    RowExplanationQuestion(store="runs.sqlite", run=1, split="val", row=3, task="left", method="occlusion", head=2),
    DisagreementsQuestion(store="runs.sqlite", runs=(1, 2), split="val", task="left"),
    SavePredictionsQuestion(store="runs.sqlite", runs=(1, 2), path="a.csv"),
    FileColumnsQuestion(store="runs.sqlite", runs=(1,), path="new.csv"),
    PredictFileQuestion(store="runs.sqlite", runs=(1, 2), path="new.csv", level=0.9, table="t.arrow"),
    SaveTableQuestion(table="t.arrow", path="a.xlsx"),
    PredictionFormQuestion(store="", folder="models"),
    PredictRowQuestion(store="runs.sqlite", runs=(1,), level=0.0, cells={"x": 1.5, "color": "red", "day": None}),
    ResumableQuestion(run=1, store="runs.sqlite"),
    TrainQuestion(run=1, store="runs.sqlite"),
    TrainTogetherQuestion(runs=(1, 2), store="runs.sqlite"),
    CacheQuestion(remove=("0123456789abcdef",)),
]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.ask)
def test_a_question_survives_its_line(question: AnyQuestion) -> None:
    data = json.loads(encode_question(7, question))
    assert data["id"] == 7
    assert decode_question(data) == question


def test_every_question_is_tried_and_names_its_answer() -> None:
    assert {question.ask for question in QUESTIONS} == set(ASKS)
    for kind in get_args(AnyQuestion):
        assert kind.__bases__[0].__pydantic_generic_metadata__["args"] == (kind.answer,)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (DevicesQuestion(), [DeviceInfo(name="cpu", label="CPU")]),
        (CheckQuestion(spec=SPEC), [Problem("training.epochs", "must be at least 1", "0", "")]),
        (CheckQuestion(spec=SPEC), []),
        (ResumableQuestion(run=1, store="s"), True),
        (TrainQuestion(run=1, store="s"), TrainingEnd(run=1, state="finished")),
    ],
    ids=lambda value: getattr(value, "ask", ""),
)
def test_an_answer_survives_its_line(question: Question[Any], answer: Any) -> None:
    assert read_answer(question, json.loads(json.dumps(answer_data(question, answer)))) == answer


def test_a_score_that_is_no_number_survives_its_line() -> None:
    question = EnsembleQuestion(store="s", runs=(1,), split="test")
    scores = EnsembleScores(runs=(1,), metrics={"left": {"auroc": float("nan")}}, members=())
    read = read_answer(question, json.loads(json.dumps(answer_data(question, scores))))
    assert str(read.metrics["left"]["auroc"]) == "nan"


@pytest.mark.parametrize(
    "data", [{}, {"ask": "dance"}, {"ask": "model"}, {"ask": "train", "run": "1", "store": "s"}, {"ask": ["train"]}]
)
def test_what_is_no_question_is_an_error_of_the_worker(data: dict[str, Any]) -> None:
    with pytest.raises(WorkerError):
        decode_question(data)


def test_an_answer_of_another_form_is_refused() -> None:
    with pytest.raises(ValueError, match="valid list"):
        read_answer(DevicesQuestion(), {"name": "cpu"})
