"""A question and its answer, with the attention of every hop."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from memnet.kept import KeptAnswer
from memnet.story import Answer, Attended, Evidence, HeadReading, HopReading, Reason
from service.schemas.answer_example import ANSWER_EXAMPLE
from service.schemas.explanation import ExplainIn, ExplanationOut
from service.schemas.fact import STORY, NewFact, ReadAsOut
from service.schemas.ids import FactIdOf
from service.schemas.moment import AsOf, ReadOptions
from service.schemas.named_model import ModelOut
from service.schemas.overlay import OverlayIn, OverlayOut
from service.schemas.text import WHOLE, Request, Sentence


class AskOptions(Request):
    """How much of the reading an answer shows."""

    attention: Literal["top", "full", "none"] = Field(
        default="top",
        description="List the most attended facts of each hop, every fact, or none. What is not listed is "
        "in `other_mass`.",
    )
    attention_limit: Annotated[int, Field(ge=1, le=1000), WHOLE] = Field(
        default=10, description="Facts listed per hop with `top`"
    )
    top_answers: Annotated[int, Field(ge=1, le=100), WHOLE] = Field(
        default=2, description="Most alternatives to list"
    )
    heads: bool = Field(
        default=False,
        strict=True,
        description="Say of every hop what each of its heads read; what a hop shows is their mean",
    )

    @property
    def limit(self) -> int | None:
        """Facts to read off per hop; None for every fact."""
        return None if self.attention == "full" else self.attention_limit


class AskMemory(AskOptions, ReadOptions):
    """What questions to a memory have in common."""

    overlay: OverlayIn | None = Field(default=None, description="What if: facts to add or to hide")


class Ask(AskMemory):
    """A question to a memory."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"question": "Where is the football?"},
                {
                    "question": "Where is the football?",
                    "overlay": {"add": [{"text": "Mary went to the kitchen."}]},
                    "save": True,
                },
            ]
        }
    )

    question: Sentence
    save: bool = Field(
        default=False,
        strict=True,
        description="Keep the answer: 201 with its `answer_id`, to be read and replayed",
    )
    explain: ExplainIn | None = Field(
        default=None, description="Say what the answer depends on, by asking again without facts"
    )


class AskBatch(AskMemory):
    """Questions to a memory, answered from one state of it."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"questions": ["Where is the football?", "Where is Mary?"]}]}
    )

    questions: list[Sentence] = Field(min_length=1)


class AskFacts(AskOptions):
    """A question with the facts it is about; nothing is stored."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"facts": [{"text": text} for text in STORY], "question": "Where is the football?"},
            ]
        }
    )

    facts: list[NewFact] = Field(description="In the order they happened")
    question: Sentence


class AttendedOut(BaseModel):
    """The attention that one fact received at one hop."""

    rank: int = Field(description="1 for the fact with the most attention")
    fact_id: UUID | None = Field(description="null when the fact is not stored")
    seq: int
    weight: float = Field(description="Attention after the softmax, in [0, 1]")
    score: float = Field(description="Attention score before the softmax")

    @classmethod
    def of(cls, fact: Attended, rank: int, fact_id: FactIdOf) -> AttendedOut:
        """Show what one fact received."""
        return cls(rank=rank, fact_id=fact_id(fact.seq), seq=fact.seq, weight=fact.weight, score=fact.score)


NullMass = Annotated[float, Field(description="Attention on the null slot: nothing here is relevant")]
OtherMass = Annotated[float, Field(description="Attention on facts that are not listed")]
Listed = Annotated[list[AttendedOut], Field(description="Most attended first")]


class HeadOut(BaseModel):
    """What one head of a hop read: the listed weights, `other_mass` and `null_mass` sum to 1."""

    head: int = Field(description="1 for the first head")
    null_mass: NullMass
    other_mass: OtherMass
    attention: Listed


class HopOut(BaseModel):
    """One attention read, the mean of its heads: listed weights, `other_mass` and `null_mass` sum to 1."""

    hop: int = Field(description="1 for the first read")
    null_mass: NullMass
    other_mass: OtherMass
    attention: Listed
    heads: list[HeadOut] | None = Field(
        default=None, description="What each head read; null when it was not asked for"
    )

    @classmethod
    def of(cls, hop: HopReading, fact_id: FactIdOf, *, listed: bool) -> HopOut:
        """Show one read; what is not listed stays in `other_mass`."""
        heads = [HeadOut(head=each.head, **_read(each, fact_id, listed=listed)) for each in hop.heads]
        return cls(hop=hop.hop, **_read(hop, fact_id, listed=listed), heads=heads or None)


def _read(read: HopReading | HeadReading, fact_id: FactIdOf, *, listed: bool) -> dict[str, Any]:
    """What hops and heads have in common."""
    if not listed:
        other_mass = math.fsum([read.other_mass, *(fact.weight for fact in read.attention)])
        return {"null_mass": read.null_mass, "other_mass": other_mass, "attention": []}
    attention = [AttendedOut.of(fact, rank, fact_id) for rank, fact in enumerate(read.attention, start=1)]
    return {"null_mass": read.null_mass, "other_mass": read.other_mass, "attention": attention}


class EvidenceOut(BaseModel):
    """A fact that attention used for the answer."""

    fact_id: UUID | None = Field(description="null when the fact is not stored")
    seq: int
    text: str
    weight: float = Field(description="Mean attention over the hops")
    per_hop: list[float]
    peak_hop: int = Field(description="The hop that attended to it most")

    @classmethod
    def of(cls, evidence: Evidence, fact_id: FactIdOf) -> EvidenceOut:
        """Show one fact of the evidence."""
        return cls(
            fact_id=fact_id(evidence.seq),
            seq=evidence.seq,
            text=evidence.text,
            weight=evidence.weight,
            per_hop=list(evidence.per_hop),
            peak_hop=1 + max(range(len(evidence.per_hop)), key=evidence.per_hop.__getitem__),
        )


