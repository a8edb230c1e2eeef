"""`memnet wording sample` as a user types it."""

from __future__ import annotations

import json

from memnet.wording import generate
from tests.memnet.cli.command import memnet


def test_sample_prints_facts_with_questions_answers_and_gold_facts_below_them():
    done = memnet("wording", "sample", "--seed", 4, "--count", 3)

    assert done.exit_code == 0
    for story in generate(3, seed=4):
        for fact in story.story.facts:
            assert f"{fact.seq:2} {fact.text}" in done.stdout.splitlines()
        for question, worded in zip(story.story.questions, story.questions, strict=True):
            gold = " ".join(map(str, question.supporting))
            said = (
                f"{', '.join(worded.answers)} [{gold}]" if worded.answers else f"no answer ({worded.reason})"
            )
            assert f"   {question.text}\n     {said} - {worded.relation}\n" in done.stdout


def test_sample_gives_machines_one_object_per_story():
    done = memnet("wording", "sample", "--seed", 4, "--count", 3, "--json")

    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [[fact["text"] for fact in record["facts"]] for record in records] == [
        [fact.text for fact in story.story.facts] for story in generate(3, seed=4)
    ]
    assert records[0].keys() == {"facts", "questions", "entities"}
    assert records[0]["questions"][0].keys() == {
        "text",
        "facts_before",
        "answers",
        "reason",
        "relation",
        "supporting",
        "held_out",
    }


def test_held_out_samples_name_the_wording_that_training_lacks():
    plain = memnet("wording", "sample", "--seed", 4, "--count", 20)
    held_out = memnet("wording", "sample", "--seed", 4, "--count", 20, "--held-out")

    assert "held out: " not in plain.stdout
    assert held_out.stdout.count("held out: ") >= 20


def test_a_count_below_one_is_refused():
    done = memnet("wording", "sample", "--count", 0)

    assert done.exit_code == 2
    assert "Invalid value for '--count': 0 is not in the range x>=1." in done.stderr
