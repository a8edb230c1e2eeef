"""Sentences around a verb: word order, adverbials and articles."""

from __future__ import annotations

from collections.abc import Sequence

from memnet.wording.draw import Draw
from memnet.wording.english import Pronoun, indefinite, sentence
from memnet.wording.entities import Entity
from memnet.wording.tables import Verb, word_lists

_ASIDE = 0.4
"""Share of reports that are no "I saw that" but a remark of one's own."""
_INDEFINITE = 0.15
"""Share of things called "a" or "some" at their first mention."""
_POSSESSIVE = 0.07
"""Share of things called "her" or "his" then."""


class Phrasing:
    """Puts the clauses of one story into sentences."""

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self._lists = word_lists()
        self._clock = draw.below(5)
        self._known: set[str] = set()

    def mention(self, *things: str) -> None:
        """Things that have been told of, and are called "the" from now on."""
        self._known.update(things)

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
            return sentence(f"{draw.one(lists['sequences'])}{draw.one((',', ''))} {called} {done}")
        if shape == "sequence first":
            return sentence(f"{draw.one(lists['sequences'])}{draw.one((',', ''))} {subject} {done}")
        if shape == "sequence inside":
            return sentence(f"{subject} {draw.one(('then', 'afterwards', 'next', 'later'))} {done}")
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
