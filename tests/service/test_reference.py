"""The pages that are made from the code are what the code says."""

from __future__ import annotations

from service import command_page, reference
from service.settings import Settings

REMEDY = "run python -m service.reference"


def test_the_committed_api_is_the_one_that_is_served() -> None:
    assert (reference.DOCS / "openapi.json").read_text(encoding="utf-8") == reference.api(), REMEDY


def test_the_page_of_commands_says_what_each_says_to_help() -> None:
    page = (reference.DOCS / "commands.md").read_text(encoding="utf-8")

    assert page == command_page.page(), REMEDY
    for command in ("memnet serve", "memnet keys create", "memnet babi train", "memnet facts import"):
        assert f"## {command}\n" in page


def test_the_page_about_serving_lists_every_setting() -> None:
    page = (reference.DOCS / "how-to" / "serve.md").read_text(encoding="utf-8")

    assert page == reference.with_settings(page), REMEDY
    for name, field in Settings.model_fields.items():
        assert f"| `MEMNET_{name.upper()}` |" in page
        assert field.description, name


def test_the_committed_client_is_the_one_of_the_api() -> None:
    for name, code in reference.client().items():
        assert (reference.CLIENT / name).read_text(encoding="utf-8") == code, REMEDY
