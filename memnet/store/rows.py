"""What the store hands out: memories and facts as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """A memory as of one revision."""

    memory_id: int
    """Internal number, never reused; it does not leave the store's callers."""
    uid: UUID
    """Random bits of this memory; its facts' ids begin with them."""
    name: str
    """The public name, a slug."""
    description: str | None
    revision: int
    """Number of the last committed change of its facts; 0 for a new memory."""
    last_seq: int
    """Number of the newest fact it ever held; 0 before the first."""
    live_count: int
    """Facts it holds now, without forgotten ones."""
    created_at: datetime
    """Aware, UTC."""
    updated_at: datetime
    """Aware, UTC."""
    history_floor: int
    """The oldest revision that can still be read."""
    active_model_id: int | None
    """The model that its facts are encoded with; None before the first fact."""
    building_model_id: int | None
    """The model that is to replace it, while its vectors are being made."""


@dataclass(frozen=True, slots=True)
class FactRow:
    """A fact that lived at the revision it was read at."""

    seq: int
    text: str
    created_revision: int
    created_at: datetime
    """Aware, UTC; informative, order is by `seq`."""


class Gate(NamedTuple):
    """The other side of a write, and how far it went."""

    seq: int
    gate: float
    """In (0, 1]."""


@dataclass(frozen=True, slots=True)
class Added:
    """What one call of `add` committed."""

    uid: UUID
    """The memory's uid, for the ids of the facts."""
    revision: int
    """The one revision that holds all of them."""
    seqs: tuple[int, ...]
    """In the order of the texts; without gaps."""
    created_at: datetime
    """Aware, UTC."""
    repeated: bool = False
    """Whether an earlier call with the same idempotency key committed it, and this one nothing."""
    superseded: Mapping[int, tuple[Gate, ...]] | None = field(default=None, compare=False)
    """What each of the facts superseded, if it was computed now; see `FactStore.written_by`."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What one call of `erase` did."""

    revision: int
    """Its revision, and now the oldest that can be read."""
    answers: int
    """Kept answers that were deleted with the facts."""
    scrubbed: bool
    """Whether the database's files hold no trace any more. If not, call `FactStore.scrub` later."""


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A model whose vectors the store keeps."""

    model_id: int
    digest: str
    family: str
    spaces: int
    """Vectors per fact."""
    dim: int
    """Columns per vector."""


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """An answer that is kept, with texts as whoever keeps it wrote them."""

    answer_id: UUID
    revision: int
    """The state that was read."""
    model: str
    """Digest of the model that answered."""
    asked: str
    answer: str
    digest: str
    created_at: datetime
    """Aware, UTC."""


@dataclass(frozen=True, slots=True)
class WatchRow:
    """A question that stands."""

    watch_id: UUID
    question: str
    created_at: datetime
    """Aware, UTC."""


@dataclass(frozen=True, slots=True)
class ModelUse:
    """A model, and what is encoded with it."""

    model: ModelRow
    created_at: datetime
    """When it was registered; aware, UTC."""
    memories: int
    """That are answered with it."""
    facts: int
    """Live facts of these."""
    changing: int
    """Memories that it is about to take over."""
