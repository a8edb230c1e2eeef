"""Facts, as they are told and read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic_core import to_json

from memnet.memory import Remembered
from memnet.store.facts import FactRow
from memnet.store.ids import fact_id
from memnet.story import ReadAs
from memnet.superseding import FactWrites
from service.schemas.text import Request, Sentence

FIRST_ID = "c1f5cb3e-6f1c-5d0b-9e1a-0d7f3a1b2c01"
SECOND_ID = "c1f5cb3e-6f1c-5d0b-9e1a-0d7f3a1b2c02"
STORY = ["Mary got the football there.", "Mary went back to the garden."]

FACT_EXAMPLE: dict[str, Any] = {
    "fact_id": FIRST_ID,
    "seq": 1,
    "text": STORY[0],
    "created_revision": 1,
    "created_at": "2026-11-20T09:14:03Z",
    "writes": None,
}


class NewFact(Request):
    """One sentence to remember."""

    text: Sentence = Field(description="The sentence; it is kept verbatim")


class NewFacts(Request):
    """Facts in the order they happened; all of them are remembered, or none."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"facts": [{"text": text} for text in STORY]}]})

    facts: list[NewFact] = Field(min_length=1)


class FactCounts(BaseModel):
    """What became of the facts of a request."""

    created: int


class SupersededOut(BaseModel):
    """An earlier fact that a new one supersedes."""

    seq: int
    gate: float = Field(description="How far: 0 not at all, 1 wholly")


class ReadAsOut(BaseModel):
    """A word that the network never held, and the one that it read instead."""

    word: str
    taught: str = Field(description="The nearest word that it was taught")

    @classmethod
    def of(cls, read: Sequence[ReadAs]) -> list[ReadAsOut]:
        """Show some."""
        return [cls(word=each.word, taught=each.taught) for each in read]


class CreatedFact(BaseModel):
    """A fact that is now remembered."""

    index: int = Field(description="Its position in the request, from 0")
    fact_id: UUID
    seq: int = Field(description="Its number in the memory, from 1; never used again")
    status: Literal["created"] = "created"
    unknown_words: list[str] = Field(description="Words of it that the network never saw in training")
    read_as: list[ReadAsOut] = Field(
        default=[], description="Words of it that the network never saw in training, and what it read instead"
    )
    superseded: list[SupersededOut] = Field(
        description="Earlier facts that this one supersedes, without those of which later facts left next to "
        "nothing already; none with a network without gates"
    )


class FactsCreated(BaseModel):
    """Facts that are stored and will be found by the next question."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "revision": 1,
                    "searchable": True,
                    "counts": {"created": 2},
                    "facts": [
                        {
                            "index": 0,
                            "fact_id": FIRST_ID,
                            "seq": 1,
                            "status": "created",
                            "unknown_words": [],
                            "read_as": [],
                            "superseded": [],
                        },
                        {
                            "index": 1,
                            "fact_id": SECOND_ID,
                            "seq": 2,
                            "status": "created",
                            "unknown_words": [],
                            "read_as": [],
                            "superseded": [],
                        },
                    ],
                }
            ]
        }
    )

    revision: int = Field(description="The memory's revision that holds these facts")
    searchable: Literal[True] = True
    counts: FactCounts
    facts: list[CreatedFact]

    @staticmethod
    def json_of(remembered: Remembered) -> bytes:
        """What was remembered as the JSON of this model, without making one: a fact may supersede many."""
        shown = {
            "revision": remembered.revision,
            "searchable": True,
            "counts": {"created": len(remembered.facts)},
            "facts": [
                {
                    "index": index,
                    "fact_id": fact.fact_id,
                    "seq": fact.seq,
                    "status": "created",
                    "unknown_words": fact.unknown_words,
                    "read_as": [{"word": each.word, "taught": each.taught} for each in fact.read_as],
                    "superseded": [{"seq": seq, "gate": gate} for seq, gate in fact.superseded],
                }
                for index, fact in enumerate(remembered.facts)
            ],
        }
        return to_json(shown)


class SupersedingOut(BaseModel):
    """A later fact that supersedes another one."""

    seq: int
    gate: float = Field(description="How far: 0 not at all, 1 wholly")


class WritesOut(BaseModel):
    """What a fact did to earlier ones, and later ones to it, as of the revision that was read."""

    retention: float = Field(
        description="What later facts left of it, as a logarithm that attention adds to its score: 0 for all "
        "of it; what is told after it has retired is mostly not counted any more; -1000 where it is lower "
        "still"
    )
    retired: bool = Field(
        description="Whether so little is left of it that no answer attends to it, until a fact that "
        "superseded it is forgotten"
    )
    superseded: list[SupersededOut] = Field(description="Earlier facts that this one supersedes")
    superseded_by: list[SupersedingOut] = Field(description="Later facts that supersede this one")

    @classmethod
    def of(cls, writes: FactWrites) -> WritesOut:
        """Show the writes of a fact."""
        return cls(
            retention=writes.retention,
            retired=writes.retired,
            superseded=[SupersededOut(seq=each.seq, gate=each.gate) for each in writes.superseded],
            superseded_by=[SupersedingOut(seq=each.seq, gate=each.gate) for each in writes.superseded_by],
        )


class FactOut(BaseModel):
    """One remembered sentence."""

    model_config = ConfigDict(json_schema_extra={"examples": [FACT_EXAMPLE]})

    fact_id: UUID
    seq: int = Field(description="Its number in the memory, from 1; never used again")
    text: str = Field(description="The sentence, verbatim")
    created_revision: int = Field(description="The revision that brought it")
    created_at: AwareDatetime
    writes: WritesOut | None = Field(
        default=None, description="What it superseded and is superseded by; null when it was not asked for"
    )

    @classmethod
    def of(cls, uid: UUID, row: FactRow, writes: FactWrites | None = None) -> FactOut:
        """Describe a fact of the memory that has this uid."""
        return cls(
            fact_id=fact_id(uid, row.seq),
            seq=row.seq,
            text=row.text,
            created_revision=row.created_revision,
            created_at=row.created_at,
            writes=None if writes is None else WritesOut.of(writes),
        )


class FactPage(BaseModel):
    """A page of a memory's facts, in the order they happened or the other way round."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"revision": 1, "items": [FACT_EXAMPLE], "next_cursor": None, "has_more": False}]
        }
    )

    revision: int = Field(description="The memory's revision when the page was read")
    items: list[FactOut]
    next_cursor: str | None = Field(description="Hand it back as `cursor` for the next page")
    has_more: bool


def texts_of(facts: Sequence[NewFact]) -> list[str]:
    """The sentences of new facts."""
    return [fact.text for fact in facts]
