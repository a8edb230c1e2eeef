"""The facts of a memory: tell, list, read, forget."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from memnet.memory import Memory
from memnet.superseding import writes_about
from service import idempotency, limits, paging, problems
from service.access import needs
from service.capacity import TURN_FOR_WRITES, in_turn
from service.dependencies import (
    FactName,
    MemoryDep,
    MemoryName,
    stamp,
    uuid_of,
)
from service.errors import Refused
from service.idempotency import IdempotencyKey
from service.openapi import problem_responses
from service.reading import check_one_state, check_reached
from service.schemas.fact import FactOut, FactPage, FactsCreated, NewFacts, texts_of
from service.schemas.moment import StateQuery

router = APIRouter(prefix="/v1/memories/{memory_id}/facts", tags=["facts"])


class FactQuery(StateQuery):
    """Which state of a fact is asked for, and how much of it."""

    writes: bool = Field(
        default=False, description="Say what it superseded, what it is superseded by, and how far"
    )


class FactsQuery(paging.OrderedPageQuery, FactQuery):
    """Which facts are asked for."""

    writes: bool = Field(
        default=False,
        description="Say of each fact what it superseded and what it is superseded by: the nearest 5 to "
        "either side with a gate of 0.1 or more. Reading one fact names all",
    )


PageDep = Annotated[FactsQuery, Query()]
FactDep = Annotated[FactQuery, Query()]


@router.post(
    "",
    operation_id="post_facts",
    dependencies=[needs("write")],
    status_code=201,
    response_model=FactsCreated,
    responses=problem_responses(400, 404, 409, 415, 422, 503),
)
async def post_facts(
    memory_id: MemoryName, body: NewFacts, request: Request, idempotency_key: IdempotencyKey = None
) -> Response:
    """Remember facts, in the order they happened: all of them or none.

    When the answer comes they are committed, and the next question finds them.
    """
    return await in_turn(request, lambda: _remember(memory_id, body, request, idempotency_key), kind="tells")


def _remember(memory_id: str, body: NewFacts, request: Request, idempotency_key: str | None) -> Response:
    limits.check_facts(body.facts, request.app.state.settings)
    texts = texts_of(body.facts)
    once = idempotency.once(idempotency_key, texts)
    memory: Memory = request.app.state.memory
    remembered = memory.remember(memory_id, texts, once=once)
    response = Response(FactsCreated.json_of(remembered), 201, media_type="application/json")
    if remembered.repeated:
        response.headers["Idempotency-Replayed"] = "true"
    stamp(response, remembered.revision)
    return response


@router.get(
    "",
    operation_id="list_facts",
    dependencies=[needs("read"), TURN_FOR_WRITES],
    responses=problem_responses(400, 404, 409, 410, 422, 503),
)
def list_facts(
    memory_id: MemoryName,
    page: PageDep,
    memory: MemoryDep,
    request: Request,
    response: Response,
) -> FactPage:
    """List the facts of a memory, without the forgotten ones: as it is, or as of an earlier state."""
    check_one_state(page)
    # Which state and order: a cursor goes on with the list that it was issued for.
    which = f"{page.order}/{page.as_of_revision}/{page.recorded_at}"
    parts = {"uid": paging.UID, "after_seq": None}
    start = paging.decode(f"facts/{which}", page.cursor, parts) if page.cursor is not None else None
    found = memory.store.read_facts(
        memory_id,
        after_seq=int(start["after_seq"]) if start else 0,
        limit=page.limit + 1,
        descending=page.order == "desc",
        as_of_revision=page.as_of_revision,
        recorded_at=page.recorded_at,
    )
    uid = found.memory.uid
    if start and start["uid"] != uid.hex:
        # The memory it was issued for has gone, and another one has its name.
        raise Refused(problems.INVALID_CURSOR, "the cursor is not one of this list")
    check_reached(found.memory.revision, page.min_revision)
    shown, has_more = found.facts[: page.limit], len(found.facts) > page.limit
    writes = {}
    if page.writes:
        writes = writes_about(memory, memory_id, replace(found, facts=shown), whole=False)
    cursor = (
        paging.encode(f"facts/{which}", {"uid": uid.hex, "after_seq": shown[-1].seq}) if has_more else None
    )
    if cursor:
        response.headers["Link"] = paging.next_link(request, cursor)
    stamp(response, found.revision)
    return FactPage(
        revision=found.revision,
        items=[FactOut.of(uid, fact, writes.get(fact.seq)) for fact in shown],
        next_cursor=cursor,
        has_more=has_more,
    )


@router.get(
    "/{fact_id}",
    operation_id="get_fact",
    dependencies=[needs("read"), TURN_FOR_WRITES],
    responses=problem_responses(404, 409, 410, 422, 503),
)
def get_fact(
    memory_id: MemoryName,
    fact_id: FactName,
    state: FactDep,
    memory: MemoryDep,
    response: Response,
) -> FactOut:
    """Read one fact, as of now or of an earlier state. One that was erased is 410."""
    check_one_state(state)
    found = memory.store.fact_by_id(
        memory_id,
        uuid_of(memory_id, fact_id),
        as_of_revision=state.as_of_revision,
        recorded_at=state.recorded_at,
    )
    check_reached(found.memory.revision, state.min_revision)
    stamp(response, found.revision)
    writes = {}
    if state.writes:
        writes = writes_about(memory, memory_id, found, whole=True)
    return FactOut.of(found.memory.uid, found.facts[0], writes.get(found.facts[0].seq))


@router.delete(
    "/{fact_id}",
    operation_id="forget_fact",
    dependencies=[needs("write")],
    status_code=204,
    response_class=Response,
    responses=problem_responses(404, 410, 503),
)
def forget_fact(memory_id: MemoryName, fact_id: FactName, memory: MemoryDep, response: Response) -> None:
    """Forget a fact: no answer uses it from now on."""
    # Read first: 404 for a fact that was never there or is forgotten, 410 for one that was erased.
    found = memory.store.fact_by_id(memory_id, uuid_of(memory_id, fact_id))
    stamp(response, memory.forget(memory_id, found.facts[0].seq, uid=found.memory.uid))
