"""Facts out of a memory, a page at a time, whatever its size."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import IO, Any

from sqlalchemy import Connection, Engine, and_, func, select

from memnet.errors import StoreError
from memnet.store import memories
from memnet.store.database import reading
from memnet.store.listing import live_at
from memnet.store.schema import fact_vectors, facts, models
from memnet.store.transfer import FORMAT, Header

_PAGE = 1000


def export_facts(engine: Engine, name: str, out: IO[bytes]) -> Header:
    """Write the live facts of a memory, as of its last committed change.

    Facts added or forgotten meanwhile make no difference. No transaction stays open while `out` is slow.

    Args:
        engine: The database.
        name: Which memory.
        out: Where to.

    Raises:
        MemoryNotFound: There is no such memory.
        StoreError: Facts were erased, or the memory deleted, while it was read; `out` is incomplete.
    """
    with reading(engine) as connection:
        head = memories.head(connection, name)
        live = and_(facts.c.memory_id == head.memory_id, live_at(head.revision))
        count, newest = connection.execute(select(func.count(), func.max(facts.c.seq)).where(live)).one()
        header = Header(
            memory_id=name,
            revision=head.revision,
            count=count,
            model=_model_of(connection, head.memory_id, newest),
            created_at=datetime.now(UTC).isoformat(),
        )
    out.write(
        _line(
            {
                "memnet": "facts",
                "format": FORMAT,
                "memory_id": header.memory_id,
                "revision": header.revision,
                "count": header.count,
                "model": header.model,
                "created_at": header.created_at,
            }
        )
    )
    written, last = 0, 0
    page = select(facts.c.seq, facts.c.text, facts.c.created_at, facts.c.created_revision)
    while True:
        with reading(engine) as connection:
            rows = connection.execute(
                page.where(live, facts.c.seq > last).order_by(facts.c.seq).limit(_PAGE)
            ).all()
        for row in rows:
            out.write(_line({**row._mapping, "created_at": row.created_at.isoformat()}))
        written += len(rows)
        if len(rows) < _PAGE:
            break
        last = rows[-1].seq
    if written != count:
        raise StoreError(
            f"memory '{name}' held {count} facts and {written} were found: some were erased meanwhile",
            hint="export it again",
        )
    return header


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"


def _model_of(connection: Connection, memory_id: int, seq: int | None) -> str | None:
    if seq is None:
        return None
    its_model = fact_vectors.join(models, fact_vectors.c.model_id == models.c.model_id)
    return connection.execute(
        select(models.c.digest)
        .select_from(its_model)
        .where(fact_vectors.c.memory_id == memory_id, fact_vectors.c.seq == seq)
        .order_by(models.c.model_id.desc())
        .limit(1)
    ).scalar_one_or_none()
