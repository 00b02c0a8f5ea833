"""The document: edits, undo, validation and files."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from app.document import Document, affects, changed_paths, edit_command
from app.input_references import input_kinds, update_input_references
from app.task_references import monitor_names
from mtl_core.spec import InputError, load_preset, save_spec, spec_to_data


@pytest.fixture
def document(qapp: QApplication) -> Document:
    found = Document()
    found.load_spec(load_preset("multidigits"))
    return found


def test_the_document_validates_once_per_edit(document: Document, validations: list[Any]) -> None:
    document.set("training.epochs", 7)
    assert len(validations) == 1
    document.set("training.epochs", 0)
    assert len(validations) == 2
    document.set_many({"training.epochs": 5, "tasks[0].name": "first"})
    assert len(validations) == 3
    document.undo_stack.undo()
    assert len(validations) == 4
    document.undo_stack.redo()
    assert len(validations) == 5


def test_the_document_validates_once_per_start(document: Document, validations: list[Any], tmp_path: Path) -> None:
    spec = load_preset("multidigits")
    save_spec(spec, tmp_path / "x.yaml")
    validations.clear()
    starts = [
        document.new,
        lambda: document.load_spec(spec, "mine"),
        lambda: document.load_data({"version": 1, "tasks": []}),
        lambda: document.open(tmp_path / "x.yaml"),
    ]
    for count, start in enumerate(starts, 1):
        start()
        assert len(validations) == count
    assert document.valid
    assert document.spec == spec


def test_an_edit_is_undone_and_redone(document: Document) -> None:
    seen: list[list[str]] = []
    document.changed.connect(seen.append)
    document.set("training.epochs", 7, "Epochs")
    assert document.get("training.epochs") == 7
    assert document.spec is not None
    assert document.spec.training.epochs == 7
    assert document.undo_stack.undoText() == "Epochs"
    document.undo_stack.undo()
    assert document.get("training.epochs") == 20
    document.undo_stack.redo()
    assert document.get("training.epochs") == 7
    assert seen == [["training.epochs"]] * 3


def test_rapid_edits_of_a_number_are_one_step(document: Document) -> None:
    for epochs in range(1, 10):
        document.set("training.epochs", epochs)
    assert document.undo_stack.count() == 1
    document.undo_stack.undo()
    assert document.get("training.epochs") == 20


def test_edits_apart_in_time_are_two_steps(document: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edit_command, "MERGE_SECONDS", -1.0)
    document.set("training.epochs", 1)
    document.set("training.epochs", 2)
    assert document.undo_stack.count() == 2


def test_edits_of_lists_are_never_merged(document: Document) -> None:
    relu = {"kind": "relu"}
    document.set("model.shared", [*document.get("model.shared"), relu])
    document.set("model.shared", [*document.get("model.shared"), relu])
    assert document.undo_stack.count() == 2


def test_a_drag_back_to_the_start_leaves_no_step(document: Document) -> None:
    document.set("training.epochs", 21)
    document.set("training.epochs", 20)
    assert document.undo_stack.count() == 0
    assert not document.dirty


def test_setting_what_stands_there_is_no_edit(document: Document) -> None:
    document.set("training.epochs", 20)
    assert document.undo_stack.count() == 0


def test_invalid_data_keep_the_last_valid_spec(document: Document) -> None:
    told: list[None] = []
    document.problemsChanged.connect(lambda: told.append(None))
    document.set("training.epochs", 0)
    assert [p.path for p in document.problems] == ["training.epochs"]
    assert document.problems_at("training")
    assert not document.problems_at("model")
    assert not document.valid
    assert document.spec is not None
    assert document.spec.training.epochs == 20
    document.set("training.epochs", 3)
    assert document.valid
    assert len(told) == 2


def test_a_renamed_task_keeps_its_proportion_and_a_removed_one_loses_it(document: Document) -> None:
    document.set("training.sampling", {"kind": "task_proportions", "proportions": {"left": 2.0, "right": 3.0}})
    document.set("tasks[0].name", "first")
    assert document.get("training.sampling.proportions") == {"first": 2.0, "right": 3.0}
    document.set("tasks", document.get("tasks")[:1])
    assert document.get("training.sampling.proportions") == {"first": 2.0}
    assert document.valid


def test_a_renamed_task_takes_its_head_weights_moves_and_monitor_along(document: Document) -> None:
    document.set_many(
        {
            "weighting": {
                "kind": "manual",
                "weights": {"left": 2.0},
                "moves": [{"step": 5, "weights": {"left": 1.0, "right": 3.0}}],
            },
            "training.monitor": "left.accuracy",
            "training.sampling": {"kind": "balanced_classes", "task": "left"},
        }
    )
    heads = document.get("model.heads")
    document.set("tasks[0].name", "first")
    assert list(document.get("model.heads")) == ["first", "right"]
    assert document.get("model.heads.first") == heads["left"]
    assert document.get("weighting.weights") == {"first": 2.0}
    assert document.get("weighting.moves[0].weights") == {"first": 1.0, "right": 3.0}
    assert document.get("training.monitor") == "first.accuracy"
    assert document.get("training.sampling.task") == "first"
    assert document.valid
    document.undo_stack.undo()
    assert document.get("model.heads") == heads
    assert document.get("training.monitor") == "left.accuracy"


def test_a_renamed_task_takes_its_preference_along(document: Document) -> None:
    document.set("weighting", {"kind": "upgrad", "preference": {"left": 2.0}})
    document.set("tasks[0].name", "first")
    assert document.get("weighting.preference") == {"first": 2.0}


def test_a_removed_task_leaves_nothing_behind(document: Document) -> None:
    document.set_many({"weighting": {"kind": "manual", "weights": {"left": 2.0}}, "training.monitor": "left"})
    document.remove("tasks[0]", "Remove task left")
    assert list(document.get("model.heads")) == ["right"]
    assert document.get("weighting.weights") == {}
    assert document.get("training.monitor") == "total"
    assert document.valid


def test_a_new_task_gets_the_head_all_others_have(document: Document) -> None:
    tasks = [*document.get("tasks"), {"kind": "multiclass", "name": "sum", "target": "sum"}]
    document.set("tasks", tasks, "Add task")
    assert document.get("model.heads.sum") == document.get("model.heads.left")
    document.undo_stack.undo()
    assert "sum" not in document.get("model.heads")


def test_a_head_survives_its_task_passing_through_anothers_name(document: Document) -> None:
    document.set("model.heads.left", [{"kind": "tanh"}])
    document.set("tasks[0].name", "right")
    document.set("tasks[0].name", "right2")
    assert document.get("model.heads.right2") == [{"kind": "tanh"}]
    assert list(document.get("model.heads")) == ["right2", "right"]


def test_a_task_for_every_token_gets_no_layers_that_pool_and_others_get_some(document: Document) -> None:
    document.load_spec(load_preset("reviews"))
    entities, subject, sentiment = document.get("tasks")
    document.set("tasks", [subject])
    pool = [{"kind": "sequence_pool", "pool": "mean"}]
    document.set("model.heads.subject", pool)
    document.set("tasks", [subject, entities, sentiment])
    assert document.get("model.heads") == {"subject": pool, "entities": [], "sentiment": pool}
    document.set("tasks", [entities])
    document.set("tasks", [entities, subject])
    assert document.get("model.heads") == {"entities": [], "subject": [{"kind": "global_max_pool"}]}


def test_a_score_that_is_not_measured_any_more_gives_way_to_the_first_metric(document: Document) -> None:
    document.set("tasks[0].score", "f1")
    assert document.problems == []
    document.set("tasks[0].metrics", ["accuracy"])
    assert document.get("tasks[0].score") is None
    assert document.problems == []


def test_the_monitor_falls_back_to_the_loss_when_its_metric_goes(document: Document) -> None:
    document.set("training.monitor", "left.f1")
    document.set("tasks[0].metrics", ["accuracy"])
    assert document.get("training.monitor") == "left.loss"
    assert monitor_names(document.data) == [
        "total",
        "left.loss",
        "left.accuracy",
        "right.loss",
        "right.accuracy",
        "right.f1",
    ]


def test_saving_and_opening_gives_the_same_experiment(document: Document, tmp_path: Path) -> None:
    document.set("training.epochs", 3)
    assert document.dirty
    document.save_as(tmp_path / "두 숫자.yaml")
    assert not document.dirty
    document.undo_stack.undo()
    assert document.dirty
    other = Document()
    other.open(tmp_path / "두 숫자.yaml")
    assert other.get("training.epochs") == 3
    assert other.path == tmp_path / "두 숫자.yaml"
    assert not other.dirty


def test_a_file_that_cannot_be_opened_leaves_the_document_as_it_was(document: Document, tmp_path: Path) -> None:
    before = document.data
    (tmp_path / "bad.yaml").write_text("version: 1\ntasks: []\n")
    for path in (tmp_path / "none.yaml", tmp_path, tmp_path / "bad.yaml"):
        with pytest.raises(InputError):
            document.open(path)
    assert document.data is before
    assert document.path is None


def test_saving_refuses_invalid_data_and_foreign_changes(document: Document, tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    with pytest.raises(InputError, match="no file yet"):
        document.save()
    document.save_as(path)
    path.write_text("something else, written by another program")
    document.set("training.epochs", 4)
    with pytest.raises(InputError, match="another program"):
        document.save()
    document.save(overwrite=True)
    document.set("training.epochs", 0)
    with pytest.raises(InputError, match=r"training\.epochs"):
        document.save()


def test_new_and_loaded_documents_are_valid_and_have_nothing_to_undo(document: Document) -> None:
    document.set("training.epochs", 4)
    document.new()
    assert document.valid
    assert not document.dirty
    assert not document.undo_stack.canUndo()
    document.load_data({"version": 1, "tasks": []}, "half")
    assert document.name == "half"
    assert document.spec is None
    assert document.problems


def test_changes_name_the_deepest_places_of_the_same_shape() -> None:
    data: dict[str, Any] = spec_to_data(load_preset("multidigits"))
    assert list(changed_paths(data, data)) == []
    other = {**data, "training": {**data["training"], "epochs": 1}, "tasks": data["tasks"][:1]}
    assert list(changed_paths(data, other)) == ["tasks", "training.epochs"]
    assert affects(["tasks[0].name"], "tasks")
    assert affects(["model"], "model.shared[0]")
    assert not affects(["model.shared[1]"], "model.shared[10]")


def test_restored_edits_are_unsaved_and_belong_to_their_file(document: Document, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    document.save_as(path)
    document.set("training.epochs", 7)
    data, stamp = document.data, document.stamp
    other = Document()
    other.restore(data, path, stamp)
    assert other.dirty
    assert other.path == path
    assert other.data == data
    other.save()
    assert not other.dirty


def test_restored_edits_do_not_overwrite_a_file_that_was_changed_since(document: Document, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    document.save_as(path)
    document.set("training.epochs", 7)
    other = Document()
    other.restore(document.data, path, (1, 1))
    with pytest.raises(InputError, match="changed by another program"):
        other.save()


def test_restored_edits_may_be_faulty(document: Document) -> None:
    document.set("training.epochs", -1)
    other = Document()
    other.restore(document.data, None, None)
    assert other.problems
    assert other.dirty
    assert other.get("training.epochs") == -1


def named_inputs(**inputs: Any) -> dict[str, Any]:
    return {"dataset": {"kind": "table", "path": "/x/a.csv", "inputs": inputs}}


def with_encoders(document: Document) -> list[dict[str, Any]]:
    """Makes the document one with a table and a text, and returns the layers of the text's encoder."""
    text = [{"kind": "embedding"}, {"kind": "global_max_pool"}]
    data = named_inputs(numbers={"kind": "table", "columns": ["a"]}, title={"kind": "text", "column": "t"})
    model = {"inputs": {"title": text}, "fusion": {"kind": "concat"}, "shared": []}
    document.load_data({**document.data, **data, "model": model})
    assert document.valid
    return list(document.get("model.inputs.title"))


