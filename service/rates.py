"""Rates: how many requests somebody may make, as a bucket of tokens that fills up again.

Kept in this process: several workers allow each their own. A library that counts in memory (`limits`) starts
a thread to clean up behind nearly every request; this is all that is needed of it.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

DEFAULT_PER_MINUTE = 12_000
"""200 a second for each key."""

MOST = 10_000
"""Callers that are remembered; beyond that the one not heard of for longest is forgotten, and begins anew."""


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


def per_minute(chosen: int | None, *, asked: bool) -> int:
    """Requests per minute that a caller may make; 0 for any number.

    Args:
        chosen: By the operator; None for the default.
        asked: Whether callers are asked for keys. Who works alone on a machine is not counted unasked.
    """
    if chosen is None:
        return DEFAULT_PER_MINUTE if asked else 0
    return chosen


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
