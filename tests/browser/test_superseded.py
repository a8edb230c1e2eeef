"""What superseded a fact, beside it: who and how far as links, lines at the left, and what is left of it."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from memnet.models import SHIPPED
from tests.browser.conftest import serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

STORY = [
    "Mary got the football there.",
    "Mary went back to the garden.",
    "John went to the office.",
    "Mary went to the kitchen.",
    "Mary dropped the football.",
    "John went to the hallway.",
]
HOUSE = "/ui?memory=house&question=Where+is+Mary%3F"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("service"), MEMNET_CHECKPOINT=SHIPPED.name) as address:
        yield address


@pytest.fixture
def house(told: Callable[..., None]) -> None:
    for text in STORY:
        told("house", text)


def _row(page: Page, seq: int) -> Any:
    return page.locator(f'table.heat tbody tr[data-key="{seq}"]')


def _writes(api: httpx2.Client, **query: Any) -> dict[int, dict[str, Any]]:
    page = api.get("/v1/memories/house/facts", params={"writes": True, "limit": 500, **query}).json()
    return {fact["seq"]: fact["writes"] for fact in page["items"]}


def _named(page: Page, seq: int) -> list[tuple[int, float]]:
    """The facts that a row names as those that superseded it, and their gates."""
    found: list[tuple[int, float]] = (
        _row(page, seq)
        .locator(".by .link")
        .evaluate_all(
            """links => links.map((link) => [
          Number(link.dataset.action.slice(3)), Number(link.querySelector("data").value)])"""
        )
    )
    return [(seq, gate) for seq, gate in found]


def _lines(page: Page) -> dict[tuple[int, int], float]:
    """The lines at the left: from which fact to which, and the gate."""
    found = page.locator(".flows path.supersedes").evaluate_all(
        """lines => lines.map((line) => [
          Number(line.dataset.from), Number(line.dataset.to), Number(line.style.getPropertyValue("--gate"))])"""
    )
    return {(writer, target): gate for writer, target, gate in found}


def _strongest(writes: dict[str, Any]) -> list[tuple[int, float]]:
    by = sorted(writes["superseded_by"], key=lambda each: (-each["gate"], each["seq"]))
    return [(each["seq"], each["gate"]) for each in by[:2]]


@pytest.mark.usefixtures("house")
def test_each_fact_says_what_superseded_it_and_what_is_left(
    page: Page, api: httpx2.Client, expect: Any
) -> None:
    writes = _writes(api)
    assert any(each["superseded_by"] for each in writes.values())
    page.goto(HOUSE)
    expect(page.locator(".by").first).to_be_visible()

    for seq, each in writes.items():
        assert _named(page, seq) == _strongest(each)
        if each["superseded_by"]:
            left = math.exp(each["retention"])
            said = f"{100 * left:.{1 if left < 0.1 else 0}f} % left" if left >= 0.001 else "< 0.1 % left"
            expect(_row(page, seq).locator(".by-left")).to_contain_text(said)
    far = {
        (by["seq"], seq): by["gate"]
        for seq, each in writes.items()
        for by in each["superseded_by"]
        if by["gate"] >= 0.25
    }
    assert _lines(page) == pytest.approx(far)


@pytest.mark.usefixtures("house")
def test_a_link_leads_to_the_fact_that_superseded_it(page: Page, api: httpx2.Client, expect: Any) -> None:
    target, writer = next(
        (seq, _strongest(each)[0][0]) for seq, each in _writes(api).items() if _strongest(each)
    )
    page.goto(HOUSE)
    link = _row(page, target).locator(".by .link").first
    expect(link).to_have_accessible_name(f"fact {writer} {_strongest(_writes(api)[target])[0][1]:.2f}")

    link.focus()
    page.keyboard.press("Enter")

    expect(_row(page, writer)).to_be_focused()
    expect(_row(page, writer)).to_have_class(re.compile(r"\bfound\b"))


@pytest.mark.usefixtures("house")
def test_the_lines_of_a_row_stand_out_when_it_is_pointed_at(
    page: Page, api: httpx2.Client, expect: Any
) -> None:
    target = next(
        seq for seq, each in _writes(api).items() if any(b["gate"] >= 0.25 for b in each["superseded_by"])
    )
    page.goto(HOUSE)
    expect(page.locator(".by").first).to_be_visible()

    _row(page, target).locator(".words").hover()

    on = page.locator(".flows path.supersedes.on").evaluate_all(
        "lines => lines.map((line) => [Number(line.dataset.from), Number(line.dataset.to)])"
    )
    assert on
    assert all(target in ends for ends in on)


@pytest.mark.usefixtures("house")
def test_the_past_shows_only_what_had_superseded_it_by_then(
    page: Page, api: httpx2.Client, expect: Any
) -> None:
    page.goto(f"{HOUSE}&revision=4")
    expect(page.locator(".timeline.past")).to_be_visible()
    then = _writes(api, as_of_revision=4)
    assert then != {seq: each for seq, each in _writes(api).items() if seq <= 4}

    for seq, each in then.items():
        assert _named(page, seq) == _strongest(each)


@pytest.mark.usefixtures("house")
def test_forgetting_a_fact_gives_back_what_it_superseded(page: Page, api: httpx2.Client, expect: Any) -> None:
    target, writer = next(
        (seq, _strongest(each)[0][0]) for seq, each in _writes(api).items() if _strongest(each)
    )
    page.goto(HOUSE)
    expect(_row(page, target).locator(".by")).to_contain_text(f"fact {writer}")

    page.get_by_role("button", name=f"Forget fact {writer}").click()
    page.get_by_role("button", name="Forget", exact=True).click()

    expect(_row(page, writer)).to_have_count(0)
    expect(page.locator("[aria-busy]")).to_have_count(0)
    for seq, each in _writes(api).items():
        assert _named(page, seq) == _strongest(each)


@pytest.mark.usefixtures("house")
def test_what_was_superseded_is_saved_with_the_numbers(
    page: Page, api: httpx2.Client, tmp_path: Path, expect: Any
) -> None:
    def saved(kind: str) -> str:
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Save as {kind}").click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        return path.read_text(encoding="utf-8")

    writes = _writes(api)
    page.goto(HOUSE)
    expect(page.locator(".by").first).to_be_visible()

    facts = json.loads(saved("JSON"))["facts"]
    assert {fact["seq"]: fact["writes"] for fact in facts} == writes
    lines = [line for line in csv.DictReader(saved("CSV").splitlines()) if line["row"] == "fact"]
    assert [float(line["retention"]) for line in lines] == [each["retention"] for each in writes.values()]


def test_among_many_facts_links_and_lines_are_those_of_the_rows_one_looks_at(
    page: Page, told: Callable[..., None], api: httpx2.Client, expect: Any
) -> None:
    places = ("garden", "kitchen", "office", "hallway", "bathroom")
    told("house", *[f"{('Mary', 'John')[n % 2]} went to the {places[n % 5]}." for n in range(180)])
    writes = _writes(api)
    page.goto("/ui?memory=house&question=Where+is+Mary%3F")
    expect(page.locator("table.heat.windowed")).to_be_visible()
    expect(_row(page, 170).locator(".by")).to_be_visible()
    assert _named(page, 170) == _strongest(writes[170])
    assert _lines(page) == {}

    _row(page, 170).locator(".words").hover()

    around = {(by["seq"], 170) for by in writes[170]["superseded_by"]}
    around |= {(170, each["seq"]) for each in writes[170]["superseded"]}
    assert around
    assert set(_lines(page)) == around

    page.locator(".scroller").evaluate("box => { box.scrollTop = 0 }")

    expect(_row(page, 1).locator(".by")).to_be_visible()
    assert _named(page, 1) == _strongest(writes[1])
