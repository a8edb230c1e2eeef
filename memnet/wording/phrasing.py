"""Sentences around a verb: word order, adverbials and articles."""

from __future__ import annotations

import re
from collections.abc import Sequence

from memnet.text import words
from memnet.wording.draw import Draw
from memnet.wording.english import Pronoun, indefinite, sentence
from memnet.wording.entities import Entity
from memnet.wording.tables import Verb, language, word_lists

_ASIDE = 0.4
"""Share of reports that are no "I saw that" but a remark of one's own."""
_INDEFINITE = 0.15
"""Share of things called "a" or "some" at their first mention."""
_POSSESSIVE = 0.07
"""Share of things called "her" or "his" then."""
_NO_SEQUENCE = 0.4
"""Share of sentences about "she" that do not begin with "then"."""
_SLOT = re.compile(r"\{\w+\}")
_UNFIT = ("be ", "have to", "decide", "choose", "manage", "end up")
"""Verbs that cannot follow "did" or "managed to"."""
_FRONTED = re.compile(
    r"\w+ (?:(?:over|back|off|straight|across) )?(?:to \{place\}|\{into\})|\w+ \{in\} \{place\}"
)
"""What can be turned around: "into the garden went Mary"."""


class Phrasing:
    """Puts the clauses of one story into sentences.

    Args:
        draw: What decides.
        wide: In the ways too that came after the held-out wording was drawn.
    """

    def __init__(self, draw: Draw, *, wide: bool = False) -> None:
        self._draw = draw
        self._wide = wide
        self._lists = word_lists()
        self._clock = draw.below(5)
        self._known: set[str] = set()

    def mention(self, *things: str) -> None:
        """Things that have been told of, and are called "the" from now on."""
        self._known.update(things)

    def fits(self, verb: Verb, shape: str) -> bool:
        """Whether a verb can be told in one of the later shapes."""
        if shape == "fronted":
            return _FRONTED.fullmatch(verb.forms.past) is not None
        if shape in ("cleft thing", "what"):
            return "{thing}" in verb.pattern and "{it}" not in verb.pattern
        if shape in ("emphatic", "infinitive"):
            # Most base forms are no words of the language: nothing else needs them.
            base = _SLOT.sub(" ", verb.forms.base)
            return not base.startswith(_UNFIT) and language().issuperset(words(base))
        return True

    def action(
        self,
        verb: Verb,
        shape: str,
        slots: dict[str, str],
        subjects: Sequence[Entity],
        things: Sequence[Entity],
        at: Entity | None,
    ) -> str:
        draw, lists, forms = self._draw, self._lists, verb.forms
        subject = slots["s"]
        plural = len(subjects) > 1
        if shape in ("passive", "perfect passive"):
            several = len(things) > 1 or things[0].plural
            have = (
                ("have been" if several else "has been")
                if "perfect" in shape
                else ("were" if several else "was")
            )
            assert verb.passive
            return sentence(f"{slots['thing']} {have} {verb.passive.format_map(slots)}")
        if shape == "present":
            return sentence(f"{subject} {(forms.base if plural else forms.third).format_map(slots)}")
        if shape.startswith("perfect"):
            adverb = shape.removeprefix("perfect")
            return sentence(
                f"{subject} {'have' if plural else 'has'}{adverb} {forms.participle.format_map(slots)}"
            )
        done = forms.past.format_map(slots)
        if shape == "cleft":
            return sentence(f"it was {subject} who {done}")
        if shape in ("two together", "two with"):
            first, second = (each.the for each in subjects)
            joining = "with" if shape == "two with" else draw.one(("together with", "along with"))
            return sentence(f"{first} {done} {joining} {second}")
        if shape == "two" and draw.happens(0.25):
            return sentence(f"both {subject} {done}")
        if shape == "pronoun":
            called = "they" if plural else subjects[0].pronoun.subject
            if self._wide and draw.happens(_NO_SEQUENCE):
                return sentence(self._called(called, done))
            return sentence(f"{draw.one(lists['sequences'])}{draw.one((',', ''))} {called} {done}")
        if shape == "sequence first":
            return sentence(f"{draw.one(lists['sequences'])}{draw.one((',', ''))} {subject} {done}")
        if shape == "sequence inside":
            return sentence(f"{subject} {draw.one(('then', 'afterwards', 'next', 'later'))} {done}")
        if shape == "adverb last":
            return sentence(f"{subject} {done} {draw.one(lists['lasts'])}")
        if shape == "lead first":
            return sentence(f"{draw.one(lists['leads'])}, {subject} {done}")
        if shape == "emphatic":
            return sentence(f"{subject} did {forms.base.format_map(slots)}")
        if shape == "infinitive":
            return sentence(f"{subject} {draw.one(lists['infinitives'])} {forms.base.format_map(slots)}")
        if shape == "one who":
            return sentence(f"the one who {done} was {subject}")
        if shape in ("cleft thing", "what"):
            rest = " ".join(forms.past.replace("{thing}", " ").split()).format_map(slots)
            if shape == "cleft thing":
                return sentence(f"it was {slots['thing']} that {subject} {rest}")
            return sentence(f"what {subject} {rest} was {slots['thing']}")
        if shape == "fronted":
            past, rest = forms.past.split(" ", 1)
            return sentence(f"{rest.format_map(slots)} {past} {subject}")
        if shape == "aside inside":
            return sentence(f"{subject}, {draw.one(lists['asides'])}, {done}")
        if shape == "adverb inside":
            return sentence(f"{subject} {draw.one(lists['adverbs'])} {done}")
        if shape == "there":
            return sentence(f"{subject} {done} there")
        if shape in ("place last", "place first") and at:
            last = shape == "place last"
            return sentence(f"{subject} {done} {at.inside}" if last else f"{at.inside}, {subject} {done}")
        if shape.startswith("time"):
            time = self.time()
            if shape == "time inside":
                return sentence(f"{subject}, {time}, {done}")
            if shape == "time last":
                return sentence(f"{subject} {done} {time}")
            return sentence(f"{time}{',' if draw.happens(0.7) else ''} {subject} {done}")
        return self.framed(f"{subject} {done}", shape)

    def _called(self, called: str, done: str) -> str:
        """As in "she picked up the milk": no "then" before it."""
        draw, lists = self._draw, self._lists
        return draw.one(
            (
                f"{called} {done}",
                f"{called} {draw.one(lists['adverbs'])} {done}",
                f"{draw.one(lists['leads'])}, {called} {done}",
                f"{called} {done} {draw.one(lists['lasts'])}",
            )
        )

    def time(self) -> str:
        """A time of the day that is not before those already told."""
        times = self._lists["times"]
        self._clock = min(self._clock + self._draw.below(3), len(times) - 1)
        return times[self._clock]

    def framed(self, clause: str, shape: str) -> str:
        draw, lists = self._draw, self._lists
        if shape == "remark":
            remark = draw.one(lists["remarks"])
            return sentence(f"{remark} {clause}" if remark.endswith("that") else f"{remark}, {clause}")
        if shape == "report":
            if draw.happens(_ASIDE):
                return sentence(f"{draw.one(lists['asides'])}, {clause}")
            return sentence(f"{draw.one(lists['saw'])} {clause}")
        if shape == "now first":
            return sentence(f"{draw.one(lists['nows'])}{draw.one((',', ''))} {clause}")
        if shape == "now last":
            return sentence(f"{clause} {draw.one(lists['nows'])}")
        return sentence(clause)

    def thing(self, thing: Entity, owner: Pronoun, shape: str) -> str:
        """`the milk`, or at its first mention sometimes `some milk`, `a blue backpack`, `her car keys`."""
        if thing.the in self._known or thing.the == thing.name:
            return thing.the
        self._known.add(thing.the)
        chance = self._draw.random()
        if chance < _INDEFINITE:
            return f"some {thing.name}" if thing.plural or thing.mass else indefinite(thing.name)
        if chance < _INDEFINITE + _POSSESSIVE and "passive" not in shape:
            return f"{owner.possessive} {thing.name}"
        return thing.the
