"""The 20 tasks and the names of their files in the official archive."""

from __future__ import annotations

from memnet.errors import InputError

TASK_NAMES: dict[int, str] = {
    1: "single-supporting-fact",
    2: "two-supporting-facts",
    3: "three-supporting-facts",
    4: "two-arg-relations",
    5: "three-arg-relations",
    6: "yes-no-questions",
    7: "counting",
    8: "lists-sets",
    9: "simple-negation",
    10: "indefinite-knowledge",
    11: "basic-coreference",
    12: "conjunction",
    13: "compound-coreference",
    14: "time-reasoning",
    15: "basic-deduction",
    16: "basic-induction",
    17: "positional-reasoning",
    18: "size-reasoning",
    19: "path-finding",
    20: "agents-motivations",
}


def file_name(task: int, part: str) -> str:
    """Name of a task's file; `part` is `train` or `test`."""
    return f"qa{task}_{TASK_NAMES[task]}_{part}.txt"


def parse_tasks(text: str) -> tuple[int, ...]:
    """Read a choice of tasks: `all`, `1`, `1,2,5` or `1-5,19`.

    Raises:
        InputError: Not a number, or not a task from 1 to 20.
    """
    if text.strip().lower() == "all":
        return tuple(TASK_NAMES)
    chosen: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        try:
            numbers = range(int(first), int(last if dash else first) + 1)
        except ValueError:
            numbers = range(0)
        if not numbers or not set(numbers) <= TASK_NAMES.keys():
            raise InputError(
                f"tasks are numbers from 1 to 20; got '{part.strip()}'",
                hint="write `all`, `1`, `1,2,5` or `1-5,19`",
            )
        chosen.update(numbers)
    return tuple(sorted(chosen))
