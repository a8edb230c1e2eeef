"""What is remembered of texts takes so many bytes, roughly, with what it was made of."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from memnet.tokens import Token

PER_NAME = 100
"""Of a name in a table."""

_STRING_BYTES = 50
"""Of a string beside its letters, or a number."""


def of_tokens(tokens: Sequence[Token], text: str) -> int:
    words = sum(PER_NAME + _STRING_BYTES + 2 * len(token.surface) for token in tokens if token.key)
    return len(text) + 16 * len(tokens) + words


def of_symbols(symbols: Sequence[tuple[str, str, bool]], text: str) -> int:
    return len(text) + sum(2 * PER_NAME + 2 * len(surface) for _, surface, _ in symbols)


def of_asked(tokens: Sequence[Token], text: str, names: Collection[str]) -> int:
    return of_tokens(tokens, text) + PER_NAME * len(names)


def of_wording(wording: Sequence[np.ndarray], indices: Sequence[int], question: bool) -> int:
    return _STRING_BYTES * len(indices) + sum(2 * _STRING_BYTES + each.nbytes for each in wording)
