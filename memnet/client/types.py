"""What the service is sent and answers. Made by `python -m service.reference` from the API."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class AddedFact(TypedDict):
    """A fact that was added for the question."""

    seq: int
    text: str


class Alive(TypedDict):
    """The process runs."""

    status: NotRequired[Literal["alive"]]


class AlternativeOut(TypedDict):
    """A possible answer."""

    text: str
    probability: float


class AnswerOut(TypedDict):
    """What the network says, and the reading that led to it."""

    question: str
    answer: str | None
    abstained: bool
    reason: (
        Literal["no_eligible_facts", "unknown_words", "no_relevant_facts", "undecided", "low_confidence"]
        | None
    )
    confidence: Confidence
    entries: NotRequired[list[EntryOut]]
    alternatives: list[AlternativeOut]
    hops: list[HopOut]
    evidence: list[EvidenceOut]
    evidence_method: NotRequired[Literal["mean_over_hops"]]
    unknown_words: list[str]
    read_as: NotRequired[list[ReadAsOut]]
    memory: MemoryRead
    model: ModelOut
    overlay: OverlayOut | None
    explanation: NotRequired[ExplanationOut | None]
    answer_id: str | None
    digest: str | None
    created_at: str | None
    timing_ms: Timing | None
    request_id: str


class AnswerThen(TypedDict):
    """What was answered at a revision."""

    revision: int
    answer: str | None
    reason: (
        Literal["no_eligible_facts", "unknown_words", "no_relevant_facts", "undecided", "low_confidence"]
        | None
    )
    probability: float


class AsOf(TypedDict):
    """A state of the past: what the memory held then. Exactly one of the two."""

    revision: NotRequired[int | None]
    recorded_at: NotRequired[str | None]


class Ask(TypedDict):
    """A question to a memory."""

    as_of: NotRequired[AsOf | None]
    min_revision: NotRequired[int | None]
    attention: NotRequired[Literal["top", "full", "none"]]
    attention_limit: NotRequired[int]
    top_answers: NotRequired[int]
    heads: NotRequired[bool]
    overlay: NotRequired[OverlayIn | None]
    question: str
    save: NotRequired[bool]
    explain: NotRequired[ExplainIn | None]


class AskBatch(TypedDict):
    """Questions to a memory, answered from one state of it."""

    as_of: NotRequired[AsOf | None]
    min_revision: NotRequired[int | None]
    attention: NotRequired[Literal["top", "full", "none"]]
    attention_limit: NotRequired[int]
    top_answers: NotRequired[int]
    heads: NotRequired[bool]
    overlay: NotRequired[OverlayIn | None]
    questions: list[str]


class AskFacts(TypedDict):
    """A question with the facts it is about; nothing is stored."""

    attention: NotRequired[Literal["top", "full", "none"]]
    attention_limit: NotRequired[int]
    top_answers: NotRequired[int]
    heads: NotRequired[bool]
    facts: list[NewFact]
    question: str


class AttendedOut(TypedDict):
    """The attention that one fact received at one hop."""

    rank: int
    fact_id: str | None
    seq: int
    weight: float
    score: float


class BatchItem(TypedDict):
    """What became of one question of a batch."""

    index: int
    answer: AnswerOut


class BatchOut(TypedDict):
    """The answers to a batch, in the order of the questions, all from the same facts."""

    memory_id: str
    revision: int
    results: list[BatchItem]
    timing_ms: Timing
    request_id: str


class CauseOut(TypedDict):
    """The change of the memory through which the answer changed."""

    revision: int
    op: Literal["add", "forget", "erase", "model"]
    recorded_at: str
    fact_count: int
    facts: list[TextualFact]


class ChangeOut(TypedDict):
    """One committed change of a memory."""

    revision: int
    op: Literal["add", "forget", "erase", "model"]
    facts: list[ChangedFact]
    recorded_at: str
    actor: str | None


class ChangePage(TypedDict):
    """A page of the log: revisions in order, without gaps."""

    revision: int
    items: list[ChangeOut]
    next_after_revision: int | None
    has_more: bool


class ChangedFact(TypedDict):
    """A fact that a change is about."""

    fact_id: str
    seq: int


class Confidence(TypedDict):
    """How sure the network is."""

    probability: float
    margin: float


class CreatedFact(TypedDict):
    """A fact that is now remembered."""

    index: int
    fact_id: str
    seq: int
    status: NotRequired[Literal["created"]]
    unknown_words: list[str]
    read_as: NotRequired[list[ReadAsOut]]
    superseded: list[SupersededOut]


class EntryOut(TypedDict):
    """A word or name of an answer; a list has several, and their order means nothing."""

    text: str
    probability: float


class ErasureCounts(TypedDict):
    """How much there is, place by place."""

    facts: int
    forgotten: int
    vectors: int
    answers: int


class ErasureOut(TypedDict):
    """What an erasure would do or did."""

    plan_id: str
    dry_run: bool
    revision: int
    counts: ErasureCounts
    oldest_readable_revision: int
    scrubbed: bool | None


class EvidenceOut(TypedDict):
    """A fact that attention used for the answer."""

    fact_id: str | None
    seq: int
    text: str
    weight: float
    per_hop: list[float]
    peak_hop: int


class ExampleFact(TypedDict):
    """A fact of the story."""

    seq: int
    text: str


class ExampleList(TypedDict):
    """Stories to try, by task."""

    attribution: NotRequired[str]
    license: NotRequired[str]
    items: list[ExampleOut]


class ExampleOut(TypedDict):
    """A story of a bAbI task, to be told to a memory and asked about."""

    example_id: str
    task: int
    task_name: str
    facts: list[ExampleFact]
    questions: list[ExampleQuestion]


class ExampleQuestion(TypedDict):
    """A question of the story."""

    question: str
    answer: str
    supporting_facts: list[int]
    facts_before: int


class ExplainIn(TypedDict):
    """How to explain."""

    why_not: NotRequired[str | None]
    most_questions: NotRequired[int]


class ExplainedOut(TypedDict):
    """A kept answer, explained by what the network that is loaded makes of the facts it was read from."""

    answer_id: str
    model_changed: bool
    model: ModelOut
    explanation: ExplanationOut


class ExplanationOut(TypedDict):
    """What an answer depends on: the question asked again without facts, as if they had never been
    told.
    """

    answer: str | None
    probability: float
    facts: list[LeftOutOut]
    removal: RemovalOut | None
    why_not: WhyNotOut | None
    questions_asked: int
    every_fact_tried: bool
    exhausted: bool


class FactCounts(TypedDict):
    """What became of the facts of a request."""

    created: int


class FactOut(TypedDict):
    """One remembered sentence."""

    fact_id: str
    seq: int
    text: str
    created_revision: int
    created_at: str
    writes: NotRequired[WritesOut | None]


class FactPage(TypedDict):
    """A page of a memory's facts, in the order they happened or the other way round."""

    revision: int
    items: list[FactOut]
    next_cursor: str | None
    has_more: bool


