"""The experiment after another data set is chosen: tasks, layers, training and name."""

from app.pages.data import dataset_choice as choice
from app.pages.data.cards.split_card import rebalance_shares
from app.pages.data.dataset_notice import dataset_notice
from mtl_core.spec import load_preset, problems_of, spec_to_data
from mtl_core.spec.table_defaults import table_training
from tests.app.pages.data.synthetic_sets import data, images, table, texts


def test_a_table_after_images_brings_layers_that_read_it() -> None:
    chosen = choice.with_dataset(
        spec_to_data(load_preset("multidigits")), choice.table_dataset("/x/houses.csv"), table()
    )
    assert [layer["kind"] for layer in chosen["model"]["shared"]] == ["linear", "silu", "dropout"]
    assert [task["name"] for task in chosen["tasks"]] == ["price", "sold"]
    assert set(chosen["model"]["heads"]) == {"price", "sold"}
    assert chosen["dataset"]["inputs"] == ["area", "rooms", "도시"]


def test_images_after_a_table_bring_convolutions() -> None:
    chosen = choice.with_dataset(data(), choice.bundled_dataset("multidigits"), images())
    assert chosen["model"]["shared"][0]["kind"] == "conv2d"
    chosen["weighting"], chosen["training"] = {"kind": "equal"}, {}
    assert problems_of(chosen) == []


def test_layers_that_can_read_the_new_data_stay() -> None:
    chosen = choice.with_dataset(data(), choice.bundled_dataset("wine"), table("Wine"))
    assert chosen["model"] == data()["model"]


def test_layers_that_nobody_changed_follow_the_size_of_the_table() -> None:
    small = choice.with_dataset(spec_to_data(load_preset("multidigits")), choice.table_dataset("/x/s.csv"), table())
    large = choice.with_dataset(small, choice.table_dataset("/x/l.csv"), table().model_copy(update={"rows": 9000}))
    assert [layer["kind"] for layer in large["model"]["shared"]] == ["tabm", *["linear", "silu", "dropout"] * 2]
    info = table().model_copy(update={"rows": 90_000})
    very_large = choice.with_dataset(large, choice.table_dataset("/x/v.csv"), info)
    assert [layer["kind"] for layer in very_large["model"]["shared"]] == ["linear", "silu", "dropout"] * 2


def test_training_follows_the_number_of_rows() -> None:
    start = spec_to_data(load_preset("multidigits"))
    small = choice.with_dataset(start, choice.table_dataset("/x/s.csv"), table(), 14_000)
    assert small["training"] == {**start["training"], **table_training(70)}
    info = table().model_copy(update={"rows": 9000})
    large = choice.with_dataset(small, choice.table_dataset("/x/l.csv"), info, table().rows)
    assert large["training"] == {**start["training"], **table_training(6300)}
    back = choice.with_dataset(large, choice.bundled_dataset("multidigits"), images(), 9000)
    assert back["training"] == start["training"]


def test_numeric_columns_get_bins_where_there_are_rows_enough_and_only_in_tables() -> None:
    start = spec_to_data(load_preset("multidigits"))
    kinds = []
    for rows in (20, 100):
        info = table().model_copy(update={"rows": rows})
        chosen = choice.with_dataset(start, choice.table_dataset("/x/s.csv"), info)
        kinds.append(chosen["dataset"]["numeric_inputs"]["kind"])
    for info in (images(), texts()):
        chosen = choice.with_dataset(start, choice.bundled_dataset(info.name), info)
        kinds.append(chosen["dataset"]["numeric_inputs"]["kind"])
    assert kinds == ["standardized", "piecewise_linear", "standardized", "standardized"]


def test_training_settings_of_a_person_stay() -> None:
    start = spec_to_data(load_preset("multidigits"))
    mine = {**start, "training": {**start["training"], "epochs": 7, "seed": 5}}
    chosen = choice.with_dataset(mine, choice.table_dataset("/x/s.csv"), table(), 14_000)
    assert chosen["training"] == {**start["training"], **table_training(70), "epochs": 7, "seed": 5}


def test_what_training_became_is_said_and_only_then() -> None:
    start = spec_to_data(load_preset("multidigits"))
    chosen = choice.with_dataset(start, choice.table_dataset("/x/s.csv"), table(), 14_000)
    notice = dataset_notice(start, chosen, table())
    assert f"{chosen['training']['epochs']} epochs in batches of {chosen['training']['batch_size']}" in notice
    assert dataset_notice(chosen, chosen, table()) == ""


def test_bins_of_numeric_inputs_are_said_where_there_is_one() -> None:
    start = spec_to_data(load_preset("multidigits"))
    after = choice.with_dataset(start, choice.table_dataset("/x/s.csv"), table())
    assert after["dataset"]["numeric_inputs"]["kind"] == "piecewise_linear"
    assert "Numeric inputs get 4 bins each." in dataset_notice(start, after, table())
    without = {**after, "dataset": {**after["dataset"], "inputs": ["도시"]}}
    assert "bins" not in dataset_notice(start, without, table())
    small = table().model_copy(update={"rows": 20})
    standardized = choice.with_dataset(start, choice.table_dataset("/x/s.csv"), small)
    assert "bins" not in dataset_notice(start, standardized, small)


def test_a_text_brings_an_embedding_and_tags_are_predicted_at_every_position() -> None:
    chosen = choice.with_dataset(data(), choice.bundled_dataset("sentences"), texts())
    assert [layer["kind"] for layer in chosen["model"]["shared"]] == ["embedding", "gru"]
    assert chosen["model"]["heads"] == {"tags": [], "topic": [{"kind": "global_max_pool"}]}
    assert problems_of(chosen) == []
    again = choice.with_dataset(chosen, choice.bundled_dataset("sentences"), texts())
    assert again["model"] == chosen["model"]
    back = choice.with_dataset(chosen, choice.bundled_dataset("wine"), table("Wine"))
    assert back["model"]["shared"][0]["kind"] == "linear"


def test_a_name_that_nobody_chose_follows_the_data() -> None:
    preset = spec_to_data(load_preset("multidigits"))
    assert choice.with_dataset(preset, choice.table_dataset("/x/h.csv"), table())["name"] == "houses.csv"
    mine = {**preset, "name": "my study"}
    assert choice.with_dataset(mine, choice.table_dataset("/x/h.csv"), table())["name"] == "my study"


def test_shares_always_sum_to_the_whole() -> None:
    for part in range(3):
        for wanted in range(-50, 1100, 7):
            shares = rebalance_shares((700, 150, 150), part, wanted)
            assert sum(shares) == 1000
            assert min(shares) >= 10


def test_validation_takes_from_training_and_leaves_test_alone() -> None:
    assert rebalance_shares((700, 150, 150), 1, 200) == (650, 200, 150)
    assert rebalance_shares((700, 150, 150), 2, 50) == (800, 150, 50)


def test_training_scales_the_two_others() -> None:
    assert rebalance_shares((700, 200, 100), 0, 400) == (400, 400, 200)
