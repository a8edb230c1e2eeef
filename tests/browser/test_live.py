"""A page that is open while others write: it shows what they did, and what the answer is now."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.browser

STORY = ["Mary got the football there.", "Mary went back to the garden."]
HOUSE = "/ui?memory=house&question=Where+is+the+football%3F"


def _row(page: Page, seq: int) -> Any:
    return page.locator(f'table.heat tbody tr[data-key="{seq}"]')


def test_a_fact_told_by_a_second_client_changes_the_open_answer(
    page: Page, context: BrowserContext, told: Callable[..., None], expect: Any
) -> None:
    told("house", *STORY)
    page.goto(HOUSE)
    expect(page.locator(".said")).to_have_text("garden")
    page.get_by_label("Ask", exact=True).fill("Where is Jo")
    page.get_by_label("What if it also knew").fill("half a sen")
    page.get_by_role("button", name="What if without fact 2").focus()

    other = context.new_page()
    other.goto("/ui?memory=house")
    other.get_by_label("Tell it facts").fill("Mary went to the office.")
    other.get_by_role("button", name="Remember").click()
    expect(other.locator("tbody tr")).to_have_count(3)

    expect(page.locator(".said")).to_have_text("office")
    expect(_row(page, 3)).to_be_visible()
    expect(page.locator(".notes")).to_contain_text("Somebody told fact 3.")
    expect(page.locator(".notes")).to_contain_text(
        "The answer has changed: at revision 1 the answer was garden"
    )
    expect(page).to_have_url(re.compile("revision=2$"))
    # What was being typed, and where the keyboard was, stay.
    expect(page.get_by_label("Ask", exact=True)).to_have_value("Where is Jo")
    expect(page.get_by_label("What if it also knew")).to_have_value("half a sen")
    expect(page.get_by_role("button", name="What if without fact 2")).to_be_focused()


def test_who_looks_at_the_past_is_not_pulled_out_of_it(
    page: Page, told: Callable[..., None], expect: Any
) -> None:
    told("house", "Mary went to the kitchen.")
    told("house", *STORY)
    page.goto(f"{HOUSE}&revision=1")
    slider = page.get_by_role("slider", name="As of revision")
    expect(slider).to_have_attribute("max", "2")
    before = page.locator(".answer").get_attribute("data-answer")

    told("house", "Mary went to the office.")

    expect(slider).to_have_attribute("max", "3")
    expect(slider).to_have_value("1")
    assert page.locator(".answer").get_attribute("data-answer") == before
    page.get_by_role("button", name="Latest").click()
    expect(page.locator(".said")).to_have_text("office")


def test_a_question_that_stands_is_answered_anew_by_itself(
    page: Page, told: Callable[..., None], expect: Any
) -> None:
    told("house", *STORY, "John went to the kitchen.")
    page.goto(HOUSE)
    page.get_by_role("button", name="Let it stand").click()
    page.get_by_label("Ask", exact=True).fill("Where is John?")
    page.get_by_label("Ask", exact=True).press("Enter")
    expect(page.locator(".said")).to_have_text("kitchen")
    page.get_by_role("button", name="Let it stand").click()
    expect(page.locator(".standing .now")).to_have_text(["garden", "kitchen"])

    told("house", "Mary went to the hallway.")

    expect(page.locator(".standing .now")).to_have_text(["hallway", "kitchen"])
    expect(page.locator(".standing .turned")).to_contain_text("Where is the football?")
    expect(page.get_by_role("status")).to_contain_text(re.compile("Now hallway|Answer: kitchen"))

    page.reload()
    expect(page.locator(".standing .now")).to_have_text(["hallway", "kitchen"])
    page.locator(".standing .asking").first.click()
    expect(page.locator(".said")).to_have_text("hallway")
    page.get_by_role("button", name="Let go of “Where is John?”").click()
    expect(page.locator(".standing .now")).to_have_text(["hallway"])
    assert "John" not in page.url


def test_a_memory_deleted_by_another_says_so(
    page: Page, watched: Any, api: httpx2.Client, told: Callable[..., None], expect: Any
) -> None:
    watched.refusals = True
    told("house", *STORY)
    page.goto(HOUSE)
    expect(page.locator(".said")).to_have_text("garden")

    api.delete("/v1/memories/house", params={"confirm": "house"}).raise_for_status()

    expect(page.locator(".notes .problem")).to_contain_text("Not found")
    expect(page.locator(".live")).to_have_text("gone")


def test_a_service_that_does_not_answer_is_asked_again(
    page: Page, watched: Any, told: Callable[..., None], expect: Any
) -> None:
    told("house", *STORY)
    page.goto(HOUSE)
    expect(page.locator(".live")).to_have_text("live")

    page.route("**/v1/memories/house/changes?*", lambda route: route.abort())
    expect(page.locator(".live")).to_have_text("not connected")
    watched.errors.clear()
    page.unroute("**/v1/memories/house/changes?*")

    expect(page.locator(".live")).to_have_text("live")
