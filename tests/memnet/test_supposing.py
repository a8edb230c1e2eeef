"""What if: an answer with facts added or hidden is the answer of a memory that was told so."""

from __future__ import annotations

import pytest

from memnet.errors import FactNotFound, TextError
from memnet.memory import Memory
from memnet.store import migrate
from memnet.supposing import Overlay
from tests.models import untrained_checkpoint

QUESTION = "Where is the football?"
STORY = [
    "Mary got the football there.",
    "John went to the office.",
    "Mary went back to the garden.",
    "Sandra moved to the kitchen.",
]


@pytest.fixture(params=[30, 3])
def memory(request, tmp_path, babi_dir):
    """A network that attends to all of these facts, and one that attends to the newest three."""
    url = f"sqlite:///{tmp_path / 'memnet.db'}"
    migrate.upgrade(url)
    checkpoint = untrained_checkpoint(tmp_path / "untrained", babi_dir, memory_size=request.param)
    with Memory.open(url, checkpoint) as memory:
        memory.store.put_memory("house")
        yield memory


def really_told(memory: Memory, texts: list[str]):
    """The answer of a memory that holds exactly these facts."""
    memory.store.put_memory("other")
    memory.remember("other", texts)
    answer = memory.ask("other", QUESTION, limit=None, top_answers=5)
    memory.store.delete_memory("other")
    return answer


@pytest.mark.parametrize(
    ("add", "hide"),
    [
        ([], {1}),
        ([], {2, 4}),
        (["John got the football."], set()),
        (["John got the football.", "John moved to the hallway."], {1, 3}),
        (["John got the football."] * 5, {4}),
        (["John got the football."], {1, 2, 3, 4}),
        ([], {1, 2, 3, 4}),
    ],
)
def test_a_supposed_memory_answers_as_one_that_was_told_so(memory, add, hide):
    memory.remember("house", STORY[:2])
    memory.remember("house", STORY[2:])
    expected = (
        really_told(memory, [t for s, t in enumerate(STORY, 1) if s not in hide] + add)
        if (add or len(hide) < 4)
        else None
    )

    supposed = memory.at("house").ask(
        QUESTION, limit=None, top_answers=5, overlay=Overlay(tuple(add), frozenset(hide))
    )

    if expected is None:
        assert supposed.reason == "no_eligible_facts"
        return
    assert supposed.text == expected.text
    assert (supposed.eligible, supposed.attended) == (expected.eligible, expected.attended)
    for one, other in zip(supposed.alternatives, expected.alternatives, strict=True):
        assert one.text == other.text
        assert one.probability == pytest.approx(other.probability, abs=1e-6)
    for one, other in zip(supposed.hops, expected.hops, strict=True):
        weights = [fact.weight for fact in sorted(one.attention, key=lambda fact: fact.seq)]
        others = [fact.weight for fact in sorted(other.attention, key=lambda fact: fact.seq)]
        assert weights == pytest.approx(others, abs=1e-6)
    texts = [fact.text for fact in sorted(supposed.evidence, key=lambda fact: fact.seq)]
    assert texts == [fact.text for fact in sorted(expected.evidence, key=lambda fact: fact.seq)]


def test_added_facts_are_numbered_on_and_nothing_is_stored(memory):
    memory.remember("house", STORY)
    memory.forget("house", 4)
    at = memory.at("house")

    answer = at.ask(QUESTION, limit=None, overlay=Overlay(("John got the football.", "John is there.")))

    assert [fact.seq for fact in sorted(answer.evidence, key=lambda fact: fact.seq)][-2:] == [5, 6]
    assert memory.store.get_memory("house").last_seq == 4
    assert memory.at("house").ask(QUESTION) == at.ask(QUESTION)


def test_an_added_fact_can_be_hidden_again_and_the_others_keep_their_numbers(memory):
    memory.remember("house", STORY)
    both = Overlay(("John got the football.", "John is there."))

    answer = memory.at("house").ask(QUESTION, limit=None, overlay=both.hiding([5]))

    assert max(fact.seq for fact in answer.evidence) == 6
    assert 5 not in {fact.seq for fact in answer.evidence}


def test_a_past_state_is_supposed_about_too(memory):
    memory.remember("house", STORY[:2])
    memory.remember("house", STORY[2:])
    past = memory.at("house", as_of_revision=1)

    answer = past.ask(QUESTION, limit=None, overlay=Overlay(("John is there.",), frozenset({2})))

    assert sorted(fact.seq for fact in answer.evidence) == [1, 5]
    with pytest.raises(FactNotFound, match="memory 'house' has no fact 3"):
        past.ask(QUESTION, overlay=Overlay(hide=frozenset({3})))


def test_a_fact_that_is_not_there_cannot_be_hidden(memory):
    memory.remember("house", STORY)
    memory.forget("house", 2)

    for hide, missing in (({1, 2}, 2), ({1, 6}, 6)):
        with pytest.raises(FactNotFound, match=f"memory 'house' has no fact {missing}"):
            memory.at("house").ask(QUESTION, overlay=Overlay(("John is there.",), frozenset(hide)))


def test_an_added_fact_without_a_word_is_named(memory):
    memory.remember("house", STORY)

    with pytest.raises(TextError) as raised:
        memory.at("house").ask(QUESTION, overlay=Overlay(("John is there.", "?!")))

    assert raised.value.index == 1


def test_a_memory_without_facts_can_be_supposed_some(memory):
    answer = memory.at("house").ask(QUESTION, overlay=Overlay((STORY[0],)))

    assert [fact.seq for fact in answer.evidence] == [1]
