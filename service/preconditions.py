"""`ETag`, `If-Match` and `If-None-Match` (RFC 9110) on a memory: for edits that race."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated

from fastapi import Header

from memnet.store import MemoryRow
from service import problems
from service.errors import Refused

IfMatch = Annotated[
    str | None,
    Header(
        description="Change the memory only if its `ETag` is one of these; `*` for any memory that exists"
    ),
]
IfNoneMatch = Annotated[
    str | None,
    Header(description="`*`: only create the memory, and leave one that exists as it is"),
]


def etag(memory: MemoryRow) -> str:
    """A strong tag: another one for every state that can be told apart."""
    state = f"{memory.uid} {memory.revision} {memory.updated_at.isoformat()} {memory.description}"
    return f'"{hashlib.sha256(state.encode()).hexdigest()[:32]}"'


def condition(if_match: str | None, if_none_match: str | None) -> Callable[[MemoryRow | None], None]:
    """What a change is allowed by: raises for a memory, or none, that the headers rule out.

    The returned function raises Refused (412 `precondition_failed`).
    """

    def check(memory: MemoryRow | None) -> None:
        tag = None if memory is None else etag(memory)
        if if_match is not None and not _matches(if_match, tag):
            detail = "there is no such memory" if memory is None else "the memory has another ETag"
            raise Refused(problems.PRECONDITION_FAILED, detail)
        if if_none_match is not None and _matches(if_none_match, tag):
            raise Refused(problems.PRECONDITION_FAILED, "the memory exists")

    return check


def _matches(header: str, tag: str | None) -> bool:
    """Whether a list of tags has this one; a weak tag is never equal when something is to be changed."""
    if tag is None:
        return False
    return any(each.strip() in ("*", tag) for each in header.split(","))
