"""Search: the nearest facts, without inference."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from memnet.memory import Memory
from service import limits
from service.access import needs
from service.capacity import in_turn
from service.dependencies import MemoryName
from service.openapi import problem_responses
from service.reading import read
from service.replies import json_reply
from service.schemas.named_model import ModelOut
from service.schemas.search import Found, Search, SearchOut, SearchRead

router = APIRouter(prefix="/v1/memories/{memory_id}/search", tags=["answers"], dependencies=[needs("ask")])


@router.post(
    "",
    operation_id="search_facts",
    response_model=SearchOut,
    responses=problem_responses(400, 404, 409, 410, 415, 422, 503),
)
async def search_facts(memory_id: MemoryName, body: Search, request: Request) -> Response:
    """Find the facts nearest to a text: one comparison with every fact, no hops, no answer.

    The scores are what the first hop attends by, without the age of the facts. There is always a nearest
    fact, also to a text that has nothing to do with any: ask, and the network may abstain.
    """
    return await in_turn(request, lambda: _search(memory_id, body, request))


def _search(memory_id: str, body: Search, request: Request) -> Response:
    limits.check_text(body.text, request.app.state.settings)
    memory: Memory = request.app.state.memory
    at = read(memory, memory_id, body)
    nearest = at.nearest(body.text, body.limit)
    found = SearchOut(
        results=[Found.of(rank, at.uid, each) for rank, each in enumerate(nearest, start=1)],
        unknown_words=list(memory.reader.unknown_words(body.text)),
        memory=SearchRead(memory_id=memory_id, revision=at.revision, as_of=body.as_of, eligible=len(at)),
        model=ModelOut.of(memory.model),
        request_id=request.state.request_id,
    )
    return json_reply(found, revision=at.revision)
