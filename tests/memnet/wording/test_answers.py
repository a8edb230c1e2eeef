"""Answers worked out again from the sentences alone, by a reader that knows the tables and nothing else."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from memnet.wording import generate
from tests.memnet.wording.reading import marked, read

STEPS = {"north": (0, 1), "south": (0, -1), "east": (1, 0), "west": (-1, 0)}
STORIES = {split: generate(1500, seed=31, split=split) for split in ("train", "test")}
TIMES = "yesterday|this morning|this afternoon|this evening"


def questions_of(split, relation):
    for story in STORIES[split]:
        for question, worded in zip(story.story.questions, story.questions, strict=True):
            if worded.relation == relation and worded.answers is not None:
                yield story, question, worded


def gold_of(story, question):
    return [marked(story.story.facts[seq - 1].text, story.entities) for seq in question.supporting]


def name_of(story, mark):
    return story.entities[int(mark.rstrip("§"))]


def bigger_than(facts):
    """Pairs of marks, the bigger one first, with everything that follows from them."""
    pairs = {(fact["a"], fact["b"]) for fact in facts}
    while new := {(a, d) for a, b in pairs for c, d in pairs if b == c} - pairs:
        pairs |= new
    return pairs


@pytest.mark.parametrize("split", ["train", "test"])
def test_sizes_follow_from_the_gold_facts(split):
    checked = Counter()
    for story, question, worded in questions_of(split, "size"):
        facts = [read("size", sentence) for sentence in gold_of(story, question)]
        assert all(facts), gold_of(story, question)
        pairs = bigger_than(facts)
        assert all((b, a) not in pairs for a, b in pairs)
        asked = marked(question.text, story.entities)
        first, second = re.findall(r"\d+§", asked)
        if worded.answers[0] not in ("yes", "no"):
            pair = (first, second) if (first, second) in pairs else (second, first)
            assert pair in pairs
            bigger = (
                r"bigger|larger|greater|more|the big one|wins|exceeds|dwarfs|other fit into|bulkier|the outside|ahead"
                r"|(?:beats|swallow|contain|hold) the other|too big to go inside"
            )
            answer = pair[0] if re.search(bigger, asked) else pair[1]
            assert worded.answers == (name_of(story, answer),), (question, gold_of(story, question))
            checked["which"] += 1
            continue
        # "Is A bigger than B", "Can A hold B", or "Does B fit in A", "Is B smaller than A".
        small_first = re.search(
            r"small|(?<!too big to) fits? |(?<!when i) put |putting|goe?s? into|there (?:any )?space for|puny|less (?:space|big)"
            r"|packed|slide|not as big|get (?:the )?\d+§ into|^(?:.*, )?next to|little enough|fall short"
            r"|(?:pack|hide|stow|carry|squeeze|fitting|(?<!big to )fit|get) .*(?:in|inside|into) "
            r"|§ (?:be stored|disappear|go) inside|something that would fit",
            asked,
        )
        if compared := re.search(r"compared with [^,]+, is .* (big|small)$", asked.rstrip("?")):
            small_first = compared[1] == "big"
        pair = (second, first) if small_first else (first, second)
        assert worded.answers == ("yes" if pair in pairs else "no",), (question, gold_of(story, question))
        assert pair in pairs or pair[::-1] in pairs
        checked[worded.answers[0]] += 1

    assert min(checked[kind] for kind in ("which", "yes", "no")) >= 40


@pytest.mark.parametrize("split", ["train", "test"])
def test_ways_lead_where_the_gold_facts_say(split):
    checked = 0
    for story, question, worded in questions_of(split, "place"):
        facts = [read("compass", sentence) for sentence in gold_of(story, question)]
        if not all(facts):
            continue  # above, below and beside
        cells = {}
        steps = []
        for sentence, fact in zip(gold_of(story, question), facts, strict=True):
            ways = re.findall(r"\b(north|south|east|west)\b", sentence)
            assert len(ways) == 1
            step = STEPS[ways[0]]
            if "{back}" in fact["pattern"]:
                step = (-step[0], -step[1])
            steps.append((fact["a"], fact["b"], step))
        cells[steps[0][1]] = (0, 0)
        while len(cells) <= len(steps):
            for a, b, (x, y) in steps:
                if b in cells:
                    cells.setdefault(a, (cells[b][0] + x, cells[b][1] + y))
                elif a in cells:
                    cells.setdefault(b, (cells[a][0] - x, cells[a][1] - y))
        asked = marked(question.text, story.entities)
        places = re.findall(r"\d+§", asked)
        if len(places) == 2 and worded.answers[0] in STEPS:
            start, end = places
            if re.search(rf"(?:from|i am (?:in|on|at)) (?:the )?{end}", asked):
                start, end = end, start
            x, y = cells[start]
            for way in worded.answers:
                x, y = x + STEPS[way][0], y + STEPS[way][1]
            assert (x, y) == cells[end], (question, gold_of(story, question))
            checked += 1
        elif len(places) == 1:
            (way,) = re.findall(r"\b(north|south|east|west)\b", asked)
            step = STEPS[way]
            reverse = rf"is (?:the )?{places[0]} {way} of$|place has (?:the )?{places[0]} to its"
            if re.search(reverse, asked.rstrip("?")):
                step = (-step[0], -step[1])
            (answer,) = (mark for mark in cells if name_of(story, mark) == worded.answers[0])
            here = cells[places[0]]
            assert cells[answer] == (here[0] + step[0], here[1] + step[1]), (
                question,
                gold_of(story, question),
            )
            checked += 1

    assert checked > 60


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_time_that_is_asked_for_stands_in_the_gold_fact(split):
    checked = 0
    for story, question, worded in questions_of(split, "time"):
        (sentence,) = gold_of(story, question)
        asked = marked(question.text, story.entities)
        for mark in re.findall(r"\d+§", asked):
            assert re.search(rf"(?<!\d){mark}", sentence)
        assert worded.answers[0].lower() in story.story.facts[question.supporting[0] - 1].text.lower()
        checked += 1

    assert checked > 60


@pytest.mark.parametrize("split", ["train", "test"])
def test_what_was_before_a_place_at_a_time_is_the_latest_time_before_it(split):
    """Told out of order: the answer is found by sorting the times of all the facts about that person."""
    order = TIMES.split("|")
    checked = 0
    for story, question, worded in questions_of(split, "before_after"):
        asked = marked(question.text, story.entities)
        gold = gold_of(story, question)
        if "before" not in asked or not all(re.search(rf"\b(?:{TIMES})\b", sentence) for sentence in gold):
            continue
        person = next(mark for mark in re.findall(r"\d+§", gold[0]) if re.search(rf"(?<!\d){mark}", gold[1]))
        visits = []
        for fact in story.story.facts[: question.facts_before]:
            sentence = marked(fact.text, story.entities)
            time = re.search(rf"\b(?:{TIMES})\b", sentence)
            if time and re.search(rf"(?<!\d){person}", sentence):
                others = [mark for mark in re.findall(r"\d+§", sentence) if mark != person]
                visits.append((order.index(time[0]), others[0]))
        visits.sort()
        (place,) = (mark for mark in re.findall(r"\d+§", asked) if mark != person)
        places = [mark for _, mark in visits]
        before = [mark for mark in places[: places.index(place)] if name_of(story, mark) == worded.answers[0]]
        assert before, (question, visits)
        checked += 1

    assert checked >= 5


@pytest.mark.parametrize("split", ["train", "test"])
def test_who_is_asked_about_stands_in_the_gold_facts(split):
    """All relations: a question shares a name with the facts that decide it, or says "nobody has it"."""
    for story in STORIES[split]:
        for question, worded in zip(story.story.questions, story.questions, strict=True):
            if worded.answers is not None:
                marks = set(re.findall(r"\d+§", marked(question.text, story.entities)))
                gold = {
                    mark for sentence in gold_of(story, question) for mark in re.findall(r"\d+§", sentence)
                }
                assert marks & gold, (question, gold_of(story, question))
