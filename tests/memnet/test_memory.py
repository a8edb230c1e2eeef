"""Memory: what the store answers is what the network answers."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest
import torch

from memnet.errors import (
    FactNotFound,
    MemoryNotFound,
    ModelNotActive,
    RevisionNotFound,
    SchemaMismatch,
    TextError,
    VectorDamaged,
)
from memnet.memory import Memory
from memnet.store import Once, migrate
from memnet.text import words
from memnet.training.checkpoint import load_checkpoint
from memnet.training.vectorise import vectorise
from tests.dense_slots import DenseSlots
from tests.models import genuine_stories, untrained_checkpoint

FOOTBALL = ["Mary got the football there.", "Mary went back to the garden."]


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
        yield memory


def by_the_network_alone(folder, texts, question):
    """The network on a story, without store, index or reader."""
    checkpoint = load_checkpoint(folder)
    network, vocabulary = checkpoint.network, checkpoint.vocabulary
    with torch.inference_mode():
        facts = network.encode_facts(vectorise([words(t) for t in texts], vocabulary))
        newest = facts[-network.memory_size :]
        return network.answer(vectorise([words(question)], vocabulary), DenseSlots(newest)), vocabulary


def assert_same(answer, texts, folder):
    reading, vocabulary = by_the_network_alone(folder, texts, answer.question)
    assert answer.text == vocabulary.word(int(reading.logits.argmax()) + 1)
    first = len(texts) - reading.attention.shape[1]
    for hop, attention, null in zip(answer.hops, reading.attention, reading.null, strict=True):
        assert len(hop.attention) == len(attention)
        for attended in hop.attention:
            assert attended.weight == pytest.approx(attention[attended.seq - 1 - first].item(), abs=1e-5)
        assert hop.null_mass == pytest.approx(null.item(), abs=1e-5)
        assert hop.other_mass == 0
        assert sum(a.weight for a in hop.attention) + hop.null_mass == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("tying", ["adjacent", "layer-wise"])
def test_genuine_stories_are_answered_through_the_store_as_by_the_network(url, tmp_path, babi_dir, tying):
    folder = untrained_checkpoint(tmp_path / "m", babi_dir, tying=tying)
    asked = 0
    with Memory.open(url, folder) as memory:
        for number, story in enumerate(genuine_stories(babi_dir)):
            name = f"story-{number}"
            memory.store.put_memory(name)
            texts = [fact.text for fact in story.facts]
            told = 0
            for question in story.questions:  # facts arrive as they happen, questions in between
                if question.facts_before > told:
                    memory.remember(name, texts[told : question.facts_before])
                told = question.facts_before
                answer = memory.ask(name, question.text, limit=None)
                assert_same(answer, texts[:told], folder)
                asked += 1
    assert asked > 100


def test_the_football_story_has_the_answer_and_the_reasons(url):
    with Memory.open(url) as memory:
        memory.store.put_memory("house")
        memory.remember("house", FOOTBALL)

        answer = memory.ask("house", "Where is the football?")

    assert answer.text == "garden"
    assert answer.hops[0].attention[0].seq == 1  # hop 1 finds who has the football
    assert answer.hops[-1].attention[0].seq == 2  # the last hop finds where she went
    assert {e.seq for e in answer.evidence} == {1, 2}


def test_facts_survive_a_restart_and_so_does_the_answer(url, checkpoint):
    with Memory.open(url, checkpoint) as memory:
        memory.store.put_memory("house")
        memory.remember("house", FOOTBALL)
        before = memory.ask("house", "Where is the football?")

    with Memory.open(url, checkpoint) as memory:
        assert memory.ask("house", "Where is the football?") == before


def test_a_forgotten_fact_is_never_evidence_again(memory, checkpoint):
    memory.remember("house", [*FOOTBALL, "John moved to the office."])

    revision = memory.forget("house", 2)

    answer = memory.ask("house", "Where is the football?", limit=None)
    assert answer.revision == revision == 2
    assert [e.seq for e in sorted(answer.evidence, key=lambda e: e.seq)] == [1, 3]
    # The memory answers as if the fact had never been told: ages close up.
    told = memory.ask_facts([FOOTBALL[0], "John moved to the office."], "Where is the football?")
    assert answer.text == told.text
    assert answer.probability == pytest.approx(told.probability, abs=1e-5)


def test_a_question_is_answered_as_of_any_revision(memory):
    story = [*FOOTBALL, "John moved to the office.", "Mary dropped the football."]
    answers = {}
    for text in story:
        revision = memory.remember("house", [text]).revision
        answers[revision] = memory.ask("house", "Where is the football?")
    revision = memory.forget("house", 3)
    answers[revision] = memory.ask("house", "Where is the football?")

    for revision, then in answers.items():
        assert memory.ask("house", "Where is the football?", as_of_revision=revision) == then
    moment = memory.store.fact("house", 2).created_at
    assert memory.ask("house", "Where is the football?", recorded_at=moment) == answers[2]
    assert memory.ask("house", "Where is the football?", as_of_revision=0).reason == "no_eligible_facts"
    with pytest.raises(RevisionNotFound, match="memory 'house' has no revision 6"):
        memory.ask("house", "Where is the football?", as_of_revision=6)


def test_a_model_that_came_later_answers_about_the_past_too(url, tmp_path, babi_dir, checkpoint):
    other = untrained_checkpoint(tmp_path / "other", babi_dir, seed=1, dim=9)
    with Memory.open(url, checkpoint) as memory:
        memory.store.put_memory("house")
        memory.remember("house", FOOTBALL)
        memory.forget("house", 1)
    with Memory.open(url, other) as memory:
        answer = memory.ask("house", "Where is the football?", limit=None, as_of_revision=1)
        assert_same(answer, FOOTBALL, other)


def test_the_same_sentence_twice_is_two_facts(memory):
    remembered = memory.remember("house", [FOOTBALL[0], FOOTBALL[0]])

    assert [fact.seq for fact in remembered.facts] == [1, 2]
    assert memory.ask("house", "Where is the football?").eligible == 2


def test_only_the_newest_facts_are_attended_to_and_the_answer_says_so(memory, checkpoint):
    texts = [f"Mary moved to the {place}." for place in ("garden", "kitchen", "office") * 15]
    memory.remember("house", texts)

    answer = memory.ask("house", "Where is Mary?", limit=None)

    assert (answer.eligible, answer.attended) == (45, 30)
    assert {e.seq for e in answer.evidence} == set(range(16, 46))
    assert_same(answer, texts, checkpoint)


def test_facts_that_are_not_listed_keep_their_mass(memory):
    memory.remember("house", [f"{name} went to the garden." for name in ("Mary", "John", "Sandra", "Daniel")])

    whole = memory.ask("house", "Where is Mary?", limit=None)
    short = memory.ask("house", "Where is Mary?", limit=1)

    for all_facts, first in zip(whole.hops, short.hops, strict=True):
        assert first.attention == all_facts.attention[:1]
        assert first.other_mass == pytest.approx(sum(a.weight for a in all_facts.attention[1:]))


def test_an_answer_that_lists_no_fact_is_the_same_answer(memory):
    memory.remember("house", FOOTBALL)

    whole = memory.ask("house", "Where is Mary?", limit=None)
    bare = memory.ask("house", "Where is Mary?", limit=0)

    assert (bare.text, bare.probability, bare.evidence) == (whole.text, whole.probability, ())
    for hop in bare.hops:
        assert hop.attention == ()
        assert hop.other_mass + hop.null_mass == pytest.approx(1.0)


def test_without_facts_the_memory_abstains(memory):
    answer = memory.ask("house", "Where is Mary?")

    assert (answer.text, answer.reason, answer.probability) == (None, "no_eligible_facts", 0.0)
    assert answer.hops == answer.evidence == ()


def test_a_question_of_unknown_words_alone_is_not_answered(memory):
    memory.remember("house", FOOTBALL)

    answer = memory.ask("house", "Quid novi?")

    assert (answer.text, answer.reason, answer.unknown_words) == (None, "unknown_words", ("quid", "novi"))


def test_unknown_words_are_named_where_they_stand(memory):
    remembered = memory.remember("house", ["Zaphod got the football.", FOOTBALL[0]])

    assert [fact.unknown_words for fact in remembered.facts] == [("zaphod",), ()]
    assert memory.ask("house", "Where is Zaphod?").unknown_words == ("zaphod",)


def test_a_fact_without_a_word_stores_none_of_the_facts(memory):
    with pytest.raises(TextError, match="the fact has no word in it") as caught:
        memory.remember("house", [FOOTBALL[0], " … "])

    assert caught.value.index == 1
    assert memory.ask("house", "Where is the football?").eligible == 0
    assert memory.store.get_memory("house").revision == 0


def test_a_question_without_a_word_is_refused(memory):
    with pytest.raises(TextError, match="the question has no word in it"):
        memory.ask("house", "?!")


def test_what_does_not_exist_is_not_found(memory):
    with pytest.raises(MemoryNotFound, match="there is no memory 'cellar'"):
        memory.ask("cellar", "Where is Mary?")
    with pytest.raises(MemoryNotFound):
        memory.remember("cellar", FOOTBALL)
    with pytest.raises(FactNotFound):
        memory.forget("house", 1)


def test_another_model_never_reads_the_first_ones_vectors(url, tmp_path, babi_dir, checkpoint):
    """Facts stored under one checkpoint are encoded again when another one asks."""
    other = untrained_checkpoint(tmp_path / "other", babi_dir, seed=1, dim=9)
    with Memory.open(url, checkpoint) as memory:
        memory.store.put_memory("house")
        memory.remember("house", FOOTBALL)
    with Memory.open(url, other) as memory:
        memory.remember("house", ["Mary dropped the football."])
        answer = memory.ask("house", "Where is the football?", limit=None)
        assert_same(answer, [*FOOTBALL, "Mary dropped the football."], other)
    with Memory.open(url, checkpoint) as memory:
        answer = memory.ask("house", "Where is the football?", limit=None)
        assert_same(answer, [*FOOTBALL, "Mary dropped the football."], checkpoint)


def test_a_large_memory_of_another_model_says_so_until_it_is_adopted(
    url, tmp_path, babi_dir, checkpoint, monkeypatch
):
    other = untrained_checkpoint(tmp_path / "other", babi_dir, seed=1, dim=9)
    monkeypatch.setattr("memnet.memory.ENCODE_AT_ONCE", 1)
    with Memory.open(url, checkpoint) as memory:
        memory.store.put_memory("house")
        memory.remember("house", FOOTBALL)
    with Memory.open(url, other) as memory:
        with pytest.raises(ModelNotActive, match="2 facts of memory 'house' are encoded by another model"):
            memory.ask("house", "Where is the football?")
        with pytest.raises(ModelNotActive, match="memory 'house' is encoded by model"):
            memory.remember("house", ["Mary dropped the football."])
        assert list(memory.of_other_models()) == ["house"]
        encoded = []
        assert memory.adopt("house", on_facts=encoded.append) == 2
        assert encoded == [2]
        assert list(memory.of_other_models()) == []
        assert memory.adopt("house") is None
        assert memory.remember("house", ["Mary dropped the football."]).revision == 3
        answer = memory.ask("house", "Where is the football?", limit=None)
        assert_same(answer, [*FOOTBALL, "Mary dropped the football."], other)


def test_facts_given_with_the_question_are_answered_alike_and_stored_nowhere(memory):
    memory.remember("house", FOOTBALL)

    stored = memory.ask("house", "Where is the football?")
    given = memory.ask_facts(FOOTBALL, "Where is the football?")

    assert given.text == stored.text
    for a, b in zip(given.hops, stored.hops, strict=True):
        assert [x.seq for x in a.attention] == [x.seq for x in b.attention]
        assert [x.weight for x in a.attention] == pytest.approx([x.weight for x in b.attention], abs=1e-5)
    assert given.probability == pytest.approx(stored.probability, abs=1e-5)
    assert (given.revision, given.eligible, given.attended) == (0, 2, 2)
    assert len(memory.store.list_memories(after=None, limit=10)) == 1


def test_a_database_without_schema_is_not_opened(tmp_path, checkpoint):
    with pytest.raises(SchemaMismatch) as caught:
        Memory.open(f"sqlite:///{tmp_path / 'empty.db'}", checkpoint)

    assert "memnet migrate" in caught.value.hint


def test_what_is_asked_of_a_memory_at_a_revision_is_answered_from_the_same_facts(memory):
    memory.remember("house", FOOTBALL)
    at = memory.at("house")
    memory.remember("house", ["John went to the kitchen."])

    assert (at.revision, at.last_revision, len(at)) == (1, 1, 2)
    assert at.uid == memory.store.get_memory("house").uid
    assert at.ask("Where is the football?") == memory.ask("house", "Where is the football?", as_of_revision=1)
    assert (memory.at("house", as_of_revision=1).last_revision, memory.at("house").revision) == (2, 2)


def test_the_nearest_facts_are_those_with_the_largest_inner_products(memory):
    memory.remember("house", [*FOOTBALL, "John went to the kitchen."])
    query = memory.reader.encode_question("Where is the football?")[0]
    keys = memory.reader.encode([*FOOTBALL, "John went to the kitchen."])[:, 0]
    expected = sorted(enumerate((keys @ query).tolist(), start=1), key=lambda pair: -pair[1])

    found = memory.at("house").nearest("Where is the football?", limit=2)

    assert [each.seq for each in found] == [seq for seq, _ in expected[:2]]
    assert [each.score for each in found] == pytest.approx([score for _, score in expected[:2]], abs=1e-5)
    assert [each.text for each in found] == [
        [*FOOTBALL, "John went to the kitchen."][each.seq - 1] for each in found
    ]
    assert memory.at("house", as_of_revision=0).nearest("Where is the football?", limit=2) == ()
    with pytest.raises(TextError):
        memory.at("house").nearest("?!", limit=2)


def test_the_same_request_again_is_remembered_once(memory):
    once = Once("monday", b"two facts")
    first = memory.remember("house", FOOTBALL, once=once)

    again = memory.remember("house", FOOTBALL, once=once)

    assert (again.revision, again.facts) == (first.revision, first.facts)
    assert (first.repeated, again.repeated) == (False, True)


def test_a_damaged_vector_is_made_again_at_the_question(memory, url, checkpoint, caplog):
    memory.remember("house", FOOTBALL)
    before = memory.ask("house", "Where is the football?", limit=None)
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
        kept = connection.execute("SELECT seq, vector, crc32 FROM fact_vectors ORDER BY seq").fetchall()
        connection.execute("UPDATE fact_vectors SET vector = zeroblob(4) WHERE seq = 2")

    with Memory.open(url, checkpoint) as fresh:
        assert fresh.ask("house", "Where is the football?", limit=None) == before

    assert "memory 'house': 1 damaged vectors made again from the texts" in caplog.text
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        now = connection.execute("SELECT seq, vector, crc32 FROM fact_vectors ORDER BY seq").fetchall()
    assert now == kept


def test_more_damage_than_can_be_mended_while_a_caller_waits_is_told(memory, url, checkpoint, monkeypatch):
    monkeypatch.setattr("memnet.memory.ENCODE_AT_ONCE", 1)
    memory.remember("house", FOOTBALL)
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
        connection.execute("UPDATE fact_vectors SET crc32 = 0")

    with Memory.open(url, checkpoint) as fresh, pytest.raises(VectorDamaged) as raised:
        fresh.ask("house", "Where is the football?")

    assert str(raised.value) == "the stored vector of fact 1 of memory 'house' is damaged"
    assert raised.value.hint == "`memnet index check --repair` makes it again from the text"
