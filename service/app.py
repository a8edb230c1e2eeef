"""The application: settings, one memory, routes, errors.

    uvicorn --factory service.app:create_app

`memnet serve` is the same with options, and refuses what uvicorn's own `--host` would let pass: listening
where strangers can reach a service that asks nobody for a key.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp

import memnet
from memnet.errors import InputError
from memnet.memory import Memory
from memnet.store import migrate
from service import docs, errors, metrics, openapi, ui
from service.access import Classes, check_routes
from service.bodies import Bodies
from service.capacity import Capacity
from service.door import Door
from service.draining import announced
from service.edge import Edge
from service.gate import ALWAYS, Gate
from service.readiness import Readiness
from service.routes import (
    answers,
    changes,
    erasures,
    examples,
    facts,
    kept,
    memories,
    models,
    operations,
    search,
    watches,
)
from service.settings import Settings
from service.streams import Streams

RUNNING = 32
"""Most requests that use the network at once; the rest of the 40 threads stay free for reading."""

TELLING = 16
"""Most posts of facts that are written down at once: all of a file's are committed together."""

ROUTES = (
    memories,
    facts,
    erasures,
    changes,
    search,
    answers,
    kept,
    watches,
    examples,
    models,
    operations,
    metrics,
)
"""As they are documented."""

ASKED_MOST = (answers, search)

DESCRIPTION = """\
**A memory that answers.** Post facts in plain language as they happen; ask; get the answer together with the
facts that led to it, hop by hop, with the attention each one really received.

Errors are problem details (RFC 9457); `GET` the `type` of one to read what it means.
"""


class Service(FastAPI):
    """A FastAPI application whose outermost layer is our own, outside of the framework's error handling."""

    def build_middleware_stack(self) -> ASGIApp:
        """The framework's layers, and around them what holds for every request, the outermost last."""
        settings: Settings = self.state.settings
        app: ASGIApp = Bodies(super().build_middleware_stack(), max_body_bytes=settings.max_body_bytes)
        app = Door(app, state=self.state, settings=settings, classes=Classes(self))
        app = Gate(app, places=settings.max_concurrent_requests, timeout_s=settings.request_timeout_s)
        return Edge(app, hosts=settings.hosts, templates=metrics.templates(self))


def create_app(settings: Settings | None = None, memory: Memory | None = None) -> FastAPI:
    """Build the service.

    Args:
        settings: What the operator chose; None reads the environment.
        memory: What answers, and stays open when the service stops; None opens the one of the settings
            when the service starts, and closes it when it stops.

    Raises:
        InputError: a setting needs a package that is not installed.
    """
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        with announced(app.state, settings.drain_s, stopping=app.state.streams.close):
            async with AsyncExitStack() as stack:
                if memory is None:
                    app.state.memory = await run_in_threadpool(open_memory, settings)
                    stack.push_async_callback(run_in_threadpool, app.state.memory.close)
                metrics.describe(app.state.memory.model)
                if settings.mcp:
                    await stack.enter_async_context(app.state.tools.session_manager.run())
                yield

    app = Service(
        title="memnet",
        version=memnet.__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        # A redirect to the path without the slash would be an answer in another shape than problem details.
        redirect_slashes=False,
        # Traces go where OTEL_EXPORTER_OTLP_ENDPOINT says, if it does and the extra `observability` is there.
        # Logs of the framework's own would repeat what was sent; its metrics are ours already.
        telemetry={"auto_configure": True, "logs": False, "metrics": False, "exclude": _is_probe},
        docs_url=None,
        redoc_url=None,
    )
    running = min(os.cpu_count() or 1, RUNNING)
    # The rest of the places are for requests that only read, which are not held up by questions.
    waiting = max(0, settings.max_concurrent_requests * 3 // 4 - running)
    app.state.settings = settings
    if memory is not None:
        app.state.memory = memory
    # Several threads of one process take turns at computing. More than there are processors for wait for
    # nothing but one another, unless a server has the database: then each also waits for that.
    asking = running if settings.has_server else max(1, running // settings.workers)
    app.state.capacity = Capacity(
        running=running, waiting=waiting, longest_s=settings.max_wait_s, asking=asking, telling=TELLING
    )
    app.state.readiness = Readiness()
    app.state.draining = False
    app.state.streams = Streams(
        most=settings.max_streams, every_s=settings.watch_interval_s, longest_s=settings.max_stream_s
    )
    errors.install(app)
    docs.install(app)
    ui.install(app)
    # The framework compares a path with one route after the other.
    for routes in sorted(ROUTES, key=lambda each: each not in ASKED_MOST):
        app.include_router(routes.router)
    if settings.mcp:
        _offer_tools(app)
    check_routes(app)
    paths = [route.path for routes in ROUTES for route in routes.router.routes]
    app.openapi = openapi.document(app, settings, order=paths)  # type: ignore[method-assign]
    return app


def _offer_tools(app: FastAPI) -> None:
    try:
        from service.tools import routes, serve
    except ModuleNotFoundError as error:
        raise InputError(
            f"MEMNET_MCP is set, and the package '{error.name}' is not installed",
            hint="install it with `pip install 'memnet[mcp]'`",
        ) from None
    app.state.tools = serve(app.state)
    app.router.routes.extend(routes(app.state.tools))


def _is_probe(scope: Mapping[str, Any]) -> bool:
    """Asked every few seconds, and of no interest to a trace."""
    return scope.get("path") in ALWAYS


def open_memory(settings: Settings) -> Memory:
    """The memory of the settings, its schema brought up to date first where they say so.

    Raises:
        InputError: strangers can reach the service, and there is no key to ask them for.
        MemnetError: the database or the checkpoint cannot be used.
    """
    if settings.migrates_at_start:
        migrate.upgrade(settings.url)
    memory = Memory.open(settings.url, settings.checkpoint, cache_bytes=settings.cache_mib << 20)
    if settings.always_asks_for_keys and not memory.store.keys.exist():
        memory.close()
        raise InputError(
            f"host {settings.host or '(every interface)'} can be reached from other machines, and there is "
            "no key to ask them for",
            hint="make one with `memnet keys create`, listen on 127.0.0.1, or set "
            "MEMNET_ALLOW_UNAUTHENTICATED=1 where something else keeps strangers out",
        )
    return memory
