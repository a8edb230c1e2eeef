"""Make the thesaurus from WordNet: for each form of an English verb, the taught words that it can be read as.

    pip install lemminflect
    apt-get install wordnet-base
    python -m memnet.thesaurus.build /usr/share/wordnet > memnet/thesaurus/verbs.tsv

Two verbs are near when a frequent sense of one is a sense of the other, a kind of it, what it is a kind of,
or another kind of the same. Words are read as words of training; which ones testing keeps for itself is not
looked at. The costs were chosen by reading what taught verbs would become if they were not known.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from memnet.wording import LANGUAGE
from memnet.wording.tables import anchors, heads

SENSES = 4
"""Most senses of a verb that are looked at; WordNet has the most frequent ones first."""
LATER_SENSE, LATER_OTHER, MOST_LATER = 0.6, 0.3, 6
"""Cost of each more frequent sense that a verb, and the taught one, have; of the latter six count."""
KIND_OF, KINDS, SISTER = 1.0, 1.2, 2.0
"""Cost of a step to what a verb is a kind of, to its kinds, and to other kinds of the same."""
PLAIN = 0.3
"""What a verb costs less that is at home in many sentences: "got" rather than "received"."""
MOST_SISTERS = 30
"""Kinds of a verb with more kinds than this, such as "move", have little in common."""
FARTHEST = 3.0
MOST = 4
"""Words that are kept for each form."""
VAGUE = frozenset(
    ["be", "do", "make", "let", "set", "help", "show", "find", "lay", "can", "may", "will", "must"]
)
"""Taught verbs that mean too little by themselves, or several things."""
ACCIDENTS = frozenset(
    ["bite", "bore", "close", "compare", "count", "down", "equip", "fall", "found", "grind", "lower", "rid"]
).union(["saw", "up"])
"""Verbs of which a form is spelled as a taught word of another kind: "a bit", "the ground", "above"."""
MISSED = 2
"""Times that the counted texts may have missed a noun."""
FORMS = ("VBD", "VBN", "VBG", "VBZ", "VB")
"""Past, participle, -ing, third person, base: the last two can be nouns."""


@dataclass(frozen=True, slots=True)
class Sense:
    """A synset of verbs."""

    lemmas: tuple[str, ...]
    kind_of: tuple[str, ...]
    kinds: tuple[str, ...]


class WordNet:
    """The verbs of a WordNet 3.0 database (format: wndb(5WN))."""

    def __init__(self, folder: Path) -> None:
        self.senses = dict(_senses(folder / "data.verb"))
        self.index = dict(_index(folder / "index.verb"))
        self._nouns = {lemma for lemma, _ in _index(folder / "index.noun")}
        self._counts: dict[tuple[str, str], int] = defaultdict(int)
        for line in (folder / "cntlist.rev").read_text().splitlines():
            key, _, count = line.split()
            lemma, rest = key.split("%")
            self._counts[lemma, rest[0]] += int(count)

    def is_rather_noun(self, lemma: str, missed: int = 0) -> bool:
        """Whether it is at least as often a noun, in the texts whose senses were counted: "milk".

        Args:
            lemma: The verb.
            missed: How often it may be a noun where the texts have it less.
        """
        return lemma in self._nouns and self._counts[lemma, "1"] + missed >= self._counts[lemma, "2"]

    def verbal(self, lemma: str) -> tuple[str, ...]:
        """Those of the forms that are a verb, and not a noun, to who meets them."""
        if self.is_rather_noun(lemma):
            return FORMS[:3]
        # Hardly in the counted texts at all: people have telescopes, and nobody is "the scurries".
        return FORMS[:4] if self.is_rather_noun(lemma, MISSED) else FORMS

    def near(self, lemma: str) -> dict[str, float]:
        """Cost of every other lemma that is near."""
        costs: dict[str, float] = {}

        def reach(number: str, cost: float) -> None:
            for other in self.senses[number].lemmas:
                if other != lemma and number in self.index.get(other, ()):
                    total = cost + LATER_OTHER * min(MOST_LATER, self.index[other].index(number))
                    costs[other] = min(total, costs.get(other, total))

        for rank, number in enumerate(self.index.get(lemma, ())[:SENSES]):
            start = rank * LATER_SENSE
            reach(number, start)
            for kind in self.senses[number].kinds:
                reach(kind, start + KINDS)
            for above in self.senses[number].kind_of:
                reach(above, start + KIND_OF)
                for higher in self.senses[above].kind_of:
                    reach(higher, start + 2 * KIND_OF)
                sisters = self.senses[above].kinds
                for sister in sisters if len(sisters) <= MOST_SISTERS else ():
                    reach(sister, start + SISTER)
        return costs


def _lines(path: Path) -> Iterator[list[str]]:
    for line in path.read_text().splitlines():
        if not line.startswith("  "):
            yield line.split(" | ")[0].split()


def _senses(path: Path) -> Iterator[tuple[str, Sense]]:
    for fields in _lines(path):
        count = int(fields[3], 16)
        rest = fields[4 + 2 * count :]
        pointers = [rest[1 + 4 * i : 5 + 4 * i] for i in range(int(rest[0]))]
        up = tuple(number for symbol, number, part, _ in pointers if symbol == "@" and part == "v")
        down = tuple(number for symbol, number, part, _ in pointers if symbol == "~" and part == "v")
        yield fields[0], Sense(tuple(fields[4 : 4 + 2 * count : 2]), up, down)


def _index(path: Path) -> Iterator[tuple[str, list[str]]]:
    for fields in _lines(path):
        yield fields[0], fields[-int(fields[2]) :]


def _forms(lemma: str) -> dict[str, tuple[str, ...]]:
    from lemminflect import getAllInflections

    found: dict[str, tuple[str, ...]] = getAllInflections(lemma, upos="VERB")
    found.setdefault("VBN", found.get("VBD", ()))
    return found


def taught(wordnet: WordNet, language: Iterable[str]) -> Mapping[str, dict[str, str]]:
    """The verbs of a language, with those of their forms that are in it."""
    from lemminflect import getLemma

    known = set(language)
    verbs: dict[str, dict[str, str]] = {}
    for word in sorted(known):
        for lemma in getLemma(word, upos="VERB", lemmatize_oov=False):
            inflected = _forms(lemma)
            if (
                lemma in VAGUE | ACCIDENTS
                or lemma not in wordnet.index
                or word not in sum(inflected.values(), ())
            ):
                continue
            if lemma not in heads() and wordnet.is_rather_noun(lemma):
                continue
            here = {form: spelt for form in FORMS for spelt in inflected.get(form, ()) if spelt in known}
            verbs[lemma] = here
    return verbs


def build(wordnet: WordNet, language: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """For each form of a verb, the words that it can be read as, nearest first.

    Forms of taught verbs are among them: a lexicon may be without some of its words.
    """
    known, plain = taught(wordnet, language), anchors()
    read_as: dict[str, tuple[str, ...]] = {}
    for lemma in sorted(wordnet.index):
        if not lemma.isalpha():
            continue
        near = sorted(
            (round(cost - PLAIN * (other in plain), 6), other)
            for other, cost in wordnet.near(lemma).items()
            if other in known
        )
        others = [other for cost, other in near if cost <= FARTHEST]
        for form in FORMS if lemma in known else wordnet.verbal(lemma):
            wanted = [form, "VBD"] if form == "VB" else [form]
            words = dict.fromkeys(known[other][w] for w in wanted for other in others if w in known[other])
            for spelt in _forms(lemma).get(form, ()) if words else ():
                read_as.setdefault(spelt, tuple([word for word in words if word != spelt][:MOST]))
    return {spelt: words for spelt, words in sorted(read_as.items()) if words}


if __name__ == "__main__":
    groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for spelt, words in build(WordNet(Path(sys.argv[1])), LANGUAGE).items():
        groups[words].append(spelt)
    for words, forms in sorted(groups.items()):
        print(" ".join(words), " ".join(forms), sep="\t")
