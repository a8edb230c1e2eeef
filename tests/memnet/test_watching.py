"""A question that stands: each change of its answer is told once, with the change of the memory behind it."""

from __future__ import annotations

from uuid import uuid4

import pytest

from memnet import watching
from memnet.errors import MemoryNotFound, TooManyWatches, WatchNotFound
from memnet.memory import Memory
from memnet.store import migrate
from memnet.watching import Notice, Watcher

QUESTION = "Where is the football?"


@pytest.fixture
def url(tmp_path):
    url = f"sqlite:///{tmp_path / 'memnet.db'}"
    migrate.upgrade(url)
    return url


@pytest.fixture
def memory(url):
    """The shipped network: its answers to the football story are right."""
    with Memory.open(url) as memory:
        memory.store.put_memory("house")
        yield memory


def follow(memory: Memory, question: str = QUESTION) -> Watcher:
    return Watcher(memory, "house", memory.store.get_memory("house").uid, question)


def told(notices: list[Notice]) -> list[tuple[object, ...]]:
    return [(each.kind, each.revision, each.answer.text or each.answer.reason) for each in notices]


def tell_the_story(memory: Memory) -> None:
    for text in (
        "Mary got the football there.",
        "Mary went back to the garden.",
        "John went to the office.",
        "Mary travelled to the kitchen.",
    ):
        memory.remember("house", [text])


def test_a_listener_is_told_what_is_answered_and_then_each_change_with_its_fact(memory):
    watcher = follow(memory)
    assert told(watcher.begin()) == [("answer", 0, "no_eligible_facts")]
    assert watcher.advance() == []
    memory.remember("house", ["Mary got the football there.", "Mary went back to the garden."])

    (first,) = watcher.advance()
    memory.remember("house", ["John went to the office.", "Mary travelled to the kitchen."])
    (second,) = watcher.advance()

    assert told([first, second]) == [("answer_changed", 1, "garden"), ("answer_changed", 2, "kitchen")]
    assert first.before is not None
    assert first.before.reason == "no_eligible_facts"
    assert second.before is not None
    assert (second.before.text, second.before.revision) == ("garden", 1)
    assert second.cause is not None
    assert (second.cause.change.revision, second.cause.change.op) == (2, "add")
    # Of the two facts of that change the answer was read from the second.
    assert [(fact.seq, fact.text) for fact in second.cause.facts] == [
        (4, "Mary travelled to the kitchen."),
        (3, "John went to the office."),
    ]
    assert second.cause.facts[0].weight > 0.1 > second.cause.facts[1].weight
    assert watcher.advance() == []


def test_a_change_of_the_memory_that_changes_nothing_is_only_counted(memory):
    tell_the_story(memory)
    watcher = follow(memory)
    watcher.begin()

    memory.remember("house", ["Sandra went to the office."])

    assert told(watcher.advance()) == [("unchanged", 5, "kitchen")]
    assert watcher.revision == 5


def test_forgetting_is_a_cause_too(memory):
    tell_the_story(memory)
    watcher = follow(memory)
    watcher.begin()

    memory.forget("house", 4)

    (notice,) = watcher.advance()
    assert told([notice]) == [("answer_changed", 5, "garden")]
    assert notice.cause is not None
    assert notice.cause.change.op == "delete"
    assert [(fact.seq, fact.text, fact.weight) for fact in notice.cause.facts] == [
        (4, "Mary travelled to the kitchen.", 0.0)
    ]


def test_whoever_was_away_is_told_the_rest_exactly_as_the_others_were(url, memory):
    live = follow(memory)
    live.begin()
    heard = []
    for text in ("Mary got the football there.", "Mary went back to the garden.", "John went to the office."):
        memory.remember("house", [text])
        heard += [each for each in live.advance() if each.kind == "answer_changed"]
    memory.forget("house", 2)
    heard += [each for each in live.advance() if each.kind == "answer_changed"]
    assert len(heard) >= 2

    with Memory.open(url) as other:  # as another worker would
        for known in range(5):
            notices = follow(other).begin(known)
            assert [each for each in notices if each.kind == "answer_changed"] == [
                each for each in heard if each.revision > known
            ]


def test_whoever_was_told_everything_is_told_nothing(memory):
    tell_the_story(memory)

    assert follow(memory).begin(4) == []


