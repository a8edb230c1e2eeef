"""Answers that are kept: computed again they are the same to the last bit, or it is said what has changed."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from memnet import kept
from memnet.errors import AnswerNotFound, HistoryErased, MemoryNotFound
from memnet.kept import Asked
from memnet.memory import Memory
from memnet.store import migrate
from memnet.story import Alternative, Answer, Attended, Evidence, HopReading
from memnet.supposing import Overlay
from tests.models import untrained_checkpoint

STORY = ["Mary got the football there.", "Mary went back to the garden."]
ASKED = Asked("Where is the football?")


@pytest.fixture
def url(tmp_path):
    url = f"sqlite:///{tmp_path / 'memnet.db'}"
    migrate.upgrade(url)
    return url


@pytest.fixture
def checkpoint(tmp_path, babi_dir):
    return untrained_checkpoint(tmp_path / "untrained", babi_dir)


@pytest.fixture
def memory(url, checkpoint):
    with Memory.open(url, checkpoint) as memory:
        memory.store.put_memory("house")
        memory.remember("house", STORY)
        yield memory


def keep(memory: Memory, asked: Asked = ASKED, **state):
    at = memory.at("house", **state)
    return kept.keep(memory, at, asked, asked.of(at))


@pytest.mark.parametrize(
    "asked",
    [
        ASKED,
        Asked("Where is the football?", limit=None, top_answers=7, lists_attention=False),
        Asked("Where is the football?", limit=1, heads=True),
        Asked("Quo vadis, “Mary” \\ ü?", recorded_at=datetime(2030, 1, 1, tzinfo=UTC)),
        Asked("Where is Mary?", as_of_revision=1, overlay=Overlay(("John is there.",), frozenset({2}))),
    ],
)
def test_what_is_kept_is_what_was_answered(memory, asked):
    at = memory.at("house")
    answer = asked.of(at)

    one = kept.keep(memory, at, asked, answer)

    assert (one.asked, one.answer, one.last_seq) == (asked, answer, 2)
    assert kept.recall(memory, "house", one.answer_id) == one
    assert one.model_sha256 == memory.model.sha256
    assert memory.store.get_memory("house").revision == 1


def test_a_replay_is_the_same_to_the_last_bit_whatever_was_told_since(url, checkpoint, memory):
    """Also in another process, whose view was loaded in one piece."""
    for number in range(20):
        memory.remember("house", [f"John went to the office, {number}."] * (1 + number % 3))
    asked = [
        Asked("Where is the football?", limit=None, top_answers=9),
        Asked("Where is John?", overlay=Overlay(("John got the football.",), frozenset({3, 30}))),
        Asked("Where is the football?", heads=True),
    ]
    answers = [keep(memory, each) for each in asked]
    memory.remember("house", ["Mary discarded the football."] * 25)
    memory.forget("house", 2)

    with Memory.open(url, checkpoint) as other:
        for mine in (memory, other):
            for each in answers:
                replay = kept.replay(mine, kept.recall(mine, "house", each.answer_id))
                assert (replay.outcome, replay.max_abs_diff) == ("identical", 0.0)
                assert replay.digest == each.digest
                assert replay.answer == each.answer


def test_another_network_is_told_apart_from_another_result(url, tmp_path, babi_dir, memory):
    one = keep(memory)
    other = untrained_checkpoint(tmp_path / "other", babi_dir, seed=1)

    with Memory.open(url, other) as changed:
        replay = kept.replay(changed, kept.recall(changed, "house", one.answer_id))

    assert (replay.outcome, replay.max_abs_diff) == ("model_changed", None)
    assert replay.digest != one.digest


def test_numbers_that_differ_are_measured(memory):
    one = keep(memory, Asked("Where is the football?", limit=None))
    with memory.store._engine.begin() as connection:
        first = f'"score": {one.answer.hops[0].attention[0].score}'
        moved = f'"score": {one.answer.hops[0].attention[0].score + 0.25}'
        connection.exec_driver_sql(
            "UPDATE answers SET answer = replace(answer, ?, ?), digest = 'sha256:0'", (first, moved)
        )

    replay = kept.replay(memory, kept.recall(memory, "house", one.answer_id))

    assert replay.outcome == "different"
    assert replay.max_abs_diff == pytest.approx(0.25)


@pytest.mark.parametrize(
    "other",
    [
        Asked("Where is the football", limit=10),
        Asked("Where is the football?", limit=9),
        Asked("Where is the football?", top_answers=3),
        Asked("Where is the football?", overlay=Overlay(hide=frozenset({1}))),
        Asked("Where is the football?", heads=True),
    ],
)
def test_the_digest_covers_what_was_asked(memory, other):
    assert keep(memory, other).digest != keep(memory).digest
    assert keep(memory).digest == keep(memory).digest


def test_answers_that_were_kept_before_heads_could_be_asked_for_keep_their_digest():
    """The number is from a version that knew no heads."""
    answer = Answer(
        question="Where is the football?",
        text="garden",
        reason=None,
        probability=0.75,
        margin=0.5,
        alternatives=(Alternative("garden", 0.75),),
        hops=(HopReading(1, (Attended(1, 0.5, 1.25),), 0.25, 0.25),),
        evidence=(Evidence(1, "Mary got the football there.", 0.5, (0.5,)),),
        unknown_words=(),
        revision=1,
        eligible=1,
        attended=1,
    )

    digest = kept.digest_of(UUID(int=7), "9f86", ASKED, 1, answer)

    assert digest == "sha256:c0826dae3788ba348077ce985fb0d755d48bca2d0ad6cf13d643fff0f8323d0b"


def test_the_digest_covers_the_state_that_was_read(memory):
    before = keep(memory)
    memory.remember("house", ["zzz zzz"])

    assert keep(memory).digest != before.digest
    assert keep(memory, as_of_revision=1).digest != before.digest  # added facts would have other numbers


def test_an_answer_from_before_an_erased_fact_was_told_stays_and_cannot_be_replayed(memory):
    before = keep(memory)
    memory.remember("house", ["Mary hid the zeppelin."])
    memory.erase("house", [3])

    one = kept.recall(memory, "house", before.answer_id)

    assert one == before
    with pytest.raises(HistoryErased, match="as of revision 1: facts of that time were erased"):
        kept.replay(memory, one)


def test_answers_go_with_the_facts_they_were_read_from(memory, tmp_path: Path):
    memory.remember("house", ["Mary hid the zeppelin."])
    from_it = keep(memory, Asked("Where is the zeppelin?"))
    hidden = keep(memory, Asked("Where is Mary?", overlay=Overlay(hide=frozenset({3}))))
    memory.forget("house", 3)
    after = keep(memory)
    supposed = keep(memory, Asked("Where is Mary?", overlay=Overlay(("Mary hid the zeppelin.",))))
    assert any(b"zeppelin" in file.read_bytes() for file in tmp_path.glob("memnet.db*"))
    assert memory.store.traces("house", [3]).answers == 3

    erased = memory.erase("house", [3])

    assert (erased.answers, erased.scrubbed) == (3, True)
    for gone in (from_it, hidden, supposed):
        with pytest.raises(AnswerNotFound):
            kept.recall(memory, "house", gone.answer_id)
    assert kept.recall(memory, "house", after.answer_id) == after
    for file in tmp_path.glob("memnet.db*"):
        assert b"zeppelin" not in file.read_bytes(), file


def test_an_answer_whose_facts_were_erased_before_it_was_kept_is_not_kept(memory):
    at = memory.at("house")
    answer = ASKED.of(at)
    memory.erase("house", [2])

    with pytest.raises(HistoryErased):
        kept.keep(memory, at, ASKED, answer)

    assert memory.store.kept_answers("house").answers == ()


def test_a_memory_does_not_keep_the_answers_of_another_one_of_its_name(memory):
    at = memory.at("house")
    memory.store.delete_memory("house")
    memory.store.put_memory("house")

    with pytest.raises(MemoryNotFound):
        kept.keep(memory, at, ASKED, ASKED.of(at))


def test_answers_go_with_their_memory(memory):
    one = keep(memory)
    memory.store.delete_memory("house")
    memory.store.put_memory("house")

    with pytest.raises(AnswerNotFound, match="memory 'house' keeps no answer"):
        kept.recall(memory, "house", one.answer_id)


def test_an_answer_is_deleted_once(memory):
    one = keep(memory)
    memory.store.drop_answer("house", one.answer_id)

    for answer_id in (one.answer_id, uuid4()):
        with pytest.raises(AnswerNotFound):
            memory.store.drop_answer("house", answer_id)


def test_kept_answers_are_listed_newest_first_page_by_page(memory):
    ids = [keep(memory).answer_id for _ in range(5)]

    found, before = [], None
    while page := kept.recall_page(memory, "house", before=before, limit=2)[1]:
        found += [each.answer_id for each in page]
        before = (page[-1].created_at, page[-1].answer_id)

    assert found == ids[::-1]
