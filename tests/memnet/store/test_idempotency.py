"""Writes that may be sent again: the name of a request lives and dies with what the request stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from memnet.errors import KeyReused
from memnet.store import Added, Once, idempotency
from memnet.store.failpoints import Failpoint, armed
from tests.memnet.store.conftest import STORY, Database

ONCE = Once("robot-7/evt-991", b"the story")


def add(database: Database, once: Once | None = ONCE) -> Added:
    vectors = database.vectors(len(STORY))
    return database.store.add("house", STORY, model_id=database.model_id, vectors=vectors, once=once)


def test_the_same_request_again_stores_nothing_and_leads_to_the_same(database: Database):
    first = add(database)
    database.add("John is there.")

    again = add(database)

    assert (again.uid, again.revision, again.seqs) == (first.uid, first.revision, first.seqs)
    assert again.created_at == first.created_at
    assert (first.repeated, again.repeated) == (False, True)
    assert database.store.get_memory("house").last_seq == 3


def test_a_request_without_a_name_is_a_new_one_every_time(database: Database):
    assert [add(database, None).seqs for _ in range(2)] == [(1, 2), (3, 4)]


def test_another_request_with_the_same_name_is_refused_and_stores_nothing(database: Database):
    add(database)

    with pytest.raises(KeyReused) as raised:
        add(database, Once(ONCE.key, b"another story"))

    assert str(raised.value) == "the idempotency key came with another request before"
    assert database.store.get_memory("house").last_seq == 2


@pytest.mark.parametrize("point", ["write.locked", "write.vectors", "write.log"])
def test_a_request_that_failed_may_be_sent_again(database: Database, point: str):
    with armed(f"{point}=raise"), pytest.raises(Failpoint):
        add(database)
    assert database.rows("SELECT count(*) FROM idempotency_keys") == [(0,)]

    assert add(database).seqs == (1, 2)


def test_a_reply_that_was_lost_after_the_commit_can_be_asked_for_again(database: Database):
    with armed("write.committed=raise"), pytest.raises(Failpoint):
        add(database)

    again = add(database)

    assert (again.repeated, again.seqs) == (True, (1, 2))


def test_a_name_belongs_to_one_memory_and_goes_with_it(database: Database):
    add(database)
    database.store.put_memory("garden")
    vectors = database.vectors(1)

    other = database.store.add(
        "garden", ["John is there."], model_id=database.model_id, vectors=vectors, once=ONCE
    )
    database.store.delete_memory("house")

    assert not other.repeated
    assert database.rows("SELECT count(*) FROM idempotency_keys") == [(1,)]


def test_a_name_is_forgotten_after_a_day(database: Database, monkeypatch: pytest.MonkeyPatch):
    add(database)
    later = datetime.now(UTC) + timedelta(hours=24, seconds=1)

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return later

    monkeypatch.setattr(idempotency, "datetime", Later)

    assert add(database).seqs == (3, 4)


def test_nothing_of_a_request_can_be_read_back(database: Database):
    add(database, Once("Mary's diary", STORY[0].encode()))

    kept = database.rows("SELECT key_hash, request_hash FROM idempotency_keys")[0]

    assert [len(bytes(each)) for each in kept] == [32, 32]
