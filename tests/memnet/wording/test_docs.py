"""docs/wording.md counts what the tables hold."""

from __future__ import annotations

from pathlib import Path

from memnet.wording import LANGUAGE, RELATIONS
from memnet.wording.shapes import SHAPES
from memnet.wording.tables import tables

PAGE = Path(__file__).parents[3] / "docs" / "wording.md"

FACTS = {
    "moving": ("moving",),
    "taking": ("taking",),
    "giving": ("giving",),
    "dropping": ("dropping",),
    "being": ("being", "lying", "colour", "job"),
    "having": ("having",),
    "place": ("compass", "position"),
    "size": ("size",),
    "negation": ("negation",),
    "either_or": ("either_or",),
    "motivation": ("feeling", "reason"),
}
QUESTIONS = {
    "moving": ("where_person", "is_in", "did_move"),
    "taking": ("who_took", "where_thing", "did_take"),
    "giving": ("what_given", "who_gave", "who_received", "did_give"),
    "dropping": ("who_dropped", "where_dropped", "did_drop"),
    "being": ("where_thing", "what_colour", "what_job", "who_is"),
    "having": ("who_has", "has"),
    "before_after": ("before_thing", "before_person", "after_person"),
    "time": ("when_moved", "when_got", "where_at_time"),
    "place": ("what_is_way", "is_way", "path", "is_side"),
    "size": ("is_bigger", "which_bigger", "which_smaller"),
    "negation": ("is_in",),
    "either_or": ("is_in",),
    "counting": ("counting",),
    "lists": ("lists",),
    "motivation": ("where_will", "why_moved", "why_got"),
}
EXAMPLES = {
    "moving": ("Ming strolled into the gym.", "where did ming end up"),
    "taking": ("The X-200 was picked up by Noor.", "Who was it that took the X-200?"),
    "giving": ("Ada Lovelace handed John the car keys.", "From whom did John get the car keys?"),
    "dropping": ("It let go of the kettle in the attic.", "Where did R2-X leave the kettle?"),
    "being": ("You can find José's kite on the pier.", "What colour is the lamp?"),
    "having": ("Team Orange is in possession of the map.", "Has Team Orange got the map?"),
    "before_after": ("Then she returned to New York.", "Where had Mary been before New York?"),
    "time": ("On Monday, Fred jogged to the zoo.", "When exactly did Fred go to the zoo?"),
    "place": ("If you go north from the inn, you get to Oslo.", "How do I get from the inn to Oslo?"),
    "size": ("There is space for the jar in the wooden box.", "Does the jar fit in the wooden box?"),
    "negation": ("The pilot is no longer in Room 9.", "Can I find the pilot in Room 9?"),
    "either_or": ("Yuki is either in the lab or on the roof.", "Is Yuki on the roof now?"),
    "counting": ("Emeka took the oar and some rice.", "How many things has Emeka got?"),
    "lists": ("Emeka is carrying a lamp around.", "List everything that Emeka has."),
    "motivation": ("Feeling cold, Olga went into the sauna.", "What made Olga go to the sauna?"),
}


def counted(group, names):
    training, held = tables(held=False), tables(held=True)
    sizes = [sum(len(getattr(part, group)[name]) for name in names) for part in (training, held)]
    return " + ".join(map(str, sizes))


def rows():
    for relation in RELATIONS:
        group = "verbs" if relation in tables(held=False).verbs else "clauses"
        facts = counted(group, FACTS[relation]) if relation in FACTS else ""
        questions = counted("questions", QUESTIONS[relation])
        told, asked = EXAMPLES[relation]
        yield f"| `{relation}` | {facts} | {questions} | {told} | {asked} |"


def shapes():
    held = tables(held=True).shapes
    for shape, example in SHAPES.items():
        yield f"- {shape}{' (held out)' if shape in held else ''}: *{example}*"


def test_the_table_of_relations_is_the_one_of_the_tables():
    page = PAGE.read_text(encoding="utf-8")

    assert "\n".join(rows()) in page


def test_the_shapes_are_all_there_with_those_held_out_marked():
    page = PAGE.read_text(encoding="utf-8")

    assert "\n".join(shapes()) in page
    assert f"sentences have {len(SHAPES)} shapes" in page


def test_the_size_of_the_language_is_the_one_given():
    assert f"all {len(LANGUAGE)} lower-case words" in PAGE.read_text(encoding="utf-8")
