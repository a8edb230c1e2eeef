"""A real browser before a real service: Debian's chromium, and `memnet serve` in a process of its own.

Without chromium the tests are skipped, and say so; with MEMNET_REQUIRE_BROWSER=1 they fail instead.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx2
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 10_000


def _missing(what: str) -> None:
    if os.environ.get("MEMNET_REQUIRE_BROWSER") == "1":
        pytest.fail(f"{what}, and MEMNET_REQUIRE_BROWSER=1 asks for it")
    pytest.skip(what)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for all tests; each has a profile of its own in it."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        _missing("chromium is not installed")
    if importlib.util.find_spec("playwright") is None:
        _missing("the Python package playwright is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[str]:
    """The address of a service of one's own, with a database in a folder.

    It answers with MemN2N, whose three hops the tests count, unless the settings name another checkpoint.
    """
    own = {name: value for name, value in os.environ.items() if not name.startswith("MEMNET_")}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", "from service.cli import serve; serve()", "--port", "0"],
            cwd=folder,
            env={
                **own,
                "MEMNET_LOG_LEVEL": "warning",
                "MEMNET_CHECKPOINT": "memn2n-joint",
                "PYTHONPATH": str(ROOT),
                **settings,
            },
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            assert process.stdout is not None
            found = re.search(r"http://[0-9.]+:\d+", process.stdout.readline())
            assert found, (folder / "log").read_text()
            yield found.group()
        finally:
            process.terminate()
            process.communicate(timeout=20)


@pytest.fixture(scope="session")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the service answers."""
    with serving(tmp_path_factory.mktemp("service")) as address:
        yield address


@pytest.fixture
def api(address: str) -> Iterator[httpx2.Client]:
    """The service without a browser, and without memories."""
    with httpx2.Client(base_url=address) as client:
        for memory in client.get("/v1/memories?limit=500").json()["items"]:
            name = memory["memory_id"]
            client.delete(f"/v1/memories/{name}", params={"confirm": name}).raise_for_status()
        yield client


@pytest.fixture
def told(api: httpx2.Client) -> Callable[..., None]:
    """Tell a memory facts behind the page's back."""

    def tell(memory: str, *facts: str) -> None:
        api.put(f"/v1/memories/{memory}").raise_for_status()
        for start in range(0, len(facts), 500):
            body = {"facts": [{"text": text} for text in facts[start : start + 500]]}
            api.post(f"/v1/memories/{memory}/facts", json=body).raise_for_status()

    return tell


@dataclass
class Watched:
    """What a page did that nobody may do unseen."""

    host: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    refusals: bool = False
    """Whether the test means to be refused; the browser reports every answer from 400 on as an error."""

    def console(self, message: Any) -> None:
        refused = self.refusals and message.text.startswith("Failed to load resource: the server responded")
        if message.type in ("error", "warning") and not refused:
            self.errors.append(f"{message.type}: {message.text}")

    def request(self, request: Any) -> None:
        url = urlsplit(request.url)
        if url.scheme not in ("blob", "data") and url.netloc != self.host:
            self.foreign.append(request.url)


@pytest.fixture
def context(chromium: Browser, address: str) -> Iterator[BrowserContext]:
    """A browser without a past, which finds the service at `/`."""
    context = chromium.new_context(
        base_url=address, viewport={"width": 1360, "height": 900}, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def watched(address: str) -> Watched:
    return Watched(host=urlsplit(address).netloc)


@pytest.fixture
def page(context: BrowserContext, api: httpx2.Client, watched: Watched) -> Iterator[Page]:
    """A page; whatever it is used for, it logs no error and asks no other host."""
    page = context.new_page()
    page.on("console", watched.console)
    page.on("pageerror", lambda error: watched.errors.append(str(error)))
    page.on("request", watched.request)
    yield page
    assert watched.errors == []
    assert watched.foreign == []


@pytest.fixture
def expect(chromium: Browser) -> Any:
    """Playwright's assertions, which wait for what they assert."""
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE_MS)
    return expect


@pytest.fixture
def accessible(page: Page) -> Callable[[], None]:
    """Assert that axe finds nothing on the page as it is."""
    if importlib.util.find_spec("axe_playwright_python") is None:
        _missing("the Python package axe-playwright-python is not installed")
    from axe_playwright_python.sync_playwright import Axe

    def check() -> None:
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()

    return check
