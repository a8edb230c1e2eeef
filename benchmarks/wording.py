"""The held-out wording: verbs and sentence shapes chosen before training, names of the testing half.

    python benchmarks/wording.py [RUN] [--stories 2000] [--seed 0]

For every relation: the share of wrong answers on stories in which each decisive fact, or the question, is
in held-out wording; the same in training wording; and abstentions where the facts decide nothing.
Lists are compared as sets. RUN defaults to the shipped model.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from pathlib import Path

import torch

from memnet.models import SHIPPED
from memnet.reader import Reader
from memnet.training.checkpoint import load_checkpoint
from memnet.wording import WordedStory, generate, unanswerable_questions


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", nargs="?", type=Path, default=SHIPPED)
    parser.add_argument("--stories", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    reader = Reader(load_checkpoint(given.run))
    held_out = asked(reader, generate(given.stories, seed=given.seed, split="test"))
    familiar = asked(reader, generate(given.stories, seed=1_000_000_007 + given.seed))
    print("| relation | questions | error % held-out | error % training wording |\n|---|---|---|---|")
    for relation, answers in sorted(held_out.items()):
        print(f"| {relation} | {len(answers)} | {error(answers):.1f} | {error(familiar[relation]):.1f} |")
    whole = [right for answers in held_out.values() for right in answers]
    other = [right for answers in familiar.values() for right in answers]
    print(f"| **all** | {len(whole)} | **{error(whole):.1f}** | **{error(other):.1f}** |")
    undecided(reader, unanswerable_questions())


def asked(reader: Reader, stories: list[WordedStory]) -> dict[str, list[bool]]:
    """Whether each answerable question is answered rightly, by relation."""
    found: dict[str, list[bool]] = defaultdict(list)
    for worded in stories:
        texts = [fact.text for fact in worded.story.facts]
        for question, known in zip(worded.story.questions, worded.questions, strict=True):
            if known.answers is None:
                continue
            said = reader.ask_facts(texts[: question.facts_before], question.text).text
            found[known.relation].append(same(said, known.answers, known.relation))
    return found


def undecided(reader: Reader, stories: list[WordedStory]) -> None:
    """Abstentions on the fixed set of unanswerable questions, and on their answerable counterparts."""
    said: Counter[tuple[str, bool]] = Counter()
    for worded in stories:
        texts = [fact.text for fact in worded.story.facts]
        for question, known in zip(worded.story.questions, worded.questions, strict=True):
            answer = reader.ask_facts(texts[: question.facts_before], question.text)
            said[known.reason or "answerable", answer.text is None] += 1
    print("\n| question | asked | abstained % |\n|---|---|---|")
    for kind in sorted({kind for kind, _ in said}):
        count = said[kind, True] + said[kind, False]
        print(f"| {kind} | {count} | {100 * said[kind, True] / count:.1f} |")


def same(said: str | None, answers: tuple[str, ...], relation: str) -> bool:
    """Whether an answer is right; lists are sets, ways are not."""
    given = [part.casefold() for part in (said or "").split(",")]
    wanted = [answer.casefold() for answer in answers]
    return sorted(given) == sorted(wanted) if relation == "lists" else given == wanted


def error(answers: list[bool]) -> float:
    return 100 * (1 - sum(answers) / max(1, len(answers)))


if __name__ == "__main__":
    main()
