"""Asking: a memory, or facts that come with the question."""

from __future__ import annotations

import time
from typing import Any, Literal

from fastapi import APIRouter, Request, Response

from memnet.memory import Memory
from service import asking, limits
from service.access import needs
from service.capacity import in_turn
from service.dependencies import MemoryName
from service.openapi import problem_responses
from service.reading import read
from service.replies import json_reply
from service.schemas.answer import AnswerOut, Ask, AskBatch, AskFacts, BatchItem, BatchOut, Timing
from service.schemas.fact import texts_of
from service.schemas.named_model import ModelOut

router = APIRouter(prefix="/v1", tags=["answers"], dependencies=[needs("ask")])

KEPT: dict[str, Any] = {
    "model": AnswerOut,
    "description": "The answer, which is kept",
    "headers": {"Location": {"description": "Where it can be read", "schema": {"type": "string"}}},
}


@router.post(
    "/memories/{memory_id}/answers",
    operation_id="ask_memory",
    response_model=AnswerOut,
    responses={201: KEPT, **problem_responses(400, 404, 409, 410, 415, 422, 503)},
)
async def ask_memory(memory_id: MemoryName, body: Ask, request: Request) -> Response:
    """Ask a memory: the answer, and the attention every fact received at every hop.

    That there is no answer is a result too: 200 with `answer: null` and a `reason`. Nothing is stored, nor
    what an `overlay` supposes, unless `save` is true: then the answer is kept with it (201), for which a key
    has to allow `write` too.
    """
    if body.save:
        request.state.access.check("write")
    kind: Literal["short", "long"] = "long" if body.save or body.explain else "short"
    return await in_turn(request, lambda: _ask(memory_id, body, request), kind=kind)


def _ask(memory_id: str, body: Ask, request: Request) -> Response:
    limits.check_question(body.question, request.app.state.settings)
    limits.check_overlay(body.overlay, request.app.state.settings)
    memory: Memory = request.app.state.memory
    started = time.perf_counter()
    asked = asking.ask(memory, memory_id, body)
    shown = asking.shown(
        asked.at,
        asked.what,
        asked.answer,
        memory.model,
        kept=asked.kept,
        explanation=asked.explanation,
        elapsed_s=time.perf_counter() - started,
        request_id=request.state.request_id,
    )
    if asked.kept is None:
        return json_reply(shown, revision=asked.at.revision)
    location = f"/v1/memories/{memory_id}/answers/{asked.kept.answer_id}"
    return json_reply(shown, revision=asked.at.revision, status=201, location=location)


@router.post(
    "/memories/{memory_id}/answers/batch",
    operation_id="ask_batch",
    response_model=BatchOut,
    responses=problem_responses(400, 404, 409, 410, 415, 422, 503),
)
async def ask_batch(memory_id: MemoryName, body: AskBatch, request: Request) -> Response:
    """Ask a memory several questions, all answered from the same facts, whatever is written meanwhile.

    The request is answered as a whole or, when one of the questions is none, refused as a whole.
    """
    return await in_turn(request, lambda: _ask_each(memory_id, body, request), kind="long")


def _ask_each(memory_id: str, body: AskBatch, request: Request) -> Response:
    limits.check_questions(body.questions, request.app.state.settings)
    limits.check_overlay(body.overlay, request.app.state.settings)
    memory: Memory = request.app.state.memory
    request_id: str = request.state.request_id
    began = time.perf_counter()
    results = []
    at = read(memory, memory_id, body)
    for index, question in enumerate(body.questions):
        started = time.perf_counter()
        what = asking.asked(body, question, at)
        answer = what.of(at)
        shown = asking.shown(
            at,
            what,
            answer,
            memory.model,
            elapsed_s=time.perf_counter() - started,
            request_id=request_id,
        )
        results.append(BatchItem(index=index, answer=shown))
    batch = BatchOut(
        memory_id=memory_id,
        revision=at.revision,
        results=results,
        timing_ms=Timing(total=round((time.perf_counter() - began) * 1000, 3)),
        request_id=request_id,
    )
    return json_reply(batch, revision=at.revision)


@router.post(
    "/answers",
    operation_id="ask_facts",
    response_model=AnswerOut,
    responses=problem_responses(400, 415, 422, 503),
)
async def ask_facts(body: AskFacts, request: Request) -> Response:
    """Ask about facts that come with the question; nothing is stored. The facts are numbered from 1."""
    return await in_turn(request, lambda: _ask_facts(body, request))


def _ask_facts(body: AskFacts, request: Request) -> Response:
    limits.check_facts(body.facts, request.app.state.settings)
    limits.check_question(body.question, request.app.state.settings)
    memory: Memory = request.app.state.memory
    started = time.perf_counter()
    answer = memory.ask_facts(
        texts_of(body.facts),
        body.question,
        limit=body.limit,
        top_answers=body.top_answers,
        heads=body.heads,
    )
    shown = AnswerOut.of(
        answer,
        lists_attention=body.attention != "none",
        memory_id=None,
        as_of=None,
        model=ModelOut.of(memory.model),
        fact_id=lambda seq: None,
        elapsed_s=time.perf_counter() - started,
        request_id=request.state.request_id,
    )
    return json_reply(shown)
