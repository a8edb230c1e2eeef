"""How often a request has to wait for a thread."""

from __future__ import annotations

from typing import Any

import anyio.to_thread
import pytest
from starlette.testclient import TestClient


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("answers", {"question": "Where is the football?"}),
        ("search", {"text": "Where is the football?"}),
        ("facts", {"facts": [{"text": "John went to the kitchen."}]}),
    ],
)
def test_a_request_makes_one_trip_to_a_thread(
    client: TestClient, house: str, monkeypatch: pytest.MonkeyPatch, path: str, body: dict[str, Any]
) -> None:
    client.post(f"{house}/{path}", json=body)  # Whether there are keys is looked up by the first request.
    trips = []
    run_sync = anyio.to_thread.run_sync

    async def counted(function: Any, *given: Any, **options: Any) -> Any:
        trips.append(function)
        return await run_sync(function, *given, **options)

    monkeypatch.setattr(anyio.to_thread, "run_sync", counted)

    assert client.post(f"{house}/{path}", json=body).is_success
    assert len(trips) == 1
