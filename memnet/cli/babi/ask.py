"""`memnet babi ask`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import click
import torch
from rich.console import Console

from memnet.babi.dataset import data_dir, load_task
from memnet.cli.attention import attention_table
from memnet.cli.babi.options import data_option, run_argument, split_option
from memnet.errors import InputError
from memnet.reader import Reader
from memnet.story import Question, Story
from memnet.training.checkpoint import load_checkpoint

_T = TypeVar("_T")


@click.command()
@run_argument
@data_option
@split_option
@click.option("--task", type=click.IntRange(1, 20), required=True)
@click.option(
    "--story", type=click.IntRange(0), default=0, show_default=True, help="Which story of the file, from 0."
)
@click.option("--question", type=click.IntRange(0), help="Which of its questions, from 0; all by default.")
@click.option("--part", type=click.Choice(["test", "train"]), default="test", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For machines: one record per question.")
def ask(
    run: Path,
    data: Path | None,
    split: str,
    task: int,
    story: int,
    question: int | None,
    part: str,
    as_json: bool,
) -> None:
    """Answer the questions of a real story with RUN, and show what each hop attended to.

    A star marks the facts that bAbI calls supporting.
    """
    torch.set_num_threads(1)
    reader = Reader(load_checkpoint(run))
    file = load_task(data_dir(data), split, task, part)
    told = _pick(file.stories, story, "story", f"{file.path.name} holds {{}} stories")
    questions = told.questions
    if question is not None:
        questions = (_pick(questions, question, "question", "the story holds {} questions"),)
    console = Console()
    for asked in questions:
        _ask(console, reader, told, asked, as_json)


def _ask(console: Console, reader: Reader, told: Story, asked: Question, as_json: bool) -> None:
    texts = [fact.text for fact in told.facts[: asked.facts_before]]
    answer = reader.ask_facts(texts, asked.text, limit=None)
    if as_json:
        record = {"answer": asdict(answer), "gold": {"answer": asked.answer, "supporting": asked.supporting}}
        click.echo(json.dumps(record))
        return
    verdict = "right" if answer.text == asked.answer else f"wrong: {asked.answer}"
    console.rule(f"{asked.text}  ({verdict})", align="left")
    console.print(attention_table(answer, gold=asked.supporting))
    console.print()


def _pick(items: Sequence[_T], index: int, what: str, holds: str) -> _T:
    if index >= len(items):
        raise InputError(f"there is no {what} {index}: {holds.format(len(items))}, counted from 0")
    return items[index]
