"""/ui: the attention inspector, a page that stands on the public API alone.

Its files are plain modules and style sheets, sent as they are: `web/` in the repository, `service/web` in an
installed package. The content security policy lets the page load from and talk to this service alone, and
run no script that is not one of these files.
"""

from __future__ import annotations

import os
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

PAGE = "/ui"

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"
    ),
    # Asked again each time, and answered 304 while nothing changed: no page meets modules of another version.
    "Cache-Control": "no-cache",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
"""By name: what the system believes about a file's ending differs from one to the next, and browsers run no
module of another type."""


def folder() -> Path:
    """Where the page's files are: beside this module when installed, at the top of a checkout otherwise."""
    installed = Path(__file__).with_name("web")
    return installed if installed.is_dir() else Path(__file__).parents[1] / "web"


class Page(StaticFiles):
    """The files of the page, with what a browser has to know about them."""

    async def index(self, request: Request) -> Response:
        """The page itself."""
        return await self.get_response("index.html", request.scope)

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        """One file, or 304 for a browser that has it."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers.update(HEADERS)
        media_type = MEDIA_TYPES.get(Path(full_path).suffix)
        if media_type and "content-type" in response.headers:
            response.headers["Content-Type"] = media_type
        return response


def install(app: FastAPI) -> None:
    """Serve the page at `/ui` and its files under it.

    Raises:
        RuntimeError: the files are not there.
    """
    files = Page(directory=folder())
    app.add_route(PAGE, files.index, methods=["GET", "HEAD"], include_in_schema=False)
    app.add_route(f"{PAGE}/", _without_slash, methods=["GET", "HEAD"], include_in_schema=False)
    app.mount(PAGE, files, name="ui")


async def _without_slash(request: Request) -> RedirectResponse:
    """The page is at `/ui`: the addresses in it are relative to that."""
    query = request.url.query
    return RedirectResponse(f"{PAGE}?{query}" if query else PAGE)
