"""Runs on texts resume exactly under every sharing scheme."""

from pathlib import Path
from typing import Any

import pytest

from mtl_core import train
from mtl_core.protocol.requests import StopRequest
from mtl_core.runner.execution import execute
from mtl_core.spec import ExperimentSpec, apply_overrides, kind_of, load_preset, members, spec_from_data, spec_to_data
from mtl_core.spec.sharing import Sharing
from mtl_core.store import open_store
from mtl_core.training import trainer
from tests.training.toy import without_resources


def sentences(*settings: str) -> ExperimentSpec:
    small = ("training.epochs=1", "training.batch_size=300", "dataset.text.max_length=8")
    return spec_from_data(apply_overrides(spec_to_data(load_preset("sentences")), [*small, *settings]))


@pytest.mark.parametrize("kind", ["gru", "lstm"])
def test_a_run_with_a_recurrent_layer_goes_on_where_it_was_stopped(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "TICK_SECONDS", 0.0)
    spec = sentences(f"model.shared[1]={{kind: {kind}, hidden_size: 8, num_layers: 2}}")
    with open_store(tmp_path / "runs.sqlite") as store:
        whole, run = store.create_run(spec), store.create_run(spec)
        assert execute(store, whole).state == "finished"
        stopped = execute(store, run, observer=lambda told: told.step == 2 and store.add_request(run, StopRequest()))
        assert stopped.state == "stopped"
        assert execute(store, run).state == "finished"
        found = store.read(run)[0]
        for key, points in without_resources(store.read(whole)[0]).items():
            assert found[key].values.tobytes() == points.values.tobytes(), key


@pytest.mark.parametrize("kind", members(Sharing), ids=kind_of)
def test_texts_train_under_any_sharing_scheme(kind: type[Any], tmp_path: Path) -> None:
    with open_store(tmp_path / "runs.sqlite") as store:
        run = train(sentences(f"model.sharing={{kind: {kind_of(kind)}}}"), store)
        assert (run.state, run.error) == ("finished", "")


@pytest.mark.parametrize("weighting", ["pcgrad", "mgda", "gradnorm"])
def test_texts_train_under_methods_that_compare_gradients(weighting: str, tmp_path: Path) -> None:
    with open_store(tmp_path / "runs.sqlite") as store:
        run = train(sentences(f"weighting={{kind: {weighting}}}"), store)
        assert (run.state, run.error) == ("finished", "")


def test_the_words_of_a_run_that_begins_with_another_on_other_rows_keep_their_vectors(tmp_path: Path) -> None:
    with open_store(tmp_path / "runs.sqlite") as store:
        first = train(sentences(), store)
        begins = f"training.start_from={{kind: from_run, run: {first.id}}}"
        kept = ("dataset.split.seed=9", "training.optimizer={kind: sgd, lr: 1e-30}", "training.keep={kind: fine_tune}")
        second = train(sentences(begins, *kept), store)
        changes = [event.data for event in store.events(second.id) if event.kind == "kept"]
        scores = {(one.task, one.metric): one.last for one in store.summaries([first.id]) if one.split == "test"}
        assert changes
        for change in changes:
            assert change["before"] == pytest.approx(scores[change["task"], change["metric"]], abs=0.05)
