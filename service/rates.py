"""Rates: how many requests of a class somebody may make, as a bucket of tokens that fills up again.

Kept in this process: several workers allow each their own. A library that counts in memory (`limits`) starts
a thread to clean up behind nearly every request; this is all that is needed of it.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from service.settings import Settings

RateClass = Literal["read", "ask", "write", "admin"]

CLASSES: tuple[RateClass, ...] = get_args(RateClass)
"""Classes of requests, each with a rate of its own, so that who asks too often can still write."""

DEFAULT_PER_MINUTE = 12_000
"""200 a second for each class and key."""

MOST = 10_000
"""Callers that are remembered; beyond that the one not heard of for longest is forgotten, and begins anew."""


def class_of(verbs: Iterable[str]) -> RateClass:
    """The class of a request that needs these verbs of a key: that of the one which says most.

    >>> class_of(["ask", "write"]), class_of(["erase"]), class_of([])
    ('write', 'admin', 'read')
    """
    needed = {"admin" if verb == "erase" else verb for verb in verbs}
    return next((each for each in reversed(CLASSES) if each in needed), "read")


def per_minute(settings: Settings, *, asked: bool) -> dict[RateClass, int]:
    """Requests of each class that a caller may make in a minute; 0 for any number.

    Args:
        settings: What the operator chose.
        asked: Whether callers are asked for keys. Who works alone on a machine is not counted unasked.
    """
    common = settings.rate_limit_per_minute
    if common is None:
        common = DEFAULT_PER_MINUTE if asked else 0
    own: Mapping[RateClass, int | None] = {
        "read": settings.rate_limit_read_per_minute,
        "ask": settings.rate_limit_ask_per_minute,
        "write": settings.rate_limit_write_per_minute,
        "admin": settings.rate_limit_admin_per_minute,
    }
    return {each: common if chosen is None else chosen for each, chosen in own.items()}


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


@dataclass(frozen=True, slots=True)
class Taken:
    """What asking for a token led to."""

    wait_s: float
    """0 when there was one, else how long until there will be."""
    left: int
    """Tokens that are left."""


class Rates:
    """A bucket for each caller: it holds a minute's requests and fills evenly. For one thread, the loop's."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with full buckets.

        Args:
            per_minute: Requests per minute, and at once; at least 1.
            clock: Seconds that go by.
        """
        self.per_minute = per_minute
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def take(self, caller: str) -> Taken:
        """One token of this caller's."""
        now = self._clock()
        per_s = self.per_minute / 60
        bucket = self._buckets.get(caller)
        if bucket is None:
            bucket = self._buckets[caller] = _Bucket(self.per_minute, now)
            if len(self._buckets) > MOST:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(caller)
        bucket.tokens = min(self.per_minute, bucket.tokens + (now - bucket.filled_at) * per_s)
        bucket.filled_at = now
        if bucket.tokens < 1:
            return Taken((1 - bucket.tokens) / per_s, 0)
        bucket.tokens -= 1
        return Taken(0.0, int(bucket.tokens))


@dataclass(frozen=True, slots=True)
class Counted:
    """A request that was counted, and what its caller may still do."""

    rate_class: RateClass
    per_minute: int
    taken: Taken

    @property
    def headers(self) -> dict[str, str]:
        """As `draft-ietf-httpapi-ratelimit-headers` writes it; the class is the policy's name."""
        wait = f";t={math.ceil(self.taken.wait_s)}" if self.taken.wait_s else ""
        return {
            "RateLimit-Policy": f'"{self.rate_class}";q={self.per_minute};w=60',
            "RateLimit": f'"{self.rate_class}";r={self.taken.left}{wait}',
        }


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose requests are counted together."""

    name: str
    """The key's, or the address where nobody is asked for a key."""
    has_key: bool

    def too_often(self, counted: Counted) -> str:
        """What it is told that asks too often."""
        whose = "key" if self.has_key else "address"
        return f"{counted.per_minute} '{counted.rate_class}' requests per minute for this {whose}"


class Counter:
    """The rates of every class, for every caller of this process."""

    def __init__(self, settings: Settings) -> None:
        """Begin with nobody counted."""
        self._rates = {
            asked: {each: Rates(most) for each, most in per_minute(settings, asked=asked).items() if most}
            for asked in (False, True)
        }

    def count(self, caller: Caller, rate_class: RateClass) -> Counted | None:
        """Count a request; None where this class is not limited."""
        rates = self._rates[caller.has_key].get(rate_class)
        return Counted(rate_class, rates.per_minute, rates.take(caller.name)) if rates else None
