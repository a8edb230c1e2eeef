"""Cursor pages: where a list goes on, as an opaque word that can be handed back.

A cursor is not a key: it holds a position and the list it belongs to, nothing secret, and every page checks
the memory again. The check value in it finds damaged ones. Anybody can compute it, so what a cursor holds is
taken for what a caller has sent: each part is of its kind, or the cursor is none.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlencode

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from service import problems
from service.errors import Refused

Position = dict[str, int | str]

Parts = Mapping[str, str | None]
"""What a position consists of: a pattern for each word, None for a number."""

UID = r"[0-9a-f]{32}"

WORD = r"^[A-Za-z0-9_-]+$"
"""What a cursor is written in. That the service has issued it no pattern can say."""


class PageQuery(BaseModel):
    """Which part of a list is asked for."""

    # A filter that the service does not know is refused: ignoring it would return facts nobody asked for.
    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=500, description="Most items on the page")
    cursor: str | None = Field(
        default=None,
        max_length=500,
        description="`next_cursor` of the page before, unchanged",
        json_schema_extra={"pattern": WORD},
    )


class OrderedPageQuery(PageQuery):
    """Which part of a list with an order is asked for."""

    order: Literal["asc", "desc"] = Field(default="asc", description="Oldest first, or newest first")


def encode(scope: str, position: Position) -> str:
    """A cursor for the list called `scope`."""
    payload = json.dumps([scope, position], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_check(payload) + payload).rstrip(b"=").decode("ascii")


def decode(scope: str, cursor: str, parts: Parts) -> Position:
    """The position that a cursor of the list called `scope` holds.

    Args:
        scope: Which list.
        cursor: What the caller sent.
        parts: What the position consists of: a pattern for each word, None for a number that is not negative.

    Raises:
        Refused: not a cursor of this list (400 `invalid_cursor`).
    """
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    check, payload = raw[:8], raw[8:]
    if payload and check == _check(payload):
        with contextlib.suppress(ValueError, RecursionError):
            match json.loads(payload):
                case [str(found), dict(position)] if found == scope and _consists(position, parts):
                    return dict(position)
    raise Refused(problems.INVALID_CURSOR, "the cursor is not one of this list")


def _consists(position: dict[str, Any], parts: Parts) -> bool:
    """Whether a position has these parts and no others, each of its kind."""
    return position.keys() == parts.keys() and all(
        (type(value) is int and value >= 0)
        if (pattern := parts[name]) is None
        else (isinstance(value, str) and re.fullmatch(pattern, value) is not None)
        for name, value in position.items()
    )


def _check(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=8, person=b"memnet-page").digest()


def next_link(request: Request, position: str, parameter: str = "cursor") -> str:
    """The `Link` header (RFC 8288) of a page that goes on."""
    query = {**request.query_params, parameter: position}
    return f'<{request.url.path}?{urlencode(query)}>; rel="next"'
