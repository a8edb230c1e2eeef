"""From what happened to a sentence: which verb, which shape, which articles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from memnet.wording.draw import Draw
from memnet.wording.english import IT, THEY, joined, sentence
from memnet.wording.entities import Entity
from memnet.wording.phrasing import Phrasing
from memnet.wording.shapes import ANY_SHAPES, LATER_SHAPES, STATE_SHAPES
from memnet.wording.tables import Clause, Tables, Verb, tables

Mode = Literal["training", "facts", "questions"]
"""Nothing is held out; something of every fact is; the wording of every question is."""
Sort = Literal["event", "state", "timeless"]

_PLAIN = 0.55
"""Share of actions told as "Mary picked up the milk."."""
_VERB_SHARE = 0.7
"""Share of held-out facts that have a held-out verb; the others have a held-out shape."""


@dataclass(slots=True, eq=False)
class Told:
    """A fact of a story that is not numbered yet."""

    text: str
    relation: str
    held_out: tuple[str, ...] = ()
    antecedent: Told | None = None
    """The fact before it, which names the one that this one calls "she"."""


class Teller:
    """Tells one story."""

    def __init__(self, draw: Draw, mode: Mode, held: Tables) -> None:
        self._draw = draw
        self.mode = mode
        self._training = tables(held=False)
        self._held = held
        self._phrasing = Phrasing(draw, wide=mode == "training")
        self._begun = False

    def action(
        self,
        relation: str,
        who: Sequence[Entity],
        *,
        things: Sequence[Entity] = (),
        place: Entity | None = None,
        other: Entity | None = None,
        at: Entity | None = None,
        before: Told | None = None,
    ) -> Told:
        """Somebody goes somewhere, takes, drops or gives something.

        Args:
            relation: moving, taking, dropping or giving.
            who: One or two people.
            things: What they take, drop or give.
            place: Where they go.
            other: Who is given something.
            at: Where this happens, if that was told before.
            before: The fact just before, whose subjects these are, to be called by a pronoun.
        """
        held_verb, held_shape = self._held_out()
        source = self._held if held_verb else self._training
        verb = self._verb(source, relation, place)
        if verb.reverse and before:
            before = None  # she who gives is not the subject of "John got it from"
        subjects: Sequence[Entity] = who
        if verb.reverse and other:
            subjects, other = (other,), who[0]
        pronoun = THEY if len(subjects) > 1 else subjects[0].pronoun
        thing_pronoun = IT if len(things) == 1 and not things[0].plural else THEY
        shape = self._action_shape(verb, subjects, place, at, before, held_shape)
        if shape in ("two together", "two with"):
            pronoun = subjects[0].pronoun
        slots = {
            "s": joined([each.the for each in subjects]),
            "thing": joined([self._phrasing.thing(each, pronoun, shape) for each in things])
            if things
            else "",
            "it": thing_pronoun.object,
            "poss": pronoun.possessive,
            "self": pronoun.reflexive,
            "other": other.the if other else "",
            "giver": other.the if other else "",
        }
        if place:
            slots |= {"place": place.the, "into": place.into, "in": place.where}
        text = self._phrasing.action(verb, shape, slots, subjects, things, at)
        found = ((f"{relation}: {verb.forms.base}",) if held_verb else ()) + (
            (f"shape: {shape}",) if held_shape else ()
        )
        return Told(text, relation, found, before if shape == "pronoun" else None)

    def state(self, table: str, sort: Sort, subject: Entity | None = None, **slots: str) -> Told:
        """A clause of a table of facts.toml.

        Args:
            table: Its name.
            sort: Whether "right now" makes sense ("state") or not ("timeless").
            subject: Who or what the clause is about.
            **slots: What its other slots hold.
        """
        draw = self._draw
        held_verb, held_shape = self._held_out()
        if table == "chatter":
            held_verb = held_shape = False
        clause = draw.one((self._held if held_verb else self._training).clauses[table])
        self._phrasing.mention(subject.the if subject else "", slots.get("thing", ""))
        text = self.filled(clause, subject, **slots)
        shape = self._state_shape(sort, clause, held_shape)
        found = ((f"{table}: {clause.pattern}",) if held_verb else ()) + (
            (f"shape: {shape}",) if held_shape else ()
        )
        return Told(self._phrasing.framed(text, shape), _RELATION.get(table, table), found)

    def filled(self, clause: Clause, subject: Entity | None, **slots: str) -> str:
        """The clause about a subject, in its number."""
        if subject is None:
            return clause.singular.format_map(slots)
        pronoun = subject.pronoun
        plural = subject.plural
        return (clause.plural if plural else clause.singular).format_map(
            {
                "s": subject.the,
                "s_name": subject.name,
                "obj": pronoun.object,
                "poss": pronoun.possessive,
                "poss_s": f"{subject.the}'s",
                "he": pronoun.subject,
                "it": "it",
                "pis": "is",
            }
            | slots
        )

    def timed(
        self, time: str, who: Entity, relation: str, *, place: Entity | None, thing: Entity | None
    ) -> Told:
        """Something that happened at a time that matters: "On Monday, Mary went to the garden."."""
        draw = self._draw
        held_verb, _ = self._held_out(verbs_only=True)
        source = self._held if held_verb else self._training
        verb = self._verb(source, relation, place)
        clause = self.done(verb, who, place=place, thing=thing)
        if draw.happens(0.5):
            text = f"{time}{',' if draw.happens(0.6) else ''} {clause}"
        else:
            text = f"{clause} {time}"
        return Told(sentence(text), relation, (f"{relation}: {verb.forms.base}",) if held_verb else ())

    def done(
        self,
        verb: Verb,
        who: Entity,
        *,
        place: Entity | None = None,
        thing: Entity | None = None,
        name: bool = True,
    ) -> str:
        """A clause in the past: "Mary went to the garden", or "she went to the garden"."""
        pronoun = who.pronoun
        return f"{who.the if name else pronoun.subject} " + verb.forms.past.format_map(
            {
                "place": place.the if place else "",
                "into": place.into if place else "",
                "in": place.where if place else "",
                "thing": thing.the if thing else "",
                "it": THEY.object if thing and thing.plural else IT.object,
                "poss": pronoun.possessive,
                "self": pronoun.reflexive,
            }
        )

    def reason(
        self,
        who: Entity,
        word: str,
        relation: str,
        *,
        place: Entity | None = None,
        thing: Entity | None = None,
    ) -> Told:
        """Something done for a reason: "Mary went to the sauna because she was cold."."""
        draw = self._draw
        held, _ = self._held_out(verbs_only=True)
        clause = draw.one((self._held if held else self._training).clauses["reason"])
        verb = self._verb(self._training, relation, place)
        pronoun = who.pronoun
        text = clause.singular.format_map(
            {
                "s": who.the,
                "did": self.done(verb, who, place=place, thing=thing),
                "he_did": self.done(verb, who, place=place, thing=thing, name=False),
                "he": pronoun.subject,
                "he_was": "was",
                "word": word,
            }
        )
        return Told(sentence(text), "motivation", (f"reason: {clause.pattern}",) if held else ())

    def _verb(self, source: Tables, relation: str, place: Entity | None) -> Verb:
        verb = self._draw.one(source.verbs[relation])
        # Nobody enters a bus stop.
        while place and place.where == "at" and verb.pattern.startswith("enter"):
            verb = self._draw.one(source.verbs[relation])
        return verb

    def _held_out(self, *, verbs_only: bool = False) -> tuple[bool, bool]:
        """Whether the verb is to be a held-out one, or the shape."""
        if self.mode != "facts":
            return False, False
        verb = verbs_only or not self._held.shapes or self._draw.happens(_VERB_SHARE)
        return verb, not verb

    def _action_shape(
        self,
        verb: Verb,
        subjects: Sequence[Entity],
        place: Entity | None,
        at: Entity | None,
        before: Told | None,
        held: bool,
    ) -> str:
        draw = self._draw
        if not held and before:
            self._begun = True
            return "pronoun"
        if not held and draw.happens(_PLAIN):
            self._begun = True
            return "two" if len(subjects) > 1 else "past"
        weights = dict(_WEIGHTS)
        if len(subjects) > 1:
            weights = {
                "two": 2.0,
                "two with": 1.0,
                "two together": 2.0,
                "time first": 1.0,
                "sequence first": 1.0,
            }
        else:
            if verb.passive:
                weights |= {"passive": 4.0, "perfect passive": 1.0}
            if not place and at:
                weights |= {"there": 2.0, "place last": 1.5, "place first": 1.0}
            if self.mode == "training":
                weights |= {
                    shape: _LATER[shape] for shape in LATER_SHAPES if self._phrasing.fits(verb, shape)
                }
        source = (self._held if held else self._training).shapes
        # A story does not begin with "then".
        first, self._begun = not self._begun, True
        weights = {
            shape: weight
            for shape, weight in weights.items()
            if shape in source and (held or not (first and shape.startswith("sequence")))
        }
        return draw.weighted(weights)

    def _state_shape(self, sort: Sort, clause: Clause, held: bool) -> str:
        if not held and self._draw.happens(0.7):
            return "plain"
        options = {**({} if sort == "timeless" else STATE_SHAPES), **ANY_SHAPES}
        source = (self._held if held else self._training).shapes
        fitting = [shape for shape in options if shape in source]
        if any(
            word in clause.pattern
            for word in ("now", "currently", "moment", "been", "was", "perhaps", ":got")
        ):
            fitting = [shape for shape in fitting if not shape.startswith("now")] or fitting
        if clause.pattern.startswith(_UNREPORTED) and not held:
            fitting = [shape for shape in fitting if shape != "report"]
        return self._draw.one(fitting)


_UNREPORTED = ("somebody", "someone", "go ", "look ", "walk ", "do not ", "don't ", "to ")
"""How clauses begin that nobody says "I heard that" before."""
_RELATION = {"lying": "being", "colour": "being", "job": "being", "feeling": "motivation"}
"""What the facts of a table are about, where it is not its name."""

_WEIGHTS: dict[str, float] = {
    "present": 3.0,
    "perfect": 3.0,
    "perfect now": 1.0,
    "perfect just": 1.0,
    "cleft": 1.0,
    "time first": 3.0,
    "time last": 2.0,
    "time inside": 1.0,
    "aside inside": 1.0,
    "adverb inside": 2.0,
    "sequence first": 4.0,
    "sequence inside": 1.5,
    "remark": 1.0,
    "report": 2.0,
}
_LATER: dict[str, float] = {
    "adverb last": 1.5,
    "lead first": 2.0,
    "emphatic": 0.7,
    "infinitive": 1.0,
    "one who": 1.0,
    "cleft thing": 1.0,
    "what": 1.0,
    "fronted": 1.5,
}
