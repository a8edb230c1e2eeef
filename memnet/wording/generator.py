"""Stories in robust wording, from a seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from memnet.story import Fact, Question, Story
from memnet.wording.asking import Asked, Asker
from memnet.wording.calendars import Calendar
from memnet.wording.carrying import Carrying
from memnet.wording.draw import Draw
from memnet.wording.entities import Cast
from memnet.wording.layouts import Compass, Picture
from memnet.wording.motives import Motives
from memnet.wording.properties import Properties, Sizes
from memnet.wording.tables import independent, tables
from memnet.wording.telling import Mode, Teller, Told
from memnet.wording.values import Reason, Split, WordedQuestion, WordedStory

UNANSWERABLE = 0.1
"""Share of questions that the facts do not decide."""

_LONGEST: dict[object, int] = {Compass: 6, Picture: 5, Sizes: 9, Motives: 14, Properties: 10, Calendar: 12}
"""Most facts of the kinds that would grow dull."""
_LONGEST_STORY = 26
_LONGER = 0.86
"""Chance of one more fact."""
_LONG = 6
"""Longer stories have two questions or more."""
_SECOND_SCENE = 0.18
"""Share of stories in which something else happens in between that has nothing to do with the first."""
_CHATTER = 0.2
"""Share of stories with facts that nobody asks about."""
_QUESTION_MODE = 0.3
"""Share of test stories whose questions, rather than facts, are in held-out wording."""
_TEST_SEEDS = 1 << 40
"""Test stories are drawn from other seeds than training ones."""


class Scene(Protocol):
    """Something that can be told fact by fact, and asked about."""

    def happen(self) -> Told | None:
        """The next fact; None when there is no more to tell."""

    def ask(self) -> Asked | None:
        """A question that the facts so far decide, if one comes to mind."""

    def ask_in_vain(self, cast: Cast | None) -> Asked | None:
        """A question that they do not decide: about a stranger of the cast, or something untold."""


_SCENES: dict[Callable[[Draw, Cast, Teller, Asker, int], Scene], float] = {
    Carrying: 10.0,
    Calendar: 2.0,
    Compass: 1.6,
    Picture: 1.2,
    Sizes: 1.6,
    Motives: 2.0,
    Properties: 1.2,
}
"""Chances of each kind of story."""


def generate(
    count: int, *, seed: int, split: Split = "train", unanswerable: float = UNANSWERABLE
) -> list[WordedStory]:
    """Stories with their questions.

    Args:
        count: How many. With the same seed, fewer stories are the first of more.
        seed: Which stories.
        split: `train`: training names in training wording. `test`: names kept for testing; in each story
            either every fact or every question is in wording that was kept for testing too.
            `independent`: the same names, in wording by somebody who had not seen any of the other.
        unanswerable: Share of questions that the facts do not decide, in [0, 1].

    Raises:
        ValueError: The split is another word.
    """
    if split not in ("train", "test", "independent"):
        raise ValueError(f"split is 'train', 'test' or 'independent', got {split!r}")
    draw = Draw(seed if split == "train" else seed + _TEST_SEEDS)
    stories = []
    for _ in range(count):
        mode: Mode = "training"
        if split != "train":
            mode = "questions" if draw.happens(_QUESTION_MODE) else "facts"
        stories.append(_story(draw, split, mode, unanswerable))
    return stories


def unanswerable_questions(*, seed: int = 6, count: int = 1000) -> list[WordedStory]:
    """The fixed test set for abstaining: each story has one question without an answer, and others with one.

    Names are those kept for testing, the wording is that of training: what is measured is whether a network
    abstains, not whether it understands. Half of the questions ask about somebody or something that is never
    mentioned, half about something that is never said of somebody or something mentioned.

    Args:
        seed: The test set is the one of the default.
        count: How many stories, and so questions without an answer.
    """
    draw = Draw(seed + 2 * _TEST_SEEDS)
    stories: list[WordedStory] = []
    while len(stories) < count:
        reason: Reason = "relation_never_stated" if len(stories) % 2 else "entity_never_mentioned"
        story = _story(draw, "test", "training", 0.0, reason)
        if [question.reason for question in story.questions if question.reason] == [reason]:
            stories.append(story)
    return stories


def _story(draw: Draw, split: Split, mode: Mode, share: float, reason: Reason | None = None) -> WordedStory:
    """One story; with a reason, one question that has no answer for it."""
    while True:
        cast = Cast(draw, split)
        held = independent() if split == "independent" else tables(held=True)
        teller, asker = Teller(draw, mode, held), Asker(draw, mode, held)
        length = 2
        while length < _LONGEST_STORY and draw.happens(_LONGER):
            length += 1
        kind = draw.weighted(_SCENES)
        scene = kind(draw, cast, teller, asker, min(length, _LONGEST.get(kind, length)))
        long = length > _LONG
        items = _played(draw, cast, scene, length, draw.between(1 + long, 4 + long), share, reason)
        if sum(isinstance(item, Asked) for item in items) < 1 + (reason is not None):
            continue
        if draw.happens(_SECOND_SCENE):
            other = draw.weighted({each: weight for each, weight in _SCENES.items() if each is not kind})
            more = draw.between(1, 5)
            between = other(draw, cast, teller, asker, more)
            items = _merged(draw, items, _played(draw, cast, between, more, draw.between(0, 1), 0.0, None))
        if draw.happens(_CHATTER):
            chatter: list[Told | Asked] = [
                teller.state("chatter", "timeless", cast.person(), other=cast.person().the)
                for _ in range(draw.between(1, 4))
            ]
            items = _merged(draw, items, chatter)
        if (
            2 <= sum(isinstance(item, Told) for item in items) <= 30
            and sum(isinstance(item, Asked) for item in items) <= 5
        ):
            return _numbered(items, cast)


def _played(
    draw: Draw, cast: Cast, scene: Scene, length: int, questions: int, share: float, reason: Reason | None
) -> list[Told | Asked]:
    """A scene from its first fact to its last question."""
    items: list[Told | Asked] = []
    moments = sorted(draw.between(2, length) for _ in range(questions - 1)) + [length] * (questions > 0)
    for told in range(1, length + 1):
        fact = scene.happen()
        if fact is None:
            break
        items.append(fact)
        asked: set[str] = set()
        while moments and moments[0] == told:
            moments.pop(0)
            _put(draw, cast, scene, share, items, asked)
    if moments:
        _put(draw, cast, scene, share, items, set())
    if reason:
        vain = scene.ask_in_vain(cast if reason == "entity_never_mentioned" else None)
        items += [vain] if vain else []
    return items


def _put(
    draw: Draw, cast: Cast, scene: Scene, share: float, items: list[Told | Asked], asked: set[str]
) -> None:
    """Ask something, but nothing twice at the same moment."""
    if share and draw.happens(share):
        question = scene.ask_in_vain(cast if draw.happens(0.5) else None)
    else:
        question = scene.ask()
    if question and question.text not in asked:
        asked.add(question.text)
        items.append(question)


def _merged(draw: Draw, first: list[Told | Asked], second: list[Told | Asked]) -> list[Told | Asked]:
    """Two stories told in turns; nothing comes between a fact and the one that says "she" of it."""
    merged: list[Told | Asked] = []
    left, right = first[::-1], second[::-1]
    while left or right:
        take = left if not right or (left and draw.below(len(left) + len(right)) < len(left)) else right
        merged.append(take.pop())
        while take and isinstance(following := take[-1], Told) and following.antecedent:
            merged.append(take.pop())
    return merged


def _numbered(items: list[Told | Asked], cast: Cast) -> WordedStory:
    facts: list[Fact] = []
    seqs: dict[Told, int] = {}
    questions: list[Question] = []
    worded: list[WordedQuestion] = []
    for item in items:
        if isinstance(item, Told):
            seqs[item] = len(facts) + 1
            facts.append(Fact(len(facts) + 1, item.text))
            continue
        gold = list(item.gold)
        for fact in item.gold:
            if fact.antecedent and fact.antecedent not in gold:
                gold.append(fact.antecedent)
        # In the order of the facts decided; each once.
        numbers = tuple(dict.fromkeys(seqs[fact] for fact in gold))
        questions.append(Question(item.text, ",".join(item.answers or ()), numbers, len(facts)))
        held_out = tuple(dict.fromkeys([name for fact in item.gold for name in fact.held_out]))
        worded.append(WordedQuestion(item.relation, item.answers, item.reason, held_out + item.held_out))
    story = Story(task=0, facts=tuple(facts), questions=tuple(questions))
    said = "\n".join([fact.text for fact in facts] + [question.text for question in questions]).lower()
    names = tuple(name for name in dict.fromkeys(cast.names) if name.lower() in said)
    return WordedStory(story, tuple(worded), names)
