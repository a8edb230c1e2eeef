"""Public ids of facts: the memory's random bits and the fact's number in one UUID.

A fact's id needs no column and no index, because it can be computed from what is stored and read back:

    bits 127..80   48 random bits of the memory's uid
    bits  79..76   8, the version (RFC 9562: custom layout)
    bits  75..64   12 random bits of the uid
    bits  63..62   2, the variant
    bits  61..48   14 random bits of the uid
    bits  47..0    `seq`

so the last 12 hex digits are the fact's number and 74 random bits tell one memory from another.
"""

from __future__ import annotations

from uuid import UUID

MAX_SEQ = (1 << 48) - 1
"""The largest `seq` that has an id."""

_FIXED = (0xF << 76) | (0x3 << 62)
_VERSION_AND_VARIANT = (0x8 << 76) | (0x2 << 62)


def fact_id(uid: UUID, seq: int) -> UUID:
    """The public id of fact `seq` of the memory with this `uid`.

    Raises:
        ValueError: `seq` is not in 1..MAX_SEQ.
    """
    if not 1 <= seq <= MAX_SEQ:
        raise ValueError(f"seq is {seq}, expected 1 to {MAX_SEQ}")
    return UUID(int=_prefix(uid) | seq)


def seq_of(uid: UUID, fact_id: UUID) -> int | None:
    """The number of a fact from its id; None when the id is not one of this memory's facts."""
    seq = fact_id.int & MAX_SEQ
    if seq == 0 or fact_id.int - seq != _prefix(uid):
        return None
    return seq


def _prefix(uid: UUID) -> int:
    return uid.int & ~MAX_SEQ & ~_FIXED | _VERSION_AND_VARIANT
