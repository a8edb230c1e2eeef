"""The inspector's files as they are sent: types, caching, and a policy that leaves nothing to other hosts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from service import ui
from service.app import create_app
from service.settings import Settings

FILES = sorted(
    file.relative_to(ui.folder()).as_posix()
    for file in ui.folder().rglob("*")
    if file.suffix in ui.MEDIA_TYPES
)


@pytest.fixture(scope="module")
def client() -> TestClient:
    """The application without its memory, which no file needs."""
    return TestClient(create_app(Settings()), "http://localhost")


def test_the_first_page_is_the_inspector(client: TestClient) -> None:
    page = client.get("/", follow_redirects=True)

    assert page.url.path == "/ui"
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "attention inspector" in page.text


def test_an_address_with_a_slash_too_many_keeps_its_question(client: TestClient) -> None:
    answer = client.get("/ui/?memory=house&question=a%20b", follow_redirects=False)

    assert answer.status_code == 307
    assert answer.headers["location"] == "/ui?memory=house&question=a%20b"


@pytest.mark.parametrize("path", ["", *(f"/{file}" for file in FILES)])
def test_every_file_is_sent_with_its_type_and_the_policy(client: TestClient, path: str) -> None:
    answer = client.get(f"/ui{path}")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == ui.MEDIA_TYPES[Path(path).suffix or ".html"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = dict(part.strip().split(" ", 1) for part in answer.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["object-src"] == policy["base-uri"] == "'none'"
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_a_file_that_has_not_changed_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/ui/app.js")
    again = client.get("/ui/app.js", headers={"If-None-Match": first.headers["etag"]})

    assert first.headers["cache-control"] == "no-cache"
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["cache-control"] == "no-cache"
    assert "content-security-policy" in again.headers


def test_a_page_can_be_asked_for_without_its_body(client: TestClient) -> None:
    answer = client.head("/ui")

    assert answer.status_code == 200
    assert answer.content == b""


@pytest.mark.parametrize("path", ["/ui/nothing.js", "/ui/fonts", "/ui/..%2fservice%2fapp.py"])
def test_what_is_not_a_file_of_the_page_is_a_problem(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": "text/html"})

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_the_page_holds_no_code_and_no_style_of_its_own() -> None:
    html = (ui.folder() / "index.html").read_text()

    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert "<style" not in html
    assert not re.search(r"\s(?:style|on\w+)=", html)


def test_everything_the_page_names_is_there(client: TestClient) -> None:
    html = (ui.folder() / "index.html").read_text()
    named = set(re.findall(r'(?:src|href)="(ui/[^"]+)"', html))
    for file in FILES:
        if file.endswith(".js"):
            text = (ui.folder() / file).read_text()
            named |= {f"ui/{name}" for name in re.findall(r'from "\./([^"]+)"', text)}

    assert named
    for path in named:
        assert client.get(f"/{path}").status_code == 200, path


@pytest.mark.parametrize("file", [file for file in FILES if Path(file).suffix in (".js", ".css", ".html")])
def test_no_file_names_another_host(file: str) -> None:
    text = (ui.folder() / file).read_text().replace("http://www.w3.org/2000/svg", "")

    assert not re.search(r"(?:https?:|[\"'(=])//\w", text)
    # Text of a fact is put into the page as text; these would make it markup or code.
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text
    )


def test_every_module_is_asked_for_with_the_page() -> None:
    """Otherwise a browser finds them one level of imports after the other, and the first picture waits for each."""
    page = (ui.folder() / "index.html").read_text(encoding="utf-8")
    imported = {"app.js"}
    todo = ["app.js"]
    while todo:
        module = (ui.folder() / todo.pop()).read_text(encoding="utf-8")
        found = set(re.findall(r'from "\./([^"]+)"', module)) - imported
        imported |= found
        todo += found

    assert set(re.findall(r'rel="modulepreload" href="ui/([^"]+)"', page)) == imported - {"app.js"}
