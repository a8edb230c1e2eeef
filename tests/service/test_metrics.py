"""/metrics: what a request, a question and a write leave behind in numbers."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from memnet.memory import Memory
from service import metrics
from service.app import create_app
from service.settings import Settings
from tests.service.keys import LOCAL, bearer, make

Sample = tuple[str, tuple[tuple[str, str], ...]]


def _numbers(client: TestClient) -> dict[Sample, float]:
    response = client.get("/metrics")
    assert response.headers["Content-Type"].startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def _change(before: dict[Sample, float], after: dict[Sample, float], name: str, **labels: str) -> float:
    """By how much a number has risen: other tests of this process have counted too."""
    sample = name, tuple(sorted(labels.items()))
    return after[sample] - before.get(sample, 0.0)


def test_requests_are_counted_by_their_whole_route(client: TestClient, house: str) -> None:
    before = _numbers(client)
    fact = client.get(f"{house}/facts").json()["items"][0]["fact_id"]
    client.get(f"{house}/facts/{fact}")
    client.get(f"{house}/facts/nothing")
    client.get("/v1/nothing")
    client.get("/ui/app.js")
    client.request("BREW", "/v1/memories")
    after = _numbers(client)

    def counted(method: str, route: str, status: int) -> float:
        return _change(before, after, "memnet_requests_total", method=method, route=route, status=str(status))

    assert counted("GET", "/v1/memories/{memory_id}/facts", 200) == 1
    assert counted("GET", "/v1/memories/{memory_id}/facts/{fact_id}", 200) == 1
    assert counted("GET", "/v1/memories/{memory_id}/facts/{fact_id}", 404) == 1
    assert counted("GET", "", 404) == 1
    assert counted("GET", "/ui/{path}", 200) == 1
    assert counted("other", "/v1/memories", 405) == 1
    assert _change(before, after, "memnet_problems_total", code="not_found") == 2
    seconds = _change(
        before, after, "memnet_request_seconds_count", method="GET", route="/v1/memories/{memory_id}/facts"
    )
    assert seconds == 1
    # This very request is inside.
    assert after[("memnet_requests_inside", ())] == 1


def test_every_path_has_a_label_of_its_own(app: FastAPI) -> None:
    labels = set(metrics.templates(app).values())

    assert set(app.openapi()["paths"]) | {"/ui/{path}", "/docs/assets/{path}", "/metrics"} <= labels


def test_a_question_is_timed_by_stage_and_its_outcome_counted(client: TestClient, house: str) -> None:
    before = _numbers(client)
    client.post(f"{house}/facts", json={"facts": [{"text": "John is there."}]}).raise_for_status()
    for question in ("Where is Mary?", "Where is the football?", "Zaphod Beeblebrox?"):
        client.post(f"{house}/answers", json={"question": question}).raise_for_status()
    client.post("/v1/answers", json={"facts": [], "question": "Where is Mary?"}).raise_for_status()
    after = _numbers(client)

    for stage, times in (("write", 1), ("view", 3), ("infer", 4)):
        assert _change(before, after, "memnet_stage_seconds_count", stage=stage) == times
    assert _change(before, after, "memnet_stage_seconds_count", stage="encode") >= 1
    for outcome, times in (("answered", 2), ("unknown_words", 1), ("no_eligible_facts", 1)):
        assert _change(before, after, "memnet_answers_total", outcome=outcome) == times


def test_the_lag_and_size_of_indexes_are_told(client: TestClient, house: str) -> None:
    ask: dict[str, Any] = {"question": "Where is Mary?"}
    client.post(f"{house}/answers", json=ask)
    before = _numbers(client)
    for _ in range(3):
        client.post(f"{house}/facts", json={"facts": [{"text": "John is there."}]})
    for _ in range(2):
        client.post(f"{house}/answers", json=ask)
    after = _numbers(client)

    assert _change(before, after, "memnet_index_lag_revisions_sum") == 3
    assert _change(before, after, "memnet_index_lag_revisions_count") == 1
    assert _change(before, after, "memnet_views_total", how="caught_up") == 1
    assert _change(before, after, "memnet_views_total", how="as_it_was") == 1
    assert after[("memnet_cached_bytes", ())] > 0


def test_a_reader_that_holds_the_databases_log_is_seen_by_its_size(
    client: TestClient, house: str, memory: Memory, database: Path
) -> None:
    def log_bytes() -> float:
        return _numbers(client)[("memnet_database_log_bytes", ())]

    assert memory.store.scrub()
    assert log_bytes() == 0
    reader = sqlite3.connect(database, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM facts").fetchone()
    sizes = []
    for _ in range(3):
        client.post(f"{house}/facts", json={"facts": [{"text": "John is there."}] * 20}).raise_for_status()
        sizes.append(log_bytes())
    assert 0 < sizes[0] < sizes[1] < sizes[2]
    assert sizes[2] == database.with_name("memnet.db-wal").stat().st_size

    reader.close()
    assert memory.store.scrub()
    assert log_bytes() == 0


def test_no_text_and_no_name_of_a_memory_is_a_label(client: TestClient, house: str) -> None:
    client.post(f"{house}/answers", json={"question": "Where is the football?"})
    client.get("/v1/memories/secret-house?q=football")

    text = client.get("/metrics").text.lower()

    for word in ("football", "house", "mary"):
        assert not re.search(rf'="[^"]*{word}', text)


def test_the_numbers_are_for_the_operator(memory: Memory) -> None:
    reader, ops = make(memory, "reader", verbs=("read", "ask")), make(memory, "ops", verbs=("admin",))
    client = TestClient(create_app(Settings(), memory), LOCAL)

    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers=bearer(reader)).status_code == 403
    assert client.get("/metrics", headers=bearer(ops)).status_code == 200


def test_traces_name_the_route_and_have_the_stages_below_them(
    memory: Memory, house: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(metrics, "_tracer", provider.get_tracer("memnet"))
    app = create_app(Settings(), memory)
    monkeypatch.setitem(app._telemetry, "tracer_provider", provider)
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    with TestClient(app, LOCAL) as client:
        client.post(
            f"{house}/answers", json={"question": "Where is the football?"}, headers={"traceparent": parent}
        )
        client.get("/livez")

    spans = {span.name: span for span in exporter.get_finished_spans()}
    root = spans["POST /v1/memories/{memory_id}/answers"]
    assert "GET /livez" not in spans
    assert f"{root.context.trace_id:032x}" == "4bf92f3577b34da6a3ce929d0e0e4736"
    for stage in ("memnet.view", "memnet.infer"):
        assert spans[stage].context.trace_id == root.context.trace_id
        assert spans[stage].end_time > spans[stage].start_time
    said = " ".join(str(span.attributes) + span.name for span in spans.values())
    assert "football" not in said
