"""Answers that are kept, and asked again: the same numbers to the last bit, or what has changed since.

What is kept is what the answer was made of: the memory and its revision, the network's digest, and how it was
asked. The facts of that revision are in the memory's history. So the answer can be computed again, and its
digest tells whether every number is the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from memnet.errors import MemoryNotFound
from memnet.memory import Memory
from memnet.memory_at import MemoryAt
from memnet.store import AnswerRow, MemoryRow
from memnet.story import Alternative, Answer, Attended, Entry, Evidence, HeadReading, HopReading, ReadAs
from memnet.supposing import NOTHING, Overlay

Outcome = Literal["identical", "different", "model_changed"]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as it was asked."""

    question: str
    limit: int | None = 10
    """Most facts to list per hop and as evidence; None for all."""
    top_answers: int = 2
    overlay: Overlay = NOTHING
    as_of_revision: int | None = None
    """The state that was asked for; with neither this nor `recorded_at`, the last one."""
    recorded_at: datetime | None = None
    lists_attention: bool = True
    """Whether the attention of every hop is shown with the answer. It is kept in either case."""
    heads: bool = False
    """Whether what each head read was asked for."""

    def of(self, at: MemoryAt) -> Answer:
        """Ask a memory; see `MemoryAt.ask`."""
        return at.ask(
            self.question,
            limit=self.limit,
            top_answers=self.top_answers,
            overlay=self.overlay,
            heads=self.heads,
        )


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer that is kept."""

    memory_id: str
    uid: UUID
    """Of the memory that was read."""
    answer_id: UUID
    created_at: datetime
    model_sha256: str
    """Digest of the network that answered."""
    model_name: str
    num_hops: int
    last_seq: int
    """Number of the memory's newest fact then; added facts go on behind it."""
    asked: Asked
    answer: Answer
    digest: str


@dataclass(frozen=True, slots=True)
class Replay:
    """A kept answer, computed again."""

    answer: Answer
    digest: str
    outcome: Outcome
    """`identical`: every number is the same, to the last bit. `different`: the same network computed other
    numbers. `model_changed`: another network answered, and its numbers mean other things."""
    max_abs_diff: float | None
    """Largest difference between two probabilities, weights or scores; None for another network, and where
    other facts or words are listed."""


def keep(memory: Memory, at: MemoryAt, asked: Asked, answer: Answer) -> KeptAnswer:
    """Keep the answer that a state of a memory gave.

    Raises:
        MemoryNotFound: The memory was deleted since.
        HistoryErased: Facts of that state were erased since; nothing is kept.
        StoreError: The store could not; nothing is kept.
    """
    row = memory.store.keep_answer(
        at.memory_id,
        at.uid,
        revision=answer.revision,
        model_id=memory.model_id,
        supposes=bool(asked.overlay.add),
        asked=json.dumps(
            {
                **_asked(asked),
                "last_seq": at.last_seq,
                "model": memory.model.name,
                "hops": memory.model.num_hops,
            },
            ensure_ascii=False,
        ),
        answer=json.dumps(_plain(answer), ensure_ascii=False),
        digest=digest_of(at.uid, memory.model.sha256, asked, at.last_seq, answer),
    )
    return _kept(at.memory_id, at.uid, row)


def recall(memory: Memory, memory_id: str, answer_id: UUID) -> KeptAnswer:
    """The kept answer with this id.

    Raises:
        MemoryNotFound: There is no such memory.
        AnswerNotFound: No such answer is kept.
        StoreError: The store could not be read.
    """
    found = memory.store.kept_answer(memory_id, answer_id)
    return _kept(memory_id, found.memory.uid, found.answers[0])


def recall_page(
    memory: Memory, memory_id: str, *, before: tuple[datetime, UUID] | None = None, limit: int = 50
) -> tuple[MemoryRow, list[KeptAnswer]]:
    """Kept answers, newest first, and their memory; see `FactStore.kept_answers`."""
    found = memory.store.kept_answers(memory_id, before=before, limit=limit)
    return found.memory, [_kept(memory_id, found.memory.uid, row) for row in found.answers]


def state_of(memory: Memory, kept: KeptAnswer) -> MemoryAt:
    """The state that a kept answer was read from.

    Raises:
        MemoryNotFound: The memory is gone.
        HistoryErased: Facts were erased since, so that states before cannot be read.
        StoreError: The store could not be read.
    """
    at = memory.at(kept.memory_id, as_of_revision=kept.answer.revision)
    if at.uid != kept.uid:
        raise MemoryNotFound(kept.memory_id)
    return replace(at, last_seq=kept.last_seq)


def replay(memory: Memory, kept: KeptAnswer, at: MemoryAt | None = None) -> Replay:
    """Compute a kept answer again, from the state it was read from and with the network that is loaded.

    Args:
        memory: Where it is kept.
        kept: The answer.
        at: What `state_of` says, when the caller has it already.

    Raises:
        MemoryNotFound: The memory is gone.
        HistoryErased: Facts were erased since, so that states before cannot be read.
        StoreError: The store could not be read.
    """
    answer = kept.asked.of(at or state_of(memory, kept))
    if not kept.answer.entries:
        # Answers that were kept before there were entries have none.
        answer = replace(answer, entries=())
    digest = digest_of(kept.uid, memory.model.sha256, kept.asked, kept.last_seq, answer)
    if memory.model.sha256 != kept.model_sha256:
        return Replay(answer, digest, "model_changed", None)
    outcome: Outcome = "identical" if digest == kept.digest else "different"
    return Replay(answer, digest, outcome, _largest_difference(kept.answer, answer))


