"""The inspector in a browser: the football story, what if, forgetting, errors, links, files, the keyboard."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import httpx2
import pytest
from matplotlib import image

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Download, Page

pytestmark = pytest.mark.browser

STORY = ["Mary got the football there.", "Mary went back to the garden."]
QUESTION = "Where is the football?"
HOUSE = "/ui?memory=house&question=Where+is+the+football%3F"


def _columns(page: Page) -> dict[str, list[float]]:
    """The weights of the table, by column."""
    return page.evaluate(
        """() => {
          const columns = {};
          for (const cell of document.querySelectorAll("table.heat [data-hop]")) {
            const value = cell.querySelector("data.chip")?.value;
            if (value !== undefined) (columns[cell.dataset.hop] ??= []).push(Number(value));
          }
          return columns;
        }"""
    )


def _answers(page: Page) -> list[str]:
    return [card.get_attribute("data-answer") or "" for card in page.locator("[data-answer]").all()]


def _row(page: Page, seq: int) -> Any:
    return page.locator(f'table.heat tbody tr[data-key="{seq}"]')


def test_a_first_visitor_sees_the_football_story_in_one_click(page: Page, expect: Any) -> None:
    page.goto("/ui")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "A memory that answers, and shows what it read."
    )
    expect(page.locator(".memories")).to_be_hidden()

    page.get_by_role("button", name="Tell it and ask").click()

    expect(page.locator("[data-answer]")).to_have_attribute("data-answer", "garden")
    expect(page.locator("tbody th[scope=row] .words")).to_contain_text(STORY)
    columns = _columns(page)
    assert len(columns) == 3
    for weights in columns.values():
        # Two facts, the null slot, and what is not listed.
        assert len(weights) == 4
        assert sum(weights) == pytest.approx(1, abs=1e-6)
    assert _row(page, 1).locator("mark").all_inner_texts() == ["football"]
    assert page.locator(".flows path").count() >= 2
    assert [cell.inner_text() for cell in page.locator("tfoot tr.sum data").all()] == ["1.000"] * 3


def test_the_table_shows_the_weights_of_the_api(
    page: Page, api: httpx2.Client, told: Callable[..., None], expect: Any
) -> None:
    told("house", *STORY)
    answer = api.post("/v1/memories/house/answers", json={"question": QUESTION, "attention": "full"}).json()

    page.goto(HOUSE)
    expect(page.locator(".said")).to_have_text(answer["answer"])

    for k, hop in enumerate(answer["hops"]):
        for fact in hop["attention"]:
            shown = _row(page, fact["seq"]).locator(f'[data-hop="0/{k}"] data')
            assert float(shown.get_attribute("value")) == fact["weight"]


def test_a_screen_reader_can_walk_the_table(page: Page, told: Callable[..., None], expect: Any) -> None:
    told("house", *STORY)
    page.goto(HOUSE)

    expect(page.get_by_role("table", name="Attention of every hop")).to_be_visible()
    assert page.get_by_role("columnheader").all_inner_texts()[2:5] == ["hop 1", "hop 2", "hop 3"]
    expect(page.get_by_role("rowheader", name="evidence: Mary got the football there.")).to_be_visible()
    expect(page.get_by_role("rowheader", name="null slot")).to_be_visible()
    expect(page.get_by_role("cell", name="most attended")).to_have_count(3)
    expect(page.get_by_role("status")).to_contain_text("Answer: garden")


def test_telling_a_memory_of_ones_own(page: Page, expect: Any) -> None:
    page.goto("/ui")
    page.get_by_label("Its name").fill("house")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_label("Tell it facts")).to_be_focused()
    expect(page.get_by_text("This memory holds no facts yet.")).to_be_visible()

    page.get_by_label("Tell it facts").fill("Mary got the football there.\n\n  Mary met Zorblax.  \n")
    page.get_by_role("button", name="Remember").click()

    expect(page.locator("tbody .words")).to_have_text(["Mary got the football there.", "Mary met Zorblax."])
    expect(page.locator(".tell")).to_contain_text("Facts 1 to 2 are remembered. The network has never seen")
    expect(_row(page, 2).locator("u")).to_have_text(["met", "Zorblax"])
    expect(page.get_by_label("Tell it facts")).to_have_value("")


def test_what_if_changes_the_answer_side_by_side_and_stores_nothing(
    page: Page, api: httpx2.Client, told: Callable[..., None], expect: Any
) -> None:
    told("house", "Mary went to the kitchen.", *STORY)
    before = api.get("/v1/memories/house").json()
    page.goto(HOUSE)
    expect(page.locator(".said")).to_have_text("garden")

    page.get_by_role("button", name="What if without fact 3").click()

    expect(page.locator(".difference")).to_contain_text("The answer changes: garden → kitchen.")
    assert _answers(page) == ["garden", "kitchen"]
    columns = _columns(page)
    assert set(columns) == {f"{g}/{k}" for g in (0, 1) for k in range(3)}
    for weights in columns.values():
        assert sum(weights) == pytest.approx(1, abs=1e-6)
    expect(_row(page, 3).locator("del")).to_have_text(STORY[1])
    expect(page.get_by_role("button", name="What if without fact 3")).to_be_focused()

    page.get_by_label("What if it also knew").fill("Mary went to the office.")
    page.get_by_role("button", name="Try").click()
    expect(page.locator(".difference")).to_contain_text("garden → office")

    page.get_by_role("button", name="Clear the what-if").click()
    expect(page.locator(".difference")).to_have_count(0)
    assert _answers(page) == ["garden"]
    assert api.get("/v1/memories/house").json() == before


def test_supposing_nothing_new_answers_as_the_memory_does(
    page: Page, told: Callable[..., None], expect: Any
) -> None:
    """An overlay that hides what is not there is one reading with the memory itself."""
    told("house", "John went to the kitchen.", *STORY)
    page.goto(f"{HOUSE}&without=99")

    expect(page.locator(".difference")).to_contain_text("The answer stays garden, and as probable.")
    columns = _columns(page)
    for k in range(3):
        assert columns[f"0/{k}"] == pytest.approx(columns[f"1/{k}"], abs=1e-6)


def test_forgetting_a_fact_changes_the_answer(
    page: Page, api: httpx2.Client, told: Callable[..., None], expect: Any
) -> None:
    told("house", "Mary went to the kitchen.", *STORY)
    page.goto(HOUSE)
    expect(page.locator(".said")).to_have_text("garden")

    page.get_by_role("button", name="Forget fact 3").click()
    dialog = page.get_by_role("dialog", name="Forget fact 3?")
    expect(dialog).to_contain_text(STORY[1])
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("button", name="Forget fact 3")).to_be_focused()

    page.get_by_role("button", name="Forget fact 3").click()
    dialog.get_by_role("button", name="Forget", exact=True).click()

    expect(page.locator(".said")).to_have_text("kitchen")
    expect(page.locator(".notes")).to_contain_text(
        "The answer has changed: at revision 1 the answer was garden"
    )
    expect(page.get_by_role("button", name="Forget fact 2")).to_be_focused()
    assert [fact["seq"] for fact in api.get("/v1/memories/house/facts").json()["items"]] == [1, 2]


def test_deleting_a_memory_needs_its_name(
    page: Page, api: httpx2.Client, told: Callable[..., None], expect: Any
) -> None:
    told("house", *STORY)
    told("garage", *STORY)
    page.goto("/ui")

    page.get_by_role("button", name="Delete house…").click()
    dialog = page.get_by_role("dialog", name="Delete house?")
    expect(dialog.get_by_role("button", name="Delete")).to_be_disabled()
    dialog.get_by_label("Type house to confirm").fill("house")
    dialog.get_by_role("button", name="Delete").click()

    expect(page.locator(".memory-list li")).to_have_count(1)
    assert [memory["memory_id"] for memory in api.get("/v1/memories").json()["items"]] == ["garage"]


def test_an_error_is_shown_in_the_words_of_the_api(
    page: Page, watched: Any, told: Callable[..., None], expect: Any
) -> None:
    watched.refusals = True
    told("house", *STORY)
    page.goto("/ui?memory=house")

    page.get_by_label("Tell it facts").fill("John went to the kitchen.\n...")
    page.get_by_role("button", name="Remember").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Request is not valid: 1 field is not valid")
    expect(alert).to_contain_text("line 2: #/facts/1/text at least one word")
    # Nothing was stored, so nothing is lost.
    expect(page.get_by_label("Tell it facts")).to_have_value("John went to the kitchen.\n...")

    page.get_by_label("Ask", exact=True).fill("?")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator(".ask").get_by_role("alert")).to_contain_text("#/question at least one word")
    expect(page.get_by_label("Ask", exact=True)).to_be_focused()

    page.goto("/ui?memory=nowhere")
    expect(page.get_by_role("alert")).to_contain_text("Not found")


def test_an_abstention_gives_its_reason(page: Page, told: Callable[..., None], expect: Any) -> None:
    told("house", *STORY)
    told("empty")

    page.goto("/ui?memory=house&question=Zorblax+quux%3F")
    expect(page.locator(".said")).to_have_text("no answer")
    expect(page.locator(".why")).to_contain_text("unknown_words")
    expect(page.locator(".notes")).to_contain_text("“zorblax” and “quux”")

    page.goto("/ui?memory=empty&question=Where+is+Mary%3F")
    expect(page.locator(".why")).to_contain_text("There is no fact to answer from. no_eligible_facts")


def test_a_link_reproduces_what_one_sees(
    page: Page, context: BrowserContext, told: Callable[..., None], expect: Any
) -> None:
    told("house", "Mary went to the kitchen.", *STORY)
    page.goto("/ui?memory=house")
    page.get_by_label("Ask", exact=True).fill(QUESTION)
    page.get_by_label("Ask", exact=True).press("Enter")
    page.get_by_role("button", name="What if without fact 3").click()
    page.get_by_label("What if it also knew").fill("Mary went to the office.")
    page.get_by_role("button", name="Try").click()
    expect(page.locator(".difference")).to_contain_text("garden → office")

    other = context.new_page()
    other.goto(page.url)

    expect(other.locator(".difference")).to_contain_text("garden → office")
    assert _answers(other) == _answers(page)
    assert _columns(other) == _columns(page)


def test_a_link_shows_what_was_seen_although_the_memory_has_changed_since(
    page: Page, told: Callable[..., None], expect: Any
) -> None:
    told("house", *STORY)
    page.goto(HOUSE)
    expect(page).to_have_url(re.compile("revision=1$"))
    link, before = page.url, _columns(page)
    told("house", "Mary went to the office.")

    page.goto(link)

    expect(page.locator(".said")).to_have_text("garden")
    expect(page.get_by_text("as of revision 1", exact=True)).to_be_visible()
    assert _columns(page) == before
    expect(_row(page, 3)).to_have_count(0)
    page.get_by_role("button", name="Latest").click()
    expect(page.locator(".said")).to_have_text("office")
    expect(_row(page, 3)).to_be_visible()
    expect(page).to_have_url(re.compile("revision=2$"))


def test_back_leads_to_the_question_before(page: Page, told: Callable[..., None], expect: Any) -> None:
    told("house", *STORY)
    page.goto(HOUSE)
    expect(page.locator(".asked")).to_have_text(QUESTION)
    page.get_by_label("Ask", exact=True).fill("Where is Mary?")
    page.get_by_label("Ask", exact=True).press("Enter")
    expect(page.locator(".asked")).to_have_text("Where is Mary?")

    page.go_back()

    expect(page.locator(".asked")).to_have_text(QUESTION)


def test_the_whole_way_by_keyboard(page: Page, expect: Any) -> None:
    def reach(name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            label = page.evaluate(
                "() => { const e = document.activeElement; return e.getAttribute('aria-label') ?? e.labels?.[0]?.textContent ?? e.textContent }"
            )
            if label == name:
                return
        pytest.fail(f"Tab does not lead to {name!r}")

    page.goto("/ui")
    expect(page.locator("#football")).to_be_visible()
    reach("Tell it and ask")
    page.keyboard.press("Enter")
    expect(page.locator(".said")).to_have_text("garden")
    reach("What if without fact 2")
    page.keyboard.press("Space")
    expect(page.locator(".difference")).to_be_visible()
    reach("Clear the what-if")
    page.keyboard.press("Enter")
    expect(page.locator(".difference")).to_have_count(0)
    reach("Forget fact 2")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Forget fact 2")).to_be_focused()


def test_thousands_of_facts_are_a_window(page: Page, told: Callable[..., None], expect: Any) -> None:
    told(
        "house", *(f"John went to the {('kitchen', 'garden', 'office')[n % 3]}." for n in range(2600)), *STORY
    )
    page.goto(HOUSE)

    expect(page.locator(".notes")).to_contain_text("50 of 2,602 facts were read")
    expect(_row(page, 2602)).to_be_visible()
    assert page.locator("tbody tr").count() < 100
    assert page.locator("table.heat").get_attribute("aria-rowcount") == "2606"
    box = _row(page, 2602).locator(".words").bounding_box()
    assert box["width"] > 200
    # Each line begins at the cell it says it begins at, wherever the rows stand.
    assert (
        page.evaluate(
            """() => {
          const box = (selector) => document.querySelector(selector).getBoundingClientRect();
          const cell = box('tr[data-key="2601"] [data-hop="0/0"] .chip');
          const line = document.querySelector('.flows path[data-from="2601"]');
          const start = line.getPointAtLength(0);
          const origin = box(".flows");
          return Math.hypot(start.x + origin.left - cell.right, start.y + origin.top - (cell.top + cell.height / 2));
        }"""
        )
        < 3
    )
    for weights in _columns(page).values():
        assert weights

    page.locator(".scroller").evaluate("box => { box.scrollTop = 0 }")

    expect(_row(page, 1)).to_be_visible()
    expect(_row(page, 1)).to_contain_text("not listed")
    assert page.locator("tbody tr").count() < 100
    # Only what was counted away is missing from a column: the evidence alone still sums to 1.
    page.get_by_label("Evidence only").check()
    expect(_row(page, 1)).to_have_count(0)
    for weights in _columns(page).values():
        assert sum(weights) == pytest.approx(1, abs=1e-6)


def test_the_numbers_can_be_saved(page: Page, tmp_path: Path, told: Callable[..., None], expect: Any) -> None:
    def saved(kind: str) -> Path:
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Save as {kind}").click()
        file: Download = download.value
        assert file.suggested_filename == f"memnet-house-where-is-the-football.{kind.lower()}"
        path = tmp_path / file.suggested_filename
        file.save_as(path)
        return path

    told("house", '=1+1 "football"', *STORY)
    page.goto(HOUSE)
    expect(page.locator(".said")).to_have_text("garden")

    whole = json.loads(saved("JSON").read_text(encoding="utf-8"))
    assert whole["answer"]["answer"] == "garden"
    assert [fact["seq"] for fact in whole["facts"]] == [1, 2, 3]

    lines = list(csv.DictReader(saved("CSV").read_text(encoding="utf-8").splitlines()))
    assert [line["row"] for line in lines] == ["fact", "fact", "fact", "null_slot", "not_listed"]
    assert lines[0]["text"] == '\'=1+1 "football"'
    for hop in ("hop_1", "hop_2", "hop_3"):
        assert sum(float(line[hop]) for line in lines) == pytest.approx(1, abs=1e-6)

    picture = ElementTree.fromstring(saved("SVG").read_text(encoding="utf-8"))
    texts = ["".join(node.itertext()) for node in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert {"garden", *STORY} <= set(texts)

    # The PNG is the same picture, drawn twice as large: its ground, and the ground of what was attended to most.
    drawn = image.imread(saved("PNG"))
    assert drawn.shape[:2] == tuple(int(2 * float(picture.get(side))) for side in ("height", "width"))
    shades = {tuple(round(255 * part) for part in pixel[:3]) for pixel in drawn.reshape(-1, drawn.shape[2])}
    fills = {node.get("fill") for node in picture.iter("{http://www.w3.org/2000/svg}rect")} - {"none"}
    assert fills <= {f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in shades}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1360, 390])
def test_nothing_that_an_accessibility_checker_finds(
    page: Page,
    accessible: Callable[[], None],
    told: Callable[..., None],
    expect: Any,
    scheme: Any,
    width: int,
) -> None:
    told("house", "Mary went to the kitchen.", *STORY, "Mary met Zorblax.")
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    for url, ready in [
        ("/ui", ".memory-list li"),
        ("/ui?memory=house", "tbody tr"),
        (f"{HOUSE}&without=2", ".difference"),
    ]:
        page.goto(url)
        expect(page.locator(ready).first).to_be_visible()
        accessible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), url
    page.get_by_role("button", name="Forget fact 1").click()
    accessible()


def test_every_shade_has_a_number_that_can_be_read(page: Page) -> None:
    """Black or white on the ground of a cell: at least 4.5 to 1 for every weight, in both themes."""
    page.goto("/ui")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        worst = page.evaluate(
            """() => {
              const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
              const luminance = (colour) => {
                canvas.fillStyle = colour;
                canvas.fillRect(0, 0, 1, 1);
                const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((part) => {
                  const share = part / 255;
                  return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
                });
                return 0.2126 * r + 0.7152 * g + 0.0722 * b;
              };
              const chip = document.createElement("data");
              chip.className = "chip";
              document.body.append(chip);
              let worst = Infinity;
              for (let p = 0; p <= 1.0001; p += 0.005) {
                chip.style.setProperty("--p", p);
                const style = getComputedStyle(chip);
                const [low, high] = [luminance(style.backgroundColor), luminance(style.color)].sort((a, b) => a - b);
                worst = Math.min(worst, (high + 0.05) / (low + 0.05));
              }
              chip.remove();
              return worst;
            }"""
        )
        assert worst >= 4.5, scheme


def test_the_theme_is_remembered(page: Page, expect: Any) -> None:
    page.goto("/ui")
    page.get_by_role("button", name="Theme: system").click()
    page.get_by_role("button", name="Theme: light").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(19, 20, 25)"

    page.reload()

    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_fact_is_never_code(page: Page, told: Callable[..., None], expect: Any) -> None:
    text = "<img src=x onerror=alert(1)> Mary </th><script>alert(2)</script>"
    told("house", text)
    page.goto(HOUSE)

    expect(page.locator("tbody .words")).to_contain_text(text)
    assert page.locator("main img, main script").count() == 0


def test_the_policy_is_sent_and_kept(page: Page, watched: Any) -> None:
    answer = page.goto("/ui")
    assert answer is not None
    assert answer.headers["content-security-policy"].startswith("default-src 'self';")

    blocked = page.evaluate(
        """() => new Promise((resolve) => {
          document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
          try { document.body.innerHTML = "<p>"; } catch { /* Refused before it could do anything. */ }
        })"""
    )
    assert blocked == "require-trusted-types-for"
    # The violation that was asked for is reported; any other fails the test that causes it, as a console error.
    assert "requires 'TrustedHTML'" in watched.errors.pop()
