"""Keys: kept as hashes, found by what is no secret in them, closed for ever when they are revoked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from memnet.errors import InputError, KeyNotFound
from memnet.store import VERBS, Keys
from memnet.store.actors import acting_as
from tests.memnet.store.conftest import Database


@pytest.fixture
def keys(database: Database) -> Keys:
    return database.store.keys


def test_a_key_finds_its_row_and_a_changed_one_finds_none(keys: Keys):
    row, key = keys.create("robot-7", memories=["house"], verbs=["write", "read"])

    assert keys.find(key) == row
    assert (row.memories, row.verbs, row.state(datetime.now(UTC))) == (
        ("house",),
        ("read", "write"),
        "active",
    )
    last = "a" if key[-1] != "a" else "b"
    for other in (key[:-1] + last, key.upper(), key + "x", key[3:], "", "mn_00000000_" + "a" * 43, "mn_ü"):
        assert keys.find(other) is None


def test_the_secret_is_in_no_column(database: Database, keys: Keys):
    _, key = keys.create("robot-7", memories=["*"], verbs=VERBS)

    secret = key.split("_", 2)[2]
    stored = database.rows("SELECT * FROM api_keys")
    assert secret not in repr(stored)
    assert secret.encode() not in [
        bytes(value) for value in stored[0] if isinstance(value, bytes | memoryview)
    ]


def test_two_keys_have_nothing_in_common(keys: Keys):
    (_, one), (_, two) = (keys.create(name, memories=["*"], verbs=["read"]) for name in ("a", "b"))

    assert len(one) == len(two) == 55
    assert one.split("_", 2)[1:] != two.split("_", 2)[1:]


@pytest.mark.parametrize(
    ("patterns", "seen", "unseen"),
    [
        (["house"], ["house"], ["house-2", "hous", "shed"]),
        (["robot-*"], ["robot-", "robot-7", "robot-7_b"], ["robot", "robot_7", "house"]),
        (["house", "shed"], ["house", "shed"], ["garden"]),
        (["*"], ["house", "0"], []),
    ],
)
def test_a_key_sees_the_memories_it_names(
    keys: Keys, patterns: list[str], seen: list[str], unseen: list[str]
):
    row, _ = keys.create("k", memories=patterns, verbs=["read"])

    assert [name for name in seen + unseen if row.sees(name)] == seen


def test_a_list_of_memories_is_cut_to_names_and_beginnings(database: Database):
    for name in ("garden", "robot-1", "robot-2", "robot_3", "robots", "shed"):
        database.store.put_memory(name)

    def listed(*within: str, after: str | None = None) -> list[str]:
        return [row.name for row in database.store.list_memories(within=within, after=after)]

    assert listed("robot-*") == ["robot-1", "robot-2"]
    assert listed("robot*", "shed", "cellar") == ["robot-1", "robot-2", "robot_3", "robots", "shed"]
    assert listed("robot*", after="robot-2") == ["robot_3", "robots"]
    assert listed("*") == [row.name for row in database.store.list_memories()]
    assert listed() == []


def test_a_revoked_key_stays_revoked_since_when_it_was(keys: Keys):
    _, key = keys.create("robot-7", memories=["*"], verbs=["read"])

    first = keys.revoke("robot-7")
    again = keys.revoke("robot-7")

    assert first.revoked_at is not None
    assert again == first == keys.find(key)
    assert first.state(datetime.now(UTC)) == "revoked"


def test_a_key_expires_at_its_moment(keys: Keys):
    end = datetime.now(UTC) + timedelta(hours=1)
    row, _ = keys.create("robot-7", memories=["*"], verbs=["read"], expires_at=end)

    assert row.expires_at == end
    assert row.state(end - timedelta(seconds=1)) == "active"
    assert row.state(end) == "expired"


def test_the_last_use_is_written_down(keys: Keys):
    row, _ = keys.create("robot-7", memories=["*"], verbs=["read"])
    now = datetime.now(UTC)

    keys.note_use({row.key_id: now})

    assert keys.list()[0].last_used_at == now


def test_a_key_that_opens_nothing_counts_as_one(keys: Keys):
    assert not keys.exist()
    keys.create("robot-7", memories=["*"], verbs=["read"])
    keys.revoke("robot-7")

    assert keys.exist()


def test_a_name_is_one_keys_for_ever(keys: Keys):
    keys.create("robot-7", memories=["*"], verbs=["read"])
    keys.revoke("robot-7")

    with pytest.raises(InputError, match="^there is a key 'robot-7' already$"):
        keys.create("robot-7", memories=["*"], verbs=["read"])


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"name": "Robot 7"}, "a key's name is 1 to 63 lower-case letters, digits, '-' and '_', and begins with a letter or digit; got 'Robot 7'"),
        ({"memories": []}, "a key is for 1 to 100 memories; got 0"),
        ({"memories": ["a"] * 101}, "a key is for 1 to 100 memories; got 101"),
        ({"memories": ["ro*t"]}, "'ro*t' is not the name of a memory, nor the beginning of names"),
        ({"memories": ["House"]}, "'House' is not the name of a memory, nor the beginning of names"),
        ({"verbs": []}, "a key needs a verb"),
        ({"verbs": ["read", "dance"]}, "'dance' is not a verb"),
    ],
)  # fmt: skip
def test_a_key_that_cannot_be_is_refused_and_not_stored(keys: Keys, wrong: dict[str, object], message: str):
    arguments = {"name": "robot-7", "memories": ["house"], "verbs": ["read"], **wrong}

    with pytest.raises(InputError) as raised:
        keys.create(**arguments)

    assert str(raised.value) == message
    assert keys.list() == ()


def test_a_key_that_would_have_expired_is_refused(keys: Keys):
    with pytest.raises(InputError, match="before it is made"):
        keys.create("k", memories=["*"], verbs=["read"], expires_at=datetime.now(UTC) - timedelta(seconds=1))


def test_a_key_that_is_not_there_cannot_be_revoked(keys: Keys):
    with pytest.raises(KeyNotFound, match="^there is no key 'robot-7'$"):
        keys.revoke("robot-7")


def test_the_log_names_who_each_change_was_made_for(database: Database):
    with acting_as("robot-7"):
        database.add("a", "b")
    database.store.forget("house", 1)
    with acting_as("keeper"):
        database.store.forget("house", 2)
        database.store.erase("house", [1])
    database.add("c")

    log = database.store.log("house", after_revision=4)
    assert [(change.op, change.actor) for change in log.changes] == [("add", None)]
    rows = database.rows("SELECT op, actor FROM changes ORDER BY revision, seq")
    assert rows == [
        ("add", "robot-7"), ("add", "robot-7"), ("delete", None), ("delete", "keeper"),
        ("erase", "keeper"), ("add", None),
    ]  # fmt: skip
