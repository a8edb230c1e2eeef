"""Lessons and episodes: what the multi-head network learns from, laid out without a change of meaning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from memnet.babi.parser import read_stories
from memnet.lexicon import Lexicon
from memnet.story import Fact, Question, Story
from memnet.tokens import SYMBOL, UNKNOWN_VERB
from memnet.training.multihead.episodes import Episodes, loss_of, right
from memnet.training.multihead.lessons import (
    UNDECIDED,
    Asked,
    Lesson,
    answers_of,
    is_fixed,
    language_of,
    of_story,
    of_worded,
)
from memnet.training.multihead.symmetry import SIDES, variants
from memnet.wording import ANSWERS, generate

LEXICON = Lexicon(sorted({"where", "is", "the", "went", "to", "got", "what", "does", "have"}), ["no", "yes"])


def episodes(*lessons: Lesson, memory: int = 64, fixed=lambda task, key: False) -> Episodes:
    return Episodes(lessons, LEXICON, symbol_dim=8, positions=3, memory=memory, fixed=fixed)


STORY = Lesson(
    1,
    ("Mary went to the office.", "Mary got the milk.", "Mary got the red ball."),
    (Asked("Where is Mary?", ("office",), 1), Asked("What does Mary have?", ("milk", "red ball"), 3)),
)


def test_an_answer_points_at_the_name_in_the_facts_told_by_then():
    laid = episodes(STORY)

    _, targets = laid.batch(np.array([0]), rename=False)

    # Names in the order they come: mary, office, milk, red ball. 2 answer words, so the end is 2.
    assert targets.copied.tolist() == [[[1, -1, -1], [2, 3, -1]]]
    assert targets.words.tolist() == [[[-1, 2, 2], [-1, -1, 2]]]


def test_a_name_told_later_is_not_on_offer():
    early = Lesson(1, STORY.facts, (Asked("Where is the milk?", ("milk",), 1),))

    _, targets = episodes(early).batch(np.array([0]), rename=False)

    assert targets.copied[0, 0, 0] == -1


def test_renaming_gives_every_name_of_a_story_one_new_vector_and_keeps_what_is_fixed():
    laid = episodes(STORY, STORY, fixed=lambda task, key: key == "milk")
    plain, _ = laid.batch(np.array([0, 1]), rename=False)

    renamed, _ = laid.batch(np.array([0, 1]), rename=True, rng=np.random.default_rng(0))

    torch.testing.assert_close(renamed.symbols[:, 2], plain.symbols[:, 2])
    for name in (0, 1, 3):
        assert not torch.equal(renamed.symbols[0, name], renamed.symbols[1, name])
    # The facts still name the same ones: Mary in each.
    assert renamed.fact_symbols[0, :, 0].tolist() == [0, 0, 0]
    torch.testing.assert_close(renamed.symbols.norm(dim=-1)[:, :-1], torch.ones(2, 4))


def test_a_long_story_is_cut_to_its_newest_facts_for_each_question():
    laid = episodes(STORY, memory=2)

    batch, targets = laid.batch(np.array([1]), rename=False)

    assert len(laid) == 2
    assert batch.times.tolist() == [[1.0, 2.0]]
    assert targets.copied[0, 0].tolist() == [1, 2, -1]


def test_gaps_keep_the_order_and_never_part_a_pronoun_from_what_it_speaks_of():
    lexicon = Lexicon([*LEXICON.words, "he", "then"])
    lesson = Lesson(
        1,
        ("John went to the office.", "Then he went to the garden.") * 3,
        (Asked("Where is John?", ("garden",), 6),),
    )
    laid = Episodes([lesson], lexicon, symbol_dim=8, positions=3, memory=64, fixed=lambda t, k: False)

    for seed in range(20):
        batch, _ = laid.batch(np.array([0]), rename=True, rng=np.random.default_rng(seed), gaps=1.0)
        steps = batch.times[0].diff().tolist()
        assert min(steps) >= 1
        assert steps[0::2] == [1.0, 1.0, 1.0]
        assert batch.now[0, 0] == batch.times[0, -1] + 1


def test_strangers_are_told_before_the_question_and_are_nobody_of_the_story():
    other = Lesson(1, ("Zoë went to the park.", "Zoë got the pen."), (Asked("Where is Zoë?", ("park",), 2),))
    laid = episodes(STORY, other)

    batch, targets = laid.batch(np.array([0, 1]), rename=True, rng=np.random.default_rng(1), strangers=3)

    own = laid.batch(np.array([0, 1]), rename=False)[0]
    assert batch.fact_symbols.shape[1] == own.fact_symbols.shape[1] + 3
    who = batch.fact_symbols[:, -3:, 0]
    names = own.symbols.shape[1] - 1
    assert (who >= names).all()
    assert (batch.times[:, -3:] < batch.now.amax(dim=1, keepdim=True) + 2.5).all()
    assert targets.copied.max() < names


def test_strangers_go_to_the_storys_own_places_and_touch_nothing_else_of_it():
    other = Lesson(1, ("Zoë went to the park.", "Zoë got the pen."), (Asked("Where is Zoë?", ("park",), 2),))
    laid = episodes(STORY, other)

    batch, _ = laid.batch(np.array([0, 1]), rename=True, rng=np.random.default_rng(1), strangers=200)

    own = laid.batch(np.array([0, 1]), rename=False)[0]
    names = own.symbols.shape[1] - 1
    shared = [set(told[told < names].tolist()) for told in batch.fact_symbols[:, -200:]]
    # Their columns: Mary 0, office 1; Zoë 0, park 1.
    assert shared == [{1}, {1}]
    comes = (batch.fact_symbols[0, -200:, 1] == 1).float().mean()
    assert 0.15 < comes < 0.35  # about half of the half that goes somewhere


def test_no_stranger_comes_between_a_pronoun_and_what_it_speaks_of():
    lexicon = Lexicon([*LEXICON.words, "he", "then"])
    pair = ("John went to the office.", "Then he went to the garden.", "Then he went to the hall.")
    lesson = Lesson(1, pair * 3, (Asked("Where is John?", ("hall",), 9),))
    laid = Episodes([lesson, STORY], lexicon, symbol_dim=8, positions=3, memory=64, fixed=lambda t, k: False)

    batch, _ = laid.batch(np.array([0, 1]), rename=True, rng=np.random.default_rng(1), strangers=40)

    own, strangers = batch.times[0, :9], batch.times[0, 9:]
    following = (own[None] < strangers[strangers < 1e5][:, None]).sum(dim=1)
    assert len(following) == 40
    assert set(following.tolist()) <= {0, 3, 6, 9}


def test_strangers_told_in_a_row_are_a_step_apart_and_what_follows_comes_later_by_so_many(monkeypatch):
    monkeypatch.setattr("memnet.training.multihead.passing.IN_A_ROW", 1.0)
    lexicon = Lexicon([*LEXICON.words, "he", "then"])
    pair = ("John went to the office.", "Then he went to the garden.")
    asked = [Asked("Where is John?", ("garden",), told) for told in (2, 4)]
    lesson = Lesson(1, pair * 2, tuple(asked))
    laid = Episodes([lesson, STORY], lexicon, symbol_dim=8, positions=3, memory=64, fixed=lambda t, k: False)
    met = set()

    for seed in range(40):
        batch, _ = laid.batch(np.array([0, 1]), rename=True, rng=np.random.default_rng(seed), strangers=40)
        own, strangers = batch.times[0, :4], batch.times[0, 4:]
        row = strangers[strangers < 1e5]
        before = int((own < row[0]).sum())
        met.add(before)
        assert row.tolist() == list(range(before + 1, before + 41))
        assert own.tolist() == [number + 1 + 40 * (number >= before) for number in range(4)]
        assert batch.now[0].tolist() == [told + 1 + 40 * (told >= before) for told in (2, 4)]

    assert met == {0, 2, 4}  # never between John and "he"


def test_late_questions_come_before_the_next_fact_and_now_and_then_long_after_the_last():
    waits = []
    for seed in range(40):
        laid = episodes(STORY)
        batch, _ = laid.batch(np.array([0]), rename=True, rng=np.random.default_rng(seed), late=1.0)
        assert batch.times[0, 0] < batch.now[0, 0] <= batch.times[0, 1]
        waits.append(float(batch.now[0, 1] - batch.times[0, 2]))

    assert min(waits) >= 1
    assert max(waits) > 30


def test_an_epoch_takes_every_lesson_as_often_as_its_share_says():
    laid = episodes(*[Lesson(task, STORY.facts, STORY.questions) for task in (1, 1, 1, 2)])

    taken = np.concatenate(laid.schedule(np.random.default_rng(0), 4, {1: 2.0, 2: 0.0}))

    assert sorted(taken.tolist()) == [0, 0, 1, 1, 2, 2]


def test_loss_is_the_log_of_the_chance_of_all_that_is_right():
    _, targets = episodes(STORY).batch(np.array([0]), rename=False)
    logits = torch.zeros(1, 2, 3, 7)  # 2 words, the end, 4 names: every choice has a chance of 1/7

    losses = loss_of(logits, targets, 2)

    np.testing.assert_allclose(losses, [[3 * np.log(7), 3 * np.log(7)]], rtol=1e-6)
    assert right(logits, targets, 2).tolist() == [False, False]


def test_a_question_whose_answer_is_nowhere_on_offer_teaches_nothing():
    lost = Lesson(1, STORY.facts, (Asked("Where is Mary?", ("moon",), 3),))
    _, targets = episodes(lost).batch(np.array([0]), rename=False)

    assert loss_of(torch.randn(1, 1, 3, 7), targets, 2).tolist() == [[0.0]]


def test_babi_teaches_its_verbs_and_not_its_names(babi_dir):
    stories = read_stories(babi_dir / "en" / "qa1_single-supporting-fact_test.txt", 1)
    lessons = [of_story(story) for story in stories]
    language = language_of(lessons, worded=False)

    assert {"went", "to", "the", "where", "is"} <= set(language)
    assert not {"mary", "john", "garden", "kitchen"} & set(language)
    assert answers_of(lessons, Lexicon(language), worded=False) == []


def test_answers_that_no_fact_holds_are_learned_as_words():
    story = Story(
        6, (Fact(1, "Mary went to the office."),), (Question("Is Mary in the office?", "yes", (1,), 1),)
    )

    assert answers_of([of_story(story)], LEXICON, worded=False) == ["yes"]


def test_motives_keep_their_rooms_and_everything_else_may_be_renamed():
    assert is_fixed(20, "kitchen")
    assert not is_fixed(20, "sumit")
    assert not is_fixed(1, "kitchen")


def test_a_question_that_worded_facts_do_not_decide_is_taught_as_undecided():
    worded = generate(300, seed=5)
    undecided = [
        asked for story in worded for asked in of_worded(story).questions if asked.answers == (UNDECIDED,)
    ]

    assert len(undecided) > 20


def test_most_answers_of_worded_stories_are_on_offer():
    """What cannot be copied from a fact cannot be learned."""
    lessons = [lesson for worded in generate(400, seed=6) if (lesson := of_worded(worded)).questions]
    language = language_of([], worded=True)
    lexicon = Lexicon(language, answers_of([], Lexicon(language), worded=True))
    laid = Episodes(lessons, lexicon, symbol_dim=8, positions=4, memory=64, fixed=is_fixed)

    offered = ((laid.q_word >= 0) | (laid.q_copy >= 0)).all(axis=1)

    assert offered.mean() > 0.95


def test_times_of_day_are_answers():
    worded = [
        (q, k)
        for story in generate(900, seed=6)
        for q, k in zip(story.story.questions, story.questions, strict=True)
    ]
    # "When Mary left the park, where did she go?" asks for no time.
    asked = [
        known for question, known in worded if question.text.startswith(("When did", "When was", "When has"))
    ]
    said = {known.answers for known in asked if known.answers}

    assert ("this morning",) in said
    assert all(answer in ANSWERS for (answer,) in said)


def test_a_story_read_without_knowing_a_verb_has_the_verb_as_a_symbol_of_its_own():
    hiding = replace(STORY, hidden=frozenset({"went"}), questions=(Asked("What went?", ("mary",), 1),))
    laid = episodes(hiding)

    assert UNKNOWN_VERB in laid.wording_words[laid.fact_wording[0]]
    assert UNKNOWN_VERB in laid.wording_words[laid.q_wording[0]]
    assert laid.q_symbols[0][0] == laid.fact_symbols[0][1]
    assert laid.keys[laid.story_symbols[laid.q_symbols[0][0]]] == "went"


def test_names_more_alike_than_chance_are_still_names_of_their_own():
    many = Lesson(1, tuple(f"Zoë{n} went to the park{n}." for n in range(40)), (Asked("Who?", ("x",), 40),))
    laid = Episodes([many], LEXICON, symbol_dim=40, positions=3, memory=64, fixed=lambda task, key: False)

    def spread(alike: float) -> float:
        batch, _ = laid.batch(np.array([0]), rename=True, rng=np.random.default_rng(1), alike=alike)
        vectors = batch.symbols[0, :80]
        likeness = (vectors @ vectors.T).fill_diagonal_(0)
        assert torch.allclose(vectors.norm(dim=1), torch.ones(80))
        assert likeness.max() < 0.95
        return float(likeness.std())

    assert spread(1.0) == pytest.approx(1.41 * spread(0.0), rel=0.05)


def test_a_list_names_nothing_twice():
    laid = episodes(STORY)
    likes_milk = torch.tensor([[0, 0, 0, 0, 0, 9, 8], [0, 0, 0, 0, 0, 9, 8], [0, 0, 9, 0, 0, 0, 0.0]])

    assert laid.said(0, likes_milk, LEXICON) == "milk,red ball"


def test_names_in_wordings_are_one_mark_whatever_they_are():
    laid = episodes(STORY, Lesson(1, ("Zoë went to the park.",), (Asked("Where is Zoë?", ("park",), 1),)))

    assert laid.fact_wording[0] == laid.fact_wording[3]
    assert (laid.wording_words[laid.fact_wording[0]] == SYMBOL).sum() == 2


@pytest.mark.parametrize("task", [17, 19])
def test_a_story_seen_from_another_side_stays_right(task):
    """The picture is drawn with coordinates and read again."""
    steps = {"east": (1, 0), "west": (-1, 0), "north": (0, 1), "south": (0, -1)} | {
        "to the right of": (1, 0), "to the left of": (-1, 0), "above": (0, 1), "below": (0, -1),
        "e": (1, 0), "w": (-1, 0), "n": (0, 1), "s": (0, -1),
    }  # fmt: skip
    if task == 17:
        lesson = Lesson(
            17,
            ("The square is above the star.", "The disk is to the left of the square."),
            (Asked("Is the disk above the star?", ("yes",), 2),),
        )
    else:
        lesson = Lesson(
            19,
            ("The office is east of the hall.", "The park is north of the office."),
            (Asked("How do you go from the hall to the park?", ("e", "n"), 2),),
        )

    sides = variants(lesson)

    assert len(sides) == len({side.facts for side in sides}) == SIDES
    assert sides[0] == lesson
    for side in sides:
        said = [next(step for word, step in steps.items() if f" {word} " in fact) for fact in side.facts]
        if task == 17:
            asked = next(step for word, step in steps.items() if f" {word} " in side.questions[0].text)
            total = np.add(said[0], said[1])
            assert (np.dot(total, asked) > 0) == (side.questions[0].answers == ("yes",))
        else:
            assert [steps[answer] for answer in side.questions[0].answers] == said


def test_other_tasks_have_one_side():
    assert variants(STORY) == [STORY]


def test_relations_that_are_not_mastered_are_told_more_often():
    worded = [of_worded(each) for each in generate(40, seed=3)]
    laid = Episodes(worded, LEXICON, symbol_dim=8, positions=4, memory=64, fixed=lambda *_: False)
    pools = np.unique(laid.q_pool).tolist()
    hard = pools[0]

    plan = laid.schedule(np.random.default_rng(0), 8, {pool: 3.0 if pool == hard else 0.0 for pool in pools})

    told = np.concatenate(plan)
    assert set(laid.q_pool[laid.question_start[told]].tolist()) == {hard}
    assert len(told) == 3 * sum(lesson.pool == hard for lesson in worded)
    assert set(laid.q_task.tolist()) == {0}
