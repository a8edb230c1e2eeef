"""Why this answer: what it would be without some of the facts, and how hard was looked."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import pytest

from memnet.errors import NotAnotherAnswer
from memnet.explaining import asking_without, explain
from memnet.memory import Memory
from memnet.store import migrate
from memnet.story import Alternative, Answer, Evidence
from memnet.supposing import Overlay

FACTS = frozenset(range(1, 8))


def world(probability: Callable[[frozenset[int]], float]):
    """A question that is answered "yes" with this probability from the facts that are left, else "no"."""
    asked: list[frozenset[int]] = []

    def ask(without: frozenset[int]) -> Answer:
        asked.append(without)
        left = FACTS - without
        yes = probability(left)
        ranked = sorted(
            [("yes", yes), ("no", 0.9 * (1 - yes)), ("maybe", 0.1 * (1 - yes))], key=lambda p: -p[1]
        )
        return Answer(
            question="?",
            text=ranked[0][0],
            reason=None,
            probability=ranked[0][1],
            margin=ranked[0][1] - ranked[1][1],
            alternatives=tuple(Alternative(*each) for each in ranked),
            hops=(),
            evidence=tuple(Evidence(seq, f"fact {seq}", 1 / len(left), ()) for seq in sorted(left)),
            unknown_words=(),
            revision=1,
            eligible=len(left),
            attended=len(left),
        )

    return ask, asked


def needs(*ways: set[int]) -> Callable[[frozenset[int]], float]:
    """Yes while one of these sets of facts is there as a whole; a little less with each fact that is not."""
    return lambda left: (0.9 if any(way <= left for way in ways) else 0.1) - 0.001 * len(FACTS - left)


def smallest_by_brute_force(ask) -> set[tuple[int, ...]]:
    for size in range(1, len(FACTS) + 1):
        found = {each for each in combinations(FACTS, size) if ask(frozenset(each)).text != "yes"}
        if found:
            return found
    return set()


@pytest.mark.parametrize(
    "ways",
    [
        [{1}],
        [{1, 2}],
        [{1}, {2}],
        [{1, 2}, {1, 3}, {4, 5}],
        [{1}, {2}, {3}],
        [{1, 2}, {3, 4}, {5, 6}],
        [{1, 2, 3}, {3, 4}],
    ],
)
def test_the_smallest_set_that_changes_the_answer_is_found_and_proven(ways: list[set[int]]):
    ask, _ = world(needs(*ways))

    removal = explain(ask).removal

    assert removal is not None
    assert removal.seqs in smallest_by_brute_force(ask)
    assert (removal.proven, removal.answer) == (True, "no")


def test_a_set_that_greed_misses_is_found_among_the_pairs():
    """Facts 1 and 2 carry the answer together; the others each cost a little more, and lead nowhere soon."""

    def probability(left: frozenset[int]) -> float:
        if not left & {1, 2}:
            return 0.1
        return 0.95 - 0.08 * len({3, 4, 5, 6, 7} - left) - 0.01 * len({1, 2} - left)

    ask, _ = world(probability)

    removal = explain(ask).removal

    assert removal is not None
    assert (removal.seqs, removal.proven) == ((1, 2), True)


def test_larger_sets_are_found_but_not_called_the_smallest():
    ask, _ = world(needs({1}, {2}, {3}, {4}))

    removal = explain(ask).removal

    assert removal is not None
    assert (removal.seqs, removal.proven) == ((1, 2, 3, 4), False)


def test_what_is_not_needed_is_put_back():
    """Greed begins with fact 7, which costs the most by itself and is not needed in the end."""

    def probability(left: frozenset[int]) -> float:
        yes = 0.9 if left & {1, 2, 3, 4} else 0.1
        return yes - (0.2 if 7 not in left and left & {1, 2, 3, 4} else 0)

    ask, _ = world(probability)

    removal = explain(ask).removal

    assert removal is not None
    assert removal.seqs == (1, 2, 3, 4)


def test_each_fact_says_what_it_was_needed_for():
    ask, _ = world(needs({1, 2}))

    explanation = explain(ask)

    first = explanation.facts[0]
    assert (first.seq, first.text, first.answer) == (1, "fact 1", "no")
    assert first.probability == pytest.approx(0.1 - 0.001)
    assert first.change == pytest.approx(0.8 + 0.001)
    assert [fact.seq for fact in explanation.facts] == [1, 2, 3, 4, 5, 6, 7]
    assert explanation.facts[-1].answer == "yes"
    assert (explanation.complete, explanation.exhausted) == (True, False)


def test_an_answer_that_nothing_changes_is_said_to_have_no_such_set():
    ask, _ = world(lambda left: 0.9)

    explanation = explain(ask, most_questions=10_000)

    assert explanation.removal is None
    assert explanation.exhausted is False


@pytest.mark.parametrize("most", [1, 3, 7, 12, 20])
def test_the_bound_on_questions_is_kept_and_said(most: int):
    ask, asked = world(needs({1}, {2}, {3}, {4}))

    explanation = explain(ask, most_questions=most)

    assert len(asked) - 1 == explanation.asked == most
    assert explanation.exhausted
    assert explanation.complete is (most >= 7)
    assert len(explanation.facts) == min(most, 7)
    assert explanation.removal is None or not explanation.removal.proven


def test_a_set_found_without_trying_every_fact_is_not_called_the_smallest():
    ask, _ = world(needs({1, 2}, {2, 3}))

    explanation = explain(ask, most_questions=3)

    assert explanation.removal is not None
    assert explanation.removal.seqs == (2,)
    assert explanation.removal.proven  # nothing is smaller than one
    assert not explanation.complete


def test_no_set_is_asked_about_twice():
    ask, asked = world(needs({1}, {2}, {3}, {4}))

    explain(ask, why_not="maybe", most_questions=10_000)

    assert len(asked) == len(set(asked))


def test_why_not_names_the_facts_that_speak_for_and_against_another_answer():
    def probability(left: frozenset[int]) -> float:
        return 0.6 + (0.3 if 1 in left else 0) - (0.2 if 2 in left else 0)

    ask, _ = world(probability)

    why_not = explain(ask, why_not=" No ").why_not

    assert why_not is not None
    assert (why_not.answer, why_not.probability) == ("no", pytest.approx(0.27))
    assert [fact.seq for fact in why_not.speaking_for] == [2]
    assert [fact.seq for fact in why_not.speaking_against] == [1]
    # odds of no: 0.27 / 0.7; without fact 2 they are 0.09 / 0.9
    assert why_not.speaking_for[0].effect == pytest.approx(1.350, abs=1e-3)
    assert why_not.removal is not None
    assert (why_not.removal.seqs, why_not.removal.answer, why_not.removal.proven) == ((1,), "no", True)


@pytest.mark.parametrize(
    ("other", "message"),
    [("yes", "this is the answer that was given"), ("perhaps", "the network does not know this answer")],
)
def test_an_answer_that_cannot_be_compared_with_is_refused(other: str, message: str):
    ask, _ = world(needs({1}))

    with pytest.raises(NotAnotherAnswer, match=message):
        explain(ask, why_not=other)


def test_the_football_is_explained_by_the_two_facts_that_lead_to_it(tmp_path):
    url = f"sqlite:///{tmp_path / 'memnet.db'}"
    migrate.upgrade(url)
    with Memory.open(url) as memory:
        memory.store.put_memory("house")
        memory.remember("house", ["Mary got the football there.", "John went to the office."])
        memory.remember("house", ["Mary went back to the garden."])
        at = memory.at("house")

        told = explain(asking_without(at, "Where is the football?"), why_not="kitchen")
        supposed = explain(
            asking_without(at, "Where is the football?", Overlay(("Mary travelled to the kitchen.",)))
        )
        nothing = explain(asking_without(at, "Quo vadis?"))

    assert told.answer.text == "garden"
    changes = {fact.seq: fact.answer != "garden" for fact in told.facts}
    assert changes[3]
    assert not changes[2]
    assert told.removal is not None
    assert told.removal.proven
    assert told.removal.seqs in ((1,), (3,))
    assert supposed.answer.text == "kitchen"
    assert {fact.seq: fact.answer for fact in supposed.facts}[4] == "garden"
    assert (nothing.facts, nothing.removal, nothing.asked) == ((), None, 0)
