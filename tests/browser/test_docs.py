"""/docs in a real browser: the page is there, under its own policy, and sends the key that is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


def test_the_documentation_shows_every_route_and_breaks_no_rule_of_its_own(
    chromium: Browser, address: str
) -> None:
    page = chromium.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{address}/docs")
    page.get_by_text("/v1/memories/{memory_id}/facts", exact=True).first.wait_for()
    page.get_by_role("button", name="Authorize").click()
    page.get_by_role("textbox").first.fill("mn_00000000_typed")
    page.get_by_role("dialog").or_(page.locator(".modal-ux")).get_by_role("button", name="Authorize").click()
    page.get_by_role("button", name="Close").click()
    page.locator("#operations-operations-get_version").get_by_role("button").first.click()
    page.get_by_role("button", name="Try it out").click()
    with page.expect_request("**/v1/version") as asked:
        page.get_by_role("button", name="Execute").click()

    assert asked.value.headers["authorization"] == "Bearer mn_00000000_typed"
    assert said == []
    page.close()
