"""/metrics for Prometheus: requests by route, stages of an answer, caches; of every worker of this service.

With `memnet serve --workers` each process writes its numbers into files of a folder that
PROMETHEUS_MULTIPROC_DIR names, and whichever is asked adds them up.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI, Response
from fastapi.routing import iter_route_contexts
from opentelemetry import trace
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

import memnet
from memnet import stages
from service.access import needs
from service.dependencies import MemoryDep
from service.settings import METRICS_FOLDER

if TYPE_CHECKING:
    from memnet.reader import ModelInfo

REGISTRY = CollectorRegistry()

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_REVISIONS = (1, 2, 5, 10, 25, 100, 1000, 10_000)

REQUESTS = Counter(
    "memnet_requests",
    "Requests that were answered; the route is empty for a path that does not exist",
    ["method", "route", "status"],
    registry=REGISTRY,
)
SECONDS = Histogram(
    "memnet_request_seconds",
    "From the head of a request to the head of its answer",
    ["method", "route"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
PROBLEMS = Counter("memnet_problems", "Requests that were refused, by kind", ["code"], registry=REGISTRY)
INSIDE = Gauge(
    "memnet_requests_inside",
    "Requests that are being answered",
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
STAGES = Histogram(
    "memnet_stage_seconds",
    "encode: facts to vectors; view: the memory's index, found, brought up to date or loaded; "
    "infer: question to answer; write: facts, vectors and log committed",
    ["stage"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
WAITED = Histogram(
    "memnet_wait_seconds",
    "How long requests waited for their turn at the network, those included that were told to come again",
    buckets=_SECONDS,
    registry=REGISTRY,
)
ANSWERS = Counter(
    "memnet_answers", "Questions: answered, or why they were not", ["outcome"], registry=REGISTRY
)
VIEWS = Counter("memnet_views", "Indexes that were read, and what it took", ["how"], registry=REGISTRY)
LAG = Histogram(
    "memnet_index_lag_revisions",
    "How far a cached index was behind the database when it was asked for, before it was brought up to date",
    buckets=_REVISIONS,
    registry=REGISTRY,
)
CACHED = Gauge(
    "memnet_cached_bytes",
    "Indexes kept in memory",
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
LOG = Gauge(
    "memnet_database_log_bytes",
    "SQLite's write-ahead log, when it was asked for; 0 with a server",
    multiprocess_mode="mostrecent",
    registry=REGISTRY,
)
BUILD = Gauge(
    "memnet_build",
    "1, of the version and the network that answers",
    ["version", "model", "sha256"],
    multiprocess_mode="max",
    registry=REGISTRY,
)

router = APIRouter(tags=["operations"])

_tracer = trace.get_tracer("memnet", memnet.__version__)


@router.get("/metrics", dependencies=[needs("admin")], include_in_schema=False)
async def metrics(memory: MemoryDep) -> Response:
    """The numbers, as Prometheus reads them."""
    LOG.set(memory.store.log_bytes or 0)
    return Response(rendered(), headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})


def rendered() -> bytes:
    """The numbers of all processes of this service."""
    folder = os.environ.get(METRICS_FOLDER)
    if not folder:
        return generate_latest(REGISTRY)
    _forget_the_dead(Path(folder))
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    return generate_latest(together)


def _forget_the_dead(folder: Path) -> None:
    """What workers that are no more had inside or kept in memory is gone with them."""
    for file in folder.glob("gauge_live*.db"):
        pid = re.search(r"_(\d+)\.db$", file.name)
        if pid and not Path(f"/proc/{pid[1]}").exists() and Path("/proc").exists():
            mark_process_dead(int(pid[1]))  # type: ignore[no-untyped-call]


def describe(model: ModelInfo) -> None:
    """Say which network answers."""
    BUILD.labels(memnet.__version__, model.name, model.sha256).set(1)


def templates(app: FastAPI) -> dict[Any, str]:
    """The path of each endpoint as it was declared, names in braces.

    `scope["route"].path` would be the part behind the router's prefix alone, and different routes the same.
    """
    found: dict[Any, str] = {}
    for route in iter_route_contexts(app.routes):
        endpoint = getattr(route, "endpoint", None)
        if endpoint is None:
            mounted = getattr(route, "app", None)
            found[mounted] = f"{route.path}/{{path}}"
        else:
            found[endpoint] = route.path or ""
    return found


def count(method: str, route: str, status: int, elapsed_s: float, *, problem: str | None) -> None:
    """Count a request.

    Args:
        method: Its method; one that nobody knows is counted as `other`, since anybody can invent them.
        route: Path of its endpoint as it was declared; empty for none.
        status: Of the answer; 0 when there was none, since the caller had gone.
        elapsed_s: From its head to the head of the answer, in seconds.
        problem: Code of the problem it was answered with.
    """
    method = method if method in _METHODS else "other"
    REQUESTS.labels(method, route, status).inc()
    SECONDS.labels(method, route).observe(elapsed_s)
    if problem:
        PROBLEMS.labels(problem).inc()


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _listener(what: str, value: float, kind: str) -> None:
    match what:
        case "stage":
            STAGES.labels(kind).observe(value)
            now = time.time_ns()
            _tracer.start_span(f"memnet.{kind}", start_time=now - int(value * 1e9)).end(now)
        case "answer":
            ANSWERS.labels(kind).inc(value)
        case "view":
            VIEWS.labels(kind.replace(" ", "_")).inc(value)
        case "index_lag":
            LAG.observe(value)
        case "cached_bytes":
            CACHED.set(value)


stages.listen(_listener)
