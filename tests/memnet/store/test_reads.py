"""Reads that belong together: facts, log and traces, each with the memory that they are from."""

from __future__ import annotations

import uuid

import pytest

from memnet.errors import (
    FactErased,
    FactNotFound,
    HistoryErased,
    LogCompacted,
    MemoryMoved,
    RevisionNotFound,
)
from memnet.store import MemoryRow, Seen, fact_id
from tests.memnet.store.conftest import STORY, Database


@pytest.fixture
def house(database: Database) -> MemoryRow:
    """Revision 1: two facts. Revision 2: a third. Revision 3: the first is forgotten."""
    database.add(*STORY)
    database.add("John is there.")
    database.store.forget("house", 1)
    return database.store.get_memory("house")


def test_facts_are_read_with_the_memory_and_the_revision_they_are_from(database: Database, house: MemoryRow):
    now = database.store.read_facts("house")
    before = database.store.read_facts("house", as_of_revision=1)

    assert (now.memory, now.revision, [fact.seq for fact in now.facts]) == (house, 3, [2, 3])
    assert (before.memory, before.revision, [fact.seq for fact in before.facts]) == (house, 1, [1, 2])


def test_a_fact_is_found_by_its_id_as_of_then(database: Database, house: MemoryRow):
    forgotten = fact_id(house.uid, 1)

    assert database.store.fact_by_id("house", forgotten, as_of_revision=2).facts[0].text == STORY[0]
    with pytest.raises(FactNotFound) as raised:
        database.store.fact_by_id("house", forgotten)
    assert not isinstance(raised.value, FactErased)
    with pytest.raises(FactNotFound):
        database.store.fact_by_id("house", fact_id(house.uid, 4))
    with pytest.raises(FactNotFound):
        database.store.fact_by_id("house", uuid.uuid4())
    with pytest.raises(RevisionNotFound):
        database.store.fact_by_id("house", forgotten, as_of_revision=4)


def test_an_erased_fact_is_known_to_be_erased(database: Database, house: MemoryRow):
    database.store.erase("house", [1, 2])

    for seq in (1, 2):
        with pytest.raises(FactErased):
            database.store.fact_by_id("house", fact_id(house.uid, seq))
    assert database.store.fact_by_id("house", fact_id(house.uid, 3)).revision == 4
    with pytest.raises(HistoryErased):
        database.store.fact_by_id("house", fact_id(house.uid, 3), as_of_revision=3)


def test_the_log_has_one_entry_per_revision_in_order(database: Database, house: MemoryRow):
    log = database.store.log("house")

    assert [(each.revision, each.op, each.seqs) for each in log.changes] == [
        (1, "add", (1, 2)),
        (2, "add", (3,)),
        (3, "delete", (1,)),
    ]
    assert log.memory == house
    assert [each.revision for each in database.store.log("house", after_revision=1, limit=1).changes] == [2]
    assert database.store.log("house", after_revision=3).changes == ()
    assert database.store.log("house", after_revision=2**62).changes == ()


def test_the_log_below_its_floor_cannot_be_read(database: Database, house: MemoryRow):
    database.store.erase("house", [2])

    with pytest.raises(LogCompacted) as raised:
        database.store.log("house", after_revision=3)

    assert raised.value.hint == "read its facts, then the log from revision 4 on"
    database.add("Mary is back.")
    assert [each.revision for each in database.store.log("house", after_revision=4).changes] == [5]


def test_traces_count_what_erasing_would_remove(database: Database, house: MemoryRow):
    traces = database.store.traces("house", [2, 1, 2])

    assert (traces.memory, traces.facts, traces.forgotten, traces.vectors) == (house, 2, 1, 2)
    with pytest.raises(FactNotFound):
        database.store.traces("house", [1, 4])
    database.store.erase("house", [1])
    with pytest.raises(FactErased):
        database.store.traces("house", [1])


def test_nothing_is_erased_from_a_memory_that_has_moved_on(database: Database, house: MemoryRow):
    for seen in (Seen(house.uid, 2), Seen(uuid.uuid4(), 3)):
        with pytest.raises(MemoryMoved):
            database.store.erase("house", [2], seen=seen)
    assert database.store.get_memory("house") == house

    assert database.store.erase("house", [2], seen=Seen(house.uid, 3)).revision == 4


class Refusal(Exception):
    pass


def test_a_memory_is_changed_only_if_its_state_allows_it(database: Database):
    def refuse(memory: MemoryRow | None) -> None:
        if memory is not None:
            raise Refusal

    made, created = database.store.put_memory_if("garden", description="A garden.", allowed=refuse)
    assert (made.description, created) == ("A garden.", True)

    with pytest.raises(Refusal):
        database.store.put_memory_if("garden", description="A desert.", allowed=refuse)
    assert database.store.get_memory("garden") == made
