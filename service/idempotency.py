"""`Idempotency-Key`: a name for a request, so that sending it again after a lost reply does it once."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Annotated

from fastapi import Header

from memnet.store import Once
from service import problems
from service.errors import Refused

LONGEST = 255

_BARE = r"[!#-~]([ !#-~]{0,254})"
_KEY = re.compile(f'("?)(?P<key>{_BARE})\\1')
_PUBLISHED = f'^({_BARE}|"{_BARE}")$'

IdempotencyKey = Annotated[
    str | None,
    Header(
        description="A new name for each request, a UUID for example. The same request with the same key "
        "stores nothing more within 24 hours and gets the same answer, with `Idempotency-Replayed: true`",
        examples=["6f0c0b1e-story-1"],
        json_schema_extra={"maxLength": LONGEST + 2, "pattern": _PUBLISHED},
    ),
]


def once(key: str | None, texts: Sequence[str]) -> Once | None:
    """The request by its name; None when it has none.

    Raises:
        Refused: the name is none (400 `invalid_idempotency_key`).
    """
    if key is None:
        return None
    # The draft writes the key as a quoted string; most clients send it bare.
    found = _KEY.fullmatch(key)
    if found is None:
        raise Refused(problems.INVALID_IDEMPOTENCY_KEY, f"1 to {LONGEST} printable ASCII characters")
    # What was asked, not how it was written: spaces and the order of fields make no other request.
    return Once(found["key"], json.dumps(list(texts)).encode())
