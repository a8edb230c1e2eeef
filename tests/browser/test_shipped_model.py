"""The page with the model that answers when none is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from memnet.models import SHIPPED
from memnet.training.checkpoint import load_checkpoint
from tests.browser.conftest import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


def test_the_story_of_a_first_visitor_is_read_by_every_hop(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory, expect: Any
) -> None:
    hops = load_checkpoint(SHIPPED).network.config.num_hops
    with serving(tmp_path_factory.mktemp("service"), MEMNET_CHECKPOINT=SHIPPED.name) as address:
        page = chromium.new_page(base_url=address)
        page.goto("/ui")
        page.get_by_role("button", name="Tell it and ask").click()

        expect(page.locator("[data-answer]")).to_have_attribute("data-answer", "garden")
        sums = [cell.inner_text() for cell in page.locator("tfoot tr.sum data").all()]
        page.close()

    assert sums == ["1.000"] * hops


def test_a_verb_that_nobody_taught_is_said_to_be_read_as_another(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory, expect: Any
) -> None:
    with serving(tmp_path_factory.mktemp("service"), MEMNET_CHECKPOINT=SHIPPED.name) as address:
        page = chromium.new_page(base_url=address)
        page.goto("/ui")
        page.get_by_label("Its name").fill("house")
        page.get_by_role("button", name="Open").click()
        page.get_by_label("Tell it facts").fill("Mary strolled into the garden.")
        page.get_by_role("button", name="Remember").click()
        expect(page.locator(".tell")).to_contain_text("It reads “strolled” as “walked”.")

        page.get_by_label("Ask", exact=True).fill("Who strolled into the garden?")
        page.get_by_role("button", name="Ask").click()
        expect(page.get_by_text("It read “strolled” as “walked”.")).to_be_visible()
        page.close()
