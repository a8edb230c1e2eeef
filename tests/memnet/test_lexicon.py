"""Lexicon: which words are language and which are the names of somebody or something."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from memnet.lexicon import Lexicon, symbol_vector
from memnet.tokens import NIL, SYMBOL, UNKNOWN_ADVERB, UNKNOWN_VERB, singular

LEXICON = Lexicon(
    ["a", "afraid", "and", "are", "gave", "in", "is", "of", "the", "to", "went", "what", "where"],
    ["no", "yes"],
)


def names(text: str, known: frozenset[str] = frozenset()) -> list[str]:
    return [token.surface for token in LEXICON.tokens(text, known) if token.index == SYMBOL]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mary went to the garden.", ["Mary", "garden"]),
        ("The blue backpack is in New York.", ["blue backpack", "New York"]),
        ("Ada Lovelace gave X-200 to José's sister.", ["Ada Lovelace", "X-200", "José's sister"]),
        ("Ada's blue box of pencils is in Kofi's office", ["Ada's blue box of pencils", "Kofi's office"]),
        ("The box of chocolates is in the chest.", ["box of chocolates", "chest"]),
        ("Zoë went to depot 29.", ["Zoë", "depot 29"]),
        ("Zoë went to operating room 23.", ["Zoë", "operating room 23"]),
        ("Zoë is in exam room 4 of building 39.", ["Zoë", "exam room 4", "building 39"]),
        (
            "Mr. van der Berg gave José de la Cruz to 李娜 Rahman.",
            ["Mr van der Berg", "José de la Cruz", "李娜 Rahman"],
        ),
        ("The bottle of olive oil is in the old west wing.", ["bottle of olive oil", "old west wing"]),
        ("The jeans are pale yellow.", ["jeans", "pale yellow"]),
        ("The moving van is in 東京.", ["moving van", "東京"]),
        ("mary and john went to the office", ["mary", "john", "office"]),
    ],
)
def test_names_come_out_whole_and_as_they_were_written(text, expected):
    assert names(text) == expected


def test_what_was_told_of_is_recognised_without_capitals_or_determiners():
    assert names("where went new york") == ["new", "york"]
    assert names("where went new york", frozenset({"new york"})) == ["new york"]
    # "emily" looks like an adverb.
    assert names("what is emily afraid of") == []
    assert names("what is emily afraid of", frozenset({"emily"})) == ["emily"]


def test_a_verb_or_an_adverb_nobody_taught_is_not_taken_for_a_name():
    found = LEXICON.tokens("Mary quickly teleported to the garden.")

    assert [token.index for token in found[1:3]] == [UNKNOWN_ADVERB, UNKNOWN_VERB]
    assert LEXICON.tokens("Mary hid in the garden.")[1].index == UNKNOWN_VERB


def test_a_question_with_the_same_unknown_verb_is_about_the_same():
    told = LEXICON.tokens("Mary teleported to the garden.")[1]

    asked = LEXICON.tokens("Who teleported to the garden?", frozenset({"mary", "garden"}))[1]

    assert (asked.index, asked.key) == (told.index, told.key) == (UNKNOWN_VERB, "teleported")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "The guest speaker presented José with the love letters.",
            ["guest speaker", "José", "love letters"],
        ),
        ("The delivery man sneezed.", ["delivery man"]),
        ("The old knitted sweater is in the hall.", ["old knitted sweater", "hall"]),
        ("The nurse snatches the milk.", ["nurse", "milk"]),
        ("The museum guide got milk.", ["museum guide", "milk"]),
    ],
)
def test_what_somebody_did_is_no_part_of_their_name(text, expected):
    lexicon = Lexicon([*LEXICON.words, "got", "with"], read_as={"snatches": ("got",), "guide": ("went",)})

    assert [token.surface for token in lexicon.tokens(text) if token.is_name] == expected


def test_a_place_named_after_its_owner_comes_back_as_it_was_written():
    at, who = LEXICON.tokens("Mary went to the dentist's."), LEXICON.tokens("The dentist's in the garden.")

    assert (at[-1].surface, at[-1].key) == ("dentist's", "dentist")
    assert who[1].surface == "dentist"


def test_a_hidden_word_is_read_as_one_that_nobody_taught_and_the_others_as_before():
    hidden = LEXICON.without({"went", "gave"})

    found = hidden.tokens("Mary went to the garden.")

    assert [token.index for token in found] == [
        SYMBOL,
        UNKNOWN_VERB,
        LEXICON["to"],
        LEXICON["the"],
        SYMBOL,
    ]


def test_one_and_many_are_the_same_symbol():
    wolf, wolves = LEXICON.tokens("a wolf")[1], LEXICON.tokens("Wolves are afraid")[0]

    assert wolf.key == wolves.key == "wolf"
    assert [singular(word) for word in ("mice", "boxes", "glass", "julius", "cities")] == [
        "mouse",
        "box",
        "glass",
        "julius",
        "city",
    ]


def test_a_symbols_vector_is_its_digest_and_nothing_else():
    bits = np.unpackbits(np.frombuffer(hashlib.blake2b(b"new york").digest(), np.uint8))[:40]

    vector = symbol_vector("new york", 40)

    np.testing.assert_array_equal(np.sign(vector), bits.astype(int) * 2 - 1)
    assert np.linalg.norm(vector) == pytest.approx(1)
    assert vector.dtype == np.float32


def test_another_process_gives_a_name_the_same_vector():
    script = "from memnet.lexicon import symbol_vector as v; print(v('zoë', 8).tobytes().hex())"
    other = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert other.stdout.strip() == symbol_vector("zoë", 8).tobytes().hex()


def test_a_hundred_thousand_names_are_told_apart():
    """The most alike of many random names; at 1 they would be one and the same."""
    vectors = np.stack([symbol_vector(f"name {number}", 40) for number in range(3000)])
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, 0)

    assert likeness.max() < 0.9
    assert abs(float(likeness.mean())) < 0.01


def test_a_lexicon_comes_back_from_json():
    again = Lexicon.from_json(LEXICON.to_json())

    assert (again.words, again.answers) == (LEXICON.words, LEXICON.answers)
    assert again["the"] == LEXICON["the"]
    assert again["garden"] == NIL


def test_a_verb_nobody_taught_is_read_as_the_nearest_one_that_is_known():
    lexicon = Lexicon(["went", "walked", "to", "the"], read_as={"strolled": ("walked", "went")})

    found = lexicon.tokens("Mary strolled to the garden.")[1]
    without = lexicon.without({"walked"}).tokens("Mary strolled to the garden.")[1]

    assert (found.index, found.surface, found.key) == (lexicon["walked"], "strolled", None)
    assert without.index == lexicon["went"]
    assert lexicon.without({"walked", "went"}).tokens("Mary strolled off.")[1].index == UNKNOWN_VERB
    # Not where it is a name, or part of one.
    robbed = Lexicon(["went", "took", "the"], read_as={"rob": ("took",)})
    assert robbed.tokens("rob went off")[0].key == "rob"
    assert robbed.tokens("did ada rob the bank")[2].key is None
    assert lexicon.tokens("The strolled path")[1].key == "strolled path"
    assert Lexicon.from_json(lexicon.to_json()).read_as == {"strolled": ("walked", "went")}
