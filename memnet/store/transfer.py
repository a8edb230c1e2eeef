"""Facts out of a memory and into another one, as lines of JSON.

The first line is a header; each further line is one fact, oldest first:

    {"memnet": "facts", "format": 1, "memory_id": "house", "revision": 2, "count": 2, "model": "5b1f…",
     "created_at": "2026-01-05T09:00:00+00:00"}
    {"seq": 1, "text": "Mary got the football there.", "created_at": "…", "created_revision": 1}
    {"seq": 2, "text": "Mary went back to the garden.", "created_at": "…", "created_revision": 2}

A file that is cut off holds fewer facts than its header counts. Text is verbatim; what an import stores is
text alone: numbers begin at 1 again, moments and revisions are those of the import, and vectors are made by
the model that imports. Both directions hold a page of facts at a time, whatever the size of the memory.

**All or nothing.** An import reads the file twice: first only to check every line, then to store. The facts
go in batches into a memory of another name, `importing-…`, which gets its real name in one transaction when
all of them are there. Whoever is killed before leaves the named memory untouched, so that running the import
again duplicates nothing; the remains are removed by a later import. That takes a memory that is new or never
held a fact. Appending to another one is a single transaction instead, and therefore bounded in size.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import IO, Any

from sqlalchemy import Connection, Engine, and_, func, select, update

from memnet.errors import InputError, MemoryNotFound, StoreError, TextError
from memnet.store import memories
from memnet.store.database import reading, writing
from memnet.store.facts import FactStore
from memnet.store.listing import live_at
from memnet.store.schema import fact_vectors, facts, models
from memnet.store.schema import memories as memories_table
from memnet.store.texts import check_text
from memnet.text import words

FORMAT = 1
"""The newest format of a file that this memnet reads, and the one it writes."""

MAX_CHARACTERS = 100_000
"""The longest text an import takes; fifty times what the service takes by default."""

MAX_APPENDED = 10_000
"""Most facts that an import appends to facts already there: they are held in memory, for one transaction."""

_MAX_LINE_BYTES = 2 << 20
"""Room for the longest text, every character of it written as two escapes."""

_PAGE = 1000

_BATCH_FACTS = 500
_BATCH_CHARACTERS = 1_000_000
"""Bound on facts times longest text: a batch is encoded as one array as wide as its longest sentence."""

_FIELDS = ("seq", "text", "created_at", "created_revision")

_UNFINISHED = "an unfinished import; a later import removes it"

_ABANDONED = timedelta(hours=1)
"""An import commits a batch every few seconds; one that did not for so long is dead."""

Remember = Callable[[str, Sequence[str]], object]
"""Stores texts as the newest facts of a memory, all or none: `Memory.remember`."""


class TransferError(InputError):
    """A file of facts that cannot be imported."""


@dataclass(frozen=True, slots=True)
class Header:
    """The first line of a file of facts."""

    memory_id: str
    """Name of the memory that was exported."""
    revision: int
    """The state of the memory that was exported."""
    count: int
    """Facts that follow."""
    model: str | None
    """Digest of the model that the newest fact's vectors are from, for information; None without any."""
    created_at: str
    """When the file was written."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A part of a file that cannot be used."""

    line: int | None
    """Number of the line, from 1; None for the file as a whole."""
    message: str
    """What was found, and what was expected."""

    def __str__(self) -> str:
        """As it is printed."""
        return f"end of file: {self.message}" if self.line is None else f"line {self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did."""

    stored: int
    """Facts stored."""
    problems: int
    """Lines that could not be used, a wrong count included."""


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


def read_header(file: IO[bytes]) -> Header:
    """Read the first line of a file of facts.

    Raises:
        TransferError: It is not a header, or one of a newer format.
    """
    line = file.readline(_MAX_LINE_BYTES)
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict) or record.get("memnet") != "facts":
        raise TransferError(
            "line 1: expected the header of an export" if line else "the file is empty, expected a header",
            hint=f'a file begins with {{"memnet": "facts", "format": {FORMAT}, "count": …}}',
        )
    number: Any = record.get("format")
    if _is_count(number) and number > FORMAT:
        raise TransferError(
            f"line 1: the file has format {number}, this memnet reads formats 1 to {FORMAT}",
            hint="upgrade memnet",
        )
    if number != FORMAT or not _is_count(record.get("count")):
        raise TransferError(
            f"line 1: expected format {FORMAT} and a count of facts, "
            f"got format {number!r} and count {record.get('count')!r}"
        )
    return Header(
        memory_id=str(record.get("memory_id")),
        revision=record["revision"] if _is_count(record.get("revision")) else 0,
        count=record["count"],
        model=record["model"] if isinstance(record.get("model"), str) else None,
        created_at=str(record.get("created_at")),
    )


