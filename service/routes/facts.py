"""The facts of a memory: tell, list, read, forget."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from service import limits, paging
from service.dependencies import (
    CapacityDep,
    FactName,
    MemoryDep,
    MemoryName,
    SettingsDep,
    seq_in,
    stamp,
)
from service.openapi import problem_responses
from service.schemas.fact import FactOut, FactPage, FactsCreated, NewFacts, texts_of

router = APIRouter(prefix="/v1/memories/{memory_id}/facts", tags=["facts"])

PageDep = Annotated[paging.OrderedPageQuery, Query()]


@router.post(
    "", operation_id="post_facts", status_code=201, responses=problem_responses(400, 404, 415, 422, 503)
)
def post_facts(
    memory_id: MemoryName,
    body: NewFacts,
    memory: MemoryDep,
    settings: SettingsDep,
    capacity: CapacityDep,
    response: Response,
) -> FactsCreated:
    """Remember facts, in the order they happened: all of them or none.

    When the answer comes they are committed, and the next question finds them.
    """
    limits.check_facts(body.facts, settings)
    with capacity.use():
        remembered = memory.remember(memory_id, texts_of(body.facts))
    stamp(response, remembered.revision)
    return FactsCreated.of(remembered)


@router.get("", operation_id="list_facts", responses=problem_responses(400, 404, 422, 503))
def list_facts(
    memory_id: MemoryName, page: PageDep, memory: MemoryDep, request: Request, response: Response
) -> FactPage:
    """List the facts of a memory, without the forgotten ones."""
    row = memory.store.get_memory(memory_id)
    # The uid: a cursor must not survive the memory it was issued for.
    scope = f"facts/{row.uid}/{page.order}"
    start = int(paging.decode(scope, page.cursor)["after_seq"]) if page.cursor is not None else 0
    rows = memory.store.facts(
        memory_id, after_seq=start, limit=page.limit + 1, descending=page.order == "desc"
    )
    shown, has_more = rows[: page.limit], len(rows) > page.limit
    cursor = paging.encode(scope, {"after_seq": shown[-1].seq}) if has_more else None
    if cursor:
        response.headers["Link"] = paging.next_link(request, cursor)
    stamp(response, row.revision)
    return FactPage(
        revision=row.revision,
        items=[FactOut.of(row.uid, fact) for fact in shown],
        next_cursor=cursor,
        has_more=has_more,
    )


@router.get("/{fact_id}", operation_id="get_fact", responses=problem_responses(404, 503))
def get_fact(memory_id: MemoryName, fact_id: FactName, memory: MemoryDep, response: Response) -> FactOut:
    """Read one fact."""
    row = memory.store.get_memory(memory_id)
    fact = memory.store.fact(memory_id, seq_in(memory_id, row.uid, fact_id))
    stamp(response, row.revision)
    return FactOut.of(row.uid, fact)


@router.delete(
    "/{fact_id}",
    operation_id="forget_fact",
    status_code=204,
    response_class=Response,
    responses=problem_responses(404, 503),
)
def forget_fact(memory_id: MemoryName, fact_id: FactName, memory: MemoryDep, response: Response) -> None:
    """Forget a fact: no answer uses it from now on."""
    row = memory.store.get_memory(memory_id)
    stamp(response, memory.forget(memory_id, seq_in(memory_id, row.uid, fact_id)))
