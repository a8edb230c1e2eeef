"""Retired facts on the page: named as such, without attention, and back where the past or a what-if has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import httpx2
import numpy as np
import pytest

from tests.browser.conftest import serving
from tests.memnet.retirement import checkpoint_of, tell

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

HOUSE = "/ui?memory=house&question=Where+is+the+blue+lamp%3F"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service whose network lets new facts supersede older ones a lot."""
    folder = checkpoint_of(tmp_path_factory.mktemp("checkpoints") / "writes")
    with serving(tmp_path_factory.mktemp("service"), MEMNET_CHECKPOINT=str(folder)) as address:
        yield address


@pytest.fixture
def house(told: Callable[..., None]) -> None:
    draw = np.random.default_rng(0)
    for _ in range(4):
        told("house", *(tell(draw) for _ in range(5)))


def _retired(api: httpx2.Client, **query: Any) -> list[int]:
    page = api.get("/v1/memories/house/facts", params={"writes": True, **query}).json()
    return [fact["seq"] for fact in page["items"] if fact["writes"]["retired"]]


def _tagged(page: Page) -> list[int]:
    tagged: list[int] = page.locator("tbody tr:has(.tag)").evaluate_all(
        "rows => rows.map((row) => Number(row.dataset.key))"
    )
    return tagged


def _cells(page: Page, seq: int, group: int) -> list[str]:
    return page.locator(f'tbody tr[data-key="{seq}"] td[data-hop^="{group}/"]').all_inner_texts()


@pytest.mark.usefixtures("house")
def test_retired_facts_are_named_and_get_no_attention(page: Page, api: httpx2.Client, expect: Any) -> None:
    retired = _retired(api)
    assert 0 < len(retired) < 20
    page.goto(HOUSE)
    expect(page.locator(".tag").first).to_have_text("retired")

    assert _tagged(page) == retired
    for seq in range(1, 21):
        gone = ["retired" in cell for cell in _cells(page, seq, 0)]
        assert gone == [seq in retired] * len(gone)
    expect(page.locator(".rail")).to_contain_text(f"20 facts, {len(retired)} retired")
    expect(page.get_by_role("rowheader", name="retired").first).to_be_visible()


@pytest.mark.usefixtures("house")
def test_the_past_has_those_that_were_retired_then(page: Page, api: httpx2.Client, expect: Any) -> None:
    then = _retired(api, as_of_revision=3)
    assert then != _retired(api)

    page.goto(f"{HOUSE}&revision=3")

    expect(page.locator(".timeline.past")).to_be_visible()
    expect(page.locator("tbody tr")).to_have_count(15)
    assert _tagged(page) == then


@pytest.mark.usefixtures("house")
def test_without_the_facts_that_superseded_it_a_retired_fact_is_read_again(
    page: Page, api: httpx2.Client, expect: Any
) -> None:
    retired = _retired(api)
    hidden = ",".join(str(seq) for seq in range(retired[-1] + 1, 20))

    page.goto(f"{HOUSE}&without={hidden}")

    expect(page.get_by_role("columnheader", name="What if")).to_be_visible()
    assert all("retired" in cell for cell in _cells(page, retired[-1], 0))
    assert not any("retired" in cell for cell in _cells(page, retired[-1], 1))


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_accessibility_checker_finds_nothing_about_retired_facts(
    page: Page, accessible: Callable[[], None], expect: Any, scheme: Any
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(HOUSE)
    expect(page.locator(".tag").first).to_be_visible()

    accessible()