@pytest.mark.parametrize("known", [9, 2**40])
def test_a_revision_that_was_never_reached_begins_anew(memory, known):
    tell_the_story(memory)

    assert told(follow(memory).begin(known)) == [("answer", 4, "kitchen")]


def test_behind_many_changes_the_one_that_led_to_the_answer_is_found(memory, monkeypatch):
    monkeypatch.setattr(watching, "STEPS", 3)
    memory.remember("house", ["Mary got the football there.", "Mary went back to the garden."])
    watcher = follow(memory)
    watcher.begin()
    for number in range(9):
        place = "kitchen" if number == 5 else "office"
        who = "Mary" if number == 5 else "John"
        memory.remember("house", [f"{who} went to the {place}."])

    notices = watcher.advance()

    assert told(notices) == [("answer_changed", 7, "kitchen"), ("unchanged", 10, "kitchen")]
    assert notices[0].skipped == 8
    assert notices[0].cause is not None
    assert [fact.text for fact in notices[0].cause.facts] == ["Mary went to the kitchen."]
    assert watcher.advance() == []


def test_behind_many_changes_that_lead_back_nothing_is_told(memory, monkeypatch):
    monkeypatch.setattr(watching, "STEPS", 1)
    tell_the_story(memory)
    watcher = follow(memory)
    watcher.begin()
    memory.remember("house", ["Mary went to the hallway."])
    memory.forget("house", 5)

    assert told(watcher.advance()) == [("unchanged", 6, "kitchen")]


def test_an_erasing_is_followed_over_without_a_cause(memory):
    tell_the_story(memory)
    watcher = follow(memory)
    watcher.begin()

    memory.erase("house", [4])

    (notice,) = watcher.advance()
    assert told([notice]) == [("answer_changed", 5, "garden")]
    assert notice.cause is None
    memory.remember("house", ["John is there."])
    assert told(watcher.advance()) == [("unchanged", 6, "garden")]
    # Whoever comes back from before the erasing hears what is answered now.
    assert told(follow(memory).begin(3)) == [("answer", 6, "garden")]


def test_another_memory_of_the_same_name_is_not_followed(memory):
    watcher = follow(memory)
    watcher.begin()
    memory.store.delete_memory("house")
    memory.store.put_memory("house")

    with pytest.raises(MemoryNotFound):
        watcher.advance()


def test_questions_stand_until_they_are_let_go(memory):
    first = memory.store.add_watch("house", QUESTION, most=2)
    second = memory.store.add_watch("house", "Where is Mary?", most=2)
    with pytest.raises(TooManyWatches, match="memory 'house' has 2 watches, as many as it may"):
        memory.store.add_watch("house", QUESTION, most=2)

    assert memory.store.watches("house").watches == (first, second)
    assert memory.store.watch("house", first.watch_id).watches == (first,)
    memory.remember("house", ["Mary is there."])
    unknown = uuid4()
    assert memory.store.watch_revisions({first.watch_id, unknown}) == {first.watch_id: 1}
    memory.store.drop_watch("house", first.watch_id)
    for read in (memory.store.watch, memory.store.drop_watch):
        with pytest.raises(WatchNotFound):
            read("house", first.watch_id)
    assert memory.store.watch_revisions({first.watch_id, second.watch_id}) == {second.watch_id: 1}
    memory.store.delete_memory("house")
    assert memory.store.watch_revisions({second.watch_id}) == {}


def test_who_listens_for_minutes_does_not_hold_what_was_read_of_every_fact(memory):
    tell_the_story(memory)
    memory.remember("house", [f"Person{number} went to the office." for number in range(12)])
    watcher = follow(memory)
    (first,) = watcher.begin()
    memory.remember("house", ["Mary went to the bathroom."])
    (second,) = watcher.advance()

    assert told([first, second]) == [("answer", 5, "kitchen"), ("answer_changed", 6, "bathroom")]
    assert second.before is not None
    assert second.cause is not None
    assert second.cause.facts[0].weight > 0.1
    for kept in (first.answer, second.before, second.answer, watcher._last):
        assert kept is not None
        assert (kept.hops, len(kept.evidence)) == ((), watching.EVIDENCE)
