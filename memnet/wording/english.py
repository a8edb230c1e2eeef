"""As much English as the sentences need: verb forms, articles, pronouns, lists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_VOWELS = "aeiou"
_AN = re.compile(r"(?!uni|use|usb|eu|one\b|ukulele)[aeiouáéíóúåäöüøæ]|hour|honest|heir", re.IGNORECASE)
_SPELLED = re.compile(r"[A-Z]{1,3}-?\d")
_LETTERS_WITH_AN = "AEFHILMNORSX"


@dataclass(frozen=True, slots=True)
class Pronoun:
    """How somebody is called who was named just before."""

    subject: str
    object: str
    possessive: str
    reflexive: str
    plural: bool = False


SHE = Pronoun("she", "her", "her", "herself")
HE = Pronoun("he", "him", "his", "himself")
IT = Pronoun("it", "it", "its", "itself")
THEY = Pronoun("they", "them", "their", "themselves", plural=True)


@dataclass(frozen=True, slots=True)
class Forms:
    """A verb with what follows it, in the forms that a sentence may need."""

    base: str
    third: str
    past: str
    participle: str


def forms(pattern: str) -> Forms:
    """The forms of a pattern such as `pick up {thing}` or `go:goes:went:gone to {place}`.

    Words with colons are given in all four forms; without any, the first word is a regular verb.
    """
    words = pattern.split(" ")
    if not any(":" in word for word in words):
        words[0] = regular(words[0])
    columns = [(word.split(":") * 4)[:4] if ":" not in word else word.split(":") for word in words]
    return Forms(*(" ".join(column[number] for column in columns) for number in range(4)))


def regular(base: str) -> str:
    """`base:third:past:participle` of a regular verb, without the doubling of consonants.

    >>> regular("hurry")
    'hurry:hurries:hurried:hurried'
    """
    if base.endswith("y") and base[-2] not in _VOWELS:
        third, past = base[:-1] + "ies", base[:-1] + "ied"
    elif base.endswith(("s", "sh", "ch", "x", "z")):
        third, past = base + "es", base + "ed"
    else:
        third, past = base + "s", base + ("d" if base.endswith("e") else "ed")
    return f"{base}:{third}:{past}:{past}"


def agreeing(clause: str) -> tuple[str, str]:
    """A clause with words such as `carry:carries`, for one subject and for several.

    >>> agreeing("{s} carry:carries {thing}")
    ('{s} carries {thing}', '{s} carry {thing}')
    """
    # "places:" ends in a colon of its own.
    words = [[word] if word.endswith(":") else word.split(":") for word in clause.split(" ")]
    # Three forms: the sentence is about the past, where the last one serves any number.
    return (
        " ".join(word[-1] for word in words),
        " ".join(word[-1] if len(word) == 3 else word[0] for word in words),
    )


def indefinite(name: str) -> str:
    """A name of one thing with `a` or `an`.

    >>> indefinite("X-200"), indefinite("uniform")
    ('an X-200', 'a uniform')
    """
    an = name[0] in _LETTERS_WITH_AN if _SPELLED.match(name) else _AN.match(name)
    return f"{'an' if an else 'a'} {name}"


def joined(names: Sequence[str]) -> str:
    """`Mary`, `Mary and John`, `Mary, John and Fred`."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def sentence(clause: str, end: str = ".") -> str:
    """With a capital letter and a full stop."""
    return clause[0].upper() + clause[1:] + end
