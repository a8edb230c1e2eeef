"""Damage done behind the store's back is found, named, and repaired where the text allows it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pytest
from sqlalchemy import update

from memnet.errors import MemoryNotFound, StoreError
from memnet.store import View, Write, Writes, checking, mending
from memnet.store.checking import Problem
from memnet.store.database import writing
from memnet.store.index import BruteForceIndex
from memnet.store.schema import fact_vectors
from tests.memnet.store.conftest import DIM, SPACES, STORY, Database


def check(database: Database, name: str = "house") -> checking.Report:
    """Check a memory for the test's model."""
    return checking.check(database.engine, name, "digest")


def encode(texts: Sequence[str]) -> np.ndarray:
    """Vectors that depend on the text alone."""
    return np.stack(
        [
            np.random.default_rng(zlib.crc32(text.encode())).normal(size=(SPACES, DIM)).astype(np.float32)
            for text in texts
        ]
    )


def rebuild(database: Database) -> mending.Rebuilt:
    """Rebuild the memory with the test's model."""
    return mending.rebuild(database.engine, "house", "digest", database.model_id, encode)


def told(database: Database, *texts: str) -> None:
    """Add facts with the vectors that `encode` makes."""
    database.store.add("house", texts, model_id=database.model_id, vectors=encode(texts))


def overwrite(database: Database, seq: int, vector: bytes, crc32: int | None = None) -> None:
    """Change a stored vector; without a CRC-32 the old one stays."""
    changed: dict[str, object] = {"vector": vector}
    if crc32 is not None:
        changed["crc32"] = crc32
    with writing(database.engine) as connection:
        connection.execute(update(fact_vectors).where(fact_vectors.c.seq == seq).values(changed))


def test_a_store_as_it_should_be_has_no_problems(database: Database):
    told(database, *STORY)
    told(database, *(f"fact {number}" for number in range(100)))
    database.store.forget("house", 2)
    database.store.put_memory("empty")

    assert asdict(check(database)) == {
        "memory": "house",
        "revision": 3,
        "facts": 101,
        "vectors": 102,
        "index_checked": True,
        "problems": [],
    }
    assert check(database, "empty").problems == []
    assert list(checking.names(database.engine)) == ["empty", "house"]


def test_a_memory_from_which_facts_were_erased_is_sound(database: Database):
    told(database, *STORY)
    told(database, "Three.", "Four.")
    database.store.forget("house", 3)
    database.store.erase("house", [1, 3])
    told(database, "Five.")

    assert check(database).problems == []
    assert check(database).index_checked


