"""The heads of a hop as columns: what each of them read, for the network that answers when none is named."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import httpx2
import pytest

from memnet.evaluation.picture import picture
from memnet.models import SHIPPED
from memnet.reader import Reader
from memnet.training.checkpoint import load_checkpoint
from tests.browser.conftest import serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

STORY = ["Mary got the football there.", "John went to the kitchen.", "Mary went back to the garden."]
QUESTION = "Where is the football?"
HOUSE = "/ui?memory=house&question=Where+is+the+football%3F"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("service"), MEMNET_CHECKPOINT=SHIPPED.name) as address:
        yield address


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(load_checkpoint(SHIPPED))


@pytest.fixture
def house(told: Callable[..., None]) -> None:
    told("house", *STORY)


def _ask(api: httpx2.Client, **body: Any) -> dict[str, Any]:
    body = {"question": QUESTION, "attention": "full", "heads": True, **body}
    answer: dict[str, Any] = api.post("/v1/memories/house/answers", json=body).json()
    return answer


def _look(page: Page, hop: int) -> None:
    page.get_by_role("button", name=f"The heads of hop {hop}", exact=True).click()


def _shown(page: Page) -> dict[str, dict[str, float]]:
    """Weights by row and column, as the page has them."""
    shown: dict[str, dict[str, float]] = page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll("table.heat tr[data-key]")].map((row) => [
          row.dataset.key,
          Object.fromEntries([...row.querySelectorAll("[data-hop]")].map(
            (cell) => [cell.dataset.hop, Number(cell.querySelector("data")?.value)])),
        ]))"""
    )
    return shown


@pytest.mark.usefixtures("house")
def test_a_hop_is_taken_apart_into_what_each_head_read(
    page: Page, api: httpx2.Client, reader: Reader, expect: Any
) -> None:
    heads = reader.model.num_heads
    page.goto(HOUSE)
    _look(page, 2)

    expect(page.get_by_role("columnheader", name="head 1", exact=True)).to_be_visible()
    names = page.get_by_role("columnheader").all_inner_texts()[2:-1]
    assert names == ["mean", *(f"head {number}" for number in range(1, heads + 1))]
    expect(page.get_by_role("table", name="Attention of every head of hop 2")).to_be_visible()
    hop = _ask(api)["hops"][1]
    shown = _shown(page)
    for column, read in enumerate([hop, *hop["heads"]]):
        name = f"0/{column}"
        for fact in read["attention"]:
            assert shown[str(fact["seq"])][name] == pytest.approx(fact["weight"], abs=1e-9)
        assert shown["null"][name] == pytest.approx(read["null_mass"], abs=1e-9)
        assert shown["sum"][name] == pytest.approx(1, abs=1e-5)
    # Heads read side by side: nothing leads from one to the next.
    assert page.locator(".flows path:not(.supersedes)").count() == 0

    page.get_by_role("button", name="The hops", exact=True).click()

    expect(page.get_by_role("columnheader", name="hop 1", exact=True)).to_be_visible()
    assert page.locator(".flows path:not(.supersedes)").count() > 0


@pytest.mark.usefixtures("house")
def test_the_library_draws_the_same_heads(page: Page, reader: Reader, expect: Any) -> None:
    drawn = picture(reader.ask_facts(STORY, QUESTION, limit=None, heads=True), heads_of=1)
    page.goto(f"{HOUSE}&heads=1")
    expect(page.locator(".heat.heads")).to_be_visible()

    shown = _shown(page)

    for row in drawn.rows:
        assert list(shown[str(row.key)].values()) == pytest.approx(row.weights, abs=1e-5)
    tops = page.evaluate(
        """() => [...document.querySelectorAll("table.heat .chip.top")].map((chip) => [
          chip.closest("td").dataset.hop, chip.closest("tr").dataset.key])"""
    )
    assert dict(tops) == {f"0/{column}": str(key) for column, key in enumerate(drawn.tops)}


