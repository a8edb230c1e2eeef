"""Why this answer, and why not another: which facts speak for it, and without which it would change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

pytestmark = pytest.mark.browser

STORY = [
    "Mary went to the kitchen.",
    "John went to the office.",
    "Mary got the football there.",
    "Mary went back to the garden.",
]
QUESTION = "Where is the football?"
HOUSE = "/ui?memory=house&question=Where+is+the+football%3F"


@pytest.fixture
def house(told: Callable[..., None]) -> None:
    told("house", *STORY)


def _shown(page: Page, side: int) -> list[tuple[int, float]]:
    lines = page.locator(".sides > div").nth(side).locator("li").all()
    return [
        (
            int(line.locator(".seq").inner_text().split()[-1]),
            float(line.locator("data").get_attribute("value") or "nan"),
        )
        for line in lines
    ]


def test_another_answer_shows_which_facts_speak_for_it(
    page: Page, api: httpx2.Client, house: None, accessible: Callable[[], None], expect: Any
) -> None:
    body = {"question": QUESTION, "explain": {"why_not": "kitchen"}}
    why_not = api.post("/v1/memories/house/answers", json=body).json()["explanation"]["why_not"]
    page.goto(HOUSE)

    page.get_by_role("button", name="Why not kitchen?").click()

    expect(page.get_by_role("heading", name="Why not kitchen?")).to_be_focused()
    for side, name in enumerate(("speaking_for", "speaking_against")):
        expected = [(fact["seq"], fact["effect"]) for fact in why_not[name]][:6]
        assert _shown(page, side) == [(seq, pytest.approx(effect)) for seq, effect in expected]
    # What was told of the kitchen speaks for it, what was told of the garden against it.
    assert 1 in dict(_shown(page, 0))
    assert 4 in dict(_shown(page, 1))
    accessible()


def test_what_an_explanation_finds_can_be_supposed(page: Page, house: None, expect: Any) -> None:
    page.goto(HOUSE)
    page.get_by_role("button", name="Why not kitchen?").click()
    expect(page.locator(".why-panel")).to_contain_text("Without fact 4 the answer is kitchen")

    page.get_by_role("button", name="Suppose that").click()

    expect(page.locator(".difference")).to_contain_text("The answer changes: garden → kitchen.")


def test_the_answer_itself_is_explained_and_a_link_takes_that_along(
    page: Page, context: BrowserContext, house: None, expect: Any
) -> None:
    page.goto(HOUSE)
    page.get_by_role("button", name="Why garden?").click()
    panel = page.locator(".why-panel")
    expect(panel).to_contain_text("Why garden?")
    expect(panel.locator("li").first).to_contain_text("Mary went back to the garden.")
    other = context.new_page()
    other.goto(page.url)
    expect(other.locator(".why-panel")).to_contain_text("Why garden?")

    page.get_by_role("button", name="Close").click()

    expect(panel).to_have_count(0)
    assert "why" not in page.url
    expect(page.get_by_role("button", name="Why garden?")).to_be_focused()


def test_an_explanation_goes_when_the_other_answer_becomes_the_answer(
    page: Page, watched: Any, house: None, told: Callable[..., None], expect: Any
) -> None:
    watched.refusals = True
    page.goto(f"{HOUSE}&why=kitchen")
    expect(page.locator(".why-panel")).to_be_visible()

    told("house", "Mary went to the kitchen.")

    expect(page.locator(".said")).to_have_text("kitchen")
    expect(page.locator(".why-panel")).to_have_count(0)
