"""Facts as lines of JSON: what goes out comes in again, and a bad file changes nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memnet.errors import InputError, MemoryNotFound, StoreError, StoreUnavailable
from memnet.store import FactStore, checking, exporting, importing, migrate, open_database
from memnet.store.transfer import TransferError
from memnet.text import words
from tests.memnet.store.conftest import DIM, SPACES, STORY, Database

HEADER = {"memnet": "facts", "format": 1, "memory_id": "house", "revision": 1, "count": 2, "model": None}
"""Of a file that holds two facts."""


def remember(database: Database, store: FactStore | None = None) -> importing.Remember:
    """Store texts as `Memory.remember` does, with random vectors."""

    def remembering(name: str, texts: Sequence[str]) -> object:
        return (store or database.store).add(
            name, texts, model_id=database.model_id, vectors=database.vectors(len(texts))
        )

    return remembering


def exported(database: Database, name: str = "house") -> bytes:
    """The file of a memory."""
    out = io.BytesIO()
    exporting.export_facts(database.engine, name, out)
    return out.getvalue()


def texts(store: FactStore, name: str) -> list[str]:
    """The texts of a memory, in order."""
    return [fact.text for fact in store.facts(name, limit=10_000)]


def file_of(*lines: object, header: object = HEADER, end: str = "\n") -> io.BytesIO:
    """A file of these lines; what is not a string is written as JSON."""
    written = [line if isinstance(line, str) else json.dumps(line) for line in (header, *lines)]
    return io.BytesIO(("\n".join(written) + end).encode(errors="surrogatepass"))


def imported(database: Database, file: io.BytesIO, name: str = "copy", **options: bool):
    """Import a file: what was done, and the problems."""
    problems: list[str] = []
    done = importing.import_facts(
        database.engine,
        remember(database),
        name,
        file,
        report=lambda problem: problems.append(str(problem)),
        **options,
    )
    return done, problems


def refused(database: Database, file: io.BytesIO, **options: bool) -> tuple[str, list[str]]:
    """Import a file that is refused, and see that nothing is stored: the message and the problems."""
    before = database.counts()
    problems: list[str] = []
    with pytest.raises(TransferError) as raised:
        importing.import_facts(
            database.engine,
            remember(database),
            "copy",
            file,
            report=lambda problem: problems.append(str(problem)),
            **options,
        )
    assert database.counts() == before
    return str(raised.value), problems


def test_a_file_is_a_header_and_one_line_per_fact(database: Database):
    database.add(*STORY)
    database.add("Mary dropped the football there.")
    database.store.forget("house", 2)

    header, *facts = [json.loads(line) for line in exported(database).splitlines()]

    assert datetime.fromisoformat(header.pop("created_at")).tzinfo is not None
    assert header == {
        "memnet": "facts",
        "format": 1,
        "memory_id": "house",
        "revision": 3,
        "count": 2,
        "model": "digest",
    }
    assert [(fact["seq"], fact["text"], fact["created_revision"]) for fact in facts] == [
        (1, STORY[0], 1),
        (3, "Mary dropped the football there.", 2),
    ]
    assert datetime.fromisoformat(facts[0]["created_at"]) == database.store.fact("house", 1).created_at


def test_a_memory_without_facts_is_a_header_alone(database: Database):
    file = exported(database)

    assert json.loads(file)["count"] == 0
    assert json.loads(file)["model"] is None
    assert imported(database, io.BytesIO(file)) == (importing.Imported(0, 0), [])
    assert database.store.get_memory("copy").revision == 0


def test_facts_arrive_in_another_database_in_the_same_order(database: Database, tmp_path: Path):
    many = [f"{text} And then {number} more." for number in range(300) for text in STORY]
    database.add(*many)
    migrate.upgrade(f"sqlite:///{tmp_path}/other.db")
    engine = open_database(f"sqlite:///{tmp_path}/other.db")
    other = FactStore(engine)
    database.model_id = other.register_model("digest", family="memn2n", spaces=SPACES, dim=DIM)

    done = importing.import_facts(engine, remember(database, other), "house", io.BytesIO(exported(database)))

    assert done == importing.Imported(600, 0)
    assert texts(other, "house") == many
    assert [memory.name for memory in other.list_memories()] == ["house"]
    assert len(other.view("house", database.model_id)) == 600
    other.close()


def storable(text: str) -> bool:
    """Whether a text can be a fact."""
    return bool(words(text)) and "\x00" not in text


TEXTS = st.lists(
    st.one_of(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
        st.text('a\n\r\t\u2028\u2029\u0085"\\{}🏈👩‍🚀é\u0301ß', min_size=1, max_size=12),
    ).filter(storable),
    max_size=6,
)


@given(facts=TEXTS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_text_survives_the_way_out_and_in(facts: list[str], database: Database):
    for name in ("story", "copy"):
        with suppress(MemoryNotFound):
            database.store.delete_memory(name)
    database.store.put_memory("story")
    if facts:
        database.add(*facts, name="story")

    file = exported(database, "story")
    done, problems = imported(database, io.BytesIO(file))

    assert file.count(b"\n") == len(facts) + 1
    assert (done.stored, problems) == (len(facts), [])
    assert texts(database.store, "copy") == facts


def test_facts_added_or_forgotten_while_it_is_written_make_no_difference(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(exporting, "_PAGE", 2)
    database.add(*(f"fact {number}" for number in range(5)))

    class Slow(io.BytesIO):
        def write(self, data):
            if b'"seq": 1,' in bytes(data):
                database.store.forget("house", 4)
                database.add("too late")
            return super().write(data)

    out = Slow()
    header = exporting.export_facts(database.engine, "house", out)

    facts = [json.loads(line) for line in out.getvalue().splitlines()[1:]]
    assert [fact["seq"] for fact in facts] == [1, 2, 3, 4, 5]
    assert (header.revision, header.count) == (1, 5)


def test_an_export_that_lost_facts_on_the_way_says_so(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exporting, "_PAGE", 2)
    database.add(*(f"fact {number}" for number in range(5)))

    class Slow(io.BytesIO):
        def write(self, data):
            if b'"seq": 1,' in bytes(data):
                database.store.delete_memory("house")
            return super().write(data)

    with pytest.raises(StoreError) as raised:
        exporting.export_facts(database.engine, "house", Slow())

    assert str(raised.value) == "memory 'house' held 5 facts and 2 were found: some were erased meanwhile"
    assert raised.value.hint == "export it again"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("Mary went home", "not JSON at character 1, expected a JSON object"),
        ('{"text": "Mary"', "not JSON at character 16, expected a JSON object"),
        ("[" * 100_000, "not JSON that can be read, expected a JSON object"),
        ('{"seq": ' + "9" * 5000 + "}", "not JSON that can be read, expected a JSON object"),
        (["Mary went home"], "a list, expected a JSON object"),
        ("null", "null, expected a JSON object"),
        ({"txt": "Mary"}, "unknown field 'txt', expected seq, text, created_at, created_revision"),
        ({"seq": 2}, "text is null, expected a string"),
        ({"text": 7}, "text is a number, expected a string"),
        ({"text": ""}, "text is empty, expected a sentence"),
        ({"text": "… !"}, "text has no word in it, expected a sentence"),
        ({"text": "a" * 100_001}, "text has 100001 characters, expected at most 100000"),
        ({"text": "a" * (3 << 20)}, "longer than 2097152 bytes"),
        ({"text": "Mary\x00"}, "text holds the character U+0000 at position 4, which cannot be stored"),
        ({"text": "\ud83c Mary"}, "text holds the character U+D83C at position 0, which cannot be stored"),
        ({"text": "Mary", "seq": "2"}, 'seq is "2", expected a whole number above 1'),
        ({"text": "Mary", "seq": 1}, "seq is 1, expected a whole number above 1"),
        ({"text": "Mary", "seq": True}, "seq is true, expected a whole number above 1"),
        ({"text": "Mary", "created_revision": -1}, "created_revision is -1, expected a whole number"),
        (
            {"text": "Mary", "created_at": "yesterday"},
            'created_at is "yesterday", expected a moment like 2026-01-05T09:00:00+00:00',
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)
@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_bad_line_is_named_by_its_number_and_what_was_expected(
    database: Database, line: object, problem: str
):
    message, problems = refused(database, file_of({"text": STORY[0]}, line))

    assert problems == [f"line 3: {problem}"]
    assert message == "one problem in the file; nothing is stored"


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_bytes_that_are_no_text_are_a_bad_line(database: Database):
    file = io.BytesIO(file_of({"text": STORY[0]}).getvalue() + b'{"text": "caf\xe9"}\n')

    assert refused(database, file)[1] == ["line 3: not UTF-8 at byte 14, expected a JSON object"]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_text_alone_is_enough_and_empty_lines_do_not_count(database: Database):
    done, problems = imported(database, file_of("", {"text": STORY[0]}, "  ", {"text": STORY[1]}, ""))

    assert (done.stored, problems) == (2, [])
    assert texts(database.store, "copy") == STORY


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ({"text": "Mary"}, "line 1: expected the header of an export"),
        ("Mary went home", "line 1: expected the header of an export"),
        ("[1]", "line 1: expected the header of an export"),
        ({**HEADER, "format": 2}, "line 1: the file has format 2, this memnet reads formats 1 to 1"),
        (
            {**HEADER, "format": "1"},
            "line 1: expected format 1 and a count of facts, got format '1' and count 2",
        ),
        (
            {**HEADER, "count": None},
            "line 1: expected format 1 and a count of facts, got format 1 and count None",
        ),
    ],
)
@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_file_without_a_header_that_fits_is_refused(database: Database, header: object, message: str):
    for skip_bad in (False, True):
        file = file_of({"text": STORY[0]}, {"text": STORY[1]}, header=header)
        assert refused(database, file, skip_bad=skip_bad) == (message, [])


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_an_empty_file_is_refused(database: Database):
    assert refused(database, io.BytesIO(b""))[0] == "the file is empty, expected a header"


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_file_that_was_cut_off_is_noticed_wherever_it_was_cut(database: Database):
    database.add(*STORY)
    whole = exported(database)
    begin = whole.index(b"\n") + 1

    for end in range(begin, len(whole) - 1):
        _, problems = refused(database, io.BytesIO(whole[:end]))
        assert problems
    cut = whole[: whole.index(b"\n", begin) + 1]
    assert refused(database, io.BytesIO(cut))[1] == [
        "end of file: the header counts 2 facts, the file holds 1; it was cut off"
    ]


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_a_file_with_more_facts_than_it_says_is_refused(database: Database):
    file = file_of(*({"text": text} for text in [*STORY, "And more."]))

    assert refused(database, file)[1] == ["end of file: the header counts 2 facts, the file holds 3"]


def test_with_skip_bad_the_other_facts_are_stored(database: Database):
    file = file_of({"text": STORY[0]}, "{", {"text": "?"}, {"text": STORY[1]}, header={**HEADER, "count": 4})

    done, problems = imported(database, file, skip_bad=True)

    assert done == importing.Imported(2, 2)
    assert problems == [
        "line 3: not JSON at character 2, expected a JSON object",
        "line 4: text has no word in it, expected a sentence",
    ]
    assert texts(database.store, "copy") == STORY


def test_a_memory_that_has_facts_is_left_alone(database: Database):
    database.add(*STORY)
    file = exported(database)

    with pytest.raises(InputError) as raised:
        imported(database, io.BytesIO(file), "house")

    assert str(raised.value) == "memory 'house' is at revision 1, expected one that never held a fact"
    assert raised.value.hint == "import under a new name, or add to its facts with --append"
    assert texts(database.store, "house") == STORY


def test_a_memory_without_facts_keeps_its_description(database: Database):
    database.add(*STORY)
    database.store.put_memory("copy", description="Where things are")

    imported(database, io.BytesIO(exported(database)))

    assert database.store.get_memory("copy").description == "Where things are"
    assert texts(database.store, "copy") == STORY


def test_facts_are_appended_in_one_revision_when_asked(database: Database):
    database.add(*STORY)

    imported(database, io.BytesIO(exported(database)), "house", append=True)

    assert texts(database.store, "house") == STORY * 2
    assert database.store.get_memory("house").revision == 2


def test_more_facts_than_one_transaction_should_hold_are_not_appended(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(importing, "MAX_APPENDED", 1)
    database.add(*STORY)

    with pytest.raises(InputError) as raised:
        imported(database, io.BytesIO(exported(database)), "house", append=True)

    assert str(raised.value) == "the file holds 2 facts; at most 1 can be appended in one transaction"
    assert texts(database.store, "house") == STORY


def in_batches_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "_BATCH_FACTS", 1)


def failing_at(database: Database, call: int, error: BaseException) -> importing.Remember:
    """Stores until a call that fails."""
    calls = 0
    store: Callable[..., object] = remember(database)

    def remembering(name: str, batch: Sequence[str]) -> object:
        nonlocal calls
        calls += 1
        if calls == call:
            raise error
        return store(name, batch)

    return remembering


@pytest.mark.parametrize("error", [StoreUnavailable("the disk is full"), KeyboardInterrupt()])
def test_an_import_that_fails_between_batches_stores_nothing(
    database: Database, monkeypatch: pytest.MonkeyPatch, error: BaseException
):
    in_batches_of_one(monkeypatch)
    database.add(*STORY)
    before = database.counts()
    file = io.BytesIO(exported(database))

    with pytest.raises(type(error)):
        importing.import_facts(database.engine, failing_at(database, 2, error), "copy", file)

    assert database.counts() == before


def test_an_import_killed_between_batches_is_simply_run_again(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    in_batches_of_one(monkeypatch)
    database.add(*STORY)
    file = exported(database)
    with monkeypatch.context() as killed:
        # Who is killed does not tidy up.
        killed.setattr(FactStore, "delete_memory", lambda self, name: None)
        with pytest.raises(KeyboardInterrupt):
            importing.import_facts(
                database.engine, failing_at(database, 2, KeyboardInterrupt()), "copy", io.BytesIO(file)
            )
    with pytest.raises(MemoryNotFound):
        database.store.get_memory("copy")
    ((remains,),) = database.rows("SELECT name FROM memories WHERE name <> 'house'")
    assert remains.startswith("importing-")
    # Nobody made it: it is neither listed nor checked nor changed to another model.
    assert [memory.name for memory in database.store.list_memories()] == ["house"]
    assert list(checking.names(database.engine)) == ["house"]
    other = database.store.register_model("other", family="memn2n", spaces=1, dim=2)
    assert database.store.memories_of_other_models(other) == ["house"]

    imported(database, io.BytesIO(file))

    assert texts(database.store, "copy") == STORY
    # It may still be at work for all we know, for an hour.
    assert database.store.get_memory(remains).live_count == 1
    monkeypatch.setattr(importing, "_ABANDONED", timedelta(seconds=-1))
    imported(database, io.BytesIO(file), "again")
    names = database.rows("SELECT name FROM memories ORDER BY name")
    assert names == [("again",), ("copy",), ("house",)]


def test_facts_that_arrive_during_an_import_are_not_replaced(
    database: Database, monkeypatch: pytest.MonkeyPatch
):
    database.add(*STORY)
    file = exported(database)
    database.store.put_memory("copy")
    store = remember(database)

    def remembering(name: str, batch: Sequence[str]) -> object:
        database.add("Somebody was faster.", name="copy")
        return store(name, batch)

    with pytest.raises(InputError, match="memory 'copy' is at revision 1"):
        importing.import_facts(database.engine, remembering, "copy", io.BytesIO(file))

    assert texts(database.store, "copy") == ["Somebody was faster."]
    assert len(database.store.list_memories()) == 2


def test_a_file_that_changes_between_check_and_reading_stores_nothing(database: Database):
    database.add(*STORY)
    file = io.BytesIO(exported(database))
    before = database.counts()

    class Changing(io.BytesIO):
        def seek(self, *position):
            if position[0] == 0 and self.tell() > 0:
                self.truncate(len(self.getvalue()) - 5)
            return super().seek(*position)

    with pytest.raises(StoreError) as raised:
        imported(database, Changing(file.getvalue()))

    assert str(raised.value) == "the file held 2 facts when it was checked and 1 when it was read"
    assert database.counts() == before


def test_a_batch_is_no_wider_than_it_may_be(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(importing, "_BATCH_CHARACTERS", 100)

    batches = list(importing._batches(iter(["a" * 10] * 12 + ["b" * 60] + ["c" * 101] + ["d"] * 3)))

    assert [len(batch) for batch in batches] == [10, 2, 1, 1, 3]
    assert all(max(map(len, batch)) * len(batch) <= 101 for batch in batches)


def test_moments_in_a_file_are_utc(database: Database):
    database.add(STORY[0])
    fact = json.loads(exported(database).splitlines()[1])

    assert datetime.fromisoformat(fact["created_at"]).utcoffset() == timedelta(0)
    assert datetime.fromisoformat(fact["created_at"]) <= datetime.now(UTC)
