"""What a request may hold, beyond the types of its fields; every field that fails is named.

These limits are settings, so they are checked here and not by the types; `service.openapi` publishes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from memnet.text import has_word
from service import problems
from service.errors import InvalidRequest, pointer
from service.schemas.fact import NewFact
from service.schemas.overlay import OverlayIn
from service.schemas.problem import FieldProblem
from service.settings import Settings


def check_facts(facts: Sequence[NewFact], settings: Settings) -> None:
    """Refuse facts that are too many, too long, or without a word.

    Raises:
        InvalidRequest: with one entry per field.
    """
    if len(facts) > settings.max_facts_per_request:
        limit = settings.max_facts_per_request
        too_many = FieldProblem(
            pointer="#/facts", code="too_long", detail=f"at most {limit} facts", limit=limit
        )
        raise InvalidRequest([too_many], problems.TOO_MANY_FACTS)
    found = [
        problem
        for index, fact in enumerate(facts)
        if (problem := _sentence(fact.text, pointer("facts", index, "text"), settings.max_fact_characters))
    ]
    if found:
        raise InvalidRequest(found)


def check_question(question: str, settings: Settings) -> None:
    """Refuse a question that is too long or without a word.

    Raises:
        InvalidRequest: with one entry.
    """
    problem = _sentence(question, "#/question", settings.max_question_characters)
    if problem:
        raise InvalidRequest([problem])


def check_overlay(overlay: OverlayIn | None, settings: Settings) -> None:
    """Refuse to suppose too many facts, or one that is too long or without a word.

    Raises:
        InvalidRequest: with one entry per field.
    """
    if overlay is None:
        return
    limit = settings.max_facts_per_request
    for name in ("add", "hide"):
        if len(getattr(overlay, name)) > limit:
            too_many = FieldProblem(
                pointer=pointer("overlay", name),
                code="too_long",
                detail=f"at most {limit} facts",
                limit=limit,
            )
            raise InvalidRequest([too_many], problems.TOO_MANY_FACTS)
    found = [
        problem
        for index, fact in enumerate(overlay.add)
        if (
            problem := _sentence(
                fact.text, pointer("overlay", "add", index, "text"), settings.max_fact_characters
            )
        )
    ]
    if found:
        raise InvalidRequest(found)


def check_questions(questions: Sequence[str], settings: Settings) -> None:
    """Refuse a batch that has too many questions, or one that is too long or without a word.

    Raises:
        InvalidRequest: with one entry per question.
    """
    limit = settings.max_questions_per_batch
    if len(questions) > limit:
        too_many = FieldProblem(
            pointer="#/questions", code="too_long", detail=f"at most {limit} questions", limit=limit
        )
        raise InvalidRequest([too_many], problems.TOO_MANY_QUESTIONS)
    longest = settings.max_question_characters
    found = [
        problem
        for index, question in enumerate(questions)
        if (problem := _sentence(question, pointer("questions", index), longest))
    ]
    if found:
        raise InvalidRequest(found)


def check_text(text: str, settings: Settings) -> None:
    """Refuse a text to search for that is too long or without a word.

    Raises:
        InvalidRequest: with one entry.
    """
    problem = _sentence(text, "#/text", settings.max_question_characters)
    if problem:
        raise InvalidRequest([problem])


def check_fact_ids(ids: Sequence[UUID], settings: Settings) -> None:
    """Refuse to erase too many facts at once.

    Raises:
        InvalidRequest: with one entry.
    """
    limit = settings.max_facts_per_request
    if len(ids) > limit:
        too_many = FieldProblem(
            pointer="#/fact_ids", code="too_long", detail=f"at most {limit} facts", limit=limit
        )
        raise InvalidRequest([too_many], problems.TOO_MANY_FACTS)


def _sentence(text: str, where: str, limit: int) -> FieldProblem | None:
    if len(text) > limit:
        return FieldProblem(
            pointer=where, code="string_too_long", detail=f"at most {limit} characters", limit=limit
        )
    if not has_word(text):
        return FieldProblem(pointer=where, code="no_words", detail="at least one word")
    return None
