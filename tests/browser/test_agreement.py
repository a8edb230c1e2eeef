"""The page, the terminal and a figure are one picture: the same rows, the same flow, the same sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from memnet.babi.examples import examples
from memnet.evaluation.picture import Picture, picture
from memnet.models import SHIPPED
from memnet.reader import Reader
from memnet.training.checkpoint import load_checkpoint

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(load_checkpoint(SHIPPED.parent / "memn2n-joint"))


@pytest.mark.parametrize("example_id", ["babi-2-1", "babi-2-2", "babi-7-1", "babi-19-1"])
def test_the_page_draws_what_the_library_draws(
    page: Page, api: httpx2.Client, reader: Reader, expect: Any, example_id: str
) -> None:
    [example] = [each for each in examples() if each.example_id == example_id]
    asked = example.story.questions[-1]
    texts = [fact.text for fact in example.story.facts[: asked.facts_before]]
    drawn: Picture = picture(reader.ask_facts(texts, asked.text, limit=None))
    api.put("/v1/memories/house")
    api.post("/v1/memories/house/facts", json={"facts": [{"text": text} for text in texts]})
    page.goto("/ui")
    page.evaluate(
        "question => { location.href = '/ui?memory=house&question=' + encodeURIComponent(question) }",
        asked.text,
    )

    expect(page.locator(".path")).to_have_text(drawn.path)
    evident = page.locator("tbody tr.evident").evaluate_all("rows => rows.map(row => +row.dataset.key)")
    assert evident == [row.key for row in drawn.rows if row.evident]
    shown = page.locator(".flows path").evaluate_all(
        "paths => paths.map(path => [path.dataset.from, path.dataset.to, +path.style.getPropertyValue('--share')])"
    )
    assert [(source, target) for source, target, _ in shown] == [
        (str(flow.source), str(flow.target)) for flow in drawn.flows
    ]
    assert [share for _, _, share in shown] == pytest.approx([flow.share for flow in drawn.flows], abs=1e-5)
