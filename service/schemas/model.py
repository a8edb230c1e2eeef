"""The network that answers: what it is, how it was made and what it scores."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from service.schemas.operations import ServedModel

MODEL_EXAMPLE: dict[str, Any] = {
    "model_id": "memnet-joint",
    "sha256": "9f86d081884c7d65…",
    "family": "memn2n",
    "hops": 3,
    "heads": 1,
    "gates": False,
    "memory_size": 50,
    "dim": 50,
    "vocabulary_size": 176,
    "parameters": 45400,
    "key_spaces": 4,
    "recipe": {"num_hops": 3, "seed": 0},
    "data": {"split": "en-10k"},
    "scorecard": {
        "tasks": {"1": {"error": 0.001}},
        "mean_error": 0.001,
        "failed": [],
        "data": {"split": "en-10k", "part": "test"},
        "notes": ["one run, seed 0, nothing selected"],
    },
}


class TaskScore(BaseModel):
    """One bAbI task."""

    error: float = Field(description="Share of its test questions that are answered wrongly, in [0, 1]")


class ScoredData(BaseModel):
    """What it was scored on."""

    split: str
    part: str


class Scorecard(BaseModel):
    """What this very checkpoint scores on the 20 bAbI tasks."""

    tasks: dict[str, TaskScore] = Field(description="By the number of the task")
    mean_error: float = Field(description="Mean over the tasks, in [0, 1]")
    failed: list[int] = Field(description="Tasks with more than 5 % error")
    data: ScoredData
    notes: list[str] = Field(description="What must be said with these numbers")


class ModelDetails(ServedModel):
    """A network, its training and its scores."""

    model_config = ConfigDict(json_schema_extra={"examples": [MODEL_EXAMPLE]})

    vocabulary_size: int = Field(description="Words it knows")
    parameters: int = Field(description="Numbers it was trained to")
    key_spaces: int = Field(description="Vectors kept for each fact")
    recipe: dict[str, Any] | None = Field(
        description="How it was trained; null when the checkpoint does not say"
    )
    data: dict[str, Any] | None = Field(
        description="What it was trained on; null when the checkpoint does not say"
    )
    scorecard: Scorecard | None = Field(description="null when this checkpoint was not evaluated")


class ModelList(BaseModel):
    """The networks that answer: one."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [MODEL_EXAMPLE]}]})

    items: list[ModelDetails]


class RatesOut(BaseModel):
    """Requests per minute of each class; null for any number."""

    read: int | None = Field(description="Lists, facts, changes, models")
    ask: int | None = Field(description="Questions, searches, kept answers, watches that are read")
    write: int | None = Field(description="Facts, memories, watches; forgetting a fact")
    admin: int | None = Field(description="Deleting, erasing, metrics")


class LimitsOut(BaseModel):
    """What a request may hold; more is refused, never cut."""

    body_bytes: int
    facts_per_request: int
    fact_characters: int
    question_characters: int
    questions_per_batch: int
    watches_per_memory: int
    streams: int = Field(description="Streams of events that one process keeps open")
    page_items: int = Field(description="Largest `limit` of a list")
    search_results: int = Field(description="Largest `limit` of a search")
    attention_limit: int
    top_answers: int
    description_characters: int
    memory_id_characters: int
    idempotency_key_characters: int
    idempotency_key_hours: int = Field(description="How long a key is remembered")
    concurrent_questions: int = Field(description="Requests computed at once by one process")
    waiting_questions: int = Field(description="Requests that may wait for that; one more is 503")
    wait_s: float = Field(description="Seconds that one waits for that at most, else it is 503")
    concurrent_requests: int = Field(description="Requests of any kind inside one process; one more is 503")
    request_timeout_s: float = Field(description="Seconds until an answer begins, else it is 503")
    requests_per_minute: RatesOut = Field(
        description="With this key, or from this address, in one process, for each class of requests. They "
        "may come at once"
    )
