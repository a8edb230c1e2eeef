"""The page of a service that asks for a key: it asks too, and keeps the key to itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from memnet.store import Keys, migrate, open_database
from tests.browser.conftest import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def keyed(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Where a service with one key answers, and the key: it may read and ask, and not write."""
    url = f"sqlite:///{tmp_path / 'memnet.db'}"
    migrate.upgrade(url)
    engine = open_database(url)
    _, key = Keys(engine).create("reader", memories=["*"], verbs=["read", "ask"])
    engine.dispose()
    with serving(tmp_path, MEMNET_DATABASE_URL=url) as address:
        yield address, key


@pytest.fixture
def page(chromium: Browser, keyed: tuple[str, str]) -> Iterator[Page]:
    context = chromium.new_context(base_url=keyed[0], reduced_motion="reduce")
    yield context.new_page()
    context.close()


def test_the_key_is_asked_for_and_kept_nowhere(
    page: Page, keyed: tuple[str, str], accessible: Callable[[], None], expect: Any
) -> None:
    _, key = keyed
    page.goto("/ui")
    dialog = page.get_by_role("dialog", name="This service asks for a key")
    expect(dialog).to_be_visible()
    accessible()

    dialog.get_by_label("Key").fill("mn_wrong_key")
    dialog.get_by_role("button", name="Use it").click()
    expect(dialog).to_contain_text("there is no such key")
    dialog.get_by_label("Key").fill(key)
    dialog.get_by_label("Key").press("Enter")

    expect(page.locator(".verdict-word")).to_have_text("garden")
    expect(page.get_by_role("dialog")).to_have_count(0)
    kept = page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie, location.href])")
    assert key not in kept
    # What the key does not allow is refused in the words of the API.
    page.get_by_role("button", name="Tell it and ask").click()
    expect(page.get_by_role("alert")).to_contain_text("the key does not allow 'write'")

    page.reload()
    expect(page.get_by_role("dialog", name="This service asks for a key")).to_be_visible()


def test_without_a_key_the_page_says_what_is_missing(page: Page, expect: Any) -> None:
    page.goto("/ui?memory=house")
    page.get_by_role("button", name="Cancel").click()

    expect(page.get_by_role("alert")).to_contain_text(re.compile("a key is needed"))
