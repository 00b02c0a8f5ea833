"""Messages read from the rows of a store are those that were written; damage is detected.

Covers: mtl_core/protocol/base.py.
"""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtl_core.protocol.events import (
    CheckpointEvent,
    DivergenceData,
    DivergenceEvent,
    EpochEvent,
    ErrorData,
    ErrorEvent,
    Event,
    EventKind,
    FinishEvent,
    ForgettingData,
    ForgettingEvent,
    ForkData,
    ForkEvent,
    NoteEvent,
    PauseEvent,
    RemarkEvent,
    ResumeEvent,
    StartEvent,
    StopEvent,
    WarningEvent,
    WeightsData,
    WeightsEvent,
    read_event,
)
from mtl_core.protocol.requests import (
    CheckpointRequest,
    PauseRequest,
    Request,
    RequestKind,
    ResumeRequest,
    StopRequest,
    WeightsRequest,
    read_request,
)
from mtl_core.spec import DataNote

EVENTS: list[Event] = [
    StartEvent(step=0, message="100 training rows on CPU"),
    NoteEvent(step=0, message="2 rows", data=DataNote(place="column", name="가격", what="2 rows", count=2)),
    EpochEvent(step=10, message="epoch 1"),
    WeightsEvent(step=3, data=WeightsData(weights={"left": 2.0, "right": 0.0}, step=3)),
    WeightsEvent(step=3, data=WeightsData(weights=None, step=3, replayed=True)),
    PauseEvent(step=3),
    ResumeEvent(step=3),
    StopEvent(step=3),
    DivergenceEvent(step=4, data=DivergenceData(task="left")),
    WarningEvent(step=5, message="careful"),
    ForgettingEvent(step=9, data=ForgettingData(task="a", metric="f1", before=0.5, after=0.25, change=-0.5)),
    FinishEvent(step=20),
    ForkEvent(step=12, data=ForkData(run=3, step=12, epoch=2, checkpoint="last", whole=True)),
    RemarkEvent(step=4, message="here the loss falls"),
    CheckpointEvent(step=10, message="kept the checkpoint of step 10"),
    ErrorEvent(step=7, message="no such file"),
    ErrorEvent(step=7, data=ErrorData(traceback="Traceback …")),
]
REQUESTS: list[Request] = [
    PauseRequest(),
    ResumeRequest(),
    StopRequest(),
    CheckpointRequest(),
    WeightsRequest(weights={"left": 2.0}),
    WeightsRequest(weights=None),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind)
def test_an_event_is_read_from_its_row(event: Event) -> None:
    assert read_event(event.step, event.kind, event.message, event.row_data()) == event


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: request.kind)
def test_a_request_is_read_from_its_row(request_: Request) -> None:
    assert read_request(request_.kind, request_.payload()) == request_


def test_every_kind_has_its_message() -> None:
    assert {event.kind for event in EVENTS} == set(get_args(EventKind))
    assert {request.kind for request in REQUESTS} == set(get_args(RequestKind))


@given(st.integers(), st.sampled_from([*get_args(EventKind), "dance", ""]), JSON)
def test_no_row_of_an_event_breaks_the_reader(step: int, kind: str, data: Any) -> None:
    event = read_event(step, kind, "", data)
    assert event is None or event.kind == kind


@given(st.sampled_from([*get_args(RequestKind), "dance", ""]), JSON)
def test_no_row_of_a_request_breaks_the_reader(kind: str, payload: Any) -> None:
    request = read_request(kind, payload)
    assert request is None or request.kind == kind


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("dance", {}),
        ("start", {"more": 1}),
        ("weights", {}),
        ("weights", {"weights": {"left": "2"}, "step": 1}),
        ("weights", {"weights": {"left": -1.0}, "step": 1}),
        ("weights", {"weights": None, "step": -1}),
        ("nan", {"task": 3}),
        ("kept", {"task": "a"}),
        ("weights", [1, 2]),
        ("weights", None),
    ],
)
def test_an_event_of_another_version_or_a_damaged_one_is_none(kind: str, data: Any) -> None:
    assert read_event(1, kind, "", data) is None


def test_the_step_of_a_row_stands_in_for_one_that_its_data_leave_out() -> None:
    event = read_event(40, "weights", "", {"weights": {"left": 2}})
    assert event == WeightsEvent(step=40, data=WeightsData(weights={"left": 2.0}, step=40))
