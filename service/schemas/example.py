"""Stories to try, and what others have scored on the tasks they are of."""

from __future__ import annotations

from statistics import fmean
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from memnet.babi.examples import ATTRIBUTION, LICENSE, Example
from memnet.babi.published import Published
from memnet.evaluation.answers import FAILED
from service.schemas.model import TaskScore

EXAMPLE: dict[str, Any] = {
    "example_id": "babi-4-1",
    "task": 4,
    "task_name": "two-arg-relations",
    "facts": [
        {"seq": 1, "text": "The hallway is east of the bathroom."},
        {"seq": 2, "text": "The bedroom is west of the bathroom."},
    ],
    "questions": [
        {
            "question": "What is the bathroom east of?",
            "answer": "bedroom",
            "supporting_facts": [2],
            "facts_before": 2,
        }
    ],
}

PUBLISHED_EXAMPLE: dict[str, Any] = {
    "model": "MemN2N PE LS RN 3 hops",
    "train_size": "10k",
    "mode": "joint",
    "statistic": "best of 10 runs by training error",
    "status": "verified",
    "source": "MemN2N column of the DNC extended-data table",
    "tasks": {"1": {"error": 0.0}},
    "mean_error": 0.075,
    "failed": [3, 16, 17, 19],
}


class ExampleFact(BaseModel):
    """A fact of the story."""

    seq: int = Field(description="Its number, from 1, in the order told")
    text: str


class ExampleQuestion(BaseModel):
    """A question of the story."""

    question: str
    answer: str = Field(description="The one that bAbI counts as right")
    supporting_facts: list[int] = Field(description="`seq` of the facts that the answer follows from")
    facts_before: int = Field(description="How many facts of the story are told before it is asked")


class ExampleOut(BaseModel):
    """A story of a bAbI task, to be told to a memory and asked about."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    example_id: str = Field(description="A memory may have the same name")
    task: int = Field(description="From 1 to 20")
    task_name: str
    facts: list[ExampleFact]
    questions: list[ExampleQuestion]

    @classmethod
    def of(cls, example: Example) -> ExampleOut:
        """Show a story."""
        return cls(
            example_id=example.example_id,
            task=example.story.task,
            task_name=example.task_name,
            facts=[ExampleFact(seq=fact.seq, text=fact.text) for fact in example.story.facts],
            questions=[
                ExampleQuestion(
                    question=each.text,
                    answer=each.answer,
                    supporting_facts=list(each.supporting),
                    facts_before=each.facts_before,
                )
                for each in example.story.questions
            ],
        )


class ExampleList(BaseModel):
    """Stories to try, by task."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"attribution": ATTRIBUTION, "license": LICENSE, "items": [EXAMPLE]}]}
    )

    attribution: str = Field(default=ATTRIBUTION, description="To be named where the stories are shown")
    license: str = Field(default=LICENSE, description="SPDX identifier")
    items: list[ExampleOut]


class PublishedOut(BaseModel):
    """One published column: error per task of one model."""

    model_config = ConfigDict(json_schema_extra={"examples": [PUBLISHED_EXAMPLE]})

    model: str
    train_size: Literal["1k", "10k"] = Field(description="Training questions per task")
    mode: Literal["single", "joint"] = Field(description="One network per task, or one for all")
    statistic: str = Field(description="Which run the numbers are of; the best of several is no mean")
    status: Literal["verified", "recalled"] = Field(
        description="`recalled` numbers are to be checked before they are relied on"
    )
    source: str
    tasks: dict[str, TaskScore] = Field(description="By the number of the task")
    mean_error: float = Field(description="Mean over the tasks, in [0, 1]")
    failed: list[int] = Field(description="Tasks with more than 5 % error")

    @classmethod
    def of(cls, column: Published) -> PublishedOut:
        """Show a column."""
        return cls.model_validate(
            {
                "model": column.model,
                "train_size": column.train_size,
                "mode": column.mode,
                "statistic": column.statistic,
                "status": column.status,
                "source": column.source,
                "tasks": {str(task): {"error": error} for task, error in sorted(column.errors.items())},
                "mean_error": round(fmean(column.errors.values()), 6),
                "failed": [task for task, error in sorted(column.errors.items()) if error > FAILED],
            }
        )


class PublishedList(BaseModel):
    """Published results on the 20 bAbI tasks."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [PUBLISHED_EXAMPLE]}]})

    items: list[PublishedOut]
