"""Memories: create, list, read, delete."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from memnet.store.memories import NAME
from service import paging
from service.access import AccessDep, needs
from service.dependencies import MemoryDep, MemoryName, stamp
from service.errors import InvalidRequest
from service.openapi import problem_responses
from service.preconditions import IfMatch, IfNoneMatch, condition, etag
from service.reading import check_reached
from service.schemas.memory import MemoryOut, MemoryPage, NewMemory
from service.schemas.moment import RevisionQuery
from service.schemas.problem import FieldProblem

router = APIRouter(prefix="/v1/memories", tags=["memories"])

NewName = Annotated[
    str,
    Path(
        pattern=f"^{NAME.pattern}$",
        description="A name in lower-case letters, digits, `-` and `_`",
        examples=["house"],
    ),
]
PageDep = Annotated[paging.PageQuery, Query()]


@router.put(
    "/{memory_id}",
    operation_id="put_memory",
    dependencies=[needs("write")],
    responses={
        201: {"model": MemoryOut, "description": "The memory is new"},
        **problem_responses(400, 412, 415, 422, 503),
    },
)
def put_memory(
    memory_id: NewName,
    memory: MemoryDep,
    response: Response,
    body: NewMemory | None = None,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> MemoryOut:
    """Create a memory, or change the description of one. Asking twice changes nothing more.

    `If-None-Match: *` only creates, `If-Match` changes only the state that was read; otherwise 412.
    """
    description = body.description if body is not None else None
    if if_match is None and if_none_match is None:
        row, created = memory.store.put_memory(memory_id, description=description)
    else:
        row, created = memory.store.put_memory_if(
            memory_id, description=description, allowed=condition(if_match, if_none_match)
        )
    response.headers["ETag"] = etag(row)
    if created:
        response.status_code = 201
        response.headers["Location"] = f"/v1/memories/{memory_id}"
    stamp(response, row.revision)
    return MemoryOut.of(row)


@router.get(
    "",
    operation_id="list_memories",
    dependencies=[needs("read")],
    responses=problem_responses(400, 422, 503),
)
def list_memories(
    page: PageDep, memory: MemoryDep, access: AccessDep, request: Request, response: Response
) -> MemoryPage:
    """List the memories by name: those that the key is for."""
    after = None
    if page.cursor is not None:
        after = str(paging.decode("memories", page.cursor, {"after": NAME.pattern})["after"])
    rows = memory.store.list_memories(after=after, limit=page.limit + 1, within=access.memories)
    shown, has_more = rows[: page.limit], len(rows) > page.limit
    cursor = paging.encode("memories", {"after": shown[-1].name}) if has_more else None
    if cursor:
        response.headers["Link"] = paging.next_link(request, cursor)
    return MemoryPage(items=[MemoryOut.of(row) for row in shown], next_cursor=cursor, has_more=has_more)


@router.get(
    "/{memory_id}",
    operation_id="get_memory",
    dependencies=[needs("read")],
    responses=problem_responses(404, 409, 422, 503),
)
def get_memory(
    memory_id: MemoryName, state: Annotated[RevisionQuery, Query()], memory: MemoryDep, response: Response
) -> MemoryOut:
    """Read a memory: its revision, how many facts it holds, and how many of them are retired."""
    row, retired = memory.describe(memory_id)
    check_reached(row.revision, state.min_revision)
    response.headers["ETag"] = etag(row)
    stamp(response, row.revision)
    return MemoryOut.of(row, retired)


@router.delete(
    "/{memory_id}",
    operation_id="delete_memory",
    dependencies=[needs("erase")],
    status_code=204,
    response_class=Response,
    responses=problem_responses(404, 422, 503),
)
def delete_memory(
    memory_id: MemoryName,
    confirm: Annotated[str, Query(description="The memory's name once more")],
    memory: MemoryDep,
) -> None:
    """Delete a memory with all its facts. `confirm` must repeat its name."""
    if confirm != memory_id:
        raise InvalidRequest(
            [
                FieldProblem(
                    parameter="confirm",
                    location="query",
                    code="confirmation_mismatch",
                    detail="must repeat the memory's name",
                )
            ]
        )
    memory.store.delete_memory(memory_id)
