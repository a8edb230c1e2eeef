"""Asking a memory as a request says: with what it supposes, and the answer kept if it says so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, partial
from uuid import UUID

from memnet import kept
from memnet.errors import FactNotFound, HistoryErased, NotAnotherAnswer
from memnet.explaining import asking_without, explain
from memnet.kept import Asked, KeptAnswer
from memnet.memory import Memory
from memnet.memory_at import MemoryAt
from memnet.reader import ModelInfo
from memnet.store import fact_id, seq_of
from memnet.story import Answer
from memnet.supposing import NOTHING, Overlay
from service.errors import InvalidRequest
from service.reading import read
from service.schemas.answer import AnswerOut, Ask, AskMemory
from service.schemas.explanation import ExplainIn, ExplanationOut
from service.schemas.ids import FactIdOf
from service.schemas.moment import as_of
from service.schemas.named_model import ModelOut
from service.schemas.overlay import OverlayIn, OverlayOut
from service.schemas.problem import FieldProblem


def asked(body: AskMemory, question: str, at: MemoryAt) -> Asked:
    """A question in the library's words.

    Raises:
        FactNotFound: a fact to hide that is none of this memory.
    """
    return Asked(
        question,
        limit=body.limit,
        top_answers=body.top_answers,
        overlay=overlay_of(body.overlay, at),
        lists_attention=body.attention != "none",
        heads=body.heads,
        **body.state,
    )


def overlay_of(overlay: OverlayIn | None, at: MemoryAt) -> Overlay:
    """What is supposed, with facts by their numbers.

    Raises:
        FactNotFound: a fact to hide that is none of this memory.
    """
    if overlay is None:
        return NOTHING
    hide = [seq_of(at.uid, each) for each in overlay.hide]
    # Numbers behind the last fact are those of added ones, which have no ids.
    named = frozenset(seq for seq in hide if seq is not None and seq <= at.last_seq)
    if len(named) < len(set(hide)):
        raise FactNotFound(at.memory_id, "with one of the ids to hide")
    return Overlay(tuple(fact.text for fact in overlay.add), named)


@dataclass(frozen=True, slots=True)
class Asking:
    """What came of asking a memory."""

    at: MemoryAt
    what: Asked
    answer: Answer
    explanation: ExplanationOut | None
    kept: KeptAnswer | None


def ask(memory: Memory, memory_id: str, body: Ask) -> Asking:
    """Ask, and explain and keep the answer where the body says so.

    Raises:
        MemnetError, Refused: the memory cannot be read as the body says.
        InvalidRequest: there is nothing to explain as the body says; nothing is kept.
    """
    while True:
        at = read(memory, memory_id, body)
        what = asked(body, body.question, at)
        answer = what.of(at)
        explanation = explained(at, what, body.explain) if body.explain else None
        try:
            stored = kept.keep(memory, at, what, answer) if body.save else None
        except HistoryErased:
            # Facts were erased between reading and keeping. As of the last state there is another answer.
            if body.as_of is None:
                continue
            raise
        return Asking(at, what, answer, explanation, stored)


def explained(at: MemoryAt, what: Asked, how: ExplainIn, where: str = "#/explain/why_not") -> ExplanationOut:
    """What an answer depends on; `where` is the body's field for the other answer.

    Raises:
        InvalidRequest: `why_not` is no other answer that the network knows.
    """
    asking = asking_without(at, what.question, what.overlay)
    try:
        found = explain(asking, why_not=how.why_not, most_questions=how.most_questions)
    except NotAnotherAnswer as error:
        problem = FieldProblem(pointer=where, code="not_another_answer", detail=str(error))
        raise InvalidRequest([problem]) from None
    return ExplanationOut.of(found, ids_of(at.uid, at.last_seq))


def shown(
    at: MemoryAt,
    what: Asked,
    answer: Answer,
    model: ModelInfo,
    *,
    elapsed_s: float,
    request_id: str,
    kept: KeptAnswer | None = None,
    explanation: ExplanationOut | None = None,
) -> AnswerOut:
    """An answer that was just computed, as a response."""
    return AnswerOut.of(
        answer,
        lists_attention=what.lists_attention,
        memory_id=at.memory_id,
        as_of=as_of(what.as_of_revision, what.recorded_at),
        model=ModelOut.of(model),
        fact_id=ids_of(at.uid, at.last_seq),
        overlay=_overlay_out(what.overlay, at.last_seq, at.uid),
        kept=kept,
        explanation=explanation,
        elapsed_s=elapsed_s,
        request_id=request_id,
    )


def shown_kept(one: KeptAnswer, *, request_id: str) -> AnswerOut:
    """An answer that was kept, as a response."""
    return AnswerOut.of(
        one.answer,
        lists_attention=one.asked.lists_attention,
        memory_id=one.memory_id,
        as_of=as_of(one.asked.as_of_revision, one.asked.recorded_at),
        model=ModelOut(model_id=one.model_name, sha256=one.model_sha256, hops=one.num_hops),
        fact_id=ids_of(one.uid, one.last_seq),
        overlay=_overlay_out(one.asked.overlay, one.last_seq, one.uid),
        kept=one,
        elapsed_s=None,
        request_id=request_id,
    )


def ids_of(uid: UUID, last_seq: int) -> FactIdOf:
    """Ids of facts by number; facts that were added for a question have none."""
    # Every hop lists much the same facts.
    return cache(lambda seq: fact_id(uid, seq) if seq <= last_seq else None)


def _overlay_out(overlay: Overlay, last_seq: int, uid: UUID) -> OverlayOut | None:
    return OverlayOut.of(overlay, last_seq, partial(fact_id, uid)) if overlay else None
