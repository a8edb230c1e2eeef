"""Facts as lines of JSON: the format of `memnet facts export` and `import`.

The first line is a header; each further line is one fact, oldest first:

    {"memnet": "facts", "format": 1, "memory_id": "house", "revision": 2, "count": 2, "model": "5b1f…",
     "created_at": "2026-01-05T09:00:00+00:00"}
    {"seq": 1, "text": "Mary got the football there.", "created_at": "…", "created_revision": 1}
    {"seq": 2, "text": "Mary went back to the garden.", "created_at": "…", "created_revision": 2}

A file that is cut off holds fewer facts than its header counts. Text is verbatim; what an import stores is
text alone: numbers begin at 1 again, moments and revisions are those of the import, and vectors and what
facts supersede are made by the model that imports.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from memnet.errors import InputError, TextError
from memnet.store.texts import check_text
from memnet.text import words

FORMAT = 1
"""The newest format of a file that this memnet reads, and the one it writes."""

MAX_CHARACTERS = 100_000
"""The longest text an import takes; fifty times what the service takes by default."""

_MAX_LINE_BYTES = 2 << 20
"""Room for the longest text, every character of it written as two escapes."""

_FIELDS = ("seq", "text", "created_at", "created_revision")


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
