"""What was worked out of facts is kept with them, within bounds."""

from __future__ import annotations

import pytest

from memnet.worked import Shelf, Worked


def made(shelf: Shelf, worked: Worked, name: str, size_bytes: int = 10) -> bool:
    """Whether asking for a thing made it."""
    calls = []
    shelf.once(worked, name, lambda: calls.append(name) or name.upper(), lambda thing: size_bytes)
    return bool(calls)


def test_a_thing_is_made_once_for_each_owner():
    shelf, one, other = Shelf(1000), Worked(), Worked()

    assert made(shelf, one, "names")
    assert not made(shelf, one, "names")
    assert made(shelf, one, "keys")
    assert made(shelf, other, "names")
    assert shelf.once(one, "names", lambda: "", len) == "NAMES"


def test_what_is_kept_goes_with_its_owner():
    shelf, one, other = Shelf(1000), Worked(), Worked()
    made(shelf, one, "names", 300)
    made(shelf, one, "keys", 100)
    made(shelf, other, "names", 20)
    assert shelf.size_bytes == 420

    del one

    assert shelf.size_bytes == 20


def test_owners_that_were_not_used_for_the_longest_lose_theirs_first():
    shelf, owners = Shelf(30), [Worked() for _ in range(3)]
    for owner in owners:
        made(shelf, owner, "names")
    made(shelf, owners[0], "names")

    made(shelf, fourth := Worked(), "names")

    assert [bool(owner.things) for owner in owners] == [True, False, True]
    assert shelf.size_bytes == 30
    assert not made(shelf, fourth, "names")
    assert made(shelf, owners[1], "names")


@pytest.mark.parametrize("size_bytes", [31, 10**9])
def test_what_is_larger_than_all_that_may_be_kept_is_made_every_time(size_bytes):
    shelf, owner = Shelf(30), Worked()

    assert made(shelf, owner, "keys", size_bytes)
    assert made(shelf, owner, "keys", size_bytes)
    assert shelf.size_bytes == 0
