"""Watches: questions that stand, and the events that tell when their answers change."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from memnet.errors import MemoryNotFound, StoreError, WatchNotFound
from memnet.store import WatchRow
from memnet.store.ids import MAX_SEQ
from memnet.watching import Notice, Watcher
from service import limits
from service.access import needs
from service.capacity import CapacityDep
from service.dependencies import MemoryDep, MemoryName, SettingsDep
from service.errors import InvalidRequest, Refused
from service.openapi import problem_responses
from service.schemas.problem import FieldProblem
from service.schemas.watch import NewWatch, WatchEvent, WatchList, WatchOut
from service.streams import Streams

router = APIRouter(prefix="/v1/memories/{memory_id}/watches", tags=["watches"])

RETRY_MS = 2000
"""After how long a browser connects again."""

AGAIN_S = 1.0
"""After how long a stream tries again what it could not do now."""

WatchName = Annotated[str, Path(description="The watch's id", json_schema_extra={"format": "uuid"})]

EVENTS: dict[int | str, dict[str, Any]] = {
    200: {"description": "`answer`, `answer_changed` and `gone` events; the `data` is a WatchEvent"},
    **problem_responses(404, 422, 503),
}


async def _streams(request: Request) -> Streams:
    streams: Streams = request.app.state.streams
    return streams


StreamsDep = Annotated[Streams, Depends(_streams)]


def _uuid(memory_id: str, watch: str) -> UUID:
    try:
        return UUID(watch)
    except ValueError:
        raise WatchNotFound(memory_id, "with this id") from None


@router.post(
    "",
    operation_id="post_watch",
    dependencies=[needs("ask", "write")],
    status_code=201,
    responses=problem_responses(400, 404, 409, 415, 422, 503),
)
def post_watch(
    memory_id: MemoryName, body: NewWatch, memory: MemoryDep, settings: SettingsDep, response: Response
) -> WatchOut:
    """Let a question stand: whoever listens to its events is told when its answer changes, and why."""
    limits.check_question(body.question, settings)
    watch = memory.store.add_watch(memory_id, body.question, most=settings.max_watches_per_memory)
    response.headers["Location"] = f"/v1/memories/{memory_id}/watches/{watch.watch_id}"
    return WatchOut.of(watch)


@router.get(
    "", operation_id="list_watches", dependencies=[needs("ask")], responses=problem_responses(404, 503)
)
def list_watches(memory_id: MemoryName, memory: MemoryDep) -> WatchList:
    """List the questions that stand."""
    return WatchList(items=[WatchOut.of(each) for each in memory.store.watches(memory_id).watches])


@router.get(
    "/{watch_id}",
    operation_id="get_watch",
    dependencies=[needs("ask")],
    responses=problem_responses(404, 503),
)
def get_watch(memory_id: MemoryName, watch_id: WatchName, memory: MemoryDep) -> WatchOut:
    """Read a watch."""
    return WatchOut.of(memory.store.watch(memory_id, _uuid(memory_id, watch_id)).watches[0])


@router.delete(
    "/{watch_id}",
    operation_id="delete_watch",
    dependencies=[needs("write")],
    status_code=204,
    response_class=Response,
    responses=problem_responses(404, 503),
)
def delete_watch(memory_id: MemoryName, watch_id: WatchName, memory: MemoryDep) -> None:
    """Let a question stand no longer; its streams end."""
    memory.store.drop_watch(memory_id, _uuid(memory_id, watch_id))


def _followed(
    memory_id: MemoryName, watch_id: WatchName, memory: MemoryDep, streams: StreamsDep
) -> tuple[WatchRow, Watcher]:
    """The watch of a stream; asked for before the stream begins, so that there is an error to answer with."""
    found = memory.store.watch(memory_id, _uuid(memory_id, watch_id))
    streams.check_room()
    watch = found.watches[0]
    return watch, Watcher(memory, memory_id, found.memory.uid, watch.question)


def _known(
    last_event_id: Annotated[
        str,
        Header(
            description="`id` of the last event that was received; only what followed is sent",
            json_schema_extra={"pattern": "^[0-9]{0,15}$"},
        ),
    ] = "",
) -> int | None:
    """The revision up to which a listener has been told everything.

    Raises:
        InvalidRequest: not the id of an event.
    """
    if last_event_id == "":
        return None
    if not re.fullmatch(r"[0-9]{1,15}", last_event_id, re.ASCII):
        problem = FieldProblem(
            parameter="last-event-id", location="header", code="not_an_event", detail="must be an event's id"
        )
        raise InvalidRequest([problem])
    # No memory gets as far as the last of these: the stream begins anew, as for any number that is too high.
    return min(int(last_event_id), MAX_SEQ)


@router.get(
    "/{watch_id}/events",
    operation_id="follow_watch",
    dependencies=[needs("ask")],
    response_class=EventSourceResponse,
    responses=EVENTS,
)
async def follow_watch(
    memory_id: MemoryName,
    followed: Annotated[tuple[WatchRow, Watcher], Depends(_followed)],
    known: Annotated[int | None, Depends(_known)],
    memory: MemoryDep,
    capacity: CapacityDep,
    streams: StreamsDep,
) -> AsyncIterator[ServerSentEvent]:
    """Listen: `answer` with what is answered now, then `answer_changed` each time that changes, with the
    change of the memory that led to it.

    The `id` of an event is the revision. With it as `Last-Event-ID`, sent to this or another worker, exactly
    what followed is told, also after a pause; when facts were erased meanwhile, `answer` begins anew. `gone`
    ends a stream whose watch or memory was deleted. Others end after some minutes, to be opened again, so
    that a key that was revoked or has expired listens no longer.
    """
    watch, watcher = followed
    until = asyncio.get_running_loop().time() + streams.longest_s
    with streams.listening(memory, watch.watch_id) as listener:
        yield ServerSentEvent(retry=RETRY_MS)
        step: Callable[[], list[Notice]] = lambda: watcher.begin(known)  # noqa: E731
        while not listener.closing:
            try:
                async with capacity.turn():
                    notices = await run_in_threadpool(step)
            except (Refused, StoreError):
                await asyncio.sleep(AGAIN_S)
                continue
            except MemoryNotFound:
                listener.gone = True
                notices = []
            for notice in notices:
                yield _event(watch, memory_id, notice)
            if watcher.revision is not None:
                step = watcher.advance
            try:
                async with asyncio.timeout_at(until):
                    await listener.moved_on(watcher.revision)
            except TimeoutError:
                return
            if listener.gone:
                yield ServerSentEvent(event="gone", data={"watch_id": str(watch.watch_id)})
                return


def _event(watch: WatchRow, memory_id: str, notice: Notice) -> ServerSentEvent:
    if notice.kind == "unchanged":
        # Without data nobody is called, but the next `Last-Event-ID` is this one.
        return ServerSentEvent(id=str(notice.revision))
    return ServerSentEvent(
        event=notice.kind,
        id=str(notice.revision),
        data=WatchEvent.of(watch, memory_id, notice),
    )
