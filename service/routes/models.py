"""The network that answers, with what it scores; and the limits of requests."""

from __future__ import annotations

from fastapi import APIRouter

from memnet.memory import Memory
from memnet.scorecard import load_scorecard
from memnet.store.idempotency import KEPT
from service import idempotency, problems
from service.access import AccessDep, needs
from service.capacity import CapacityDep
from service.dependencies import MemoryDep, SettingsDep
from service.errors import Refused
from service.openapi import problem_responses
from service.rates import per_minute
from service.schemas.model import LimitsOut, ModelDetails, ModelList, RatesOut, Scorecard
from service.schemas.operations import ServedModel

router = APIRouter(prefix="/v1", tags=["operations"], dependencies=[needs()])


@router.get("/models", operation_id="list_models", responses=problem_responses())
def list_models(memory: MemoryDep) -> ModelList:
    """List the networks that answer, with their training and what they score on each bAbI task."""
    return ModelList(items=[_details(memory)])


@router.get("/models/{model_id}", operation_id="get_model", responses=problem_responses(404))
def get_model(model_id: str, memory: MemoryDep) -> ModelDetails:
    """Read about a network, by its name or its digest."""
    if model_id not in (memory.model.name, memory.model.sha256):
        raise Refused(problems.NOT_FOUND, "there is no such model; GET /v1/models lists those that answer")
    return _details(memory)


@router.get("/limits", operation_id="get_limits", responses=problem_responses())
async def get_limits(settings: SettingsDep, capacity: CapacityDep, access: AccessDep) -> LimitsOut:
    """Read what a request may hold, and how many may come."""
    rates = per_minute(settings, asked=access.key is not None)
    return LimitsOut(
        body_bytes=settings.max_body_bytes,
        facts_per_request=settings.max_facts_per_request,
        fact_characters=settings.max_fact_characters,
        question_characters=settings.max_question_characters,
        questions_per_batch=settings.max_questions_per_batch,
        watches_per_memory=settings.max_watches_per_memory,
        streams=settings.max_streams,
        page_items=500,
        search_results=500,
        attention_limit=1000,
        top_answers=100,
        description_characters=500,
        memory_id_characters=63,
        idempotency_key_characters=idempotency.LONGEST,
        idempotency_key_hours=int(KEPT.total_seconds() // 3600),
        concurrent_questions=capacity.asking,
        waiting_questions=capacity.waiting,
        wait_s=capacity.longest_s,
        concurrent_requests=settings.max_concurrent_requests,
        request_timeout_s=settings.request_timeout_s,
        requests_per_minute=RatesOut(**{each: most or None for each, most in rates.items()}),
    )


def _details(memory: Memory) -> ModelDetails:
    model, training = memory.model, memory.reader.training
    card = load_scorecard(memory.checkpoint, model.sha256) if memory.checkpoint else None
    return ModelDetails(
        **ServedModel.of(model).model_dump(),
        vocabulary_size=model.num_words,
        parameters=model.parameters,
        key_spaces=model.spaces,
        recipe=training.get("recipe"),
        data=training.get("data"),
        scorecard=Scorecard.model_validate(card) if card else None,
    )
