"""The slider over revisions: what the memory would have answered then."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

QUESTION = "Where is Mary?"
HOUSE = "/ui?memory=house&question=Where+is+Mary%3F"
WALK = ["Mary went to the kitchen.", "Mary went to the garden.", "John went to the office."]


@pytest.fixture
def house(told: Callable[..., None]) -> None:
    """One revision for each fact."""
    for fact in WALK:
        told("house", fact)


def _slider(page: Page) -> Any:
    return page.get_by_role("slider", name="As of revision")


def test_the_answer_follows_the_slider(page: Page, house: None, api: httpx2.Client, expect: Any) -> None:
    page.goto(HOUSE)
    expect(page.locator(".said")).to_have_text("garden")

    for revision in (2, 1, 0):
        _slider(page).press("ArrowLeft")
        body = {"question": QUESTION, "as_of": {"revision": revision}}
        answer = api.post("/v1/memories/house/answers", json=body).json()
        expect(page.locator(".answer")).to_have_attribute("data-answer", answer["answer"] or "")
        expect(page.locator("tbody tr")).to_have_count(revision)
        expect(_slider(page)).to_have_attribute("aria-valuetext", re.compile(f"revision {revision} of 3, "))

    expect(page.locator(".what")).to_have_text("before anything was told")
    _slider(page).press("End")
    expect(page.locator(".said")).to_have_text("garden")
    expect(page.locator(".what")).to_contain_text("told fact 3")
    assert _slider(page).evaluate("slider => slider === document.activeElement")


def test_dragging_ends_at_the_revision_where_it_ends(
    page: Page, told: Callable[..., None], expect: Any
) -> None:
    places = ["kitchen", "garden", "office", "bedroom", "hallway", "bathroom"]
    for n in range(30):
        told("house", f"Mary went to the {places[n % 6]}.")
    page.goto(HOUSE)
    expect(page.locator(".said")).to_have_text("bathroom")
    box = _slider(page).bounding_box()
    page.mouse.move(box["x"] + box["width"] - 4, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] / 2, steps=40)
    page.mouse.up()

    value = int(_slider(page).input_value())
    assert 3 < value < 15
    expect(page.locator(".said")).to_have_text(places[(value - 1) % 6])
    expect(page.locator("tbody tr")).to_have_count(value)
    assert f"revision={value}" in page.url
    page.reload()
    expect(page.locator(".said")).to_have_text(places[(value - 1) % 6])
    expect(_slider(page)).to_have_value(str(value))


def test_the_strip_shows_where_the_answer_changed(page: Page, house: None, expect: Any) -> None:
    page.goto(HOUSE)

    expect(page.locator(".run")).to_have_text(["no answer", "kitchen", "garden"])
    expect(page.locator(".run.here")).to_have_text("garden")


def test_the_past_cannot_be_changed_but_supposed_otherwise(
    page: Page, house: None, api: httpx2.Client, expect: Any
) -> None:
    page.goto(f"{HOUSE}&revision=2")
    expect(page.get_by_text("as of revision 2", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Forget fact 1")).to_have_count(0)

    page.get_by_role("button", name="What if without fact 2").click()
    expect(page.locator(".difference")).to_contain_text("garden → kitchen")

    # A question that is asked now is asked of the state that is looked at; what is told belongs to the last one.
    page.get_by_label("Tell it facts").fill("Mary went to the bedroom.")
    page.get_by_role("button", name="Remember").click()
    expect(page.locator(".said").first).to_have_text("bedroom")
    assert api.get("/v1/memories/house").json()["revision"] == 4
    expect(_slider(page)).to_have_value("4")


def test_a_revision_that_was_erased_is_refused_in_the_words_of_the_api(
    page: Page, watched: Any, house: None, api: httpx2.Client, expect: Any
) -> None:
    watched.refusals = True
    fact = api.get("/v1/memories/house/facts").json()["items"][0]["fact_id"]
    plan = api.post("/v1/memories/house/erasures", json={"fact_ids": [fact]}).json()
    done = api.post("/v1/memories/house/erasures", json={"plan_id": plan["plan_id"], "dry_run": False})
    done.raise_for_status()

    page.goto(f"{HOUSE}&revision=1")

    expect(page.locator(".notes .problem")).to_contain_text("Erased")
    expect(page.locator(".said")).to_have_text("garden")
    expect(page).to_have_url(re.compile("revision=4$"))


def test_a_question_is_asked_of_the_state_that_is_looked_at(page: Page, house: None, expect: Any) -> None:
    page.goto(f"{HOUSE}&revision=1")
    expect(page.locator(".said")).to_have_text("kitchen")

    page.get_by_label("Ask", exact=True).fill("Where is John?")
    page.get_by_label("Ask", exact=True).press("Enter")

    expect(page.locator(".asked")).to_have_text("Where is John? as of revision 1")
    expect(page.locator("tbody tr")).to_have_count(1)