class FactRef(TypedDict):
    """A fact by its number."""

    fact_id: str | None
    seq: int


class FactsCreated(TypedDict):
    """Facts that are stored and will be found by the next question."""

    revision: int
    searchable: NotRequired[Literal[True]]
    counts: FactCounts
    facts: list[CreatedFact]


class FieldProblem(TypedDict):
    """What is wrong with one field; the value itself is never repeated."""

    pointer: NotRequired[str | None]
    parameter: NotRequired[str | None]
    location: NotRequired[Literal["query", "path", "header"] | None]
    code: str
    detail: str
    limit: NotRequired[int | None]


class Found(TypedDict):
    """A fact that was found."""

    rank: int
    fact_id: str
    seq: int
    text: str
    score: float


class HeadOut(TypedDict):
    """What one head of a hop read: the listed weights, `other_mass` and `null_mass` sum to 1."""

    head: int
    null_mass: float
    other_mass: float
    attention: list[AttendedOut]


class HiddenFact(TypedDict):
    """A fact that was left out of the question."""

    fact_id: str
    seq: int


class HopOut(TypedDict):
    """One attention read, the mean of its heads: listed weights, `other_mass` and `null_mass` sum to
    1.
    """

    hop: int
    null_mass: float
    other_mass: float
    attention: list[AttendedOut]
    heads: NotRequired[list[HeadOut] | None]