class Confidence(BaseModel):
    """How sure the network is."""

    probability: float = Field(
        description="Of the answer, in [0, 1], calibrated on validation stories if the model is; 0 if none"
    )
    margin: float = Field(description="How far the answer is ahead of the next one")


class AlternativeOut(BaseModel):
    """A possible answer."""

    text: str
    probability: float


class EntryOut(BaseModel):
    """A word or name of an answer; a list has several, and their order means nothing."""

    text: str
    probability: float = Field(description="That it belongs to the answer, whatever else does")


class MemoryRead(BaseModel):
    """What was read for the answer."""

    memory_id: str | None = Field(description="null when the facts came with the question")
    revision: int | None = Field(description="The state that was read; null when nothing is stored")
    as_of: AsOf | None = Field(description="The state that was asked for; null for the last one")
    eligible: int = Field(description="Facts there were")
    attended: int = Field(
        description="Facts the network could attend to: neither retired nor more than it attends to"
    )
    exact: Literal[True] = Field(default=True, description="Attention is over all attended facts")


class Timing(BaseModel):
    """Where the time went, in milliseconds."""

    total: float


class AnswerOut(BaseModel):
    """What the network says, and the reading that led to it."""

    model_config = ConfigDict(json_schema_extra={"examples": [ANSWER_EXAMPLE]})

    question: str
    answer: str | None = Field(description="null when the memory abstains")
    abstained: bool
    reason: Reason | None = Field(
        description="Why it abstained. `no_eligible_facts`: there are none, or none may be read. "
        "`unknown_words`: see there. `no_relevant_facts`: no attention read gave a fact half of itself. "
        "`undecided`: the facts do not decide it. `low_confidence`: too little speaks for the best answer"
    )
    confidence: Confidence
    entries: list[EntryOut] = Field(
        default=[],
        description="The words and names of the answer: one, or those of a list, which `answer` writes with "
        "commas; none when the memory abstains",
    )
    alternatives: list[AlternativeOut] = Field(description="Most probable first; the first is the answer")
    hops: list[HopOut]
    evidence: list[EvidenceOut] = Field(description="Most attended first")
    evidence_method: Literal["mean_over_hops"] = "mean_over_hops"
    unknown_words: list[str] = Field(
        description="Words of the question that mean nothing to the network, or names that no fact speaks of"
    )
    read_as: list[ReadAsOut] = Field(
        default=[],
        description="Words of the question that the network never saw in training, and what it read instead",
    )
    memory: MemoryRead
    model: ModelOut
    overlay: OverlayOut | None = Field(description="What was supposed; null for nothing")
    explanation: ExplanationOut | None = Field(
        default=None, description="What the answer depends on; null when it was not asked for. It is not kept"
    )
    answer_id: UUID | None = Field(description="Of a kept answer; null for one that is not kept")
    digest: str | None = Field(
        description="Of a kept answer: a hash of what was asked of what, and of every number of the answer"
    )
    created_at: AwareDatetime | None = Field(description="When the answer was kept; null for one that is not")
    timing_ms: Timing | None = Field(description="null for an answer that was computed earlier")
    request_id: str

    @classmethod
    def of(
        cls,
        answer: Answer,
        *,
        lists_attention: bool,
        memory_id: str | None,
        as_of: AsOf | None,
        model: ModelOut,
        fact_id: FactIdOf,
        overlay: OverlayOut | None = None,
        kept: KeptAnswer | None = None,
        explanation: ExplanationOut | None = None,
        elapsed_s: float | None,
        request_id: str,
    ) -> AnswerOut:
        """Show an answer as a response."""
        return cls(
            question=answer.question,
            answer=answer.text,
            abstained=answer.text is None,
            reason=answer.reason,
            confidence=Confidence(probability=answer.probability, margin=answer.margin),
            entries=[EntryOut(text=each.text, probability=each.probability) for each in answer.entries],
            alternatives=[
                AlternativeOut(text=each.text, probability=each.probability) for each in answer.alternatives
            ],
            hops=[HopOut.of(hop, fact_id, listed=lists_attention) for hop in answer.hops],
            evidence=[EvidenceOut.of(each, fact_id) for each in answer.evidence],
            unknown_words=list(answer.unknown_words),
            read_as=ReadAsOut.of(answer.read_as),
            memory=MemoryRead(
                memory_id=memory_id,
                revision=None if memory_id is None else answer.revision,
                as_of=as_of,
                eligible=answer.eligible,
                attended=answer.attended,
            ),
            model=model,
            overlay=overlay,
            explanation=explanation,
            answer_id=kept.answer_id if kept else None,
            digest=kept.digest if kept else None,
            created_at=kept.created_at if kept else None,
            timing_ms=None if elapsed_s is None else Timing(total=round(elapsed_s * 1000, 3)),
            request_id=request_id,
        )


class BatchItem(BaseModel):
    """What became of one question of a batch."""

    index: int = Field(description="Its position in the request, from 0")
    answer: AnswerOut


class BatchOut(BaseModel):
    """The answers to a batch, in the order of the questions, all from the same facts."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "memory_id": "house",
                    "revision": 1,
                    "results": [{"index": 0, "answer": ANSWER_EXAMPLE}],
                    "timing_ms": {"total": 2.0},
                    "request_id": "5a0c9e6d4b1f4e0f8f6d2c3b1a098765",
                }
            ]
        }
    )

    memory_id: str
    revision: int = Field(description="The one state that all were answered from")
    results: list[BatchItem]
    timing_ms: Timing
    request_id: str
