"""`memnet wording sample`: look at the stories that networks learn robust wording from."""

from __future__ import annotations

import json
from typing import Any

import click

from memnet.wording import Split, WordedStory, generate


@click.group()
def wording() -> None:
    """Stories in many words: what networks learn paraphrases, new names and abstaining from."""


@wording.command()
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Which stories.")
@click.option("--count", type=click.IntRange(1), default=5, show_default=True, help="How many stories.")
@click.option(
    "--held-out",
    "split",
    flag_value="test",
    default="train",
    help="Names and wording kept for testing.",
)
@click.option(
    "--independent", "split", flag_value="independent", help="These names, in wording by another hand."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per story.")
def sample(seed: int, count: int, split: Split, as_json: bool) -> None:
    """Generate stories and print them.

    Below each question stand its answer, the facts that decide it, its relation and, with --held-out or
    --independent, the wording that no training story has. The same seed gives the same stories.
    """
    for number, story in enumerate(generate(count, seed=seed, split=split)):
        if as_json:
            click.echo(json.dumps(_record(story), ensure_ascii=False))
        else:
            click.echo(("\n" if number else "") + _page(story))


def _record(story: WordedStory) -> dict[str, Any]:
    return {
        "facts": [{"seq": fact.seq, "text": fact.text} for fact in story.story.facts],
        "questions": [
            {
                "text": question.text,
                "facts_before": question.facts_before,
                "answers": None if worded.answers is None else list(worded.answers),
                "reason": worded.reason,
                "relation": worded.relation,
                "supporting": list(question.supporting),
                "held_out": list(worded.held_out),
            }
            for question, worded in zip(story.story.questions, story.questions, strict=True)
        ],
        "entities": list(story.entities),
    }


def _page(story: WordedStory) -> str:
    lines = []
    questions = list(zip(story.story.questions, story.questions, strict=True))
    for fact in story.story.facts:
        lines.append(f"{fact.seq:2} {fact.text}")
        for question, worded in questions:
            if question.facts_before == fact.seq:
                lines.append(f"   {question.text}")
                if worded.answers is None:
                    said = f"no answer ({worded.reason})"
                else:
                    said = f"{', '.join(worded.answers)} [{' '.join(map(str, question.supporting))}]"
                held_out = "".join(f"; held out: {name}" for name in worded.held_out)
                lines.append(f"     {said} - {worded.relation}{held_out}")
    return "\n".join(lines)
