"""Words of a text."""

from __future__ import annotations

import sys

from memnet.text import has_word, words


def test_a_text_has_a_word_where_words_are_found_whatever_its_characters():
    # One by one: which characters are letters is the same for both.
    different = [
        character
        for character in map(chr, range(sys.maxunicode + 1))
        if has_word(character) != bool(words(character))
    ]
    assert different == []


def test_punctuation_is_no_word():
    assert not has_word("?! … _ -")
    assert has_word("?! … 7")
