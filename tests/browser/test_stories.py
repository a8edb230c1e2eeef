"""Stories of bAbI on the page: to try, with what bAbI counts as right; and scores beside published ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def _row(page: Page, seq: int) -> Any:
    return page.locator(f'table.heat tbody tr[data-key="{seq}"]')


def _tell(page: Page, task: int, story: int = 1) -> None:
    page.goto("/ui")
    page.get_by_role("link", name="Stories of the 20 bAbI tasks").click()
    page.get_by_role("button", name=f"Task {task}, story {story}", exact=True).click()


def test_a_story_shows_the_gold_facts_beside_what_attention_chose(
    page: Page, api: httpx2.Client, expect: Any
) -> None:
    story = api.get("/v1/examples?task=2").json()["items"][0]
    asked = story["questions"][-1]

    _tell(page, 2)

    expect(page.locator(".said")).to_have_text(asked["answer"])
    expect(page.locator(".gold")).to_contain_text("bAbI says so too. Both supporting facts")
    starred = page.locator("tbody tr:has(.star)").evaluate_all("rows => rows.map(row => +row.dataset.key)")
    assert starred == sorted(asked["supporting_facts"])
    expect(page.get_by_role("rowheader", name="supporting: Mary discarded the milk.")).to_be_visible()
    assert [fact["text"] for fact in api.get("/v1/memories/babi-2-1/facts").json()["items"]] == [
        fact["text"] for fact in story["facts"]
    ]


def test_a_question_of_the_story_is_asked_where_the_story_asks_it(
    page: Page, api: httpx2.Client, expect: Any
) -> None:
    asked = api.get("/v1/examples?task=1").json()["items"][0]["questions"][1]
    _tell(page, 1)
    expect(page.locator(".story-questions")).to_contain_text("5 of 5 right")

    page.locator(".asking").nth(1).click()

    expect(page.locator(".asked")).to_contain_text(f"{asked['question']} as of revision")
    expect(page.locator(".said")).to_have_text(asked["answer"])
    expect(page.locator("tbody tr")).to_have_count(asked["facts_before"])
    expect(page.locator('.asking[aria-current="true"]')).to_have_count(1)
    expect(page.locator(".asking").nth(1)).to_be_focused()
    assert f"revision={asked['facts_before']}" in page.url


def test_a_wrong_answer_is_called_wrong(page: Page, api: httpx2.Client, expect: Any) -> None:
    """Path finding is what this network cannot do; nothing on the page hides it."""
    stories = api.get("/v1/examples?task=19").json()["items"]

    def is_right(story: dict[str, Any]) -> bool:
        [asked] = story["questions"]
        facts = [{"text": fact["text"]} for fact in story["facts"]]
        body = {"facts": facts, "question": asked["question"]}
        return bool(api.post("/v1/answers", json=body).json()["answer"] == asked["answer"])

    wrong = [number for number, story in enumerate(stories, start=1) if not is_right(story)]
    assert wrong, "the network that is served gets both stories right: take another task"
    [asked] = stories[wrong[0] - 1]["questions"]

    _tell(page, 19, wrong[0])

    expect(page.locator(".gold")).to_contain_text(f"wrong bAbI says {asked['answer']}.")
    expect(page.locator(".story-questions")).to_contain_text("0 of 1 right")


def test_telling_that_was_cut_short_is_finished(page: Page, api: httpx2.Client, expect: Any) -> None:
    story = api.get("/v1/examples?task=1").json()["items"][0]
    api.put("/v1/memories/babi-1-1")
    for fact in story["facts"][:3]:
        api.post("/v1/memories/babi-1-1/facts", json={"facts": [{"text": fact["text"]}]}).raise_for_status()

    _tell(page, 1)

    expect(page.locator(".story-questions")).to_be_visible()
    assert api.get("/v1/memories/babi-1-1").json()["counts"]["facts"] == len(story["facts"])


def test_a_memory_of_that_name_with_other_facts_is_left_alone(
    page: Page, api: httpx2.Client, told: Callable[..., None], expect: Any
) -> None:
    told("babi-1-1", "Mary went to the garden.")

    _tell(page, 1)

    expect(page.get_by_role("heading", level=1)).to_have_text("babi-1-1-2")
    expect(page.locator(".gold")).to_be_visible()
    assert api.get("/v1/memories/babi-1-1").json()["counts"]["facts"] == 1
    # And it is not taken for the story.
    page.goto("/ui?memory=babi-1-1&question=Where+is+Mary%3F")
    expect(page.locator(".said")).to_have_text("garden")
    expect(page.locator(".story-questions")).to_have_count(0)


def test_scores_stand_beside_published_ones(page: Page, api: httpx2.Client, expect: Any) -> None:
    [model] = api.get("/v1/models").json()["items"]
    published = api.get("/v1/published?train_size=10k&mode=joint").json()["items"]
    [paper] = [each for each in published if each["model"] == "MemN2N PE LS RN 3 hops"]
    page.goto("/ui?view=tasks")

    expect(page.locator(".scores tbody tr")).to_have_count(20)
    for task in (3, 17, 20):
        row = page.locator(".scores tbody tr").nth(task - 1)
        ours, theirs = (float(cell.get_attribute("value")) for cell in row.locator("data").all())
        assert ours == model["scorecard"]["tasks"][str(task)]["error"]
        assert theirs == paper["tasks"][str(task)]["error"]
    # What a number must not be shown without.
    expect(page.get_by_role("row", name="three supporting facts")).to_contain_text(
        "synthetic training stories"
    )
    expect(page.locator(".tasks")).to_contain_text("one run, seed 0, nothing selected")
    expect(page.locator(".tasks")).to_contain_text("best of 10 runs by training error. Source: MemN2N column")

    [other] = [each for each in published if each["model"] == "EntNet"]
    page.get_by_label("beside").select_option(label=f"EntNet: {other['statistic']}")

    last = page.locator(".scores tbody tr").nth(18).locator("data").last
    expect(last).to_have_text(f"{other['tasks']['19']['error'] * 100:.1f}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1360, 390])
def test_the_stories_are_accessible(
    page: Page, accessible: Callable[[], None], expect: Any, scheme: Any, width: int
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/ui?view=tasks")
    expect(page.locator(".scores tbody tr")).to_have_count(20)
    accessible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Task 2, story 2", exact=True).click()
    expect(page.locator(".story-questions")).to_contain_text("of 5 right")
    accessible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
