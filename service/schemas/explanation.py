"""Why an answer was given: what it would be without some of the facts."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from memnet.explaining import Explanation, LeftOut, Removal, Speaking, WhyNot
from service.schemas.answer_example import ANSWER_EXAMPLE
from service.schemas.fact import FIRST_ID, SECOND_ID, STORY
from service.schemas.ids import FactIdOf
from service.schemas.named_model import ModelOut
from service.schemas.text import WHOLE, Request, Text

EXPLANATION_EXAMPLE: dict[str, Any] = {
    "answer": "garden",
    "probability": 0.94,
    "facts": [
        {
            "fact_id": SECOND_ID,
            "seq": 2,
            "text": STORY[1],
            "weight": 0.485,
            "answer_without": "kitchen",
            "probability_without": 0.02,
            "change": 0.92,
        },
        {
            "fact_id": FIRST_ID,
            "seq": 1,
            "text": STORY[0],
            "weight": 0.495,
            "answer_without": "garden",
            "probability_without": 0.61,
            "change": 0.33,
        },
    ],
    "removal": {
        "facts": [{"fact_id": SECOND_ID, "seq": 2}],
        "answer_without": "kitchen",
        "probability_without": 0.55,
        "proven_smallest": True,
    },
    "why_not": None,
    "questions_asked": 2,
    "every_fact_tried": True,
    "exhausted": False,
}


class ExplainIn(Request):
    """How to explain."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"why_not": "kitchen"}]})

    why_not: Text | None = Field(
        default=None,
        max_length=200,
        description="Another answer: which facts speak for it, and which against",
    )
    most_questions: Annotated[int, Field(ge=1, le=2000), WHOLE] = Field(
        default=300,
        description="How often the question may be asked again, a few milliseconds each",
    )


class FactRef(BaseModel):
    """A fact by its number."""

    fact_id: UUID | None = Field(description="null for a fact that was added for the question")
    seq: int


class LeftOutOut(FactRef):
    """What one fact was needed for."""

    text: str
    weight: float = Field(description="Mean attention over the hops")
    answer_without: str | None = Field(description="The answer without this fact; null when there is none")
    probability_without: float = Field(description="Of the answer that is explained, without this fact")
    change: float = Field(description="By how much that is less; negative for a fact that spoke against it")

    @classmethod
    def of(cls, fact: LeftOut, fact_id: FactIdOf) -> LeftOutOut:
        """Show one fact."""
        return cls(
            fact_id=fact_id(fact.seq),
            seq=fact.seq,
            text=fact.text,
            weight=fact.weight,
            answer_without=fact.answer,
            probability_without=fact.probability,
            change=fact.change,
        )


class RemovalOut(BaseModel):
    """Facts without which there is another answer."""

    facts: list[FactRef]
    answer_without: str | None = Field(description="null when there is none without them")
    probability_without: float = Field(description="Of the answer without them")
    proven_smallest: bool = Field(
        description="Whether every smaller set of attended facts was tried and does not do; otherwise it "
        "was found by leaving out, step by step, what costs the answer most"
    )

    @classmethod
    def of(cls, removal: Removal | None, fact_id: FactIdOf) -> RemovalOut | None:
        """Show a set of facts."""
        if removal is None:
            return None
        return cls(
            facts=[FactRef(fact_id=fact_id(seq), seq=seq) for seq in removal.seqs],
            answer_without=removal.answer,
            probability_without=removal.probability,
            proven_smallest=removal.proven,
        )


class SpeakingOut(FactRef):
    """A fact that speaks for or against another answer."""

    text: str
    effect: float = Field(description="Log-odds of the other answer, with the fact less without it")

    @classmethod
    def of(cls, fact: Speaking, fact_id: FactIdOf) -> SpeakingOut:
        """Show one fact."""
        return cls(fact_id=fact_id(fact.seq), seq=fact.seq, text=fact.text, effect=fact.effect)


class WhyNotOut(BaseModel):
    """Why another answer was not given."""

    answer: str
    probability: float
    speaking_for: list[SpeakingOut] = Field(description="Strongest first")
    speaking_against: list[SpeakingOut] = Field(description="Strongest first")
    removal: RemovalOut | None = Field(
        description="Facts without which it would be the answer; null when none were found"
    )

    @classmethod
    def of(cls, why_not: WhyNot | None, fact_id: FactIdOf) -> WhyNotOut | None:
        """Show the comparison."""
        if why_not is None:
            return None
        return cls(
            answer=why_not.answer,
            probability=why_not.probability,
            speaking_for=[SpeakingOut.of(fact, fact_id) for fact in why_not.speaking_for],
            speaking_against=[SpeakingOut.of(fact, fact_id) for fact in why_not.speaking_against],
            removal=RemovalOut.of(why_not.removal, fact_id),
        )


class ExplanationOut(BaseModel):
    """What an answer depends on: the question asked again without facts, as if they had never been told."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXPLANATION_EXAMPLE]})

    answer: str | None = Field(description="The answer that is explained; null where there was none")
    probability: float
    facts: list[LeftOutOut] = Field(description="Each attended fact left out by itself; most needed first")
    removal: RemovalOut | None = Field(
        description="Facts without which there is another answer, as few as were found; null for none"
    )
    why_not: WhyNotOut | None = Field(description="null when no other answer was named")
    questions_asked: int = Field(description="How often the question was asked again")
    every_fact_tried: bool = Field(
        description="Whether each attended fact was left out by itself; at most the 100 most attended are"
    )
    exhausted: bool = Field(description="Whether `most_questions` ended the search")

    @classmethod
    def of(cls, explanation: Explanation, fact_id: FactIdOf) -> ExplanationOut:
        """Show an explanation."""
        return cls(
            answer=explanation.answer.text,
            probability=explanation.answer.probability,
            facts=[LeftOutOut.of(fact, fact_id) for fact in explanation.facts],
            removal=RemovalOut.of(explanation.removal, fact_id),
            why_not=WhyNotOut.of(explanation.why_not, fact_id),
            questions_asked=explanation.asked,
            every_fact_tried=explanation.complete,
            exhausted=explanation.exhausted,
        )


class ExplainedOut(BaseModel):
    """A kept answer, explained by what the network that is loaded makes of the facts it was read from."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "answer_id": "7a0c2c5e-3f83-4f0e-8a53-0d7f3a1b2c11",
                    "model_changed": False,
                    "model": ANSWER_EXAMPLE["model"],
                    "explanation": EXPLANATION_EXAMPLE,
                }
            ]
        }
    )

    answer_id: UUID
    model_changed: bool = Field(
        description="Whether another network gave the kept answer; then another answer is explained perhaps"
    )
    model: ModelOut
    explanation: ExplanationOut
