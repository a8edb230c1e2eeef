"""Facts, their vectors and the log, on every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import event

from memnet.errors import (
    DimensionMismatch,
    FactNotFound,
    InputError,
    MemoryNotFound,
    StoreUnavailable,
    TextError,
)
from tests.memnet.store.conftest import DIM, SPACES, STORY, Database


def test_facts_come_back_verbatim_and_in_narrative_order(database: Database):
    before = datetime.now(UTC)
    added = database.store.add(
        "house", STORY, model_id=database.model_id, vectors=database.vectors(len(STORY))
    )

    assert added.seqs == (1, 2)
    assert added.revision == 1
    assert [fact.text for fact in database.store.facts("house")] == STORY
    fact = database.store.fact("house", 2)
    assert (fact.seq, fact.text, fact.created_revision) == (2, STORY[1], 1)
    assert fact.created_at == added.created_at
    assert fact.created_at.utcoffset() == timedelta(0)
    assert before <= fact.created_at <= datetime.now(UTC)


@pytest.mark.parametrize(
    "text", ["", "naïve Ωmega 東京 🦆", "tab\tand\nline", "'; DROP TABLE facts; --", "%s :x"]
)
def test_any_text_that_can_be_stored_comes_back_as_it_was(database: Database, text: str):
    database.add(text)

    assert database.store.fact("house", 1).text == text
    assert database.view().texts == (text,)


@pytest.mark.parametrize("text", ["nil\x00", "half \ud83e of a pair"])
def test_a_text_that_not_every_database_can_keep_is_refused_by_all(database: Database, text: str):
    with pytest.raises(TextError, match="fact 2 holds the character U\\+"):
        database.add("fine", text)

    assert database.counts()["facts"] == 0


def test_a_request_is_one_revision_however_many_facts_it_brings(database: Database):
    database.add("a", "b", "c")
    database.add("d")

    memory = database.store.get_memory("house")
    assert (memory.revision, memory.last_seq, memory.live_count) == (2, 4, 4)
    log = database.rows("SELECT revision, seq, op FROM changes ORDER BY revision, seq")
    assert log == [(1, 1, "add"), (1, 2, "add"), (1, 3, "add"), (2, 4, "add")]


def test_revisions_are_contiguous_in_the_log(database: Database):
    database.add("a", "b")
    database.store.forget("house", 1)
    with pytest.raises(FactNotFound):
        database.store.forget("house", 1)
    with pytest.raises(InputError):
        database.store.add("house", ["x"], model_id=database.model_id, vectors=database.vectors(2))
    database.add("c")
    database.store.forget("house", 3)

    revisions = [row[0] for row in database.rows("SELECT DISTINCT revision FROM changes ORDER BY revision")]
    assert revisions == [1, 2, 3, 4]
    assert database.store.get_memory("house").revision == 4


def test_the_same_sentence_twice_is_two_facts(database: Database):
    assert database.add("Mary moved.", "Mary moved.") == (1, 2)
    assert database.add("Mary moved.") == (3,)

    assert database.view().texts == ("Mary moved.",) * 3


def test_memories_do_not_see_each_other(database: Database):
    database.store.put_memory("shed")
    database.add("In the house.")
    database.add("In the shed.", "Also in the shed.", name="shed")

    assert database.view().texts == ("In the house.",)
    assert database.view("shed").texts == ("In the shed.", "Also in the shed.")
    assert database.store.get_memory("shed").revision == 1


def test_a_request_without_facts_is_refused(database: Database):
    with pytest.raises(InputError, match="there is no fact to add"):
        database.store.add("house", [], model_id=database.model_id, vectors=database.vectors(0))


def _with_nan(vectors: np.ndarray) -> np.ndarray:
    vectors[1, 2, 3] = np.nan
    return vectors


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda v: v[:1], r"shape \(1, 3, 5\), expected \(2, 3, 5\)"),
        (lambda v: v[:, :2], r"shape \(2, 2, 5\), expected \(2, 3, 5\)"),
        (lambda v: v[:, 0], r"shape \(2, 5\), expected \(2, 3, 5\)"),
        (lambda v: v.astype(np.float64), "are float64, expected float32"),
        (_with_nan, "the vector of fact 2 holds nan or inf"),
    ],
)
def test_vectors_that_do_not_fit_leave_nothing(database: Database, spoil, message: str):
    before = database.counts()

    with pytest.raises(InputError, match=message):
        database.store.add("house", STORY, model_id=database.model_id, vectors=spoil(database.vectors(2)))

    assert database.counts() == before
    assert database.store.get_memory("house").revision == 0


def test_vectors_of_another_width_say_both_widths(database: Database):
    with pytest.raises(DimensionMismatch, match=f"a fact vector has 4 columns, expected {DIM}"):
        database.store.add(
            "house", ["x"], model_id=database.model_id, vectors=np.zeros((1, SPACES, 4), np.float32)
        )


def test_vectors_of_an_unknown_model_are_refused(database: Database):
    with pytest.raises(InputError, match="there is no model 99"):
        database.store.add("house", ["x"], model_id=99, vectors=database.vectors(1))


@pytest.mark.parametrize("table", ["facts", "fact_vectors", "changes"])
def test_a_failure_in_the_middle_of_a_write_leaves_nothing(database: Database, table: str):
    database.add("before")
    before = database.counts()

    @event.listens_for(database.engine, "after_cursor_execute")
    def fail(connection, cursor, statement, parameters, context, executemany):
        if statement.startswith(f"INSERT INTO {table} "):
            raise RuntimeError("the plug was pulled")

    with pytest.raises(RuntimeError, match="the plug was pulled"):
        database.add("lost", "lost too")
    event.remove(database.engine, "after_cursor_execute", fail)

    assert database.counts() == before
    memory = database.store.get_memory("house")
    assert (memory.revision, memory.last_seq, memory.live_count) == (1, 1, 1)
    assert database.add("after") == (2,)
    assert database.view().texts == ("before", "after")


def test_a_failing_commit_leaves_nothing(database: Database):
    @event.listens_for(database.engine, "commit")
    def fail(connection):
        raise RuntimeError("the plug was pulled")

    with pytest.raises(RuntimeError, match="the plug was pulled"):
        database.add("lost")
    event.remove(database.engine, "commit", fail)

    assert database.counts() == {"memories": 1, "facts": 0, "fact_vectors": 0, "changes": 0}
    assert database.add("after") == (1,)


def test_an_error_of_the_driver_tells_neither_statement_nor_text(database: Database):
    database.execute("DROP TABLE fact_vectors")

    with pytest.raises(StoreUnavailable) as raised:
        database.add("a secret")

    assert "INSERT" not in str(raised.value)
    assert "a secret" not in str(raised.value) + str(raised.value.__cause__)
    assert database.rows("SELECT count(*) FROM facts") == [(0,)]


def test_a_fact_of_a_memory_made_anew_is_not_forgotten_for_the_one_before_it(database: Database):
    database.add(*STORY)
    seen_in = database.store.get_memory("house").uid
    database.store.delete_memory("house")
    database.store.put_memory("house")
    database.add(*STORY)

    with pytest.raises(FactNotFound, match="memory 'house' has no fact 1"):
        database.store.forget("house", 1, uid=seen_in)

    now = database.store.get_memory("house")
    assert (now.revision, now.live_count) == (1, 2)
    assert database.store.forget("house", 1, uid=now.uid) == 2


def test_a_forgotten_fact_is_gone_and_its_history_stays(database: Database):
    database.add(*STORY)

    assert database.store.forget("house", 1) == 2

    with pytest.raises(FactNotFound, match="memory 'house' has no fact 1"):
        database.store.fact("house", 1)
    assert [fact.seq for fact in database.store.facts("house")] == [2]
    assert database.view().texts == (STORY[1],)
    memory = database.store.get_memory("house")
    assert (memory.revision, memory.last_seq, memory.live_count) == (2, 2, 1)
    kept = database.rows("SELECT text, deleted_revision FROM facts WHERE deleted_at IS NOT NULL")
    assert kept == [(STORY[0], 2)]


@pytest.mark.parametrize("seq", [-1, 0, 3, 2**48, 2**70])
def test_a_fact_that_never_was_can_neither_be_read_nor_forgotten(database: Database, seq: int):
    database.add(*STORY)

    with pytest.raises(FactNotFound, match=f"memory 'house' has no fact {seq}"):
        database.store.fact("house", seq)
    with pytest.raises(FactNotFound):
        database.store.forget("house", seq)

    memory = database.store.get_memory("house")
    assert (memory.revision, memory.live_count) == (1, 2)


def test_the_number_of_a_forgotten_fact_is_not_used_again(database: Database):
    database.add(*STORY)
    database.store.forget("house", 2)

    assert database.add("Mary left.") == (3,)


def test_the_only_fact_can_be_forgotten_once(database: Database):
    database.add("here")
    assert database.store.forget("house", 1) == 2

    with pytest.raises(FactNotFound):
        database.store.forget("house", 1)

    assert database.store.get_memory("house").revision == 2


def test_pages_of_facts_meet_without_gap_or_overlap(database: Database):
    database.add(*"abcdefg")
    database.store.forget("house", 4)

    def pages(descending: bool) -> list[list[str]]:
        found, after_seq = [], 0
        while page := database.store.facts("house", after_seq=after_seq, limit=2, descending=descending):
            found.append([fact.text for fact in page])
            after_seq = page[-1].seq
        return found

    assert pages(descending=False) == [["a", "b"], ["c", "e"], ["f", "g"]]
    assert pages(descending=True) == [["g", "f"], ["e", "c"], ["b", "a"]]
    assert database.store.facts("house", after_seq=2**80) == []


@pytest.mark.parametrize("name", ["attic", "No Slug", "", "x\x00"])
def test_a_memory_that_is_not_there_says_so_everywhere(database: Database, name: str):
    store, model_id = database.store, database.model_id
    for call in (
        lambda: store.get_memory(name),
        lambda: store.delete_memory(name),
        lambda: store.add(name, ["x"], model_id=model_id, vectors=database.vectors(1)),
        lambda: store.fact(name, 1),
        lambda: store.facts(name),
        lambda: store.forget(name, 1),
        lambda: store.view(name, model_id),
        lambda: store.missing_vectors(name, model_id),
        lambda: store.add_vectors(name, model_id, [1], database.vectors(1)),
    ):
        with pytest.raises(MemoryNotFound, match="there is no memory"):
            call()