@pytest.mark.usefixtures("house")
def test_heads_can_be_looked_at_with_the_keyboard(page: Page, expect: Any) -> None:
    page.goto(HOUSE)
    expect(page.locator(".said")).to_be_visible()
    page.get_by_role("button", name="The hops", exact=True).focus()

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    first = page.get_by_role("button", name="The heads of hop 1", exact=True)
    expect(first).to_have_attribute("aria-pressed", "true")
    expect(first).to_be_focused()
    expect(page.get_by_role("status")).to_contain_text("A column for each head of hop 1")


@pytest.mark.usefixtures("house")
def test_a_link_leads_to_the_same_heads(page: Page, expect: Any) -> None:
    page.goto(HOUSE)
    _look(page, 3)
    expect(page).to_have_url(re.compile("[&]heads=3"))
    expect(page.locator(".heat.heads")).to_be_visible()
    shown = _shown(page)

    page.goto(page.url)

    expect(page.get_by_role("button", name="The heads of hop 3", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(page.locator(".heat.heads")).to_be_visible()
    assert _shown(page) == shown


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("heads", ["0", "99", "x"])
def test_a_link_to_heads_that_there_are_not_shows_the_hops(page: Page, expect: Any, heads: str) -> None:
    page.goto(f"{HOUSE}&heads={heads}")

    expect(page.get_by_role("columnheader", name="hop 1", exact=True)).to_be_visible()


@pytest.mark.usefixtures("house")
def test_heads_follow_what_is_supposed_and_the_past(page: Page, api: httpx2.Client, expect: Any) -> None:
    page.goto(f"{HOUSE}&heads=2&without=3")
    expect(page.get_by_role("columnheader", name="What if")).to_be_visible()
    ids = {fact["seq"]: fact["fact_id"] for fact in api.get("/v1/memories/house/facts").json()["items"]}

    supposed = _ask(api, overlay={"hide": [ids[3]]})["hops"][1]

    shown = _shown(page)
    for number, head in enumerate(supposed["heads"], start=1):
        assert shown["null"][f"1/{number}"] == pytest.approx(head["null_mass"], abs=1e-9)
    assert len(shown["null"]) == 2 * (1 + len(supposed["heads"]))

    api.post("/v1/memories/house/facts", json={"facts": [{"text": "Mary went to the hallway."}]})
    page.goto(f"{HOUSE}&heads=2&revision=1")
    expect(page.locator(".timeline.past")).to_be_visible()
    past = _ask(api, as_of={"revision": 1})["hops"][1]
    shown = _shown(page)
    for number, head in enumerate(past["heads"], start=1):
        assert shown["null"][f"0/{number}"] == pytest.approx(head["null_mass"], abs=1e-9)


@pytest.mark.usefixtures("house")
def test_heads_are_saved_with_the_picture_and_the_numbers(page: Page, tmp_path: Path, expect: Any) -> None:
    def saved(kind: str) -> str:
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Save as {kind}").click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        return path.read_text(encoding="utf-8")

    page.goto(f"{HOUSE}&heads=2")
    expect(page.locator(".heat.heads")).to_be_visible()

    lines = list(csv.DictReader(saved("CSV").splitlines()))
    columns = [name for name in lines[0] if name.startswith("hop_2_head_")]
    shown = _shown(page)
    assert len(columns) == len(shown["null"]) - 1
    for number, column in enumerate(columns, start=1):
        assert float(lines[0][column]) == shown["1"][f"0/{number}"]
        assert sum(float(line[column]) for line in lines) == pytest.approx(1, abs=1e-5)
    drawn = ElementTree.fromstring(saved("SVG"))
    texts = ["".join(node.itertext()) for node in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert {"mean", "head 1", f"head {len(columns)}"} <= set(texts)


@pytest.mark.usefixtures("house")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1360, 390])
def test_an_accessibility_checker_finds_nothing_with_heads_and_with_what_was_superseded(
    page: Page,
    told: Callable[..., None],
    accessible: Callable[[], None],
    expect: Any,
    scheme: Any,
    width: int,
) -> None:
    told("house", "Mary went to the hallway.", "John went to the office.")
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    for heads in ("", "&heads=2", "&heads=2&without=1"):
        page.goto(f"{HOUSE}{heads}")
        expect(page.locator(".by").first).to_be_visible()
        accessible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), heads