def test_a_renamed_input_takes_its_encoder_along_and_a_removed_one_leaves_none(document: Document) -> None:
    encoder = with_encoders(document)
    inputs = document.get("dataset.inputs")
    document.set("dataset.inputs", {"numbers": inputs["numbers"], "words": inputs["title"]}, "Rename title")
    assert document.get("model.inputs") == {"words": encoder}
    assert document.valid
    document.remove("dataset.inputs.words")
    assert document.get("model.inputs") == {}
    document.undo_stack.undo()
    document.undo_stack.undo()
    assert document.get("model.inputs") == {"title": encoder}


def test_the_query_of_a_fusion_follows_its_input() -> None:
    table, text = {"kind": "table", "columns": ["a"]}, {"kind": "text", "column": "t"}
    model = {"inputs": {}, "fusion": {"kind": "cross_attention", "query": "t"}}
    before = named_inputs(a=table, t=text) | {"model": model}
    renamed = update_input_references(before, before | named_inputs(a=table, u=text))
    assert renamed["model"]["fusion"]["query"] == "u"
    gone = update_input_references(before, before | named_inputs(a=table))
    assert gone["model"]["fusion"]["query"] == ""
    assert update_input_references(before, before) is before


@pytest.mark.parametrize(
    ("dataset", "kinds"),
    [
        ({"kind": "bundled", "name": "multidigits", "inputs": None}, {"image": "image"}),
        ({"kind": "bundled", "name": "sentences"}, {"text": "text"}),
        ({"kind": "bundled", "name": "nothing such"}, {"table": "table"}),
        ({"kind": "table", "inputs": ["a"], "types": {"a": "text"}}, {"text": "text"}),
        ({"kind": "table", "inputs": ["a", "b"]}, {"table": "table"}),
        ({"kind": "table", "inputs": {"x": {"kind": "image"}, "y": 3}}, {"x": "image", "y": ""}),
        (None, {}),
    ],
)
def test_the_kinds_of_inputs_are_read_from_any_form(dataset: Any, kinds: dict[str, str]) -> None:
    assert input_kinds(dataset) == kinds
