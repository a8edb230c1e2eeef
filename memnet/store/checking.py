"""Is the store what it says it is? Every memory against its own log, and every index against SQL.

A vector is a function of text and model, so a damaged or missing one is made again from the text. A log
with a gap or a wrong count is not: that calls for a backup.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from sqlalchemy import Column, ColumnElement, Connection, Engine, exists, func, or_, select

from memnet.store import comparing, memories, mending
from memnet.store.database import reading
from memnet.store.schema import changes, facts, writes
from memnet.store.schema import memories as memories_table

Kind = Literal["log", "count", "write", "vector missing", "vector damaged", "index"]

_PAGE = 2000


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


def names(engine: Engine) -> Iterator[str]:
    """The names of all memories, in order; what is being imported is none yet."""
    after = ""
    while True:
        with reading(engine) as connection:
            page = (
                connection.execute(
                    select(memories_table.c.name)
                    .where(memories_table.c.name > after, ~memories.BEING_IMPORTED)
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
        for found in mending.scan(connection, memory.memory_id):
            report.vectors += 1
            if found is not None:
                message = f"the vector of fact {found.seq} {found.why}"
                report.problems.append(Problem(name, "vector damaged", message, found.seq, found.model))
        model_id, digest = mending.answering(connection, memory.memory_id, digest)
        # A model that was never registered has the number of none, and so no vector.
        for seq in mending.missing(connection, name, model_id or 0):
            message = f"fact {seq} has no vector of the model"
            report.problems.append(Problem(name, "vector missing", message, seq, digest))
    unreadable = any(p.model == digest for p in report.problems)
    if model_id is not None and not unreadable and memory.live_count:
        different = comparing.differences(engine, name, model_id)
        report.problems += [Problem(name, "index", message) for message in different]
        report.index_checked = True
    return report


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