def test_names_come_page_by_page(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(checking, "_PAGE", 2)
    for name in ("attic", "cellar", "zoo"):
        database.store.put_memory(name)

    assert list(checking.names(database.engine)) == ["attic", "cellar", "house", "zoo"]


def test_checking_changes_nothing(database: Database):
    told(database, *STORY)
    before = (
        database.counts(),
        database.rows("SELECT * FROM models"),
        database.rows("SELECT * FROM store_meta"),
    )

    checking.check(database.engine, "house", "a model nobody registered")

    assert before == (
        database.counts(),
        database.rows("SELECT * FROM models"),
        database.rows("SELECT * FROM store_meta"),
    )


def test_damaged_vectors_are_named_by_memory_and_fact(database: Database):
    told(database, *STORY, "Three.", "Four.")
    width = SPACES * DIM * 4
    nothing = np.full((SPACES, DIM), np.nan, "<f4").tobytes()
    overwrite(database, 1, b"\x00" * width)
    overwrite(database, 2, b"\x00" * 7)
    overwrite(database, 4, nothing, zlib.crc32(nothing))

    report = check(database)

    assert report.problems == [
        Problem("house", "vector damaged", "the vector of fact 1 fails its checksum", 1, "digest"),
        Problem(
            "house", "vector damaged", f"the vector of fact 2 has 7 bytes, expected {width}", 2, "digest"
        ),
        Problem("house", "vector damaged", "the vector of fact 4 holds nan or inf", 4, "digest"),
    ]
    assert not report.index_checked
    assert json.dumps(asdict(report))


def test_damage_to_a_forgotten_fact_is_found(database: Database):
    told(database, *STORY)
    database.store.forget("house", 1)
    overwrite(database, 1, b"")

    assert [(problem.seq, problem.kind) for problem in check(database).problems] == [(1, "vector damaged")]


def test_a_live_fact_without_a_vector_is_named_and_a_forgotten_one_is_not(database: Database):
    told(database, *STORY, "Three.")
    database.store.forget("house", 3)
    database.execute("DELETE FROM fact_vectors WHERE seq > 1")

    assert check(database).problems == [
        Problem("house", "vector missing", "fact 2 has no vector of the model", 2, "digest")
    ]


@pytest.mark.parametrize(
    ("statement", "kind", "message"),
    [
        ("DELETE FROM changes WHERE revision = 2", "log", "the log has 2 of the 3 revisions from 1 to 3"),
        ("DELETE FROM changes WHERE revision = 3", "log", "the log has 2 of the 3 revisions from 1 to 3"),
        ("DELETE FROM changes WHERE seq = 2", "log", "the log does not add fact 2"),
        ("DELETE FROM changes WHERE op = 'delete'", "log", "the log does not delete fact 1"),
        (
            "UPDATE memories SET live_count = 1",
            "count",
            "the memory counts 1 live facts, 2 are there",
        ),
        (
            "UPDATE memories SET last_seq = 2",
            "count",
            "the memory counts to fact 2, fact 3 is there",
        ),
        ("UPDATE memories SET revision = 2", "log", "the log goes to revision 3, the memory is at 2"),
        ("UPDATE memories SET revision = 4", "log", "the log has 3 of the 4 revisions from 1 to 4"),
    ],
)
def test_a_log_or_count_that_is_wrong_is_found(database: Database, statement: str, kind: str, message: str):
    told(database, *STORY)
    told(database, "Three.")
    database.store.forget("house", 1)
    database.execute(statement)

    assert (kind, message) in [(problem.kind, problem.message) for problem in check(database).problems]


class Cracked(BruteForceIndex):
    """An index that answers with the worst facts."""

    def search(self, queries, limit, newest=None):
        return super().search(-queries, limit, newest)


class Confused(BruteForceIndex):
    """An index that finds the right scores under the numbers of other facts."""

    def search(self, queries, limit, newest=None):
        seqs, scores = super().search(queries, limit, newest)
        return np.roll(seqs, 1, axis=1), scores


@pytest.mark.parametrize("index", [Cracked, Confused])
def test_an_index_that_does_not_find_what_is_there_is_found_out(
    database: Database, monkeypatch: pytest.MonkeyPatch, index: type[BruteForceIndex]
):
    told(database, *(f"fact {number}" for number in range(40)))

    def wrong(view: View, space: int) -> BruteForceIndex:
        return (index if space == 1 else BruteForceIndex)(
            view.seqs, np.ascontiguousarray(view.vectors[:, space])
        )

    monkeypatch.setattr(View, "index", wrong)

    assert check(database).problems == [
        Problem("house", "index", "the index of space 1 does not find what is in the database at revision 1")
    ]


def test_vectors_are_made_again_from_the_text(database: Database):
    told(database, *STORY, "Three.", "Four.")
    whole = database.rows("SELECT seq, vector, crc32 FROM fact_vectors ORDER BY seq")
    database.store.forget("house", 4)
    overwrite(database, 1, b"\x00")
    overwrite(database, 4, b"\x00")
    database.execute("DELETE FROM fact_vectors WHERE seq = 3")
    with pytest.raises(StoreError):
        database.view()

    assert rebuild(database) == mending.Rebuilt("house", 3, 0)

    assert check(database).problems == []
    assert database.rows("SELECT seq, vector, crc32 FROM fact_vectors ORDER BY seq") == whole
    assert len(database.view()) == 3


def test_a_rebuild_page_by_page_makes_all_of_them(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(checking, "_PAGE", 2)
    told(database, *(f"fact {number}" for number in range(5)))
    database.execute("DELETE FROM fact_vectors")

    assert rebuild(database).encoded == 5
    assert check(database).problems == []
    assert rebuild(database).encoded == 0


def test_a_rebuild_takes_the_cached_views_from_every_process(database: Database):
    told(database, *STORY)
    cached = database.view()
    assert database.view() is cached

    rebuild(database)

    assert database.view() is not cached


def test_a_fact_that_is_gone_meanwhile_does_not_get_its_vector_back(database: Database):
    told(database, *STORY)
    database.execute("DELETE FROM fact_vectors")

    def encode_slowly(texts: Sequence[str]) -> np.ndarray:
        database.execute("DELETE FROM facts WHERE seq = 1")
        return encode(texts)

    rebuilt = mending.rebuild(database.engine, "house", "digest", database.model_id, encode_slowly)

    assert rebuilt.encoded == 1
    assert database.rows("SELECT seq FROM fact_vectors") == [(2,)]


def test_damaged_vectors_of_a_model_that_is_not_loaded_are_removed_unless_they_answer(database: Database):
    told(database, *STORY)
    other = database.store.register_model("other", family="memn2n", spaces=1, dim=2)
    database.store.add_vectors("house", other, [1, 2], np.ones((2, 1, 2), np.float32))
    database.execute(f"UPDATE fact_vectors SET crc32 = 0 WHERE model_id = {other} AND seq = 1")
    assert [(p.seq, p.model) for p in check(database).problems] == [(1, "other")]

    assert rebuild(database) == mending.Rebuilt("house", 0, 1)

    assert check(database).problems == []
    assert database.rows(f"SELECT seq FROM fact_vectors WHERE model_id = {other}") == [(2,)]


def test_damage_that_only_another_model_can_mend_stays_and_is_named(database: Database):
    told(database, *STORY)
    database.execute("UPDATE fact_vectors SET crc32 = 0 WHERE seq = 1")
    other = database.store.register_model("other", family="memn2n", spaces=1, dim=2)

    rebuilt = mending.rebuild(database.engine, "house", "other", other, encode)

    assert rebuilt == mending.Rebuilt("house", 0, 0)
    assert [(p.kind, p.seq, p.model) for p in checking.check(database.engine, "house", "other").problems] == [
        ("vector damaged", 1, "digest")
    ]


def test_a_memory_that_does_not_exist_is_not_found(database: Database):
    with pytest.raises(MemoryNotFound):
        check(database, "cellar")
    with pytest.raises(MemoryNotFound):
        mending.rebuild(database.engine, "cellar", "digest", database.model_id, encode)


def test_what_supersedes_a_fact_that_is_not_there_is_found(database: Database):
    told(database, *STORY)
    of = [Write(np.array([1, 2]), np.array([0.5, 0.5], np.float32))]
    database.store.add(
        "house", ["x"], model_id=database.model_id, vectors=encode(["x"]), writes=Writes(1, of)
    )
    assert check(database).problems == []
    database.execute("UPDATE facts SET seq = 9 WHERE seq = 2")

    problems = check(database).problems

    message = "fact 3 supersedes fact 2, and one of them is not there"
    assert Problem("house", "write", message, 3) in problems
