"""Files of generated stories: named so, repeatable, and free of stories they must not repeat."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from memnet.babi.parser import parse_stories, read_stories
from memnet.babi.world import QUESTIONS_PER_STORY, Draw, three_supporting_facts
from memnet.errors import InputError, MemnetError
from memnet.story import Story

TASK = 3
GENERATOR = 1
"""Version of the generator: the same version and seed give the same bytes."""
MARK = "synthetic"
"""Part of the name of every generated file, so that none is taken for an official one."""


@dataclass(frozen=True, slots=True)
class GeneratedFile:
    """What a run needs to say about the generated stories it was trained on."""

    path: Path
    task: int
    generator: int
    seed: int
    num_stories: int
    num_questions: int
    avoided: int
    """Stories left out because they repeat a question and all its facts of a file to avoid."""
    sha256: str


def generate_file(out: Path, *, num_stories: int, seed: int, avoid: Iterable[Path] = ()) -> GeneratedFile:
    """Write generated stories of task 3.

    Args:
        out: A file that does not exist; its name contains `synthetic`.
        num_stories: Stories, of five questions each.
        seed: Which stories. With the same seed, fewer stories are the first of more.
        avoid: bAbI files of task 3. A story that repeats a question of theirs, with all the facts
            before it, is replaced by the next one.

    Raises:
        InputError: The name does not say what the file is, or the file exists.
        MemnetError: The file cannot be written.
    """
    if MARK not in out.name:
        raise InputError(
            f"the name of a generated file must contain '{MARK}'; got '{out.name}'",
            hint=f"for example qa3_three-supporting-facts_train_{MARK}.txt",
        )
    if out.exists():
        raise InputError(f"{out} exists already", hint="remove it, or choose another name")
    taken = {context for path in avoid for story in read_stories(path, TASK) for context in _contexts(story)}
    draw = Draw(seed)
    lines: list[str] = []
    kept = avoided = 0
    while kept < num_stories:
        story = three_supporting_facts(draw)
        (parsed,) = parse_stories(story, name=out.name, task=TASK)
        if taken and not taken.isdisjoint(_contexts(parsed)):
            avoided += 1
            continue
        lines += story
        kept += 1
    content = "".join(f"{line}\n" for line in lines).encode("ascii")
    _write(out, content)
    return GeneratedFile(
        path=out,
        task=TASK,
        generator=GENERATOR,
        seed=seed,
        num_stories=kept,
        num_questions=kept * QUESTIONS_PER_STORY,
        avoided=avoided,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _contexts(story: Story) -> Iterator[tuple[str, ...]]:
    """Each question with all the facts told before it."""
    texts = [fact.text for fact in story.facts]
    for question in story.questions:
        yield (*texts[: question.facts_before], question.text)


def _write(out: Path, content: bytes) -> None:
    """All of the file, or none of it."""
    try:
        with tempfile.TemporaryDirectory(prefix=".memnet-", dir=out.parent) as folder:
            written = Path(folder) / out.name
            written.write_bytes(content)
            written.replace(out)
    except OSError as error:
        raise MemnetError(
            f"{out} cannot be written: {error.strerror or error}",
            hint="choose a folder that exists and has space",
        ) from None
