"""The running service against its own OpenAPI document: thousands of requests, every check of schemathesis."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest

from memnet.memory import Memory
from tests.service.keys import bearer, make
from tests.service.server import serving

HERE = Path(__file__).parent

STORY = ["Mary got the football there.", "Mary went back to the garden."]


def _something_of_everything(client: httpx2.Client) -> dict[str, list[str]]:
    """Fill the memory of the document's examples; names of what it holds, by the parameter that takes them."""

    def post(what: str, body: dict[str, Any]) -> Any:
        return client.post(f"/v1/memories/house/{what}", json=body).raise_for_status().json()

    spare = [f"spare-{number}" for number in range(40)]
    for name in ("house", *spare):
        client.put(f"/v1/memories/{name}").raise_for_status()
    told = post("facts", {"facts": [{"text": text} for text in STORY * 5]})
    question = {"question": "Where is the football?"}
    return {
        "memory_id": ["house"],
        "spare": spare,
        "fact_id": [fact["fact_id"] for fact in told["facts"]],
        "answer_id": [post("answers", {**question, "save": True})["answer_id"] for _ in range(40)],
        "watch_id": [post("watches", question)["watch_id"] for _ in range(40)],
    }


@pytest.mark.slow
def test_the_service_does_what_its_document_says_with_auth_and_all_checks_on(
    tmp_path: Path, database: Path
) -> None:
    with Memory.open(f"sqlite:///{database}") as memory:
        headers = bearer(make(memory, "schemathesis"))
    report = tmp_path / "report.json"
    # Streams end soon, so that they can be read to their end; nobody is told to come back later.
    with serving(database, rate_limit_per_minute=0, max_stream_s=0.2, max_watches_per_memory=500) as client:
        client.headers.update(headers)
        there = _something_of_everything(client)
        run = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--no-color"),
                *("--config-file", str(HERE / "schemathesis.toml")),
                *("run", str(client.base_url.join("/openapi.json"))),
                *("--header", f"Authorization: {headers['Authorization']}"),
                *("--report-json-path", str(report)),
            ],
            cwd=tmp_path,
            env={
                **os.environ,
                "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"),
                "THERE": json.dumps(there),
            },
            capture_output=True,
            text=True,
            timeout=3000,
        )

    assert run.returncode == 0, run.stdout + run.stderr
    found = json.loads(report.read_text())
    assert found["failures"] == found["errors"] == []
    assert [phase["status"] for phase in found["phases"].values()] == ["success"] * 4
    assert found["operations"]["tested"] == found["operations"]["total"] >= 33
    # And it was not all refused: of every operation something was done.
    done = {
        operation: sum(phase["accepted"] for phase in phases.values())
        for operation, phases in found["valid_rates"].items()
    }
    assert [operation for operation, accepted in done.items() if not accepted] == []
