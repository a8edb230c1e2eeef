"""The bAbI file format.

    1 Mary got the football there.
    2 Mary went back to the garden.
    3 Where is the football?<TAB>garden<TAB>1 2

A line is `ID text`, or `ID question<TAB>answer<TAB>supporting IDs`. IDs count lines from 1 and
start again with each story. Our `seq` counts facts only, so supporting IDs are translated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from memnet.errors import BabiDataMissing, BabiFormatError
from memnet.story import Fact, Question, Story


def read_stories(path: Path, task: int) -> list[Story]:
    """Read every story of a bAbI file.

    Raises:
        BabiDataMissing: There is no such file.
        BabiFormatError: A line cannot be read; the message begins with `file:line`.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BabiDataMissing(f"{path}: {error.strerror or error}") from None
    if raw and not raw.endswith(b"\n"):
        last = raw.count(b"\n") + 1
        raise BabiFormatError(
            f"{path.name}:{last}: the file ends in the middle of a line",
            hint=f"{path} looks truncated; fetch it again",
        )
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BabiFormatError(f"{path.name}:{line}: not UTF-8 text") from None
    stories = list(parse_stories(text.split("\n")[:-1], name=path.name, task=task))
    if not stories:
        raise BabiFormatError(f"{path.name}:1: the file holds no story")
    return stories


def parse_stories(lines: Iterable[str], *, name: str, task: int) -> Iterator[Story]:
    """Parse lines into stories; `name` is the file's name in errors.

    Raises:
        BabiFormatError: A line cannot be read.
    """
    story = _StoryBuilder(task)
    for number, line in enumerate(lines, start=1):
        where = f"{name}:{number}"
        line_id, text = _split_id(line.rstrip("\r"), where)
        if line_id == 1 and story.lines:
            yield story.build(f"{name}:{number - 1}")
            story = _StoryBuilder(task)
        elif line_id != len(story.lines) + 1:
            raise BabiFormatError(
                f"{where}: expected line number {len(story.lines) + 1} of the story, or 1; got {line_id}"
            )
        story.add(text, where)
    if story.lines:
        yield story.build(f"{name}:{number}")


def _split_id(line: str, where: str) -> tuple[int, str]:
    head, _, text = line.partition(" ")
    if not (head.isascii() and head.isdigit()) or not text.strip():
        raise BabiFormatError(f"{where}: a line needs a number, a space and a text; got '{line[:80]}'")
    return int(head), text


class _StoryBuilder:
    """Collects the lines of one story."""

    def __init__(self, task: int) -> None:
        self.task = task
        self.lines: list[int | None] = []  # seq of the fact on each line; None for a question
        self.facts: list[Fact] = []
        self.questions: list[Question] = []

    def add(self, text: str, where: str) -> None:
        if "\t" in text:
            self.questions.append(self._question(text, where))
            self.lines.append(None)
        elif text.rstrip().endswith("?"):
            raise BabiFormatError(f"{where}: a question needs an answer after the tab; got '{text[:80]}'")
        else:
            self.facts.append(Fact(seq=len(self.facts) + 1, text=text.strip()))
            self.lines.append(len(self.facts))

    def _question(self, text: str, where: str) -> Question:
        fields = [field.strip() for field in text.split("\t")]
        if len(fields) > 3 or not fields[0] or len(fields) < 2 or not fields[1]:
            raise BabiFormatError(
                f"{where}: a question needs `question<TAB>answer<TAB>supporting IDs`; got '{text[:80]}'"
            )
        supporting = tuple(self._fact_on(field, where) for field in " ".join(fields[2:]).split())
        return Question(
            text=fields[0], answer=fields[1].lower(), supporting=supporting, facts_before=len(self.facts)
        )

    def _fact_on(self, line_id: str, where: str) -> int:
        seq = None
        if line_id.isascii() and line_id.isdigit() and 1 <= int(line_id) <= len(self.lines):
            seq = self.lines[int(line_id) - 1]
        if seq is None:
            raise BabiFormatError(
                f"{where}: supporting fact {line_id} is not a fact told before the question"
            )
        return seq

    def build(self, where: str) -> Story:
        if not self.questions:
            raise BabiFormatError(f"{where}: the story ends without a question")
        return Story(task=self.task, facts=tuple(self.facts), questions=tuple(self.questions))