class KeptLine(TypedDict):
    """A kept answer in a list."""

    answer_id: str
    question: str
    answer: str | None
    revision: int
    digest: str
    created_at: str


class KeptPage(TypedDict):
    """A page of kept answers, newest first."""

    items: list[KeptLine]
    next_cursor: str | None
    has_more: bool


class LeftOutOut(TypedDict):
    """What one fact was needed for."""

    fact_id: str | None
    seq: int
    text: str
    weight: float
    answer_without: str | None
    probability_without: float
    change: float


class LimitsOut(TypedDict):
    """What a request may hold; more is refused, never cut."""

    body_bytes: int
    facts_per_request: int
    fact_characters: int
    question_characters: int
    questions_per_batch: int
    watches_per_memory: int
    streams: int
    page_items: int
    search_results: int
    attention_limit: int
    top_answers: int
    description_characters: int
    memory_id_characters: int
    idempotency_key_characters: int
    idempotency_key_hours: int
    concurrent_questions: int
    waiting_questions: int
    wait_s: float
    concurrent_requests: int
    request_timeout_s: float
    requests_per_minute: RatesOut


class MemoryCounts(TypedDict):
    """How much a memory holds."""

    facts: int
    retired: int | None


class MemoryOut(TypedDict):
    """A memory: a named, ordered, growing collection of facts."""

    memory_id: str
    description: str | None
    revision: int
    counts: MemoryCounts
    last_seq: int
    created_at: str
    updated_at: str


class MemoryPage(TypedDict):
    """A page of memories, by name."""

    items: list[MemoryOut]
    next_cursor: str | None
    has_more: bool


class MemoryRead(TypedDict):
    """What was read for the answer."""

    memory_id: str | None
    revision: int | None
    as_of: AsOf | None
    eligible: int
    attended: int
    exact: NotRequired[Literal[True]]


class ModelDetails(TypedDict):
    """A network, its training and its scores."""

    model_id: str
    sha256: str
    family: str
    hops: int
    heads: int
    gates: bool
    memory_size: int | None
    dim: int
    vocabulary_size: int
    parameters: int
    key_spaces: int
    recipe: dict[str, Any] | None
    data: dict[str, Any] | None
    scorecard: Scorecard | None


class ModelList(TypedDict):
    """The networks that answer: one."""

    items: list[ModelDetails]


class ModelOut(TypedDict):
    """The network that answered."""

    model_id: str
    sha256: str
    hops: int


class NewErasure(TypedDict):
    """Facts to erase, to see what that would do; or the plan that came back, to do it."""

    fact_ids: NotRequired[list[str] | None]
    plan_id: NotRequired[str | None]
    dry_run: NotRequired[bool]


class NewFact(TypedDict):
    """One sentence to remember."""

    text: str


class NewFacts(TypedDict):
    """Facts in the order they happened; all of them are remembered, or none."""

    facts: list[NewFact]


class NewMemory(TypedDict):
    """What a caller says about a memory; every field may be left out."""

    description: NotRequired[str | None]


class NewWatch(TypedDict):
    """A question to let stand."""

    question: str


class OverlayIn(TypedDict):
    """What is supposed for this question; nothing of it is stored."""

    add: NotRequired[list[NewFact]]
    hide: NotRequired[list[str]]


class OverlayOut(TypedDict):
    """What was supposed."""

    added: list[AddedFact]
    hidden: list[HiddenFact]


