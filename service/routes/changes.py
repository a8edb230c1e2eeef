"""The log of a memory: every committed change, in order, for audit and synchronisation."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import Field

from service import paging
from service.access import needs
from service.dependencies import MemoryDep, MemoryName, stamp
from service.openapi import problem_responses
from service.reading import check_reached
from service.schemas.change import CHANGE_EXAMPLE, ChangeOut, ChangePage
from service.schemas.moment import Revision, RevisionQuery

router = APIRouter(prefix="/v1/memories/{memory_id}/changes", tags=["memories"], dependencies=[needs("read")])

LINES = "application/jsonl"


class ChangesQuery(RevisionQuery):
    """Which part of the log is asked for."""

    after_revision: Revision = Field(default=0, description="The last revision that is known already")
    limit: int = Field(default=50, ge=1, le=500, description="Most revisions on the page")


RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A page of the log, as one object or as one change per line",
        "content": {LINES: {"schema": {"type": "string"}, "example": CHANGE_EXAMPLE}},
    },
    **problem_responses(404, 409, 410, 422, 503),
}


@router.get("", operation_id="list_changes", response_model=ChangePage, responses=RESPONSES)
def list_changes(
    memory_id: MemoryName,
    page: Annotated[ChangesQuery, Query()],
    memory: MemoryDep,
    request: Request,
    response: Response,
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Any:
    """Read the log: what each revision did to which facts. With `Accept: application/jsonl`, one per line.

    Revisions have no gaps, so whoever applies every change behind the last known one is up to date. A part
    that does not lead on, because facts were erased since, is 410 `compacted`.
    """
    log = memory.store.log(memory_id, after_revision=page.after_revision, limit=page.limit)
    check_reached(log.memory.revision, page.min_revision)
    items = [ChangeOut.of(log.memory.uid, change) for change in log.changes]
    has_more = bool(items) and items[-1].revision < log.memory.revision
    onward = items[-1].revision if has_more else None
    lines = _wants_lines(accept)
    if lines:
        response = Response("".join(f"{item.model_dump_json()}\n" for item in items), media_type=LINES)
    if onward is not None:
        response.headers["Link"] = paging.next_link(request, str(onward), "after_revision")
    stamp(response, log.memory.revision)
    response.headers["Vary"] = "Accept"
    if lines:
        return response
    return ChangePage(
        revision=log.memory.revision, items=items, next_after_revision=onward, has_more=has_more
    )


def _wants_lines(accept: str | None) -> bool:
    """Whether lines are named before JSON; who accepts anything gets JSON."""
    for part in (accept or "").lower().split(","):
        kind, _, parameters = part.partition(";")
        if "q=0" in parameters.replace(" ", "").split(";"):
            continue
        match kind.strip():
            case "application/jsonl":
                return True
            case "application/json" | "application/*" | "*/*":
                return False
    return False
