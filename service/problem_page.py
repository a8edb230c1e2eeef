"""What a kind of problem means, for people: the page that its `type` leads to in a browser."""

from __future__ import annotations

import html

from starlette.responses import HTMLResponse

from service import ui
from service.problems import ProblemKind

HEADERS = {
    **ui.HEADERS,
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"
    ),
    "Vary": "Accept",
}
"""The page is words alone."""

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title} ({status})</title>
</head>
<body>
<h1>{title}</h1>
<p>HTTP {status}, <code>{code}</code></p>
<h2>What has happened</h2>
<p>{meaning}</p>
<h2>What can be done</h2>
<p>{remedy}</p>
</body>
</html>
"""


def page(kind: ProblemKind) -> HTMLResponse:
    """The page of a kind of problem."""
    words = {
        name: html.escape(str(getattr(kind, name)))
        for name in ("title", "status", "code", "meaning", "remedy")
    }
    return HTMLResponse(PAGE.format(**words), headers=HEADERS)


def asks_for_html(accept: str | None) -> bool:
    """Whether a browser asks: one names HTML first. Programs get JSON, also those that accept anything."""
    for part in (accept or "").lower().split(","):
        match part.partition(";")[0].strip():
            case "text/html" | "application/xhtml+xml":
                return True
            case "application/json" | "application/*" | "*/*":
                return False
    return False
