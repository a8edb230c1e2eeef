"""Reading problem details in tests."""

from __future__ import annotations

from typing import Any


def problem(response: Any) -> dict[str, Any]:
    """The body of a problem, without the request id, which differs every time."""
    assert response.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == response.status_code
    assert body.pop("request_id") == response.headers["X-Request-ID"]
    return body
