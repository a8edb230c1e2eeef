"""Answers and questions that the store keeps, on each database."""

from __future__ import annotations

import uuid
from pathlib import Path
from uuid import UUID

import pytest

from memnet.errors import (
    AnswerNotFound,
    HistoryErased,
    MemoryNotFound,
    TextError,
    TooManyWatches,
    WatchNotFound,
)
from memnet.store import AnswerRow
from memnet.store.failpoints import Failpoint, armed
from tests.memnet.store.conftest import STORY, Database
from tests.memnet.store.test_erase import SECRET, told, traces


def keep(database: Database, revision: int | None = None, **changed: object) -> AnswerRow:
    memory = database.store.get_memory("house")
    row: dict[str, object] = {
        "uid": memory.uid,
        "revision": memory.revision if revision is None else revision,
        "model_id": database.model_id,
        "supposes": False,
        "asked": '{"question": "Where is the key? ü"}',
        "answer": f'{{"evidence": ["{SECRET}"]}}',
        "digest": "sha256:0",
        **changed,
    }
    uid = row.pop("uid")
    assert isinstance(uid, UUID)
    return database.store.keep_answer("house", uid, **row)  # type: ignore[arg-type]


def ids(database: Database) -> list[UUID]:
    return [each.answer_id for each in database.store.kept_answers("house").answers]


def test_an_answer_reads_as_it_was_kept(database: Database):
    database.add(*STORY)

    one = keep(database)

    assert (one.model, one.revision, one.digest) == ("digest", 1, "sha256:0")
    assert database.store.kept_answer("house", one.answer_id).answers == (one,)
    assert one.created_at.tzinfo is not None
    assert database.store.get_memory("house").revision == 1


def test_pages_go_on_where_the_one_before_ended_also_within_one_moment(database: Database):
    database.add(*STORY)
    kept = [keep(database) for _ in range(5)]
    database.execute("UPDATE answers SET created_at = '2026-11-20 09:14:03.000000'")

    found: list[UUID] = []
    before = None
    while page := database.store.kept_answers("house", before=before, limit=2).answers:
        found += [each.answer_id for each in page]
        before = (page[-1].created_at, page[-1].answer_id)

    assert sorted(found) == sorted(each.answer_id for each in kept)


def test_erasing_takes_the_answers_that_may_hold_something_of_the_fact(database: Database):
    database.add(STORY[0])  # revision 1
    before = keep(database)
    database.add(SECRET)  # revision 2
    keep(database)
    database.add(STORY[1])  # revision 3
    keep(database)
    database.store.forget("house", 2)  # revision 4
    after = keep(database)
    keep(database, supposes=True)
    database.store.put_memory("other")
    database.add("another memory", name="other")
    assert database.store.traces("house", [2]).answers == 3
    assert database.store.traces("house", [1, 2]).answers == 5

    erased = database.store.erase("house", [2])

    assert erased.answers == 3
    assert sorted(ids(database)) == sorted([before.answer_id, after.answer_id])


@pytest.mark.parametrize("point", ["erase.answers", "erase.log"])
def test_an_erasing_that_fails_keeps_the_answers(database: Database, point: str):
    told(database)
    one = keep(database)

    with armed(f"{point}=raise"), pytest.raises(Failpoint):
        database.store.erase("house", [2])

    assert ids(database) == [one.answer_id]


def test_what_was_read_before_an_erasing_is_not_kept_after_it(database: Database):
    told(database)
    database.store.erase("house", [2])

    with pytest.raises(HistoryErased, match="memory 'house' cannot be read as of revision 1"):
        keep(database, revision=1)

    assert ids(database) == []
    assert keep(database).revision == 2


def test_an_answer_is_for_the_memory_that_was_asked(database: Database):
    database.add(*STORY)

    with pytest.raises(MemoryNotFound):
        keep(database, uid=uuid.uuid4())
    with pytest.raises(TextError):
        keep(database, asked="\0")
    with pytest.raises(AnswerNotFound):
        database.store.kept_answer("house", uuid.uuid4())


def test_answers_and_watches_go_with_their_memory(database: Database):
    database.add(*STORY)
    keep(database)
    database.store.add_watch("house", "Where is Mary?", most=1)

    database.store.delete_memory("house")

    assert database.rows("SELECT count(*) FROM answers") == [(0,)]
    assert database.rows("SELECT count(*) FROM watches") == [(0,)]


def test_watches_are_counted_read_and_let_go(database: Database):
    database.add(*STORY)
    one = database.store.add_watch("house", "Where is Mary?", most=1)

    with pytest.raises(TooManyWatches):
        database.store.add_watch("house", "Where is John?", most=1)
    assert database.store.watches("house").watches == (one,)
    assert database.store.watch_revisions([one.watch_id, uuid.uuid4()]) == {one.watch_id: 1}
    database.store.drop_watch("house", one.watch_id)
    with pytest.raises(WatchNotFound):
        database.store.drop_watch("house", one.watch_id)


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_no_file_holds_what_an_erased_fact_was_answered_with(database: Database, tmp_path: Path):
    vectors = told(database)
    for _ in range(40):
        keep(database, answer=SECRET * 50)
        database.add("filling " * 30)
    assert traces(tmp_path, vectors)

    assert database.store.erase("house", [2]).scrubbed

    assert traces(tmp_path, vectors) == []


@pytest.mark.parametrize("dialect", [pytest.param("postgresql", marks=pytest.mark.postgres)], indirect=True)
def test_scrubbing_a_server_rewrites_the_answers_too(database: Database, postgres_server):
    vectors = told(database)
    folder = Path(str(database.rows("SHOW data_directory")[0][0])) / "base"
    for _ in range(10):
        keep(database)

    database.store.erase("house", [2])
    assert database.store.scrub()

    assert traces(folder, vectors) == []
