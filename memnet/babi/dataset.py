"""Folders of bAbI files: where they are, what they hold, which stories validate."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from memnet.babi.cache import FOLDER, cache_dir
from memnet.babi.parser import read_stories
from memnet.babi.tasks import file_name
from memnet.errors import BabiDataMissing
from memnet.story import Story

SPLITS = ("en", "en-10k", "hn", "hn-10k", "shuffled", "shuffled-10k")
"""Folders of the official archive with a training and a test file per task."""


@dataclass(frozen=True, slots=True)
class TaskFile:
    """The stories of one file, and the file's identity for the record."""

    path: Path
    sha256: str
    stories: tuple[Story, ...]

    @property
    def num_questions(self) -> int:
        return sum(len(story.questions) for story in self.stories)


def data_dir(given: Path | None) -> Path:
    """The folder that holds `en/`, `en-10k/` …: the one given, else `MEMNET_BABI_DIR`, else the cache.

    The first two may also name the folder above, as the official archive unpacks it. The cache is what
    `memnet babi download` fills.

    Raises:
        BabiDataMissing: Neither is set and nothing was downloaded, or the folder holds no split.
    """
    source = given or (Path(value) if (value := os.environ.get("MEMNET_BABI_DIR")) else None)
    if source is None and (cache_dir() / FOLDER).is_dir():
        source = cache_dir() / FOLDER
    if source is None:
        raise BabiDataMissing(
            "no bAbI data: neither --data nor MEMNET_BABI_DIR names a folder, and none was downloaded",
            hint="fetch it with `memnet babi download`, or point --data at the unpacked archive",
        )
    for folder in (source, source / FOLDER):
        if any((folder / split).is_dir() for split in SPLITS):
            return folder
    raise BabiDataMissing(
        f"{source} holds none of the folders {', '.join(SPLITS)}",
        hint="point --data at the unpacked archive, the folder that holds en/ and en-10k/",
    )


def load_task(directory: Path, split: str, task: int, part: str, *, override: Path | None = None) -> TaskFile:
    """Read one task's file.

    Args:
        directory: The folder that holds the splits, as `data_dir` returns it.
        split: One of `SPLITS`.
        task: 1 to 20.
        part: `train` or `test`.
        override: A file to read instead of the official one, for training data that is disclosed
            as something else.

    Raises:
        BabiDataMissing: The file is not there.
        BabiFormatError: A line cannot be read.
    """
    path = override or directory / split / file_name(task, part)
    if not path.is_file():
        raise BabiDataMissing(
            f"{path} is missing",
            hint=(
                f"name another training file with --train-file {task}=FILE (the results will say so), "
                f"or leave task {task} out with --tasks"
                if part == "train"
                else "fetch the official archive again with `memnet babi download`"
            ),
        )
    stories = tuple(read_stories(path, task))
    return TaskFile(path=path, sha256=hashlib.sha256(path.read_bytes()).hexdigest(), stories=stories)


def load_tasks(
    directory: Path,
    split: str,
    tasks: Sequence[int],
    part: str,
    *,
    overrides: Mapping[int, Path] | None = None,
) -> dict[int, TaskFile]:
    """Read the files of several tasks; see `load_task`."""
    overrides = overrides or {}
    return {task: load_task(directory, split, task, part, override=overrides.get(task)) for task in tasks}


def split_validation(
    stories: Sequence[Story], share: float, *, seed: int
) -> tuple[tuple[Story, ...], tuple[Story, ...]]:
    """Set whole stories aside for validation.

    Questions of one story share its facts, so a split by question would leak.

    Args:
        stories: Stories of one task.
        share: Share of the questions to set aside, in [0, 1).
        seed: Which stories.

    Returns:
        Training and validation stories, each in file order. Stories are drawn at random until the
        validation part holds at least `share` of the questions.
    """
    wanted = share * sum(len(story.questions) for story in stories)
    order = list(range(len(stories)))
    random.Random(seed).shuffle(order)
    held_out: set[int] = set()
    questions = 0
    for index in order:
        if questions >= wanted:
            break
        held_out.add(index)
        questions += len(stories[index].questions)
    training = tuple(story for index, story in enumerate(stories) if index not in held_out)
    return training, tuple(stories[index] for index in sorted(held_out))
