"""Is the store what it says it is? Every memory against its own log, and every index against SQL.

A vector is a function of text and model, so a damaged or missing one is made again from the text. A log
with a gap or a wrong count is not: that calls for a backup.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float32, Int64
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from memnet.errors import MemoryNotFound
from memnet.store import memories
from memnet.store.database import reading, writing
from memnet.store.facts import FactStore
from memnet.store.listing import live_at
from memnet.store.schema import changes, fact_vectors, facts, writes
from memnet.store.schema import memories as memories_table
from memnet.store.schema import models as models_table
from memnet.store.vectors import encode

Kind = Literal["log", "count", "write", "vector missing", "vector damaged", "index"]

_PAGE = 2000

_QUERIES = 4
"""Facts whose own vectors are the questions to an index, spread over the memory."""

_LIMIT = 32

_TOLERANCE = 1e-4
"""Relative to the largest score: FAISS and NumPy add up in different orders."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it should be."""

    memory: str
    kind: Kind
    message: str
    seq: int | None = None
    """The fact, if it is one."""
    model: str | None = None
    """Digest of the model that the vector is from."""


@dataclass(slots=True)
class Report:
    """What was looked at in one memory, and what was found."""

    memory: str
    revision: int
    facts: int
    """Live facts."""
    vectors: int = 0
    """Vectors read, of every model, forgotten facts' included."""
    index_checked: bool = False
    """Whether the index was compared with SQL; without every vector there is none to compare."""
    problems: list[Problem] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild of one memory did."""

    memory: str
    encoded: int
    """Vectors made again from text."""
    removed: int
    """Damaged vectors of other models, removed; such a model makes them again when it is next used."""


Encode = Callable[[Sequence[str]], Float32[np.ndarray, "facts spaces dim"]]
"""The vectors of texts: `Reader.encode`."""


def names(engine: Engine) -> Iterator[str]:
    """The names of all memories, in order."""
    after = ""
    while True:
        with reading(engine) as connection:
            page = (
                connection.execute(
                    select(memories_table.c.name)
                    .where(memories_table.c.name > after)
                    .order_by(memories_table.c.name)
                    .limit(_PAGE)
                )
                .scalars()
                .all()
            )
        yield from page
        if len(page) < _PAGE:
            return
        after = page[-1]


def check(engine: Engine, name: str, digest: str) -> Report:
    """Look at one memory, as of one committed state. Changes nothing.

    - the log has every revision above its floor, and agrees with the facts;
    - the memory's counts are those of its rows;
    - whatever supersedes a fact, or is superseded by one, is there;
    - every vector has the width and the CRC-32 it was stored with, and only finite numbers;
    - every live fact has a vector of the model that the memory is answered with;
    - the index of every vector space finds what NumPy finds in the rows, for a sample of questions.

    Args:
        engine: The database.
        name: Which memory.
        digest: The model that is to answer, if the memory does not say which.

    Raises:
        MemoryNotFound: There is no such memory.
    """
    with reading(engine) as connection:
        memory = memories.get(connection, name)
        report = Report(name, memory.revision, memory.live_count)
        _check_log(connection, memory.memory_id, report)
        _check_counts(connection, memory.memory_id, memory.last_seq, report)
        _check_writes(connection, memory.memory_id, report)
        for seq, model, why in _damaged(connection, memory.memory_id, report):
            report.problems.append(
                Problem(name, "vector damaged", f"the vector of fact {seq} {why}", seq, model)
            )
        model_id, digest = _model(connection, memory.memory_id, digest)
        for seq in _missing(connection, memory.memory_id, model_id):
            report.problems.append(
                Problem(name, "vector missing", f"fact {seq} has no vector of the model", seq, digest)
            )
    unreadable = any(p.model == digest for p in report.problems)
    if model_id is not None and not unreadable and memory.live_count:
        _check_index(engine, name, model_id, report)
    return report


def rebuild(engine: Engine, name: str, digest: str, model_id: int, encode_texts: Encode) -> Rebuilt:
    """Make damaged and missing vectors again from text, and let every process drop its views.

    Facts and revisions stay; other processes go on meanwhile. May be killed and repeated at any time.

    Args:
        engine: The database.
        name: Which memory.
        digest: The model that is loaded; others' vectors cannot be made.
        model_id: Its number.
        encode_texts: Makes its vectors.

    Raises:
        MemoryNotFound: There is no such memory.
    """
    with reading(engine) as connection:
        memory_id = memories.get(connection, name).memory_id
        damaged = [(seq, model) for seq, model, _ in _damaged(connection, memory_id, Report(name, 0, 0))]
        _, answering = _model(connection, memory_id, digest)
        missing = _missing(connection, memory_id, model_id) if answering == digest else []
        needed = {digest, answering, *_being_made(connection, memory_id)}
    wanted = sorted({*missing, *(seq for seq, model in damaged if model == digest)})
    # What the memory is answered with, or is to be, stays even damaged: only its own model can replace it.
    useless = [(seq, model) for seq, model in damaged if model not in needed]
    encoded = 0
    for begin in range(0, len(wanted), _PAGE):
        encoded += _encode_again(engine, name, model_id, wanted[begin : begin + _PAGE], encode_texts)
    with writing(engine) as connection:
        for seq, model in useless:
            its_number = select(models_table.c.model_id).where(models_table.c.digest == model)
            connection.execute(
                delete(fact_vectors).where(
                    fact_vectors.c.memory_id == memory_id,
                    fact_vectors.c.model_id == its_number.scalar_subquery(),
                    fact_vectors.c.seq == seq,
                )
            )
        # What is cached in another epoch of the memory is not used again, in whichever process.
        connection.execute(
            update(memories_table)
            .where(memories_table.c.memory_id == memory_id)
            .values(epoch=memories_table.c.epoch + 1)
        )
    return Rebuilt(name, encoded, len(useless))


def _encode_again(engine: Engine, name: str, model_id: int, seqs: Sequence[int], encode_texts: Encode) -> int:
    with reading(engine) as connection:
        memory_id = memories.get(connection, name).memory_id
        rows = connection.execute(
            select(facts.c.seq, facts.c.text)
            .where(facts.c.memory_id == memory_id, facts.c.seq.in_(seqs))
            .order_by(facts.c.seq)
        ).all()
    if not rows:
        return 0
    vectors = encode_texts([row.text for row in rows])
    with writing(engine) as connection:
        # Behind the lock no fact can be erased: its vector must not come back.
        if memories.lock(connection, name) != memory_id:
            raise MemoryNotFound(name)
        there = set(
            connection.execute(
                select(facts.c.seq).where(facts.c.memory_id == memory_id, facts.c.seq.in_(seqs))
            ).scalars()
        )
        connection.execute(
            delete(fact_vectors).where(
                fact_vectors.c.memory_id == memory_id,
                fact_vectors.c.model_id == model_id,
                fact_vectors.c.seq.in_(there),
            )
        )
        new = []
        for row, vector in zip(rows, vectors, strict=True):
            if row.seq in there:
                data, crc32 = encode(vector)
                new.append(
                    {
                        "memory_id": memory_id,
                        "model_id": model_id,
                        "seq": row.seq,
                        "vector": data,
                        "crc32": crc32,
                    }
                )
        if new:
            connection.execute(insert(fact_vectors), new)
    return len(new)


def _check_log(connection: Connection, memory_id: int, report: Report) -> None:
    def problem(message: str, seq: int | None = None) -> None:
        report.problems.append(Problem(report.memory, "log", message, seq))

    mine = changes.c.memory_id == memory_id
    first = _log_floor(connection, memory_id) + 1
    highest, count = connection.execute(
        select(func.max(changes.c.revision), func.count(changes.c.revision.distinct())).where(
            mine, changes.c.revision >= first
        )
    ).one()
    if (highest or 0) > report.revision:
        problem(f"the log goes to revision {highest}, the memory is at {report.revision}")
    elif count != report.revision - first + 1:
        problem(
            f"the log has {count} of the {report.revision - first + 1} revisions "
            f"from {first} to {report.revision}"
        )
    for op, column in (("add", facts.c.created_revision), ("delete", facts.c.deleted_revision)):
        entry = exists().where(
            mine, changes.c.revision == column, changes.c.seq == facts.c.seq, changes.c.op == op
        )
        unlogged = connection.execute(
            select(facts.c.seq).where(facts.c.memory_id == memory_id, column >= first, ~entry).limit(10)
        ).scalars()
        for seq in unlogged:
            problem(f"the log does not {op} fact {seq}", seq)


def _log_floor(connection: Connection, memory_id: int) -> int:
    """The newest revision whose log rows may be gone."""
    statement = select(memories_table.c.log_floor).where(memories_table.c.memory_id == memory_id)
    return int(connection.execute(statement).scalar_one())


def _model(connection: Connection, memory_id: int, digest: str) -> tuple[int | None, str]:
    """Number and digest of the model that a memory is answered with: its active one, else the given one."""
    of_memory = memories_table.join(models_table, models_table.c.model_id == memories_table.c.active_model_id)
    active = connection.execute(
        select(models_table.c.model_id, models_table.c.digest)
        .select_from(of_memory)
        .where(memories_table.c.memory_id == memory_id)
    ).one_or_none()
    if active is not None:
        return active.model_id, active.digest
    known = select(models_table.c.model_id).where(models_table.c.digest == digest)
    return connection.execute(known).scalar_one_or_none(), digest


def _being_made(connection: Connection, memory_id: int) -> list[str]:
    """The model that is to take the place of a memory's active one, if there is one."""
    of_memory = memories_table.join(
        models_table, models_table.c.model_id == memories_table.c.building_model_id
    )
    building = select(models_table.c.digest).select_from(of_memory)
    return list(connection.execute(building.where(memories_table.c.memory_id == memory_id)).scalars())


