"""The data of a run of the multi-head memory network: files read, lessons laid out, and what they were."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from memnet.babi.cross import with_cross_questions
from memnet.babi.dataset import load_tasks, split_validation
from memnet.lexicon import Lexicon
from memnet.nn.multihead import MultiHeadConfig
from memnet.story import Story
from memnet.thesaurus import read_as
from memnet.training.data import SPLIT_SEED, record_of
from memnet.training.multihead.episodes import Episodes
from memnet.training.multihead.lessons import Lesson, answers_of, is_fixed, language_of, of_story, of_worded
from memnet.training.multihead.recipe import MultiHeadRecipe
from memnet.training.multihead.symmetry import SIDED_TASKS, SIDES, variants
from memnet.training.spec import Spec
from memnet.wording import generate, guessable

WORDED_VALIDATION = 1_000
"""Stories in training wording, of other seeds, that are set aside."""


MultiHeadRunSpec = Spec[MultiHeadRecipe]
"""What a run of a multi-head network is asked to do."""


@dataclass(frozen=True, slots=True)
class MultiHeadRunData:
    """What a run computes on."""

    training: Episodes
    validation: Episodes
    lexicon: Lexicon
    config: MultiHeadConfig
    shares: Mapping[int, float]
    """What share of a task's lessons an epoch has, if not all: they stand there from several sides, or are
    generated and many."""
    record: dict[str, Any]
    """Which files were read, as JSON, and in words what is not the official data."""


def load_multihead_data(spec: MultiHeadRunSpec) -> MultiHeadRunData:
    """Read and lay out the data of a run.

    Raises:
        BabiDataMissing, BabiFormatError: A file cannot be read.
    """
    recipe = spec.recipe
    files = load_tasks(spec.directory, spec.split, spec.tasks, "train", overrides=spec.train_files)
    training: list[Story] = []
    validation: list[Story] = []
    for file in files.values():
        kept, held_out = split_validation(file.stories, recipe.validation, seed=SPLIT_SEED)
        training.extend(kept)
        validation.extend(held_out)
    official = sum(len(story.questions) for story in training)
    if recipe.cross_questions:
        training = with_cross_questions(training, recipe.cross_questions, seed=SPLIT_SEED)
    added = sum(len(story.questions) for story in training) - official
    lessons = [of_story(story) for story in training]
    held_out_lessons = [of_story(story) for story in validation]
    everything, worded = [*lessons, *held_out_lessons], recipe.worded > 0
    language = language_of(everything, worded=worded)
    # Its words are those of robust wording.
    others = read_as() if worded else {}
    lexicon = Lexicon(language, answers_of(everything, Lexicon(language), worded=worded), others)
    sided = SIDED_TASKS if recipe.symmetry else ()
    lessons = [
        each for lesson in lessons for each in (variants(lesson) if lesson.task in sided else [lesson])
    ]
    notes = []
    if recipe.symmetry and set(sided) & set(spec.tasks):
        notes.append(
            f"tasks {', '.join(str(t) for t in sided if t in spec.tasks)} trained from all {SIDES} sides"
        )
    if recipe.rename:
        notes.append("symbols renamed in training, each story anew (names, places, things, species, colours)")
    if recipe.worded:
        lessons += _worded(recipe.worded, recipe.seed, recipe.hidden)
        held_out_lessons += _worded(WORDED_VALIDATION, _VALIDATION_SEED, recipe.hidden)
        digest = hashlib.sha256(repr(generate(100, seed=recipe.seed)).encode()).hexdigest()
        notes.append(f"{recipe.worded:,} generated stories in robust wording added (digest {digest[:12]})")
    config = MultiHeadConfig(
        vocab_size=len(lexicon),
        num_answers=len(lexicon.answers),
        num_hops=recipe.num_hops,
        num_heads=1 if recipe.attention == "dot" else recipe.num_heads,
        attention=recipe.attention,
        positions=recipe.positions,
        write=recipe.write,
    )

    def lay_out(which: list[Lesson]) -> Episodes:
        return Episodes(
            which,
            lexicon,
            symbol_dim=config.symbol_dim,
            positions=config.positions,
            memory=recipe.memory,
            fixed=is_fixed,
        )

    record = record_of(spec.split, files, spec.train_files, added)
    record["notes"] += notes
    return MultiHeadRunData(
        training=lay_out(lessons),
        validation=lay_out(held_out_lessons),
        lexicon=lexicon,
        config=config,
        shares=dict.fromkeys(sided, 1 / SIDES) | {0: recipe.worded_told},
        record=record,
    )


_VALIDATION_SEED = 1_000_000_007


def _worded(count: int, seed: int, hidden: float) -> list[Lesson]:
    rng = np.random.default_rng(seed)
    words = np.array(sorted(guessable()))
    lessons = []
    for worded in generate(count, seed=seed):
        unknown = words[rng.random(len(words)) < 0.5] if rng.random() < hidden else words[:0]
        lessons.append(of_worded(worded, frozenset(unknown.tolist())))
    return lessons
