"""One heap for all threads of a process.

The GNU C library gives each thread a heap of its own, up to eight for each processor, and what one of them
has freed the others cannot use. Here threads take turns at computing, and each copies megabytes for a
moment: on two processors a worker that held 20 MiB of facts kept another 50 MiB that were free. With one
heap it keeps half of that, and needs no more processor time.
"""

from __future__ import annotations

import ctypes
import os
import sys

_ARENA_MAX = -8
"""`M_ARENA_MAX` of malloc.h."""


def share() -> None:
    """Let threads that begin from now on use the heaps that there are: one, in a process without threads.

    Forked processes do likewise. What the operator has set for the C library stands; another C library has
    other heaps, and is left alone.
    """
    chosen = os.environ.get("GLIBC_TUNABLES", "")
    if sys.platform != "linux" or "MALLOC_ARENA_MAX" in os.environ or "malloc.arena_max" in chosen:
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)
