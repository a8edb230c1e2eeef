"""English verbs that training never held, and the taught ones that they can be read as.

"Ada strolled into the garden" says what "Ada walked into the garden" says, to who knows the words. The table
is made from WordNet (Princeton University, licence beside it) by `memnet.thesaurus.build`; a training run
takes it into its lexicon, and a checkpoint brings its own.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def read_as() -> dict[str, tuple[str, ...]]:
    """For each form of a verb, lower case, the words that it can be read as, nearest first."""
    text = files("memnet.thesaurus").joinpath("verbs.tsv").read_text(encoding="utf-8")
    found: dict[str, tuple[str, ...]] = {}
    for line in text.splitlines():
        words, forms = (part.split(" ") for part in line.split("\t"))
        found |= dict.fromkeys(forms, tuple(words))
    return found
