"""Encoders of several inputs with their fusion: missing inputs, modality dropout, padding."""

import torch
from torch import Tensor, nn

from mtl_core.architectures.fusion.encoded_inputs import EncodedInputs, SingleInput
from mtl_core.architectures.fusion.registry import build_fusion
from mtl_core.architectures.layers.modules import GlobalMaxPool
from mtl_core.architectures.layers.modules.layer_stack import LayerStack
from mtl_core.architectures.layers.modules.tokens import ClassToken
from mtl_core.spec.fusion import Concat, Mean
from mtl_core.spec.inputs.base import presence_key
from tests.architectures.fusion.examples import fused, fusion_of, random_inputs, text_encoder, with_absent

ROWS = {"one": (4,), "two": (4,), "three": (4,)}


class Recorder(nn.Module):
    """A fusion that keeps what it was given."""

    def forward(self, features: dict[str, Tensor], present: dict[str, Tensor], padding: dict[str, Tensor]) -> Tensor:
        self.features, self.present, self.padding = features, present, padding
        return next(iter(features.values()))


def recorded(
    spec: Concat, shapes: dict[str, tuple[int, ...]], **encoders: LayerStack
) -> tuple[EncodedInputs, Recorder]:
    recorder = Recorder()
    modules = {name: encoders.get(name, LayerStack()) for name in shapes}
    return EncodedInputs(modules, recorder, shapes, spec), recorder


def test_a_single_input_passes_as_it_is() -> None:
    module = SingleInput("table")
    inputs = random_inputs()
    assert module(inputs) is inputs["table"]
    assert not module.state_dict()


def test_inputs_may_have_the_names_of_attributes() -> None:
    shapes = dict.fromkeys(("train", "type", "keys", "forward", "fusion", "encoders"), (2,))
    module = EncodedInputs(
        {name: LayerStack(nn.Linear(2, 2)) for name in shapes},
        build_fusion(Mean(width=3), shapes),
        shapes,
        Mean(width=3),
    )
    module.eval()
    inputs = {name: torch.randn(2, 2) for name in shapes} | {presence_key("train"): torch.tensor([True, False])}
    assert module(inputs).shape == (2, 3)
    assert "stand_ins.input_keys" in module.state_dict()
    assert "encoders.input_train.0.weight" in module.state_dict()


def test_stand_ins_begin_with_zeros_and_have_a_value_for_each_channel() -> None:
    shapes = {"table": (4,), "title": (3, 5), "image": (2, 3, 3)}
    module, _ = recorded(Concat(), shapes)
    assert module.stand_ins is not None
    sizes = {name: tuple(module.stand_ins.for_input(name).shape) for name in shapes}
    assert sizes == {"table": (4,), "title": (3, 1), "image": (2, 1, 1)}
    assert all((parameter == 0).all() for parameter in module.stand_ins.values())
    assert recorded(Concat(missing="mask"), shapes)[0].stand_ins is None


def test_a_stand_in_takes_the_place_of_an_absent_input_and_learns_from_these_rows_alone() -> None:
    module = fused(fusion_of("concat"), ROWS)
    inputs = random_inputs(ROWS)
    assert module.stand_ins is not None
    output = module(with_absent(inputs, two=[1, 4]))
    stand_in = module.stand_ins.for_input("two")
    assert torch.equal(output[1, 4:8], stand_in)
    assert torch.equal(output[0], module(inputs)[0])
    weights = torch.arange(1.0, 7, dtype=torch.float64)[:, None]
    (weights * output).sum().backward()
    assert stand_in.grad is not None
    assert torch.equal(stand_in.grad, torch.full((4,), 2.0 + 5.0, dtype=torch.float64))
    assert module.stand_ins.for_input("one").grad is None


def test_without_absent_rows_the_fusion_gets_no_masks() -> None:
    for missing in ("stand_in", "mask"):
        module, recorder = recorded(Concat(missing=missing), ROWS)
        inputs = random_inputs(ROWS)
        module(inputs)
        assert recorder.present == recorder.padding == {}
        assert all(recorder.features[name] is inputs[name] for name in ROWS)


def test_the_fusion_gets_masks_and_zeros_or_stand_ins() -> None:
    for missing in ("stand_in", "mask"):
        module, recorder = recorded(Concat(missing=missing), ROWS)
        module(with_absent(random_inputs(ROWS), two=[1]))
        assert (recorder.features["two"][1] == 0).all()
        assert list(recorder.present) == (["two"] if missing == "mask" else [])


