"""The data of a run: files read, stories split, sentences laid out, and a record of what they were."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memnet.babi.cross import with_cross_questions
from memnet.babi.dataset import TaskFile, load_tasks, split_validation
from memnet.babi.synthetic import MARK
from memnet.errors import InputError
from memnet.nn.memn2n import MemN2NConfig
from memnet.story import Story
from memnet.training.recipe import Recipe
from memnet.training.spec import Spec
from memnet.training.vectorise import Examples, examples_of, vocabulary_of
from memnet.vocabulary import Vocabulary

SPLIT_SEED = 0
"""Which stories validate. The same for every run, so that seeds differ in their weights and draws alone."""

_GENUINE_PARTIAL = "82096130c5043a794a9879bfebb5c1b84f6989bdde36f0fe5d613cfff23d1672"
"""sha256 of the 1,925 genuine questions of the 10k training file of task 3."""


RunSpec = Spec[Recipe]
"""What a run of a MemN2N is asked to do."""


@dataclass(frozen=True, slots=True)
class RunData:
    """What a run computes on."""

    training: Examples
    validation: Examples
    vocabulary: Vocabulary
    config: MemN2NConfig
    """The shape of the network that fits the data and the recipe."""
    record: dict[str, Any]
    """Which files were read, as JSON, and in words what is not the official data."""


def load_run_data(spec: RunSpec) -> RunData:
    """Read and lay out the data of a run.

    Raises:
        BabiDataMissing, BabiFormatError: A file cannot be read.
        InputError: There are too few questions for one batch.
    """
    recipe = spec.recipe
    files = load_tasks(spec.directory, spec.split, spec.tasks, "train", overrides=spec.train_files)
    training, validation = _split(files, recipe)
    official = sum(len(story.questions) for story in training)
    if recipe.cross_questions:
        training = with_cross_questions(training, recipe.cross_questions, seed=SPLIT_SEED)
    added = sum(len(story.questions) for story in training) - official
    vocabulary = vocabulary_of([*training, *validation])
    longest = max(question.facts_before for story in training for question in story.questions)
    memory_size = max(1, min(recipe.memory_size, longest))
    examples = examples_of(training, vocabulary, memory_size)
    if len(examples) < recipe.batch_size:
        raise InputError(f"{len(examples)} training questions do not fill a batch of {recipe.batch_size}")
    config = MemN2NConfig(
        vocab_size=len(vocabulary),
        longest_sentence=max(examples.facts.words.shape[1], examples.questions.words.shape[1]),
        memory_size=memory_size,
        dim=recipe.dim,
        num_hops=recipe.num_hops,
        encoding=recipe.encoding,
        tying=recipe.tying,
        relu=recipe.relu,
    )
    held_out = examples_of(validation, vocabulary, memory_size)
    record = record_of(spec.split, files, spec.train_files, added)
    return RunData(examples, held_out, vocabulary, config, record)


def _split(files: Mapping[int, TaskFile], recipe: Recipe) -> tuple[list[Story], list[Story]]:
    training: list[Story] = []
    validation: list[Story] = []
    for file in files.values():
        kept, held_out = split_validation(file.stories, recipe.validation, seed=SPLIT_SEED)
        training.extend(kept)
        validation.extend(held_out)
    return training, validation


def record_of(
    split: str, files: Mapping[int, TaskFile], train_files: Mapping[int, Path], added: int
) -> dict[str, Any]:
    """Which files were read, as JSON, and in words what is not the official data.

    Args:
        split: Where the official files come from.
        files: All that were read, by task.
        train_files: Those that are not official ones.
        added: Cross questions.
    """
    notes = [_note(task, files[task]) for task in sorted(train_files)]
    if added:
        notes.append(f"{added:,} cross questions added to the training stories")
    return {
        "split": split,
        "files": {
            str(task): {"name": file.path.name, "sha256": file.sha256, "questions": file.num_questions}
            for task, file in files.items()
        },
        "notes": notes,
    }


def _note(task: int, file: TaskFile) -> str:
    if file.sha256 == _GENUINE_PARTIAL:
        return f"task {task}: 1,925 of 10,000 official questions"
    if MARK in file.path.name:
        return f"task {task}: synthetic training stories, original test ({file.path.name})"
    return (
        f"task {task}: {file.num_questions:,} training questions from {file.path.name}, not the official file"
    )
