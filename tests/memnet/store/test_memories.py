"""Memories: create, describe, list, delete."""

from __future__ import annotations

import pytest

from memnet.errors import InputError, MemoryNotFound, TextError
from memnet.store import fact_id, seq_of
from tests.memnet.store.conftest import STORY, Database


def test_a_memory_is_created_once(database: Database):
    first, created = database.store.put_memory("shed", description="Tools.")
    again, created_again = database.store.put_memory("shed")

    assert (created, created_again) == (True, False)
    assert again == first == database.store.get_memory("shed")
    assert (first.name, first.description) == ("shed", "Tools.")
    assert (first.revision, first.last_seq, first.live_count) == (0, 0, 0)
    assert first.created_at.tzinfo is not None


def test_a_description_can_change_without_a_new_revision(database: Database):
    before = database.store.get_memory("house")
    after, created = database.store.put_memory("house", description="Who has what.")

    assert not created
    assert after.description == "Who has what."
    assert after.updated_at > before.updated_at
    assert (after.memory_id, after.uid, after.revision) == (before.memory_id, before.uid, 0)
    assert database.store.get_memory("house") == after


@pytest.mark.parametrize("name", ["", "-x", "_x", "House", "a b", "a/b", "é", "x" * 64, "x\n", "x\x00"])
def test_a_name_that_is_not_a_slug_is_refused(database: Database, name: str):
    with pytest.raises(InputError, match="a memory's name is 1 to 63 lower-case letters"):
        database.store.put_memory(name)


@pytest.mark.parametrize("name", ["0", "a-b_c", "x" * 63])
def test_a_slug_is_a_name(database: Database, name: str):
    assert database.store.put_memory(name)[0].name == name


def test_a_description_that_not_every_database_can_keep_is_refused(database: Database):
    with pytest.raises(TextError, match="the description holds the character U\\+0000"):
        database.store.put_memory("shed", description="\x00")


def test_memories_are_listed_by_the_bytes_of_their_names(database: Database):
    for name in ("b", "a_a", "a-b", "a", "a0"):
        database.store.put_memory(name)

    names = [memory.name for memory in database.store.list_memories(limit=10)]
    assert names == sorted(names) == ["a", "a-b", "a0", "a_a", "b", "house"]
    page = database.store.list_memories(after="a0", limit=2)
    assert [memory.name for memory in page] == ["a_a", "b"]
    with pytest.raises(InputError):
        database.store.list_memories(after="\x00", limit=2)


def test_a_deleted_memory_leaves_no_row(database: Database):
    database.store.put_memory("shed")
    database.add(*STORY, name="shed")
    database.add(*STORY)
    database.store.forget("house", 1)

    database.store.delete_memory("house")

    with pytest.raises(MemoryNotFound):
        database.store.get_memory("house")
    assert database.counts() == {"memories": 1, "facts": 2, "fact_vectors": 2, "changes": 2}
    assert database.view("shed").texts == tuple(STORY)


def test_the_number_of_a_deleted_memory_is_never_used_again(database: Database):
    seen = {database.store.get_memory("house").memory_id}
    for _ in range(3):
        database.add(*STORY)
        assert database.view().texts == tuple(STORY)
        database.store.delete_memory("house")
        memory, created = database.store.put_memory("house")
        assert created
        assert memory.memory_id not in seen
        seen.add(memory.memory_id)
        assert database.view().texts == ()


def test_ids_of_facts_do_not_survive_their_memory(database: Database):
    uid = database.store.get_memory("house").uid
    old = fact_id(uid, database.add("here")[0])
    database.store.delete_memory("house")
    new, _ = database.store.put_memory("house")

    assert seq_of(uid, old) == 1
    assert seq_of(new.uid, old) is None


def test_a_model_is_registered_once(database: Database):
    again = database.store.register_model("digest", family="memn2n", spaces=3, dim=5)
    other = database.store.register_model("another digest", family="memn2n", spaces=1, dim=2)

    assert again == database.model_id != other


def test_a_digest_means_one_model(database: Database):
    with pytest.raises(
        InputError, match="registered as memn2n with 3 spaces of 5, not as memn2n with 3 of 6"
    ):
        database.store.register_model("digest", family="memn2n", spaces=3, dim=6)


def test_a_ready_store_answers(database: Database):
    database.store.ping()
    database.store.check_schema()
