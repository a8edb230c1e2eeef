"""Answers that are kept, until they are deleted or facts of the state they were read from are erased."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, delete, insert, or_, select

from memnet.errors import AnswerNotFound, HistoryErased, MemoryNotFound
from memnet.store import memories
from memnet.store.database import reading, writing
from memnet.store.rows import AnswerRow, MemoryRow
from memnet.store.schema import answers, facts, models
from memnet.store.texts import check_text


@dataclass(frozen=True, slots=True)
class KeptAnswers:
    """Answers and their memory, from one snapshot."""

    memory: MemoryRow
    answers: tuple[AnswerRow, ...]


class Answers:
    """The part of the store that keeps answers."""

    _engine: Engine

    def keep_answer(
        self,
        name: str,
        uid: UUID,
        *,
        revision: int,
        model_id: int,
        supposes: bool,
        asked: str,
        answer: str,
        digest: str,
    ) -> AnswerRow:
        """Keep an answer. The memory's revision stays: its facts are the same.

        Args:
            name: Which memory.
            uid: The memory that was read; another one of the same name does not keep its answers.
            revision: The state that was read.
            model_id: The model that answered.
            supposes: Whether facts were added for the question, whose texts are in no fact.
            asked: What was asked, as text.
            answer: What was answered, as text.
            digest: Of both.

        Raises:
            MemoryNotFound: There is no such memory, or another one has the name by now.
            HistoryErased: Facts of that state were erased since it was read; nothing is kept.
            TextError: A text that cannot be stored.
        """
        for text in (asked, answer):
            check_text(text, "an answer")
        now = datetime.now(UTC)
        with writing(self._engine) as connection:
            # Behind the row lock, so that no erasing comes between this look and the answer's row.
            memory_id = memories.lock(connection, name)
            memory = memories.get(connection, name)
            if memory.uid != uid:
                raise MemoryNotFound(name)
            if revision < memory.history_floor:
                raise HistoryErased(name, f"as of revision {revision}", memory.history_floor)
            answer_id = uuid.uuid4()
            connection.execute(
                insert(answers).values(
                    memory_id=memory_id,
                    answer_id=answer_id,
                    revision=revision,
                    model_id=model_id,
                    supposes=supposes,
                    asked=asked,
                    answer=answer,
                    digest=digest,
                    created_at=now,
                )
            )
            return _found(connection, memory_id, name, answer_id)

    def kept_answer(self, name: str, answer_id: UUID) -> KeptAnswers:
        """The one answer with this id.

        Raises:
            MemoryNotFound: There is no such memory.
            AnswerNotFound: No such answer is kept.
        """
        with reading(self._engine) as connection:
            memory = memories.get(connection, name)
            return KeptAnswers(memory, (_found(connection, memory.memory_id, name, answer_id),))

    def kept_answers(
        self, name: str, *, before: tuple[datetime, UUID] | None = None, limit: int = 50
    ) -> KeptAnswers:
        """Kept answers, newest first, at most `limit`.

        Args:
            name: Which memory.
            before: Time and id of the last answer of the page before; None for the first page.
            limit: Most answers to return.

        Raises:
            MemoryNotFound: There is no such memory.
        """
        with reading(self._engine) as connection:
            memory = memories.get(connection, name)
            statement = _rows(memory.memory_id)
            if before is not None:
                moment, answer_id = before
                statement = statement.where(
                    or_(
                        answers.c.created_at < moment,
                        and_(answers.c.created_at == moment, answers.c.answer_id < answer_id),
                    )
                )
            newest = (answers.c.created_at.desc(), answers.c.answer_id.desc())
            rows = connection.execute(statement.order_by(*newest).limit(limit)).all()
        return KeptAnswers(memory, tuple(AnswerRow(*row) for row in rows))

    def drop_answer(self, name: str, answer_id: UUID) -> None:
        """Delete a kept answer.

        Raises:
            MemoryNotFound: There is no such memory.
            AnswerNotFound: No such answer is kept.
        """
        with writing(self._engine) as connection:
            memory_id = memories.get(connection, name).memory_id
            dropped = connection.execute(
                delete(answers).where(answers.c.memory_id == memory_id, answers.c.answer_id == answer_id)
            ).rowcount
            if not dropped:
                raise AnswerNotFound(name, str(answer_id))


def with_facts(memory_id: int, seqs: Sequence[int]) -> ColumnElement[bool]:
    """Which answers may hold something of these facts: those read from a state that held one of them, and
    those with added facts, which may say the same and are in no list of facts.
    """
    held = select(facts.c.seq).where(
        facts.c.memory_id == memory_id,
        facts.c.seq.in_(seqs),
        facts.c.created_revision <= answers.c.revision,
        or_(facts.c.deleted_revision.is_(None), facts.c.deleted_revision > answers.c.revision),
    )
    return (answers.c.memory_id == memory_id) & or_(answers.c.supposes, held.exists())


def _rows(memory_id: int) -> Select[Any]:
    columns = (answers.c.answer_id, answers.c.revision, models.c.digest, answers.c.asked, answers.c.answer)
    return (
        select(*columns, answers.c.digest, answers.c.created_at)
        .join_from(answers, models, answers.c.model_id == models.c.model_id)
        .where(answers.c.memory_id == memory_id)
    )


def _found(connection: Connection, memory_id: int, name: str, answer_id: UUID) -> AnswerRow:
    row = connection.execute(_rows(memory_id).where(answers.c.answer_id == answer_id)).one_or_none()
    if row is None:
        raise AnswerNotFound(name, str(answer_id))
    return AnswerRow(*row)
