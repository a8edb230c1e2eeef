"""The pictures in docs/screenshots, taken of a running service.

    memnet serve --port 8000 --database-url sqlite:////tmp/screenshots.db
    python tests/browser/screenshots.py http://127.0.0.1:8000

The service's memories of those names are made anew.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
from playwright.sync_api import Browser, Page, sync_playwright

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
PATIENCE_MS = 180_000
"""However busy the machine is, a picture is taken of what is there in the end."""
QUESTION = "&question=Where+is+the+football%3F"


@contextmanager
def _page(browser: Browser, address: str, *, width: int, height: int, **options: Any) -> Iterator[Page]:
    context = browser.new_context(
        base_url=address, viewport={"width": width, "height": height}, reduced_motion="reduce", **options
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    yield page
    context.close()


def _save(page: Page, name: str) -> None:
    page.evaluate("document.fonts.ready")
    page.mouse.move(1, 1)
    # As high as what there is to see, so that nothing is cut off and nothing sticks in the middle.
    width = page.evaluate("innerWidth")
    page.set_viewport_size({"width": width, "height": 800})
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_timeout(300)
    page.screenshot(path=FOLDER / f"{name}.png")


def main(address: str) -> None:
    """Take all pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with httpx2.Client(base_url=address) as client:
        for name in ("football", "longer-story", "babi-2-2", "babi-3-1"):
            client.delete(f"/v1/memories/{name}", params={"confirm": name})
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        with _page(browser, address, width=1280, height=800, color_scheme="light") as page:
            page.goto("/ui")
            page.wait_for_selector(".verdict-word:not(:empty)")
            _save(page, "empty")
            page.click("#longer")
            page.wait_for_selector(".run.here")
            page.wait_for_selector(".run.unknown", state="detached")
            _save(page, "answer-light")
            page.get_by_role("button", name="The heads of hop 1", exact=True).click()
            page.wait_for_selector(".heat.heads")
            page.evaluate("document.activeElement.blur()")
            _save(page, "heads")
            page.get_by_role("button", name="The hops", exact=True).click()
            page.get_by_role("button", name="What if without fact 6").click()
            page.wait_for_selector(".difference")
            page.evaluate("document.activeElement.blur()")
            _save(page, "what-if")
            page.goto(f"/ui?memory=longer-story{QUESTION}&why=bathroom")
            page.wait_for_selector(".why-panel")
            page.wait_for_selector(".run.unknown", state="detached")
            _save(page, "why-not")
            page.goto("/ui?view=tasks")
            page.wait_for_selector(".scores tbody tr")
            _save(page, "tasks")
            page.get_by_role("button", name="Task 2, story 2", exact=True).click()
            page.get_by_text("of 5 right").wait_for()
            page.wait_for_selector(".run.unknown", state="detached")
            page.evaluate("document.activeElement.blur()")
            _save(page, "story")
        with _page(browser, address, width=1280, height=800, color_scheme="dark") as page:
            page.goto(f"/ui?memory=longer-story{QUESTION}&revision=5")
            page.wait_for_selector(".timeline.past")
            page.wait_for_selector(".run.unknown", state="detached")
            _save(page, "answer-dark")
        with _page(
            browser, address, width=390, height=800, color_scheme="light", device_scale_factor=2
        ) as page:
            page.goto(f"/ui?memory=longer-story{QUESTION}")
            page.wait_for_selector(".said")
            page.wait_for_selector(".run.unknown", state="detached")
            _save(page, "narrow")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1])