def digest_of(uid: UUID, model_sha256: str, asked: Asked, last_seq: int, answer: Answer) -> str:
    """A hash of what was asked of what, and of every number of the answer to the last bit."""
    content = {
        "memory": uid.hex,
        "model": model_sha256,
        "question": asked.question,
        "limit": asked.limit,
        "top_answers": asked.top_answers,
        "overlay": _overlay(asked.overlay),
        "last_seq": last_seq,
        "answer": _exact(_plain(answer)),
        # Digests of answers without it are older than the option, and stay what they are.
        **({"heads": True} if asked.heads else {}),
    }
    written = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(written.encode('ascii')).hexdigest()}"


def _plain(answer: Answer) -> dict[str, Any]:
    """The answer's fields; none for heads that were not asked for, nor empty ones that came later."""
    fields = {
        name: value for name, value in asdict(answer).items() if name not in ("entries", "read_as") or value
    }
    fields["hops"] = [
        {name: value for name, value in hop.items() if name != "heads" or value} for hop in fields["hops"]
    ]
    return fields


def _exact(value: Any) -> Any:
    """The same with numbers as their bits are, which no way of printing them can change."""
    match value:
        case float():
            return value.hex()
        case dict():
            return {key: _exact(each) for key, each in value.items()}
        case list() | tuple():
            return [_exact(each) for each in value]
        case _:
            return value


def _largest_difference(one: Answer, other: Answer) -> float | None:
    first, second = dict(_numbers(one)), dict(_numbers(other))
    if first.keys() != second.keys():
        return None
    return max((abs(first[name] - second[name]) for name in first), default=0.0)


def _numbers(answer: Answer) -> Iterator[tuple[tuple[object, ...], float]]:
    """Every number of an answer, by what it is about."""
    yield ("margin",), answer.margin
    for alternative in answer.alternatives:
        yield ("answer", alternative.text), alternative.probability
    for entry in answer.entries:
        yield ("entry", entry.text), entry.probability
    for hop in answer.hops:
        yield ("null", hop.hop), hop.null_mass
        yield ("other", hop.hop), hop.other_mass
        for fact in hop.attention:
            yield ("weight", hop.hop, fact.seq), fact.weight
            yield ("score", hop.hop, fact.seq), fact.score
        for head in hop.heads:
            yield ("null", hop.hop, head.head), head.null_mass
            yield ("other", hop.hop, head.head), head.other_mass
            for fact in head.attention:
                yield ("weight", hop.hop, head.head, fact.seq), fact.weight
                yield ("score", hop.hop, head.head, fact.seq), fact.score


def _overlay(overlay: Overlay) -> dict[str, Any]:
    return {"add": list(overlay.add), "hide": sorted(overlay.hide)}


def _asked(asked: Asked) -> dict[str, Any]:
    moment = asked.recorded_at
    return {
        "question": asked.question,
        "limit": asked.limit,
        "top_answers": asked.top_answers,
        "overlay": _overlay(asked.overlay),
        "as_of_revision": asked.as_of_revision,
        "recorded_at": None if moment is None else moment.isoformat(),
        "lists_attention": asked.lists_attention,
        "heads": asked.heads,
    }


def _kept(memory_id: str, uid: UUID, row: AnswerRow) -> KeptAnswer:
    asked, answer = json.loads(row.asked), json.loads(row.answer)
    last_seq, name, hops = asked.pop("last_seq"), asked.pop("model"), asked.pop("hops")
    overlay, moment = asked.pop("overlay"), asked.pop("recorded_at")
    return KeptAnswer(
        memory_id=memory_id,
        uid=uid,
        answer_id=row.answer_id,
        created_at=row.created_at,
        model_sha256=row.model,
        model_name=name,
        num_hops=hops,
        last_seq=last_seq,
        asked=Asked(
            **asked,
            overlay=Overlay(tuple(overlay["add"]), frozenset(overlay["hide"])),
            recorded_at=None if moment is None else datetime.fromisoformat(moment),
        ),
        answer=_answer(answer),
        digest=row.digest,
    )


def _answer(read: dict[str, Any]) -> Answer:
    alternatives = tuple(Alternative(**each) for each in read.pop("alternatives"))
    hops = tuple(
        HopReading(**{**_attended(hop), "heads": tuple(HeadReading(**_attended(each)) for each in heads)})
        for hop in read.pop("hops")
        for heads in [hop.pop("heads", ())]
    )
    evidence = tuple(Evidence(**{**each, "per_hop": tuple(each["per_hop"])}) for each in read.pop("evidence"))
    return Answer(
        **{
            **read,
            "alternatives": alternatives,
            "hops": hops,
            "evidence": evidence,
            "unknown_words": tuple(read["unknown_words"]),
            "entries": tuple(Entry(**each) for each in read.get("entries", ())),
            "read_as": tuple(ReadAs(**each) for each in read.get("read_as", ())),
        }
    )


def _attended(read: dict[str, Any]) -> dict[str, Any]:
    """The fields of a read, its facts as they are in the library."""
    return {**read, "attention": tuple(Attended(**fact) for fact in read["attention"])}
