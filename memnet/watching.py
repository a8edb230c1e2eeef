"""A question that stands: when its answer changes, and through which change of the memory.

Nothing is remembered of what was answered before. The answer as of any revision can be computed, and the log
says what each revision did; so whoever knows up to which revision they were told can be told the rest, by any
process and after any pause.

    revision   1        2        3        4
    answer     garden   garden   kitchen  kitchen
    told       answer            answer_changed, through what revision 3 did
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal
from uuid import UUID

from memnet.errors import FactNotFound, HistoryErased, LogCompacted, MemoryNotFound, RevisionNotFound
from memnet.memory import Memory
from memnet.memory_at import MemoryAt
from memnet.store import Change
from memnet.story import Answer

STEPS = 64
"""Revisions that are looked at one by one. Behind more of them only the change that led to the last answer is
looked for, by halves."""

CAUSES = 20
"""Facts of a change that are shown, those that the new answer attended to most first."""

EVIDENCE = 10
"""Facts that an answer keeps, those attended to most."""


@dataclass(frozen=True, slots=True)
class CausingFact:
    """A fact that a change was about."""

    seq: int
    text: str | None
    """None for one that was erased."""
    weight: float
    """Mean attention that the new answer paid to it; 0 for one that is gone."""


@dataclass(frozen=True, slots=True)
class Cause:
    """The change of the memory through which the answer changed."""

    change: Change
    facts: tuple[CausingFact, ...]
    """Most attended first; at most `CAUSES`."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What somebody who follows a question is told.

    `answer`: what is answered now; told first, and when what was before cannot be read. `answer_changed`.
    `unchanged`: nothing to tell, but one need not look at these revisions again.
    """

    kind: Literal["answer", "answer_changed", "unchanged"]
    revision: int
    uid: UUID
    """Of the memory, for the ids of its facts."""
    answer: Answer
    """Without the reads of its hops, and with some of its evidence: who listens may do so for minutes, and
    what was read of ten thousand facts takes 6 MiB."""
    before: Answer | None = None
    """The answer before, of `answer_changed`; its `revision` is the last one at which it was looked at."""
    cause: Cause | None = None
    """None when there is no telling which change it was, because facts were erased in between."""
    skipped: int = 0
    """Revisions that were not looked at one by one; the answer may have been another one meanwhile."""


class Watcher:
    """Follows one question to one memory."""

    def __init__(self, memory: Memory, memory_id: str, uid: UUID, question: str) -> None:
        """Begin to follow; nothing is read yet.

        Args:
            memory: Where the memory is.
            memory_id: Which memory.
            uid: Another memory of the same name is not followed.
            question: The question.
        """
        self._memory = memory
        self._memory_id = memory_id
        self._uid = uid
        self._question = question
        self._last: Answer | None = None

    @property
    def revision(self) -> int | None:
        """Up to where it was followed; None before the first step."""
        return None if self._last is None else self._last.revision

    def begin(self, known: int | None = None) -> list[Notice]:
        """The first notices.

        Args:
            known: The revision up to which everything was told before; None for a new listener.

        Raises:
            MemoryNotFound: The memory is gone.
            StoreError: The store could not be read.
        """
        if known is not None:
            try:
                self._last = _brief(self._ask(self._at(known)))
            except (RevisionNotFound, HistoryErased):
                known = None
        if known is None:
            self._last = None
        return self.advance()

    def advance(self) -> list[Notice]:
        """What has come since the last notices, oldest first; nothing when the memory has not changed.

        Raises:
            MemoryNotFound: The memory is gone.
            StoreError: The store could not be read.
        """
        while True:
            try:
                return self._advance()
            except (HistoryErased, RevisionNotFound):
                # Erased, or restored from a backup, between two reads.
                continue

    def _advance(self) -> list[Notice]:
        head = self._at()
        last = self._last
        if last is None or head.revision < last.revision:
            answer = self._last = _brief(self._ask(head))
            return [Notice("answer", head.revision, head.uid, answer)]
        if head.revision == last.revision:
            return []
        try:
            log = self._memory.store.log(
                self._memory_id, after_revision=last.revision, limit=head.revision - last.revision
            ).changes
        except LogCompacted:
            return self._over_an_erasing(head, last)
        if len(log) <= STEPS:
            notices = self._step_by_step(head, last, log)
        else:
            notices = self._by_halves(head, last, log)
        if not notices or notices[-1].revision < head.revision:
            notices.append(Notice("unchanged", head.revision, head.uid, _brief(self._ask(head))))
        self._last = notices[-1].answer
        return notices

    def _step_by_step(self, head: MemoryAt, last: Answer, log: Sequence[Change]) -> list[Notice]:
        notices = []
        before = last
        for change in log:
            at = head if change.revision == head.revision else self._at(change.revision)
            answer = self._ask(at)
            if _differ(before, answer):
                cause = self._cause(change, answer)
                notices.append(
                    Notice("answer_changed", change.revision, head.uid, _brief(answer), before, cause)
                )
            before = _brief(answer)
        return notices

    def _by_halves(self, head: MemoryAt, last: Answer, log: Sequence[Change]) -> list[Notice]:
        """The change that led to the answer of now: before it was another one, and behind it this one."""
        now = self._ask(head)
        if not _differ(last, now):
            return []
        before, answer = last, now
        low, high = -1, len(log) - 1
        while high - low > 1:
            middle = (low + high) // 2
            between = self._ask(self._at(log[middle].revision))
            if _differ(between, now):
                low, before = middle, _brief(between)
            else:
                high, answer = middle, between
        cause = self._cause(log[high], answer)
        skipped = len(log) - 1
        return [
            Notice(
                "answer_changed", answer.revision, head.uid, _brief(answer), before, cause, skipped=skipped
            )
        ]

    def _over_an_erasing(self, head: MemoryAt, last: Answer) -> list[Notice]:
        answer = self._last = _brief(self._ask(head))
        kind: Literal["answer_changed", "unchanged"] = (
            "answer_changed" if _differ(last, answer) else "unchanged"
        )
        skipped = head.revision - last.revision - 1
        before = last if kind == "answer_changed" else None
        return [Notice(kind, head.revision, head.uid, answer, before, skipped=skipped)]

    def _cause(self, change: Change, answer: Answer) -> Cause:
        weights = {fact.seq: fact.weight for fact in answer.evidence}
        seqs = sorted(change.seqs, key=lambda seq: (-weights.get(seq, 0.0), seq))[:CAUSES]
        # A fact that was forgotten can be read as of the revision before.
        revision = change.revision - (change.op == "delete")
        return Cause(
            change,
            tuple(CausingFact(seq, self._text(seq, revision), weights.get(seq, 0.0)) for seq in seqs),
        )

    def _text(self, seq: int, revision: int) -> str | None:
        try:
            return self._memory.store.fact(self._memory_id, seq, as_of_revision=revision).text
        except FactNotFound:
            return None

    def _at(self, revision: int | None = None) -> MemoryAt:
        at = self._memory.at(self._memory_id, as_of_revision=revision)
        if at.uid != self._uid:
            raise MemoryNotFound(self._memory_id)
        return at

    def _ask(self, at: MemoryAt) -> Answer:
        return at.ask(self._question, limit=None)


def _differ(one: Answer, other: Answer) -> bool:
    return (one.text, one.reason) != (other.text, other.reason)


def _brief(answer: Answer) -> Answer:
    return replace(answer, hops=(), evidence=answer.evidence[:EVIDENCE])
