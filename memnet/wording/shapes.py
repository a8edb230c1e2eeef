"""The shapes a sentence can have around its verb, and what each of them needs."""

from __future__ import annotations

from memnet.text import words

ACTION_SHAPES = {
    "past": "Mary picked up the milk.",
    "present": "Mary picks up the milk.",
    "perfect": "Mary has picked up the milk.",
    "perfect now": "Mary has now picked up the milk.",
    "perfect just": "Mary has just picked up the milk.",
    "passive": "The milk was picked up by Mary.",
    "perfect passive": "The milk has been picked up by Mary.",
    "cleft": "It was Mary who picked up the milk.",
    "two": "Mary and John went to the garden.",
    "two with": "Mary went to the garden with John.",
    "two together": "Mary went to the garden together with John.",
    "pronoun": "Then she picked up the milk.",
    "there": "Mary picked up the milk there.",
    "place last": "Mary picked up the milk in the garden.",
    "place first": "In the garden, Mary picked up the milk.",
    "time first": "After lunch, Mary picked up the milk.",
    "time last": "Mary picked up the milk after lunch.",
    "time inside": "Mary, after lunch, picked up the milk.",
    "aside inside": "Mary, as I said, picked up the milk.",
    "adverb inside": "Mary quickly picked up the milk.",
    "sequence first": "Then Mary picked up the milk.",
    "sequence inside": "Mary then picked up the milk.",
}
LATER_SHAPES = {
    "adverb last": "Mary picked up the milk in a hurry.",
    "lead first": "When nobody was looking, Mary picked up the milk.",
    "emphatic": "Mary did pick up the milk.",
    "infinitive": "Mary managed to pick up the milk.",
    "one who": "The one who picked up the milk was Mary.",
    "cleft thing": "It was the milk that Mary picked up.",
    "what": "What Mary picked up was the milk.",
    "fronted": "Into the garden went Mary.",
}
"""Shapes of actions that came after the held-out ones were drawn: only training has them."""
STATE_SHAPES = {
    "now first": "Right now, Mary is in the garden.",
    "now last": "Mary is in the garden at the moment.",
}
ANY_SHAPES = {
    "plain": "Mary is in the garden.",
    "remark": "By the way, Mary is in the garden.",
    "report": "I heard that Mary is in the garden.",
}
SHAPES: dict[str, str] = ACTION_SHAPES | LATER_SHAPES | STATE_SHAPES | ANY_SHAPES
"""Each shape with an example."""

HELD_OUT_CANDIDATES: dict[str, tuple[int, tuple[str, ...]]] = {
    "action": (
        4,
        (
            "perfect just",
            "perfect passive",
            "cleft",
            "two together",
            "place first",
            "time inside",
            "sequence inside",
        ),
    ),
    "state": (1, ("now first", "now last")),
    "any": (1, ("remark", "report")),
}
"""How many shapes of each sort are held out, and of which: those that leave the words in their order or
mark what they do with words of their own."""

SHAPE_WORDS: dict[str, frozenset[str]] = {
    "times": frozenset({"time first", "time last", "time inside"}),
    "sequences": frozenset({"sequence first", "sequence inside"}),
    "nows": frozenset({"now first", "now last"}),
    "remarks": frozenset({"remark"}),
    "saw": frozenset({"report"}),
    "asides": frozenset({"report", "aside inside"}),
    "adverbs": frozenset({"adverb inside"}),
    "lasts": frozenset({"adverb last"}),
    "leads": frozenset({"lead first"}),
    "infinitives": frozenset({"infinitive"}),
}
"""Lists of facts.toml that only these shapes use."""

FUNCTION_WORDS = frozenset(
    words(
        "a an the some and is are was were has have been do does did by it he she they him her them his its "
        "their himself herself itself themselves who in on at into onto to now there then of both "
        "north south east west hungry thirsty tired bored"
    )
)
"""Words that the generator itself puts into sentences."""
