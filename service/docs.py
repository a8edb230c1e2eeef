"""/docs without a network: Swagger UI from an installed package instead of a CDN."""

from __future__ import annotations

import html

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from swagger_ui_bundle import swagger_ui_path

from service import ui
from service.openapi import in_version_3_0

ASSETS = "/docs/assets"

HEADERS = {
    **ui.HEADERS,
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}
"""No script but the bundle's and the one below runs. The bundle has small pictures within its styles."""

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="{assets}/swagger-ui.css">
<link rel="icon" href="{assets}/favicon-32x32.png">
<title>{title}</title>
</head>
<body>
<div id="swagger-ui"></div>
<script src="{assets}/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""

START = """\
SwaggerUIBundle({
  url: "/docs/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  layout: "BaseLayout",
  // A key stays in the page's memory, and is gone with it.
  persistAuthorization: false,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
});
"""

router = APIRouter(include_in_schema=False)


@router.get("/")
async def root() -> RedirectResponse:
    """The inspector is the first page; it links to the documentation."""
    return RedirectResponse("/ui")


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """The API to read and try."""
    return HTMLResponse(PAGE.format(assets=ASSETS, title=html.escape(request.app.title)), headers=HEADERS)


@router.get("/docs/start.js")
async def start() -> Response:
    """What makes the page: in a file of its own, since the page may run no script that is written in it."""
    return Response(START, media_type="text/javascript", headers=HEADERS)


@router.get("/docs/openapi.json")
async def openapi_3_0(request: Request) -> JSONResponse:
    """The document in the version that the bundled Swagger UI reads."""
    return JSONResponse(in_version_3_0(request.app.openapi()))


def install(app: FastAPI) -> None:
    """Serve the documentation and its assets."""
    # Mounted first: a mount answers everything under its path.
    app.mount(ASSETS, StaticFiles(directory=str(swagger_ui_path)), name="docs-assets")
    app.include_router(router)
