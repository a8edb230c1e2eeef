"""Keys to the service: who may do what with which memories, and until when.

A key is `mn_<prefix>_<secret>`. The store keeps the prefix, to find the row, and the SHA-256 of the secret:
its 256 random bits cannot be guessed, so there is nothing that a slow hash would make harder.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Engine, Row, select, update

from memnet.errors import InputError, KeyNotFound
from memnet.store.database import reading, writing
from memnet.store.memories import NAME
from memnet.store.schema import api_keys
from memnet.store.statements import insert_if_absent

VERBS = ("read", "ask", "write", "erase", "admin")
"""What a key may allow: reading facts and the log; asking and searching; making memories, telling and
forgetting; erasing facts and deleting memories; what concerns the service as a whole."""

MOST_MEMORIES = 100
"""Names and prefixes of one key: a list of memories asks for each of them."""

_PATTERN = re.compile(rf"{NAME.pattern}|([a-z0-9][a-z0-9_-]{{0,61}})?\*")
_TOKEN = re.compile(r"mn_(?P<prefix>[0-9a-f]{8})_(?P<secret>[A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class KeyRow:
    """A key, without its secret."""

    key_id: int
    name: str
    """Chosen by the operator, unique for ever; the log names the key by it."""
    prefix: str
    """The part of the key that is no secret."""
    memories: tuple[str, ...]
    """Names of memories; one that ends in `*` stands for all that begin so."""
    verbs: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    """Not of every request: written once in a while."""

    def sees(self, memory: str) -> bool:
        """Whether the key is for a memory of this name, be there one or not."""
        return any(
            memory.startswith(each[:-1]) if each.endswith("*") else memory == each for each in self.memories
        )

    def may(self, verb: str) -> bool:
        """Whether the key allows this."""
        return verb in self.verbs

    def state(self, now: datetime) -> Literal["active", "expired", "revoked"]:
        """Whether the key opens anything now."""
        if self.revoked_at is not None:
            return "revoked"
        return "active" if self.expires_at is None or now < self.expires_at else "expired"


class Keys:
    """The keys of a database. Threads may share it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def create(
        self,
        name: str,
        *,
        memories: Sequence[str],
        verbs: Sequence[str],
        expires_at: datetime | None = None,
    ) -> tuple[KeyRow, str]:
        """Make a key.

        Args:
            name: What the log calls it: a slug that no key ever had.
            memories: Names, or prefixes with a `*` behind them.
            verbs: Of VERBS.
            expires_at: Aware; None for no end.

        Returns:
            The key's row, and the key itself, which is kept nowhere.

        Raises:
            InputError: One of these cannot be, or the name is taken.
        """
        _check(name, memories, verbs, expires_at)
        prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        values = {
            "name": name,
            "prefix": prefix,
            "secret_hash": _hash(secret),
            "memories": " ".join(dict.fromkeys(memories)),
            "verbs": " ".join(verb for verb in VERBS if verb in verbs),
            "created_at": datetime.now(UTC),
            "expires_at": expires_at,
        }
        with writing(self._engine) as connection:
            row = connection.execute(
                insert_if_absent(connection, api_keys).values(**values).returning(api_keys)
            ).one_or_none()
        if row is None:
            raise InputError(
                f"there is a key '{name}' already",
                hint="a name is never used again, so that the log names one key; choose another",
            )
        return _key(row), f"mn_{prefix}_{secret}"

    def list(self) -> tuple[KeyRow, ...]:
        """Every key there ever was, the oldest first."""
        with reading(self._engine) as connection:
            return tuple(map(_key, connection.execute(select(api_keys).order_by(api_keys.c.key_id))))

    def exist(self) -> bool:
        """Whether there is a key, or ever was one: the service does not open when the last one expires."""
        with reading(self._engine) as connection:
            return connection.execute(select(api_keys.c.key_id).limit(1)).one_or_none() is not None

    def revoke(self, name: str) -> KeyRow:
        """Make a key open nothing any more. One that is revoked stays so, since when it was.

        Raises:
            KeyNotFound: There is no such key.
        """
        named = api_keys.c.name == name
        with writing(self._engine) as connection:
            connection.execute(
                update(api_keys)
                .where(named, api_keys.c.revoked_at.is_(None))
                .values(revoked_at=datetime.now(UTC))
            )
            row = connection.execute(select(api_keys).where(named)).one_or_none()
        if row is None:
            raise KeyNotFound(name)
        return _key(row)

    def find(self, key: str) -> KeyRow | None:
        """The row of a key, also of one that is revoked or has expired; None for what is no key."""
        parts = _TOKEN.fullmatch(key)
        if parts is None:
            return None
        with reading(self._engine) as connection:
            row = connection.execute(
                select(api_keys).where(api_keys.c.prefix == parts["prefix"])
            ).one_or_none()
        if row is None or not hmac.compare_digest(row.secret_hash, _hash(parts["secret"])):
            return None
        return _key(row)

    def note_use(self, used_at: Mapping[int, datetime]) -> None:
        """Write down when keys were last used, by their numbers."""
        with writing(self._engine) as connection:
            for key_id, moment in used_at.items():
                connection.execute(
                    update(api_keys).where(api_keys.c.key_id == key_id).values(last_used_at=moment)
                )


def _check(name: str, memories: Sequence[str], verbs: Sequence[str], expires_at: datetime | None) -> None:
    if not NAME.fullmatch(name):
        raise InputError(
            "a key's name is 1 to 63 lower-case letters, digits, '-' and '_', and begins with a letter or "
            f"digit; got {name[:80]!r}"
        )
    if not memories or len(memories) > MOST_MEMORIES:
        raise InputError(f"a key is for 1 to {MOST_MEMORIES} memories; got {len(memories)}")
    for each in memories:
        if not _PATTERN.fullmatch(each):
            raise InputError(
                f"{each[:80]!r} is not the name of a memory, nor the beginning of names",
                hint="write a name, a beginning with a * behind it, or * alone for every memory",
            )
    unknown = [verb for verb in verbs if verb not in VERBS]
    if unknown or not verbs:
        raise InputError(
            f"{unknown[0][:80]!r} is not a verb" if unknown else "a key needs a verb",
            hint=f"verbs are {', '.join(VERBS)}",
        )
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise InputError(f"the key would have expired at {expires_at.isoformat()}, before it is made")


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _key(row: Row[*tuple[Any, ...]]) -> KeyRow:
    values = row._mapping
    return KeyRow(
        **{
            name: values[name]
            for name in (
                "key_id",
                "name",
                "prefix",
                "created_at",
                "expires_at",
                "revoked_at",
                "last_used_at",
            )
        },
        memories=tuple(row.memories.split()),
        verbs=tuple(row.verbs.split()),
    )