def _check_counts(connection: Connection, memory_id: int, last_seq: int, report: Report) -> None:
    live, highest, newest = connection.execute(
        select(
            func.count().filter(facts.c.deleted_revision.is_(None)),
            func.max(facts.c.seq),
            func.max(func.coalesce(facts.c.deleted_revision, facts.c.created_revision)),
        ).where(facts.c.memory_id == memory_id)
    ).one()
    for wrong, message in (
        (live != report.facts, f"the memory counts {report.facts} live facts, {live} are there"),
        ((highest or 0) > last_seq, f"the memory counts to fact {last_seq}, fact {highest} is there"),
        (
            (newest or 0) > report.revision,
            f"the memory is at revision {report.revision}, a fact is of revision {newest}",
        ),
    ):
        if wrong:
            report.problems.append(Problem(report.memory, "count", message))


def _check_writes(connection: Connection, memory_id: int, report: Report) -> None:
    def stored(seq: Column[int]) -> ColumnElement[bool]:
        return exists().where(facts.c.memory_id == memory_id, facts.c.seq == seq)

    loose = connection.execute(
        select(writes.c.writer_seq, writes.c.target_seq)
        .where(
            writes.c.memory_id == memory_id,
            or_(~stored(writes.c.writer_seq), ~stored(writes.c.target_seq)),
        )
        .order_by(writes.c.writer_seq, writes.c.target_seq)
        .limit(10)
    )
    for writer, target in loose:
        message = f"fact {writer} supersedes fact {target}, and one of them is not there"
        report.problems.append(Problem(report.memory, "write", message, writer))


