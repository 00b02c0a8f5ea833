"""The page on which a setting is edited."""

import pytest

from app.navigation import Page, page_of_setting, page_with_key


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("model.shared[0].out_channels", Page.MODEL),
        ("weighting.weights.left", Page.TRAINING),
        ("training.optimizer.lr", Page.TRAINING),
        ("tasks[0].target", Page.DATA),
        ("dataset.inputs", Page.DATA),
        ("name", Page.DATA),
    ],
)
def test_a_setting_is_found_on_its_page(path: str, page: Page) -> None:
    assert page_of_setting(path) is page


def test_a_page_is_found_by_its_key_and_an_unknown_key_by_none() -> None:
    assert [page_with_key(page.key) for page in Page] == list(Page)
    assert page_with_key("nothing") is None
