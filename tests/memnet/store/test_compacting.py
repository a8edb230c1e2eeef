"""Compacting: less of the past is kept, and whatever can still be read is as it was."""

from __future__ import annotations

from datetime import timedelta

import pytest

from memnet.errors import (
    AnswerNotFound,
    FactErased,
    HistoryErased,
    LogCompacted,
    MemoryNotFound,
    RevisionNotFound,
)
from memnet.store import fact_id
from memnet.store.checking import check
from tests.memnet.store.conftest import STORY, Database
from tests.memnet.store.test_answers import ids, keep
from tests.memnet.store.test_views import assert_same


@pytest.fixture
def lived(database: Database) -> Database:
    """Seven revisions: facts 1, 2 and 4 were forgotten at revisions 3, 5 and 7."""
    database.add(*STORY)  # 1: facts 1, 2
    database.add("c")  # 2: fact 3
    database.store.forget("house", 1)  # 3
    database.add("d", "e")  # 4: facts 4, 5
    database.store.forget("house", 2)  # 5
    database.add("f")  # 6: fact 6
    database.store.forget("house", 4)  # 7
    return database


def past(database: Database, floor: int) -> list[tuple[str, ...]]:
    """Texts as of every revision from a floor on."""
    return [
        database.store.view("house", database.model_id, as_of_revision=revision).texts
        for revision in range(floor, 8)
    ]


def test_without_its_log_every_past_revision_is_read_as_before(lived: Database, open_store):
    before = past(lived, 0)

    compacted = lived.store.compact("house", 5)

    assert (compacted.log_floor, compacted.history_floor, compacted.facts) == (5, 0, 0)
    # Revision 1 added two facts, 4 two: six rows up to revision 4.
    assert compacted.log_rows == 6
    assert past(lived, 0) == before
    assert [change.revision for change in lived.store.log("house", after_revision=5).changes] == [6, 7]
    with pytest.raises(LogCompacted):
        lived.store.log("house", after_revision=4)
    assert lived.store.get_memory("house").revision == 7
    assert check(lived.engine, "house", "digest").problems == []


def test_without_its_forgotten_facts_the_past_is_read_from_the_floor_on(lived: Database):
    before = past(lived, 5)

    compacted = lived.store.compact("house", 5, forgotten=True)

    assert (compacted.history_floor, compacted.facts) == (5, 2)
    assert past(lived, 5) == before
    with pytest.raises(HistoryErased) as raised:
        lived.store.view("house", lived.model_id, as_of_revision=4)
    assert raised.value.hint == "the oldest revision that can be read is 5"
    assert lived.rows("SELECT seq FROM facts ORDER BY seq") == [(3,), (4,), (5,), (6,)]
    assert lived.rows("SELECT seq FROM fact_vectors ORDER BY seq") == [(3,), (4,), (5,), (6,)]
    with pytest.raises(FactErased):
        lived.store.fact_by_id("house", fact_id(lived.store.get_memory("house").uid, 1))
    assert check(lived.engine, "house", "digest").problems == []


def test_answers_of_a_past_that_is_gone_go_with_it(lived: Database):
    """They may hold texts of facts that nobody could erase any more."""
    old, new = keep(lived, 4), keep(lived, 5)

    assert lived.store.compact("house", 5).answers == 0
    assert lived.store.compact("house", 5, forgotten=True).answers == 1

    assert ids(lived) == [new.answer_id]
    with pytest.raises(AnswerNotFound):
        lived.store.kept_answer("house", old.answer_id)


def test_compacting_to_the_last_revision_leaves_what_lives(lived: Database, open_store):
    now = lived.view()

    lived.store.compact("house", 7, forgotten=True)

    assert_same(open_store().view("house", lived.model_id), now)
    assert lived.add("g") == (7,)
    assert lived.view().texts == ("c", "e", "f", "g")


def test_a_floor_is_never_lowered_and_compacting_twice_removes_nothing(lived: Database):
    first = lived.store.compact("house", 5, forgotten=True)
    again = lived.store.compact("house", 5, forgotten=True)
    lower = lived.store.compact("house", 2, forgotten=True)

    for after in (again, lower):
        assert (after.log_floor, after.history_floor) == (first.log_floor, first.history_floor)
        assert (after.log_rows, after.facts) == (0, 0)


def test_a_reader_behind_the_floor_loads_anew_and_one_at_it_follows(lived: Database, open_store):
    behind, at = open_store(), open_store()
    behind.view("house", lived.model_id)
    lived.add("g")
    at.view("house", lived.model_id)
    lived.add("h")

    lived.store.compact("house", 8, forgotten=True)

    for store in (behind, at):
        assert_same(store.view("house", lived.model_id), lived.view())


def test_a_moment_is_read_from_the_floor_on(lived: Database):
    times = {row[0]: row[1] for row in lived.rows("SELECT revision, created_at FROM changes")}
    assert len(times) == 7
    fact = lived.store.fact("house", 6)
    lived.store.compact("house", 6)

    view = lived.store.view("house", lived.model_id, recorded_at=fact.created_at)
    assert view.revision == 6
    with pytest.raises(HistoryErased) as raised:
        lived.store.view("house", lived.model_id, recorded_at=fact.created_at - timedelta(days=1))
    assert "the log of that time is gone" in str(raised.value)
    assert raised.value.hint == "the log begins at revision 6; name a revision instead"


def test_what_cannot_be_compacted_is_refused(lived: Database):
    for revision in (-1, 8):
        with pytest.raises(RevisionNotFound, match=f"memory 'house' has no revision {revision}"):
            lived.store.compact("house", revision)
    with pytest.raises(MemoryNotFound):
        lived.store.compact("shed", 1)