def read_facts(file: IO[bytes], header: Header) -> Iterator[str | Problem]:
    """The texts behind the header, in order; in the place of each line that cannot be used, why.

    Empty lines count as nothing. At the end, a count other than the header's is one more problem.
    """
    number, records, last_seq = 1, 0, 0
    while line := file.readline(_MAX_LINE_BYTES + 1):
        number += 1
        if not line.strip():
            continue
        records += 1
        if len(line) > _MAX_LINE_BYTES:
            while line and not line.endswith(b"\n"):
                line = file.readline(_MAX_LINE_BYTES)
            yield Problem(number, f"longer than {_MAX_LINE_BYTES} bytes")
            continue
        try:
            text, seq = _fact(line, last_seq)
        except TextError as error:
            yield Problem(number, str(error))
        else:
            last_seq = seq
            yield text
    if records != header.count:
        yield Problem(
            None,
            f"the header counts {_facts(header.count)}, the file holds {records}"
            + ("; it was cut off" if records < header.count else ""),
        )


def import_facts(
    engine: Engine,
    remember: Remember,
    name: str,
    file: IO[bytes],
    *,
    append: bool = False,
    skip_bad: bool = False,
    report: Callable[[Problem], None] = lambda problem: None,
) -> Imported:
    """Store the facts of a file: all of them, or none.

    Args:
        engine: The database.
        remember: Stores texts in a memory; it makes the vectors.
        name: A memory that does not exist, or never held a fact.
        file: Seekable; it is read twice and must not change meanwhile.
        append: Any memory will do; at most `MAX_APPENDED` facts.
        skip_bad: Store the others when some lines cannot be used.
        report: Called with each problem, in the order of the file.

    Raises:
        TransferError: Lines that cannot be used; nothing is stored.
        InputError: Not a memory's name; facts in the memory, or too many to append; nothing is stored.
        StoreError: The store could not; nothing is stored.
    """
    memories.check_name(name)
    begin = file.tell()
    header = read_header(file)
    good, bad = 0, 0
    for item in read_facts(file, header):
        if isinstance(item, Problem):
            bad += 1
            report(item)
        else:
            good += 1
    if bad and not skip_bad:
        raise TransferError(
            f"{'one problem' if bad == 1 else f'{bad} problems'} in the file; nothing is stored",
            hint="mend the file, or store the other facts with --skip-bad",
        )
    file.seek(begin)
    texts = (item for item in read_facts(file, read_header(file)) if isinstance(item, str))
    if append:
        _append(engine, remember, name, texts, good)
    else:
        _store_anew(engine, remember, name, texts, good)
    return Imported(good, bad)


def _append(engine: Engine, remember: Remember, name: str, texts: Iterator[str], count: int) -> None:
    if count > MAX_APPENDED:
        raise InputError(
            f"the file holds {count} facts; at most {MAX_APPENDED} can be appended in one transaction",
            hint="import them into a memory of their own, or in several files",
        )
    FactStore(engine).put_memory(name)
    if count:
        remember(name, list(texts))


def _store_anew(engine: Engine, remember: Remember, name: str, texts: Iterator[str], count: int) -> None:
    store = FactStore(engine)
    with reading(engine) as connection:
        _refuse_facts(connection, name, lock=False)
    _remove_abandoned(store, engine)
    unfinished = f"importing-{secrets.token_hex(8)}"
    try:
        store.put_memory(unfinished, description=_UNFINISHED)
        for batch in _batches(texts):
            remember(unfinished, batch)
        _give_name(engine, unfinished, name, count)
    except BaseException:
        with suppress(StoreError, MemoryNotFound):
            store.delete_memory(unfinished)
        raise


