"""What the later facts left of each fact, and which of them took it: shown beside lists of facts."""

from __future__ import annotations

from dataclasses import dataclass

from memnet.errors import MemoryNotFound
from memnet.memory import Memory
from memnet.store import FactsRead, Gate

FAR = 0.1
"""Gates from this one on are shown in a list."""

NEAREST = 5
"""Most gates to either side of a fact that are shown in a list: those of the nearest facts."""

NOTHING_LEFT = -1000.0
"""The lowest retention that is shown; far above it a fact gets no attention that float32 could hold."""


@dataclass(frozen=True, slots=True)
class FactWrites:
    """What a fact did to others, and others to it, as of a revision."""

    retention: float
    """What is left of it, as a logarithm: 0 for all of it."""
    retired: bool = False
    """Whether that is so little that no answer attends to it."""
    superseded: tuple[Gate, ...] = ()
    """Earlier facts, ascending, and how far this one supersedes them."""
    superseded_by: tuple[Gate, ...] = ()
    """Later facts, ascending, and how far they supersede this one."""


def writes_about(memory: Memory, memory_id: str, found: FactsRead, *, whole: bool) -> dict[int, FactWrites]:
    """The writes of facts that were read, as of the revision they were read at, by their numbers.

    Args:
        memory: Where they were read.
        memory_id: In which memory.
        found: The facts.
        whole: All gates, not only the nearest ones that go far.

    Raises:
        MemoryNotFound: The memory was deleted since.
        HistoryErased: Facts of that revision were erased since.
        ModelNotActive: A large memory that another network answers, whose gates say nothing here.
        StoreError: The store could not be read.
    """
    seqs = [fact.seq for fact in found.facts]
    if not memory.model.has_gates or not seqs:
        return {seq: FactWrites(0.0) for seq in seqs}
    at = memory.at(memory_id, as_of_revision=found.revision)
    if at.uid != found.memory.uid:
        raise MemoryNotFound(memory_id)
    retention = at.retention(seqs).tolist()
    gates = memory.store.superseded_of(
        memory_id,
        seqs,
        model_id=memory.model_id,
        as_of_revision=found.revision,
        at_least=0.0 if whole else FAR,
        most=None if whole else NEAREST,
    )
    return {
        seq: FactWrites(
            max(left, NOTHING_LEFT),
            memory.model.retires(left),
            gates[seq].supersedes,
            gates[seq].superseded_by,
        )
        for seq, left in zip(seqs, retention, strict=True)
    }