def _damaged(connection: Connection, memory_id: int, report: Report) -> Iterator[tuple[int, str, str]]:
    """Vectors that cannot be used: fact, digest of the model, and why."""
    rows = connection.execute(
        select(
            fact_vectors.c.seq,
            fact_vectors.c.vector,
            fact_vectors.c.crc32,
            models_table.c.digest,
            models_table.c.spaces,
            models_table.c.dim,
        )
        .select_from(fact_vectors.join(models_table, fact_vectors.c.model_id == models_table.c.model_id))
        .where(fact_vectors.c.memory_id == memory_id)
        .order_by(fact_vectors.c.model_id, fact_vectors.c.seq)
        .execution_options(yield_per=_PAGE)
    )
    for seq, vector, crc32, digest, spaces, dim in rows:
        report.vectors += 1
        width = spaces * dim * 4
        if len(vector) != width:
            yield seq, digest, f"has {len(vector)} bytes, expected {width}"
        elif zlib.crc32(vector) != crc32:
            yield seq, digest, "fails its checksum"
        elif not np.isfinite(np.frombuffer(vector, "<f4")).all():
            yield seq, digest, "holds nan or inf"


def _missing(connection: Connection, memory_id: int, model_id: int | None) -> list[int]:
    """Live facts without a vector of a model."""
    its_vector = and_(
        fact_vectors.c.memory_id == facts.c.memory_id,
        fact_vectors.c.model_id == model_id,
        fact_vectors.c.seq == facts.c.seq,
    )
    statement = select(facts.c.seq).where(
        facts.c.memory_id == memory_id, facts.c.deleted_revision.is_(None), ~exists().where(its_vector)
    )
    return list(connection.execute(statement.order_by(facts.c.seq)).scalars())


