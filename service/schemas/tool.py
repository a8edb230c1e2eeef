"""What tools answer agents: less than the HTTP API, and with names that explain themselves."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from pydantic import BaseModel, Field

from memnet.explaining import Explanation, LeftOut
from memnet.memory import Remembered
from memnet.memory_at import Nearest
from memnet.store import fact_id
from memnet.story import Answer, Reason


def _id(uid: UUID, seq: int) -> str:
    return str(fact_id(uid, seq))


class ToldFact(BaseModel):
    """A fact that is now remembered."""

    fact_id: str
    seq: int
    unknown_words: list[str] = Field(description="Words that the network does not know; they help no answer")


class Told(BaseModel):
    """What was remembered."""

    revision: int
    facts: list[ToldFact]
    repeated: bool = Field(description="Whether an earlier call stored it, and this one nothing")

    @classmethod
    def of(cls, told: Remembered) -> Told:
        """Say what was remembered."""
        facts = [
            ToldFact(fact_id=str(each.fact_id), seq=each.seq, unknown_words=list(each.unknown_words))
            for each in told.facts
        ]
        return cls(revision=told.revision, facts=facts, repeated=told.repeated)


class ReadFact(BaseModel):
    """A fact that was read."""

    fact_id: str
    text: str
    weight: float = Field(description="Its share of attention")


class Said(BaseModel):
    """The answer, and what it was read from."""

    answer: str | None = Field(description="null when there is none; `reason` says why")
    probability: float
    reason: Reason | None
    others: dict[str, float] = Field(description="Other answers and their probabilities")
    evidence: list[ReadFact] = Field(description="Most attended first")
    unknown_words: list[str] = Field(description="Words of the question that the network does not know")
    revision: int = Field(description="The state of the memory that was read")

    @classmethod
    def of(cls, answer: Answer, uid: UUID) -> Said:
        """Show the answer of the memory that has this uid."""
        return cls(
            answer=answer.text,
            probability=answer.probability,
            reason=answer.reason,
            others={each.text: each.probability for each in answer.alternatives[1:]},
            evidence=[
                ReadFact(fact_id=_id(uid, each.seq), text=each.text, weight=each.weight)
                for each in answer.evidence
            ],
            unknown_words=list(answer.unknown_words),
            revision=answer.revision,
        )


class NeededFact(BaseModel):
    """A fact without which the answer is another one, or less probable."""

    fact_id: str
    text: str
    answer_without: str | None
    change: float = Field(description="By how much less probable the answer is without it")

    @classmethod
    def of(cls, fact: LeftOut, uid: UUID) -> NeededFact:
        """Show one fact."""
        return cls(fact_id=_id(uid, fact.seq), text=fact.text, answer_without=fact.answer, change=fact.change)


class SpeakingFact(BaseModel):
    """A fact that speaks for the other answer."""

    fact_id: str
    text: str
    effect: float = Field(description="Log-odds that it lends the other answer against the one given")


class Reasons(BaseModel):
    """Which facts an answer needs."""

    answer: str | None
    probability: float
    needed: list[NeededFact] = Field(description="Most needed first; facts that change nothing are left out")
    smallest_change: list[str] = Field(
        description="Ids of the fewest facts found without which there is another answer; empty for none"
    )
    answer_then: str | None = Field(description="The answer without them")
    speaking_for_the_other: list[SpeakingFact] = Field(description="With `why_not`; strongest first")

    @classmethod
    def of(cls, explanation: Explanation, uid: UUID) -> Reasons:
        """Show an explanation."""
        given, removal, why_not = explanation.answer, explanation.removal, explanation.why_not
        return cls(
            answer=given.text,
            probability=given.probability,
            needed=[
                NeededFact.of(each, uid)
                for each in explanation.facts
                if each.answer != given.text or each.change > 0.01
            ],
            smallest_change=[_id(uid, seq) for seq in removal.seqs] if removal else [],
            answer_then=removal.answer if removal else None,
            speaking_for_the_other=[
                SpeakingFact(fact_id=_id(uid, each.seq), text=each.text, effect=each.effect)
                for each in (why_not.speaking_for[:10] if why_not else ())
            ],
        )


class FoundFact(BaseModel):
    """A fact near to a text."""

    fact_id: str
    text: str
    score: float = Field(description="Inner product, neither a probability nor a distance")


class Found(BaseModel):
    """The nearest facts, best first. There always are some, also when a text has nothing to do with any."""

    facts: list[FoundFact]

    @classmethod
    def of(cls, nearest: Sequence[Nearest], uid: UUID) -> Found:
        """Show facts of the memory that has this uid."""
        return cls(
            facts=[
                FoundFact(fact_id=_id(uid, each.seq), text=each.text, score=each.score) for each in nearest
            ]
        )


class Forgotten(BaseModel):
    """A fact is forgotten."""

    revision: int = Field(description="From this one on no answer uses it")


class Names(BaseModel):
    """The memories that the key is for, by name."""

    memories: list[str]
    more: bool = Field(description="Whether there are others behind the last one")
