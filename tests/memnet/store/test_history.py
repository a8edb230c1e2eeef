"""Reading a memory as it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from memnet.errors import FactNotFound, InputError, RevisionNotFound
from tests.memnet.store.conftest import Database
from tests.memnet.store.test_views import assert_same


def told_and_forgotten(database: Database) -> dict[int, list[str]]:
    """A memory with a past: what each of its revisions held."""
    database.add("a", "b")  # 1
    database.add("c")  # 2
    database.store.forget("house", 1)  # 3
    database.add("d", "e", "f")  # 4
    database.store.forget("house", 5)  # 5
    database.store.forget("house", 2)  # 6
    return {
        0: [],
        1: ["a", "b"],
        2: ["a", "b", "c"],
        3: ["b", "c"],
        4: ["b", "c", "d", "e", "f"],
        5: ["b", "c", "d", "f"],
        6: ["c", "d", "f"],
    }


def test_every_revision_is_read_as_it_was(database: Database, open_store):
    states = told_and_forgotten(database)
    other = open_store()
    for store in (database.store, other, database.store):
        for revision, texts in states.items():
            view = store.view("house", database.model_id, as_of_revision=revision)
            assert (view.revision, list(view.texts)) == (revision, texts)
            listed = store.facts("house", as_of_revision=revision)
            assert [fact.text for fact in listed] == texts
            down = store.facts("house", as_of_revision=revision, descending=True, limit=2)
            assert [fact.text for fact in down] == texts[::-1][:2]


def test_a_past_view_is_the_view_of_its_time_bit_for_bit(database: Database):
    database.add("a", "b")
    now = database.view()
    database.store.forget("house", 2)
    database.add("c")
    database.view()

    then = database.store.view("house", database.model_id, as_of_revision=1)

    assert_same(then, now)
    assert database.store.view("house", database.model_id, as_of_revision=1) is then


def test_the_last_revision_named_is_the_last_revision(database: Database):
    database.add("a")

    assert database.store.view("house", database.model_id, as_of_revision=1) is database.view()


def test_a_fact_is_read_while_it_lived(database: Database):
    told_and_forgotten(database)

    assert database.store.fact("house", 1, as_of_revision=2).text == "a"
    for revision in (0, 3, 6):
        with pytest.raises(FactNotFound):
            database.store.fact("house", 1, as_of_revision=revision)


@pytest.mark.parametrize("revision", [7, 2**70, -1])
def test_a_revision_that_is_not_there_says_which_is_the_last(database: Database, revision: int):
    told_and_forgotten(database)

    for read in (
        lambda: database.store.view("house", database.model_id, as_of_revision=revision),
        lambda: database.store.facts("house", as_of_revision=revision),
        lambda: database.store.fact("house", 1, as_of_revision=revision),
        lambda: database.store.missing_vectors("house", database.model_id, as_of_revision=revision),
    ):
        with pytest.raises(RevisionNotFound, match=f"memory 'house' has no revision {revision}") as raised:
            read()
        assert raised.value.hint == "its last revision is 6"


def test_a_moment_is_the_last_revision_recorded_by_then(database: Database):
    start = datetime(2026, 1, 1, tzinfo=UTC)
    states = told_and_forgotten(database)
    for revision in states:
        moment = f"{start + timedelta(hours=revision):%Y-%m-%d %H:%M:%S.%f}"
        zone = "" if database.engine.dialect.name == "sqlite" else "+00"
        database.execute(f"UPDATE changes SET created_at = '{moment}{zone}' WHERE revision = {revision}")

    for revision, texts in states.items():
        moment = start + timedelta(hours=revision, minutes=30)
        view = database.store.view("house", database.model_id, recorded_at=moment)
        assert (view.revision, list(view.texts)) == (revision, texts)
        assert [fact.text for fact in database.store.facts("house", recorded_at=moment)] == texts
    # A moment has many names.
    other_zone = moment.astimezone(datetime.strptime("+0500", "%z").tzinfo)
    assert database.store.view("house", database.model_id, recorded_at=other_zone).revision == 6


def test_a_clock_that_jumps_back_changes_neither_order_nor_now(database: Database):
    told_and_forgotten(database)
    zone = "" if database.engine.dialect.name == "sqlite" else "+00"
    database.execute(f"UPDATE changes SET created_at = '2100-01-01 00:00:00{zone}' WHERE revision <= 4")

    now = datetime.now(UTC)

    assert database.store.view("house", database.model_id, recorded_at=now).revision == 6
    assert database.view().seqs.tolist() == [3, 4, 6]


def test_a_moment_needs_a_zone_and_no_revision_beside_it(database: Database):
    database.add("a")

    with pytest.raises(InputError, match="a moment needs a time zone"):
        database.store.view("house", database.model_id, recorded_at=datetime(2026, 1, 1))
    with pytest.raises(InputError, match="not both"):
        database.store.view("house", database.model_id, recorded_at=datetime.now(UTC), as_of_revision=1)


def test_vectors_of_the_past_are_missed_and_filled_in_too(database: Database):
    told_and_forgotten(database)
    other = database.store.register_model("other", family="memn2n", spaces=1, dim=2)
    missing = database.store.missing_vectors("house", other, as_of_revision=2)
    assert [fact.seq for fact in missing] == [1, 2, 3]

    database.store.add_vectors("house", other, [1, 2, 3], np.ones((3, 1, 2), np.float32))

    assert database.store.view("house", other, as_of_revision=2).texts == ("a", "b", "c")
