"""Public ids of facts."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memnet.store.ids import MAX_SEQ, fact_id, seq_of

UID = uuid.UUID("4d303569-3738-44f0-9ce2-0bf94a1c00ee")

uids = st.uuids(version=4)
seqs = st.integers(1, MAX_SEQ)


def test_the_id_of_a_fact_worked_by_hand():
    # The uid's bits up to the last 12 digits, version 8, and 2 as the twelfth of them.
    assert fact_id(UID, 2) == uuid.UUID("4d303569-3738-84f0-9ce2-000000000002")


@settings(deadline=None)
@given(uids, seqs)
def test_the_number_of_a_fact_can_be_read_from_its_id(uid: uuid.UUID, seq: int):
    found = fact_id(uid, seq)

    assert seq_of(uid, found) == seq
    assert (found.version, found.variant) == (8, uuid.RFC_4122)
    assert int(str(found)[-12:], 16) == seq


@settings(deadline=None)
@given(uids, uids, seqs)
def test_the_id_of_another_memorys_fact_is_no_number(uid: uuid.UUID, other: uuid.UUID, seq: int):
    # Memories that differ in the last 48 bits alone share their ids; those bits never reach an id.
    if fact_id(uid, 1) != fact_id(other, 1):
        assert seq_of(uid, fact_id(other, seq)) is None


@settings(deadline=None)
@given(uids)
def test_an_id_that_we_did_not_make_is_no_number(foreign: uuid.UUID):
    assert seq_of(UID, foreign) is None
    assert seq_of(UID, UID) is None
    assert seq_of(foreign, foreign) is None


def test_there_is_no_fact_zero():
    assert seq_of(UID, uuid.UUID(int=fact_id(UID, 1).int - 1)) is None


@pytest.mark.parametrize("seq", [-1, 0, MAX_SEQ + 1])
def test_a_number_without_an_id_is_refused(seq: int):
    with pytest.raises(ValueError, match="expected 1 to"):
        fact_id(UID, seq)