class Problem(TypedDict):
    """An error. `Content-Type` is `application/problem+json`."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    hint: NotRequired[str | None]
    rate_class: NotRequired[Literal["read", "ask", "write", "admin"] | None]
    errors: NotRequired[list[FieldProblem] | None]


class ProblemKindOut(TypedDict):
    """What a kind of problem means."""

    type: str
    code: str
    status: int
    title: str
    meaning: str
    remedy: str


class PublishedList(TypedDict):
    """Published results on the 20 bAbI tasks."""

    items: list[PublishedOut]


class PublishedOut(TypedDict):
    """One published column: error per task of one model."""

    model: str
    train_size: Literal["1k", "10k"]
    mode: Literal["single", "joint"]
    statistic: str
    status: Literal["verified", "recalled"]
    source: str
    tasks: dict[str, TaskScore]
    mean_error: float
    failed: list[int]


class RatesOut(TypedDict):
    """Requests per minute of each class; null for any number."""

    read: int | None
    ask: int | None
    write: int | None
    admin: int | None


class ReadAsOut(TypedDict):
    """A word that the network never held, and the one that it read instead."""

    word: str
    taught: str


class Ready(TypedDict):
    """The service can answer."""

    status: NotRequired[Literal["ready"]]


class RemovalOut(TypedDict):
    """Facts without which there is another answer."""

    facts: list[FactRef]
    answer_without: str | None
    probability_without: float
    proven_smallest: bool


class ReplayOut(TypedDict):
    """A kept answer, computed again from the state that it was read from."""

    answer_id: str
    outcome: Literal["identical", "different", "model_changed"]
    identical: bool
    max_abs_diff: float | None
    digest: str
    kept_digest: str
    answer: AnswerOut


class Scorecard(TypedDict):
    """What this very checkpoint scores on the 20 bAbI tasks."""

    tasks: dict[str, TaskScore]
    mean_error: float
    failed: list[int]
    data: ScoredData
    notes: list[str]


class ScoredData(TypedDict):
    """What it was scored on."""

    split: str
    part: str


class Search(TypedDict):
    """A text to compare facts with."""

    as_of: NotRequired[AsOf | None]
    min_revision: NotRequired[int | None]
    text: str
    limit: NotRequired[int]


class SearchOut(TypedDict):
    """The facts whose keys best match the text, best first."""

    results: list[Found]
    score_type: NotRequired[Literal["inner_product"]]
    unknown_words: list[str]
    memory: SearchRead
    model: ModelOut
    request_id: str


class SearchRead(TypedDict):
    """What was searched."""

    memory_id: str
    revision: int
    as_of: AsOf | None
    eligible: int


class ServedModel(TypedDict):
    """The network that answers."""

    model_id: str
    sha256: str
    family: str
    hops: int
    heads: int
    gates: bool
    memory_size: int | None
    dim: int


class SpeakingOut(TypedDict):
    """A fact that speaks for or against another answer."""

    fact_id: str | None
    seq: int
    text: str
    effect: float


class SupersededOut(TypedDict):
    """An earlier fact that a new one supersedes."""

    seq: int
    gate: float


class SupersedingOut(TypedDict):
    """A later fact that supersedes another one."""

    seq: int
    gate: float


class TaskScore(TypedDict):
    """One bAbI task."""

    error: float


class TextualFact(TypedDict):
    """A fact, as an event names it."""

    fact_id: str | None
    seq: int
    text: str | None
    weight: float


class Timing(TypedDict):
    """Where the time went, in milliseconds."""

    total: float


class VersionOut(TypedDict):
    """What is running."""

    name: NotRequired[Literal["memnet"]]
    version: str
    api: NotRequired[Literal["v1"]]
    model: ServedModel


class WatchEvent(TypedDict):
    """What a listener is told, as the `data` of a server-sent event."""

    watch_id: str
    memory_id: str
    question: str
    now: AnswerThen
    before: AnswerThen | None
    cause: CauseOut | None
    evidence: list[TextualFact]
    skipped: int


class WatchList(TypedDict):
    """All questions that stand for a memory, oldest first."""

    items: list[WatchOut]


class WatchOut(TypedDict):
    """A question that stands."""

    watch_id: str
    question: str
    created_at: str


class WhyNotOut(TypedDict):
    """Why another answer was not given."""

    answer: str
    probability: float
    speaking_for: list[SpeakingOut]
    speaking_against: list[SpeakingOut]
    removal: RemovalOut | None


class WritesOut(TypedDict):
    """What a fact did to earlier ones, and later ones to it, as of the revision that was read."""

    retention: float
    retired: bool
    superseded: list[SupersededOut]
    superseded_by: list[SupersedingOut]
