"""Texts that every database can keep."""

from __future__ import annotations

import re

from memnet.errors import TextError

# PostgreSQL has no U+0000 in texts; half of a surrogate pair has no UTF-8.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def check_text(text: str, what: str) -> None:
    """Make sure that a text can be stored and read back as it is.

    Raises:
        TextError: It holds U+0000 or half of a surrogate pair.
    """
    found = _UNSTORABLE.search(text)
    if found:
        raise TextError(
            f"{what} holds the character U+{ord(found[0]):04X} at position {found.start()}, "
            "which cannot be stored"
        )
