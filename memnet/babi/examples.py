"""Stories to try, for whoever has no data yet: one or two of each bAbI task, with gold supporting facts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from memnet.babi.parser import parse_stories
from memnet.babi.tasks import TASK_NAMES, file_name
from memnet.story import Story

ATTRIBUTION = (
    "bAbI v1.2 (Weston et al. 2015, https://arxiv.org/abs/1502.05698), the first stories of the English test "
    "files. Copyright (c) 2015-present, Facebook, Inc."
)
LICENSE = "CC-BY-3.0"


@dataclass(frozen=True, slots=True)
class Example:
    """One story of a bAbI task."""

    example_id: str
    """`babi-2-1` for the first story of task 2; a memory may have the same name."""
    story: Story

    @property
    def task_name(self) -> str:
        """What its task is called."""
        return TASK_NAMES[self.story.task]


@cache
def examples() -> tuple[Example, ...]:
    """The stories that come with memnet, by task."""
    folder = files("memnet.babi").joinpath("stories")
    found = []
    for task in TASK_NAMES:
        name = file_name(task, "test")
        lines = folder.joinpath(name).read_text(encoding="utf-8").split("\n")[:-1]
        for number, story in enumerate(parse_stories(lines, name=name, task=task), start=1):
            found.append(Example(f"babi-{task}-{number}", story))
    return tuple(found)
