"""Asking: a memory, or facts that come with the question."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, Response

from service import asking, limits
from service.access import AccessDep, needs
from service.capacity import TURN
from service.dependencies import (
    MemoryDep,
    MemoryName,
    RequestIdDep,
    SettingsDep,
    stamp,
)
from service.openapi import problem_responses
from service.reading import read
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
    dependencies=[TURN],
    responses={201: KEPT, **problem_responses(400, 404, 409, 410, 415, 422, 503)},
)
def ask_memory(
    memory_id: MemoryName,
    body: Ask,
    memory: MemoryDep,
    access: AccessDep,
    settings: SettingsDep,
    request_id: RequestIdDep,
    response: Response,
) -> AnswerOut:
    """Ask a memory: the answer, and the attention every fact received at every hop.

    That there is no answer is a result too: 200 with `answer: null` and a `reason`. Nothing is stored, nor
    what an `overlay` supposes, unless `save` is true: then the answer is kept with it (201), for which a key
    has to allow `write` too.
    """
    if body.save:
        access.check("write")
    limits.check_question(body.question, settings)
    limits.check_overlay(body.overlay, settings)
    started = time.perf_counter()
    asked = asking.ask(memory, memory_id, body)
    stamp(response, asked.at.revision)
    if asked.kept is not None:
        response.status_code = 201
        response.headers["Location"] = f"/v1/memories/{memory_id}/answers/{asked.kept.answer_id}"
    return asking.shown(
        asked.at,
        asked.what,
        asked.answer,
        memory.model,
        kept=asked.kept,
        explanation=asked.explanation,
        elapsed_s=time.perf_counter() - started,
        request_id=request_id,
    )


@router.post(
    "/memories/{memory_id}/answers/batch",
    operation_id="ask_batch",
    dependencies=[TURN],
    responses=problem_responses(400, 404, 409, 410, 415, 422, 503),
)
def ask_batch(
    memory_id: MemoryName,
    body: AskBatch,
    memory: MemoryDep,
    settings: SettingsDep,
    request_id: RequestIdDep,
    response: Response,
) -> BatchOut:
    """Ask a memory several questions, all answered from the same facts, whatever is written meanwhile.

    The request is answered as a whole or, when one of the questions is none, refused as a whole.
    """
    limits.check_questions(body.questions, settings)
    limits.check_overlay(body.overlay, settings)
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
    stamp(response, at.revision)
    return BatchOut(
        memory_id=memory_id,
        revision=at.revision,
        results=results,
        timing_ms=Timing(total=round((time.perf_counter() - began) * 1000, 3)),
        request_id=request_id,
    )


@router.post(
    "/answers",
    operation_id="ask_facts",
    dependencies=[TURN],
    responses=problem_responses(400, 415, 422, 503),
)
def ask_facts(
    body: AskFacts, memory: MemoryDep, settings: SettingsDep, request_id: RequestIdDep
) -> AnswerOut:
    """Ask about facts that come with the question; nothing is stored. The facts are numbered from 1."""
    limits.check_facts(body.facts, settings)
    limits.check_question(body.question, settings)
    started = time.perf_counter()
    answer = memory.ask_facts(
        texts_of(body.facts),
        body.question,
        limit=body.limit,
        top_answers=body.top_answers,
        heads=body.heads,
    )
    return AnswerOut.of(
        answer,
        lists_attention=body.attention != "none",
        memory_id=None,
        as_of=None,
        model=ModelOut.of(memory.model),
        fact_id=lambda seq: None,
        elapsed_s=time.perf_counter() - started,
        request_id=request_id,
    )
