"""Adversarial sharing: shared and private features are kept apart."""

from typing import Any

import pytest
import torch

from mtl_core.architectures.sharing.adversarial import overlap
from tests.architectures.small import IMAGE, built, gradients, rows
from tests.inputs import as_table

ONLY_ADVERSARY: dict[str, Any] = {"kind": "adversarial", "adversary": 0.3, "orthogonality": 0.0}
ONLY_OVERLAP: dict[str, Any] = {"kind": "adversarial", "adversary": 0.0, "orthogonality": 2.0}
MASKS = [torch.arange(9) % 3 == task for task in range(3)]


def test_heads_read_shared_and_private_features() -> None:
    model, inputs = built({"kind": "adversarial"}), rows()
    for name, private, output in zip("abc", model.private, model(as_table(inputs)), strict=True):
        by_hand = model.heads[f"task_{name}"](torch.cat([model.shared(inputs), private(inputs)], dim=1))
        torch.testing.assert_close(output, by_hand)


def test_the_trunk_gets_the_discriminator_s_gradient_reversed() -> None:
    model, inputs = built(ONLY_ADVERSARY), rows()
    model.set_label_masks(MASKS)
    model(as_table(inputs))
    guesses = model.discriminator(model.shared(inputs)).log_softmax(dim=1)
    plain = -sum(guesses[mask, task].mean() for task, mask in enumerate(MASKS))
    torch.testing.assert_close(model.penalty(), 0.3 * plain)
    trunk, guesser = list(model.shared.parameters()), list(model.discriminator.parameters())
    for found, wanted in zip(gradients(model.penalty(), trunk), gradients(plain, trunk), strict=True):
        assert wanted.any()
        torch.testing.assert_close(found, -0.3 * wanted)
    for found, wanted in zip(gradients(model.penalty(), guesser), gradients(plain, guesser), strict=True):
        torch.testing.assert_close(found, 0.3 * wanted)


def test_the_discriminator_learns_whose_rows_they_are_and_nothing_where_all_rows_are_everyone_s() -> None:
    inputs = rows(90)
    inputs[:, 0] = torch.arange(90) % 3 - 1.0
    masks = [torch.arange(90) % 3 == task for task in range(3)]
    found = []
    for seen in (masks, [None] * 3):
        model = built(ONLY_ADVERSARY)
        optimizer = torch.optim.Adam(model.discriminator.parameters(), lr=0.1)
        for _ in range(60):
            optimizer.zero_grad()
            model.set_label_masks(seen)
            model(as_table(inputs))
            model.penalty().backward()
            optimizer.step()
        found.append(model.penalty().item() / 0.3)
    assert found[0] < 2.7
    assert found[1] == pytest.approx(3 * torch.tensor(3.0).log().item(), abs=0.01)


def test_the_overlap_is_the_mean_square_of_the_product_of_normalised_features() -> None:
    common, own = rows(9, 5), rows(9, 5, seed=2)
    mask = MASKS[1]

    def unit(values: torch.Tensor) -> torch.Tensor:
        centred = values[mask] - values[mask].mean(dim=0)
        return centred / centred.norm(dim=1, keepdim=True)

    wanted = (unit(common).T @ unit(own)).square().mean()
    torch.testing.assert_close(overlap(common, own, mask.double()), wanted)
    torch.testing.assert_close(overlap(common[:4], own[:4], torch.ones(4).double()), _plain(common[:4], own[:4]))


def _plain(common: torch.Tensor, own: torch.Tensor) -> torch.Tensor:
    def unit(values: torch.Tensor) -> torch.Tensor:
        centred = values - values.mean(dim=0)
        return centred / centred.norm(dim=1, keepdim=True)

    return (unit(common).T @ unit(own)).square().mean()


def test_features_without_anything_in_common_have_no_overlap() -> None:
    common, own = torch.zeros(8, 4).double(), torch.zeros(8, 4).double()
    common[:4, :2] = rows(4, 2)
    own[4:, 2:] = rows(4, 2, seed=2)
    common[:4] -= common[:4].mean(dim=0)
    own[4:] -= own[4:].mean(dim=0)
    assert overlap(common, own, torch.ones(8).double()).item() == pytest.approx(0, abs=1e-12)


def test_descending_on_the_overlap_takes_the_private_features_apart_from_the_shared() -> None:
    model, inputs = built(ONLY_OVERLAP), rows(30)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    found = []
    for _ in range(40):
        optimizer.zero_grad()
        model(as_table(inputs))
        found.append(model.penalty().item())
        model.penalty().backward()
        optimizer.step()
    assert found[-1] < 0.5 * found[0]


def test_a_task_without_rows_adds_nothing_and_breaks_nothing() -> None:
    model, inputs = built({"kind": "adversarial"}), rows()
    model.set_label_masks([torch.zeros(9, dtype=torch.bool), None, MASKS[2]])
    model(as_table(inputs))
    penalty = model.penalty()
    assert penalty.isfinite()
    assert all(g.isfinite().all() for g in gradients(penalty, list(model.parameters())))


def test_without_either_weight_there_is_no_penalty() -> None:
    model = built({"kind": "adversarial", "adversary": 0.0, "orthogonality": 0.0})
    model(as_table(rows()))
    assert model.penalty() is None


def test_features_of_images_are_joined_by_channel() -> None:
    model = built({"kind": "adversarial"}, IMAGE)
    assert [tuple(o.shape) for o in model(as_table(rows(5, 2, 6, 6)))] == [(5, 1), (5, 2), (5, 3)]
    assert model.penalty().isfinite()


def test_a_row_with_some_values_of_a_task_is_one_of_its_rows() -> None:
    model, inputs = built(ONLY_ADVERSARY), rows()
    penalties = []
    for masks in (MASKS, [torch.stack([mask, torch.zeros_like(mask)], dim=1) for mask in MASKS]):
        model.set_label_masks(masks)
        model(as_table(inputs))
        penalties.append(model.penalty())
    torch.testing.assert_close(penalties[0], penalties[1])