def _give_name(engine: Engine, unfinished: str, name: str, count: int) -> None:
    """Put an imported memory in the place of one without facts, in one transaction."""
    with writing(engine) as connection:
        stored = memories.get(connection, unfinished)
        if stored.live_count != count:
            raise StoreError(
                f"the file held {count} facts when it was checked and {stored.live_count} when it was read",
                hint="import it again, and leave it alone meanwhile",
            )
        description = _refuse_facts(connection, name, lock=True)
        with suppress(MemoryNotFound):
            memories.remove(connection, name)
        connection.execute(
            update(memories_table)
            .where(memories_table.c.memory_id == stored.memory_id)
            .values(name=name, description=description)
        )


def _refuse_facts(connection: Connection, name: str, *, lock: bool) -> str | None:
    """Make sure that a memory never held a fact: its description, None when there is no such memory.

    With `lock`, in a write transaction, it stays so until the end of that transaction.
    """
    try:
        if lock:
            memories.lock(connection, name)
        memory = memories.get(connection, name)
    except MemoryNotFound:
        return None
    if memory.revision > 0:
        raise InputError(
            f"memory '{name}' is at revision {memory.revision}, expected one that never held a fact",
            hint="import under a new name, or add to its facts with --append",
        )
    return memory.description


def _remove_abandoned(store: FactStore, engine: Engine) -> None:
    with reading(engine) as connection:
        names = connection.execute(
            select(memories_table.c.name).where(
                memories_table.c.name.startswith("importing-", autoescape=True),
                memories_table.c.description == _UNFINISHED,
                memories_table.c.updated_at < datetime.now(UTC) - _ABANDONED,
            )
        ).scalars()
        abandoned = list(names)
    for name in abandoned:
        with suppress(MemoryNotFound):
            store.delete_memory(name)


def _batches(texts: Iterator[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    longest = 0
    for text in texts:
        longest = max(longest, len(text))
        if batch and (len(batch) == _BATCH_FACTS or (len(batch) + 1) * longest > _BATCH_CHARACTERS):
            yield batch
            batch, longest = [], len(text)
        batch.append(text)
    if batch:
        yield batch


def _fact(line: bytes, last_seq: int) -> tuple[str, int]:
    """Text and number of a fact; a fact without a number follows the one before.

    Raises:
        TextError: The line cannot be used.
    """
    try:
        record = json.loads(line.decode("utf-8").rstrip())
    except UnicodeDecodeError as error:
        raise TextError(f"not UTF-8 at byte {error.start + 1}, expected a JSON object") from None
    except json.JSONDecodeError as error:
        raise TextError(f"not JSON at character {error.pos + 1}, expected a JSON object") from None
    except (ValueError, RecursionError):
        raise TextError("not JSON that can be read, expected a JSON object") from None
    if not isinstance(record, dict):
        raise TextError(f"{_kind(record)}, expected a JSON object")
    for field in record:
        if field not in _FIELDS:
            raise TextError(f"unknown field {field[:80]!r}, expected {', '.join(_FIELDS)}")
    seq = record.get("seq", last_seq + 1)
    if not _is_count(seq) or seq <= last_seq:
        raise TextError(f"seq is {_shown(seq)}, expected a whole number above {last_seq}")
    created_revision = record.get("created_revision", 0)
    if not _is_count(created_revision):
        raise TextError(f"created_revision is {_shown(created_revision)}, expected a whole number")
    _check_moment(record.get("created_at"))
    text = record.get("text")
    if not isinstance(text, str):
        raise TextError(f"text is {_kind(text)}, expected a string")
    if not text:
        raise TextError("text is empty, expected a sentence")
    if len(text) > MAX_CHARACTERS:
        raise TextError(f"text has {len(text)} characters, expected at most {MAX_CHARACTERS}")
    check_text(text, "text")
    if not words(text):
        raise TextError("text has no word in it, expected a sentence")
    return text, seq


def _check_moment(value: object) -> None:
    if value is None:
        return
    with suppress(TypeError, ValueError):
        if isinstance(value, str):
            datetime.fromisoformat(value)
            return
    raise TextError(f"created_at is {_shown(value)}, expected a moment like 2026-01-05T09:00:00+00:00")


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case _:
            return "an object"


def _shown(value: object) -> str:
    return json.dumps(value)[:80] if isinstance(value, str | int | float | None) else _kind(value)


def _facts(count: int) -> str:
    return "1 fact" if count == 1 else f"{count} facts"


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
