"""Sentences to words: one normaliser for bAbI files, training and HTTP."""

from __future__ import annotations

import re
import unicodedata

# A word is letters and digits; hyphens and apostrophes may join them ("went-back", "Mary's").
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def words(text: str) -> list[str]:
    """Split a sentence into lower-case words; punctuation separates and is dropped.

    >>> words("Mary went back to the garden.")
    ['mary', 'went', 'back', 'to', 'the', 'garden']
    """
    return _WORD.findall(unicodedata.normalize("NFC", text).lower())
