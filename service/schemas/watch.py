"""A question that stands, and what its listeners are told."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from memnet import watching
from memnet.store import WatchRow, fact_id
from memnet.story import Answer, Reason
from memnet.watching import Cause, Notice
from service.schemas.change import OPS, Op
from service.schemas.fact import FIRST_ID, SECOND_ID, STORY
from service.schemas.ids import FactIdOf
from service.schemas.text import Request, Sentence

WATCH_EXAMPLE: dict[str, Any] = {
    "watch_id": "2f0c9a51-6a3e-4a0b-9f0e-6d2c3b1a0987",
    "question": "Where is the football?",
    "created_at": "2026-11-20T09:14:03Z",
}


class NewWatch(Request):
    """A question to let stand."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"question": "Where is the football?"}]})

    question: Sentence


class WatchOut(BaseModel):
    """A question that stands."""

    model_config = ConfigDict(json_schema_extra={"examples": [WATCH_EXAMPLE]})

    watch_id: UUID
    question: str
    created_at: AwareDatetime

    @classmethod
    def of(cls, watch: WatchRow) -> WatchOut:
        """Show a watch."""
        return cls(watch_id=watch.watch_id, question=watch.question, created_at=watch.created_at)


class WatchList(BaseModel):
    """All questions that stand for a memory, oldest first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [WATCH_EXAMPLE]}]})

    items: list[WatchOut]


class TextualFact(BaseModel):
    """A fact, as an event names it."""

    fact_id: UUID | None
    seq: int
    text: str | None = Field(description="null for a fact that was erased since")
    weight: float = Field(description="Mean attention that the new answer paid to it")


class AnswerThen(BaseModel):
    """What was answered at a revision."""

    revision: int
    answer: str | None = Field(description="null when the memory abstained")
    reason: Reason | None = Field(description="Why it abstained")
    probability: float

    @classmethod
    def of(cls, answer: Answer) -> AnswerThen:
        """Show what was answered."""
        return cls(
            revision=answer.revision,
            answer=answer.text,
            reason=answer.reason,
            probability=answer.probability,
        )


class CauseOut(BaseModel):
    """The change of the memory through which the answer changed."""

    revision: int
    op: Op
    recorded_at: AwareDatetime
    fact_count: int = Field(description="How many facts the change was about")
    facts: list[TextualFact] = Field(
        description=f"Those that the new answer attended to most first, at most {watching.CAUSES}"
    )

    @classmethod
    def of(cls, cause: Cause, fact_id_of: FactIdOf) -> CauseOut:
        """Show a cause."""
        return cls(
            revision=cause.change.revision,
            op=OPS[cause.change.op],
            recorded_at=cause.change.created_at,
            fact_count=len(cause.change.seqs),
            facts=[
                TextualFact(fact_id=fact_id_of(fact.seq), seq=fact.seq, text=fact.text, weight=fact.weight)
                for fact in cause.facts
            ],
        )


class WatchEvent(BaseModel):
    """What a listener is told, as the `data` of a server-sent event."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "watch_id": WATCH_EXAMPLE["watch_id"],
                    "memory_id": "house",
                    "question": WATCH_EXAMPLE["question"],
                    "now": {"revision": 1, "answer": "garden", "reason": None, "probability": 0.94},
                    "before": {
                        "revision": 0,
                        "answer": None,
                        "reason": "no_eligible_facts",
                        "probability": 0.0,
                    },
                    "cause": {
                        "revision": 1,
                        "op": "add",
                        "recorded_at": "2026-11-20T09:14:03Z",
                        "fact_count": 2,
                        "facts": [
                            {"fact_id": FIRST_ID, "seq": 1, "text": STORY[0], "weight": 0.5},
                            {"fact_id": SECOND_ID, "seq": 2, "text": STORY[1], "weight": 0.5},
                        ],
                    },
                    "evidence": [{"fact_id": FIRST_ID, "seq": 1, "text": STORY[0], "weight": 0.5}],
                    "skipped": 0,
                }
            ]
        }
    )

    watch_id: UUID
    memory_id: str
    question: str
    now: AnswerThen
    before: AnswerThen | None = Field(description="The answer before; null for the first event of a stream")
    cause: CauseOut | None = Field(
        description="null for the first event of a stream, and when facts were erased in between, so that it "
        "cannot be told which change it was"
    )
    evidence: list[TextualFact] = Field(description="Facts that the new answer attended to, most first")
    skipped: int = Field(
        description="Revisions in between that were not asked about one by one, because there were many"
    )

    @classmethod
    def of(cls, watch: WatchRow, memory_id: str, notice: Notice) -> WatchEvent:
        """Show what there is to tell."""
        ids = partial(fact_id, notice.uid)
        return cls(
            watch_id=watch.watch_id,
            memory_id=memory_id,
            question=watch.question,
            now=AnswerThen.of(notice.answer),
            before=None if notice.before is None else AnswerThen.of(notice.before),
            cause=None if notice.cause is None else CauseOut.of(notice.cause, ids),
            evidence=[
                TextualFact(fact_id=ids(fact.seq), seq=fact.seq, text=fact.text, weight=fact.weight)
                for fact in notice.answer.evidence[: watching.EVIDENCE]
            ],
            skipped=notice.skipped,
        )
