"""The stories that come with memnet."""

from __future__ import annotations

from pathlib import Path

import pytest

from memnet.babi.examples import examples
from memnet.babi.parser import read_stories
from memnet.babi.tasks import TASK_NAMES, file_name

GENUINE = Path(__file__).parents[2] / "data" / "babi"


def test_every_task_has_a_story_to_try() -> None:
    assert {each.story.task for each in examples()} == set(TASK_NAMES)
    assert len({each.example_id for each in examples()}) == len(examples())


@pytest.mark.parametrize("task", TASK_NAMES)
def test_the_stories_are_the_genuine_ones_word_for_word(task: int) -> None:
    genuine = read_stories(GENUINE / "en" / file_name(task, "test"), task)

    assert [each.story for each in examples() if each.story.task == task] == genuine


def test_the_licence_goes_with_the_stories() -> None:
    import memnet.babi

    folder = Path(memnet.babi.__file__).parent / "stories"
    assert (folder / "LICENSE.txt").read_bytes() == (GENUINE / "LICENSE.txt").read_bytes()
    assert "Facebook" in (folder / "README.md").read_text()
