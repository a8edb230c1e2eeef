"""What was acknowledged to clients, and what they counted."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import httpx2

from mixed_load.server import TIMEOUT_S, Server


@dataclass
class Shared:
    """What the clients know of one memory together; every entry was acknowledged."""

    revision: int = 0
    facts: dict[str, str] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledge(self, revision: int, *, told: dict[str, str] | None = None, gone: str = "") -> None:
        """Take in a write that the service has answered."""
        with self.lock:
            self.revision = max(self.revision, revision)
            self.facts.update(told or {})
            if gone:
                self.forgotten.add(gone)
                del self.facts[gone]

    def known(self) -> tuple[int, set[str]]:
        """The revision and the forgotten facts that a read which begins now must take into account."""
        with self.lock:
            return self.revision, set(self.forgotten)


@dataclass
class Tally:
    """What one client counted."""

    seconds: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[str] = field(default_factory=Counter)
    by_worker: Counter[int | None] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    stale: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count what another client counted as well."""
        for kind, seconds in other.seconds.items():
            self.seconds[kind] += seconds
        self.statuses += other.statuses
        self.by_worker += other.by_worker
        self.counts += other.counts
        self.stale += other.stale
        self.errors += other.errors


def compare(server: Server, memories: dict[str, Shared]) -> list[str]:
    """What the memories hold beyond or short of what was acknowledged; two facts with one id count too."""
    wrong = []
    with httpx2.Client(base_url=server.address, timeout=TIMEOUT_S) as client:
        for name, shared in memories.items():
            found: list[tuple[str, str]] = []
            parameters = {"limit": "500"}
            while True:
                page = client.get(f"/v1/memories/{name}/facts", params=parameters).raise_for_status().json()
                found += [(fact["fact_id"], fact["text"]) for fact in page["items"]]
                if not page["has_more"]:
                    break
                parameters["cursor"] = page["next_cursor"]
            if page["revision"] != shared.revision:
                wrong.append(f"{name}: revision {page['revision']}, {shared.revision} was acknowledged")
            expected, there = Counter(shared.facts.items()), Counter(found)
            if expected != there:
                missing, more = (expected - there).total(), (there - expected).total()
                wrong.append(f"{name}: {missing} acknowledged facts are missing, {more} are too many")
    return wrong
