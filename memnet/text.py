"""Sentences to words: one normaliser for bAbI files, training and HTTP."""

from __future__ import annotations

import re
import unicodedata

# A word is letters and digits; hyphens and apostrophes may join them ("went-back", "Mary's").
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")

_IN_A_WORD = re.compile(r"[^\W_]")


def has_word(text: str) -> bool:
    """Whether there is a word in a text: looked for only up to its first letter or digit."""
    return _IN_A_WORD.search(text) is not None


def words(text: str) -> list[str]:
    """Split a sentence into lower-case words; punctuation separates and is dropped.

    >>> words("Mary went back to the garden.")
    ['mary', 'went', 'back', 'to', 'the', 'garden']
    """
    return _WORD.findall(unicodedata.normalize("NFC", text).lower())
