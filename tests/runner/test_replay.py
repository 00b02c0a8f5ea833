from typing import Any

from mtl_core.runner.replay import spec_with_manual_weights
from mtl_core.spec import ExperimentSpec, WeightMove, load_preset, spec_from_data, spec_to_data
from mtl_core.store.records import EventRecord


def event(at: int, kind: str = "weights", /, **data: Any) -> EventRecord:
    return EventRecord(id=at + 1, run=1, step=at, kind=kind, message="", data=data, time=0.0)


def spec_with(*moves: WeightMove) -> ExperimentSpec:
    spec = load_preset("multidigits")
    return spec.model_copy(update={"weighting": spec.weighting.model_copy(update={"moves": moves})})


def test_without_moves_the_spec_is_run_again_as_it_is() -> None:
    spec = load_preset("multidigits")
    assert spec_with_manual_weights(spec, [event(0, "start"), event(10, "epoch")]) is spec


def test_hand_moves_follow_those_of_the_spec() -> None:
    first = WeightMove(step=5, weights={"left": 2.0, "right": 1.0})
    events = [
        event(5, weights={"left": 2.0, "right": 1.0}, step=5, replayed=True),
        event(40, weights={"left": 0.5, "right": 1}, step=41),
        event(60, weights=None, step=60),
    ]
    assert spec_with_manual_weights(spec_with(first), events).weighting.moves == (
        first,
        WeightMove(step=41, weights={"left": 0.5, "right": 1.0}),
        WeightMove(step=60, weights=None),
    )


def test_moves_stand_in_the_order_of_their_steps() -> None:
    later = WeightMove(step=500, weights=None)
    again = spec_with_manual_weights(spec_with(later), [event(100, weights={"left": 3.0}, step=100)])
    assert [move.step for move in again.weighting.moves] == [100, 500]


def test_a_move_after_the_checkpoint_a_run_resumed_from_is_not_replayed() -> None:
    events = [
        event(90, weights={"left": 9.0}, step=90),
        event(80, "resume"),
        event(85, weights={"left": 2.0}, step=85),
    ]
    assert [move.step for move in spec_with_manual_weights(spec_with(), events).weighting.moves] == [85]


def test_a_move_made_during_a_pause_is_replayed() -> None:
    events = [event(30, "pause"), event(30, weights={"left": 2.0}, step=30), event(30, "resume")]
    assert [move.step for move in spec_with_manual_weights(spec_with(), events).weighting.moves] == [30]


def test_the_replayed_spec_is_valid_and_survives_being_written() -> None:
    again = spec_with_manual_weights(spec_with(), [event(3, weights={"left": 2, "right": 1}, step=3)])
    assert spec_from_data(spec_to_data(again)) == again


def test_a_move_made_again_after_a_crash_is_replayed_once() -> None:
    events = [
        event(90, weights={"left": 9.0}, step=90),
        event(80, "start"),
        event(90, weights={"left": 9.0}, step=90),
    ]
    assert spec_with_manual_weights(spec_with(), events).weighting.moves == (
        WeightMove(step=90, weights={"left": 9.0}),
    )
