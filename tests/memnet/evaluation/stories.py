"""Small stories in bAbI's own format."""

from __future__ import annotations

from memnet.babi.parser import parse_stories
from memnet.story import Story

FOOTBALL = """\
1 Mary got the football there.
2 Mary went back to the garden.
3 Where is the football?\tgarden\t1 2
4 John moved to the office.
5 Where is John?\toffice\t4
"""


def stories(text: str, task: int = 1) -> list[Story]:
    return list(parse_stories(text.splitlines(), name="story", task=task))
