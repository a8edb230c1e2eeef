"""Asking: a memory, or facts that come with the question."""

from __future__ import annotations

import time
from functools import partial

from fastapi import APIRouter, Response

from memnet.store import fact_id
from service import limits
from service.access import needs
from service.dependencies import (
    CapacityDep,
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

router = APIRouter(prefix="/v1", tags=["answers"], dependencies=[needs("ask")])


@router.post(
    "/memories/{memory_id}/answers",
    operation_id="ask_memory",
    responses=problem_responses(400, 404, 409, 410, 415, 422, 503),
)
def ask_memory(
    memory_id: MemoryName,
    body: Ask,
    memory: MemoryDep,
    settings: SettingsDep,
    capacity: CapacityDep,
    request_id: RequestIdDep,
    response: Response,
) -> AnswerOut:
    """Ask a memory: the answer, and the attention every fact received at every hop.

    That there is no answer is a result too: 200 with `answer: null` and a `reason`.
    """
    limits.check_question(body.question, settings)
    started = time.perf_counter()
    with capacity.use():
        at = read(memory, memory_id, body)
        answer = at.ask(body.question, limit=body.limit, top_answers=body.top_answers)
    stamp(response, at.revision)
    return AnswerOut.of(
        answer,
        body,
        memory_id=memory_id,
        as_of=body.as_of,
        model=memory.model,
        fact_id=partial(fact_id, at.uid),
        elapsed_s=time.perf_counter() - started,
        request_id=request_id,
    )


@router.post(
    "/memories/{memory_id}/answers/batch",
    operation_id="ask_batch",
    responses=problem_responses(400, 404, 409, 410, 415, 422, 503),
)
def ask_batch(
    memory_id: MemoryName,
    body: AskBatch,
    memory: MemoryDep,
    settings: SettingsDep,
    capacity: CapacityDep,
    request_id: RequestIdDep,
    response: Response,
) -> BatchOut:
    """Ask a memory several questions, all answered from the same facts, whatever is written meanwhile.

    The request is answered as a whole or, when one of the questions is none, refused as a whole.
    """
    limits.check_questions(body.questions, settings)
    began = time.perf_counter()
    results = []
    with capacity.use():
        at = read(memory, memory_id, body)
        for index, question in enumerate(body.questions):
            started = time.perf_counter()
            answer = at.ask(question, limit=body.limit, top_answers=body.top_answers)
            shown = AnswerOut.of(
                answer,
                body,
                memory_id=memory_id,
                as_of=body.as_of,
                model=memory.model,
                fact_id=partial(fact_id, at.uid),
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


@router.post("/answers", operation_id="ask_facts", responses=problem_responses(400, 415, 422, 503))
def ask_facts(
    body: AskFacts, memory: MemoryDep, settings: SettingsDep, capacity: CapacityDep, request_id: RequestIdDep
) -> AnswerOut:
    """Ask about facts that come with the question; nothing is stored. The facts are numbered from 1."""
    limits.check_facts(body.facts, settings)
    limits.check_question(body.question, settings)
    started = time.perf_counter()
    with capacity.use():
        answer = memory.ask_facts(
            texts_of(body.facts), body.question, limit=body.limit, top_answers=body.top_answers
        )
    return AnswerOut.of(
        answer,
        body,
        memory_id=None,
        as_of=None,
        model=memory.model,
        fact_id=lambda seq: None,
        elapsed_s=time.perf_counter() - started,
        request_id=request_id,
    )