def _check_index(engine: Engine, name: str, model_id: int, report: Report) -> None:
    """Ask a freshly loaded view's indexes, and NumPy on the rows of the same revision."""
    # A store of its own: what it loads was in nobody's cache.
    view = FactStore(engine, cache_bytes=0).view(name, model_id)
    asked = np.unique(np.linspace(0, len(view.seqs) - 1, _QUERIES).astype(np.int64))
    questions = view.seqs[asked]
    vectors = dict(_vectors(engine, view.memory_id, model_id, view.revision, questions))
    if len(vectors) != len(questions):
        report.problems.append(
            Problem(report.memory, "index", "the index holds facts that are not in the database")
        )
        return
    queries = np.stack([vectors[int(seq)] for seq in questions])
    spaces = queries.shape[1]
    scores: list[list[np.ndarray]] = [[] for _ in range(spaces)]
    seqs: list[int] = []
    page: list[tuple[int, np.ndarray]] = []

    def compare() -> None:
        seqs.extend(seq for seq, _ in page)
        rows = np.stack([vector for _, vector in page])
        for space in range(spaces):
            scores[space].append(queries[:, space] @ rows[:, space].T)
        page.clear()

    for item in _vectors(engine, view.memory_id, model_id, view.revision, None):
        page.append(item)
        if len(page) == _PAGE:
            compare()
    if page:
        compare()
    for space in range(spaces):
        found, said = view.index(space).search(queries[:, space], min(_LIMIT, len(seqs)))
        if not _agree(np.array(seqs, np.int64), np.concatenate(scores[space], axis=1), found, said):
            report.problems.append(
                Problem(
                    report.memory,
                    "index",
                    f"the index of space {space} does not find what is in the database at revision "
                    f"{view.revision}",
                )
            )
    report.index_checked = True


def _agree(
    seqs: Int64[np.ndarray, " facts"],
    scores: Float32[np.ndarray, "queries facts"],
    found: Int64[np.ndarray, "queries found"],
    said: Float32[np.ndarray, "queries found"],
) -> bool:
    """Whether an index gave the best facts and their scores; equal scores may stand in any order."""
    if found.shape[1] != min(_LIMIT, len(seqs)):
        return False
    positions = np.searchsorted(seqs, found)
    if (positions == len(seqs)).any() or (seqs[positions] != found).any():
        return False
    tolerance = _TOLERANCE * max(1.0, float(np.abs(scores).max()))
    best = -np.sort(-scores, axis=1)[:, : found.shape[1]]
    given = np.take_along_axis(scores, positions, axis=1)
    distinct = all(len(set(row)) == len(row) for row in found.tolist())
    return bool(
        distinct
        and np.allclose(given, said, rtol=0, atol=tolerance)
        and np.allclose(best, said, rtol=0, atol=tolerance)
    )


def _vectors(
    engine: Engine, memory_id: int, model_id: int, revision: int, seqs: Int64[np.ndarray, " facts"] | None
) -> Iterator[tuple[int, Float32[np.ndarray, "spaces dim"]]]:
    """Vectors of the facts live at a revision, or of some of them, in order."""
    its_vector = and_(fact_vectors.c.memory_id == facts.c.memory_id, fact_vectors.c.seq == facts.c.seq)
    statement = (
        select(facts.c.seq, fact_vectors.c.vector, models_table.c.spaces, models_table.c.dim)
        .select_from(
            facts.join(fact_vectors, its_vector).join(
                models_table, fact_vectors.c.model_id == models_table.c.model_id
            )
        )
        .where(
            facts.c.memory_id == memory_id,
            fact_vectors.c.model_id == model_id,
            live_at(revision),
        )
        .order_by(facts.c.seq)
        .execution_options(yield_per=_PAGE)
    )
    if seqs is not None:
        statement = statement.where(facts.c.seq.in_(seqs.tolist()))
    with reading(engine) as connection:
        for seq, vector, spaces, dim in connection.execute(statement):
            yield seq, np.frombuffer(vector, "<f4").reshape(spaces, dim).astype(np.float32)
