"""/docs without a network: Swagger UI from an installed package instead of a CDN."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse
from starlette.staticfiles import StaticFiles
from swagger_ui_bundle import swagger_ui_path

from service.openapi import in_version_3_0

ASSETS = "/docs/assets"

router = APIRouter(include_in_schema=False)


@router.get("/")
async def root() -> RedirectResponse:
    """The inspector is the first page; it links to the documentation."""
    return RedirectResponse("/ui")


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """The API to read and try."""
    return get_swagger_ui_html(
        openapi_url="/docs/openapi.json",
        title=request.app.title,
        swagger_js_url=f"{ASSETS}/swagger-ui-bundle.js",
        swagger_css_url=f"{ASSETS}/swagger-ui.css",
        swagger_favicon_url=f"{ASSETS}/favicon-32x32.png",
    )


@router.get("/docs/openapi.json")
async def openapi_3_0(request: Request) -> JSONResponse:
    """The document in the version that the bundled Swagger UI reads."""
    return JSONResponse(in_version_3_0(request.app.openapi()))


def install(app: FastAPI) -> None:
    """Serve the documentation and its assets."""
    # Mounted first: a mount answers everything under its path.
    app.mount(ASSETS, StaticFiles(directory=str(swagger_ui_path)), name="docs-assets")
    app.include_router(router)