def test_modality_dropout_hides_a_share_and_never_all_of_a_row() -> None:
    module, recorder = recorded(Concat.model_validate({"missing": "mask", "modality_dropout": 0.4}), ROWS)
    inputs = with_absent(random_inputs(ROWS, rows=4000), one=range(2000))
    torch.manual_seed(3)
    module.train()(inputs)
    kept = torch.stack([recorder.present[name] for name in ROWS], dim=1)
    assert kept.any(dim=1).all()
    assert not kept[:2000, 0].any()
    # A row without any is given back one: of three inputs 0.4³ of the rows, shared by three.
    share = kept[2000:].double().mean(dim=0)
    torch.testing.assert_close(share, torch.full((3,), 0.6 + 0.4**3 / 3, dtype=torch.float64), atol=0.04, rtol=0)
    torch.manual_seed(3)
    module(inputs)
    assert torch.equal(kept, torch.stack([recorder.present[name] for name in ROWS], dim=1))
    module.eval()(inputs)
    assert list(recorder.present) == ["one"]


def test_modality_dropout_hides_nothing_of_one_input_and_nothing_of_a_row_without_any() -> None:
    alone, recorder = recorded(Concat(modality_dropout=0.9), {"one": (4,)})
    inputs = random_inputs(ROWS)
    alone(inputs)
    assert recorder.features["one"] is inputs["one"]
    module, recorder = recorded(Concat(modality_dropout=0.9, missing="mask"), ROWS)
    module(with_absent(inputs, one=range(6), two=range(6), three=[0]))
    assert torch.stack(list(recorder.present.values()), dim=1).sum(dim=1).tolist() == [0, 1, 1, 1, 1, 1]


def test_models_that_train_together_hide_different_inputs() -> None:
    module, _ = recorded(Concat(modality_dropout=0.5), {"one": (4,), "two": (4,)})

    def output(inputs: dict[str, Tensor]) -> Tensor:
        result: Tensor = module(inputs)
        return result

    twice = {name: torch.ones(2, 50, 4) for name in ("one", "two")}
    first, second = torch.func.vmap(output, randomness="different")(twice)
    assert not torch.equal(first, second)


def test_the_fusion_gets_the_padding_that_the_layers_of_an_encoder_leave() -> None:
    text = torch.tensor([[2.0, 3, 0, 0], [0, 0, 0, 0]])
    kept = [[1, 1, 0, 0], [1, 0, 0, 0]]  # the first position of an empty text counts, so that there is one
    halved, behind_a_token = [[1, 0], [1, 0]], [[1, 1, 1, 0, 0], [1, 1, 0, 0, 0]]
    for added, expected in (([], kept), ([nn.MaxPool1d(2)], halved), ([ClassToken(3)], behind_a_token)):
        shapes = {"table": (4,), "title": (3, len(expected[0]))}
        module, recorder = recorded(Concat(), shapes, title=LayerStack(*text_encoder(), *added))
        module({"table": torch.zeros(2, 4), "title": text})
        assert recorder.padding["title"].int().tolist() == expected
    module, recorder = recorded(Concat(), {"title": (3,)}, title=LayerStack(*text_encoder(), GlobalMaxPool()))
    module({"title": text})
    assert recorder.padding == {}


def test_an_absent_input_has_one_position() -> None:
    shapes = {"title": (3, 4), "image": (2, 2, 2)}
    module, recorder = recorded(Concat(), shapes, title=text_encoder())
    inputs = {"title": torch.full((2, 4), 3.0), "image": torch.zeros(2, 2, 2, 2)}
    module(with_absent(inputs, title=[0], image=[1]))
    one, all_of_them = [True, False, False, False], [True] * 4
    assert recorder.padding["title"].tolist() == [one, all_of_them]
    assert recorder.padding["image"].tolist() == [all_of_them, one]


def test_micro_batches_give_what_the_whole_batch_does() -> None:
    module = fused(fusion_of("bottleneck", missing="mask")).eval()
    inputs = with_absent(random_inputs(), title=[1], table=[1], image=[1])
    parts = [module({name: tensor[part] for name, tensor in inputs.items()}) for part in (slice(0, 2), slice(2, 6))]
    torch.testing.assert_close(torch.cat(parts), module(inputs))
