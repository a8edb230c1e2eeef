"""One caller of a mixed load."""

from __future__ import annotations

import json
import random
import ssl
import time
from collections import defaultdict
from typing import Any

import httpx2

from mixed_load.seen import Shared, Tally
from mixed_load.server import TIMEOUT_S, Server, worker_of

MEMORIES = tuple(f"shared-{number}" for number in range(8))
PEOPLE = ("Mary", "John", "Sandra", "Daniel")
PLACES = ("garden", "kitchen", "office", "hallway", "bathroom", "bedroom")
THINGS = ("football", "milk", "apple")

NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Loading the usual ones takes longer than a request, for each new connection."""


class Unexpected(Exception):
    """A reply that the client had no use for; it is counted already."""


class Client:
    """One caller: writes and reads in turns, and looks for its writes on new connections."""

    def __init__(self, number: int, server: Server, memories: dict[str, Shared]) -> None:
        self.server = server
        self.memories = memories
        self.random = random.Random(number)
        self.tally = Tally()
        self.own: dict[str, list[tuple[str, int]]] = defaultdict(list)
        self.kept = self.connection()
        self._workers: dict[int, int | None] = {}

    def send(
        self, kind: str, method: str, path: str, *, fresh: bool, expected: int, **options: Any
    ) -> tuple[Any, int | None]:
        """One request: the body of the reply and the worker that sent it.

        Raises:
            Unexpected: another status than the expected one, or no reply.
        """
        client = self.connection() if fresh else self.kept
        started = time.perf_counter()
        try:
            with client.stream(method, path, **options) as reply:
                port = reply.extensions["network_stream"].get_extra_info("client_addr")[1]
                content = reply.read()
            elapsed_s = time.perf_counter() - started
            # The connection is still open here, so that the worker can be found that holds its other end.
            worker = worker_of(self.server, port) if fresh else self._kept_worker(port)
        except httpx2.HTTPError as error:
            self.tally.errors.append(f"{kind}: {type(error).__name__}: {error}")
            self.tally.counts["no reply"] += 1
            raise Unexpected from error
        finally:
            if fresh:
                client.close()
        self.tally.statuses[f"{kind} {reply.status_code}"] += 1
        self.tally.by_worker[worker] += 1
        if reply.status_code != expected:
            self.tally.errors.append(f"{kind}: {reply.status_code}, expected {expected}: {content[:300]!r}")
            raise Unexpected
        self.tally.seconds[kind, "new" if fresh else "kept"].append(elapsed_s)
        self.tally.counts["connections"] += fresh
        return json.loads(content) if content else {"revision": _revision(reply)}, worker

    def connection(self) -> httpx2.Client:
        """A client without a connection yet: its first request opens one."""
        return httpx2.Client(
            base_url=self.server.address, timeout=TIMEOUT_S, verify=NO_CERTIFICATES, trust_env=False
        )

    def _kept_worker(self, port: int) -> int | None:
        if port not in self._workers:
            self._workers[port] = worker_of(self.server, port)
        return self._workers[port]

    def run(self, until: float) -> None:
        """Write and read in turns until the clock says so."""
        while time.monotonic() < until:
            name = self.random.choice(MEMORIES)
            for step in (self.write, self.read):
                try:
                    step(name)
                except Unexpected:
                    continue
                except Exception as error:  # A thread must not end unseen: what it would have found counts.
                    self.tally.errors.append(f"{step.__name__}: {error!r}")
        self.kept.close()

    def write(self, name: str) -> None:
        """Tell or forget, then look for it on a new connection."""
        if self.own[name] and self.random.random() < 0.2:
            self.forget(name)
        else:
            self.tell(name, 1 if self.random.random() < 0.7 else self.random.randint(2, 5))

    def tell(self, name: str, number: int) -> None:
        """Post facts, then read a list that must hold them."""
        texts = [self.sentence() for _ in range(number)]
        body = {"facts": [{"text": text} for text in texts]}
        kind = "tell one" if number == 1 else "tell 2 to 5"
        path = f"/v1/memories/{name}/facts"
        told, writer = self.send(kind, "POST", path, fresh=self.coin(), expected=201, json=body)
        ids = {fact["fact_id"]: text for fact, text in zip(told["facts"], texts, strict=True)}
        self.memories[name].acknowledge(told["revision"], told=ids)
        self.own[name] += [(fact["fact_id"], fact["seq"]) for fact in told["facts"]]
        self.tally.counts["facts"] += number

        first = min(fact["seq"] for fact in told["facts"])
        seen, reader = self.list(name, "list after a write", down_to=first, fresh=True)
        self.compared(writer, reader)
        if missing := ids.keys() - seen:
            self.tally.stale.append(f"{name}: {len(missing)} facts of revision {told['revision']} not listed")

    def forget(self, name: str) -> None:
        """Forget one of this client's last facts, then read a list, and the fact itself."""
        # One of its last twenty, which stand where the newest are listed.
        fact_id, seq = self.own[name].pop(-self.random.randint(1, min(20, len(self.own[name]))))
        path = f"/v1/memories/{name}/facts/{fact_id}"
        reply, writer = self.send("forget", "DELETE", path, fresh=self.coin(), expected=204)
        self.memories[name].acknowledge(reply["revision"], gone=fact_id)
        seen, reader = self.list(name, "list after a write", down_to=seq, fresh=True)
        self.compared(writer, reader)
        if fact_id in seen:
            self.tally.stale.append(f"{name}: fact {seq} is listed after it was forgotten")
        _, reader = self.send("get what was forgotten", "GET", path, fresh=True, expected=404)
        self.compared(writer, reader)

    def read(self, name: str) -> None:
        """Ask three times of four, else list."""
        if self.random.random() < 0.25:
            self.list(name, "list", down_to=None, fresh=self.coin())
            return
        which = self.random.choice((*PEOPLE, *(f"the {thing}" for thing in THINGS)))
        path = f"/v1/memories/{name}/answers"
        known = self.memories[name].known()
        body = {"question": f"Where is {which}?"}
        answer, _ = self.send("ask", "POST", path, fresh=self.coin(), expected=200, json=body)
        read = {fact["fact_id"] for hop in answer["hops"] for fact in hop["attention"]}
        read |= {fact["fact_id"] for fact in answer["evidence"]}
        self.check(name, "ask", known, answer["memory"]["revision"] or 0, read)

    def list(self, name: str, kind: str, *, down_to: int | None, fresh: bool) -> tuple[set[str], int | None]:
        """The newest facts, page by page down to the one numbered `down_to`, and who sent the first page."""
        found: set[str] = set()
        parameters = {"order": "desc", "limit": "50"}
        first: int | None = None
        while True:
            known = self.memories[name].known()
            page, worker = self.send(
                kind, "GET", f"/v1/memories/{name}/facts", fresh=fresh, expected=200, params=parameters
            )
            first = first or worker
            ids = {fact["fact_id"] for fact in page["items"]}
            self.check(name, kind, known, page["revision"], ids)
            found |= ids
            if down_to is None or not page["has_more"] or page["items"][-1]["seq"] <= down_to:
                return found, first
            parameters["cursor"] = page["next_cursor"]

    def check(self, name: str, kind: str, known: tuple[int, set[str]], revision: int, read: set[str]) -> None:
        """Hold a read against everything that any client had acknowledged before it began."""
        self.tally.counts["reads checked"] += 1
        if revision < known[0]:
            self.tally.stale.append(f"{name}: {kind} at revision {revision}, {known[0]} was acknowledged")
        if read & known[1]:
            self.tally.stale.append(f"{name}: {kind} shows {len(read & known[1])} forgotten facts")

    def compared(self, writer: int | None, reader: int | None) -> None:
        """Count whether a write was looked for in the worker that took it."""
        both = writer is not None and reader is not None
        where = ("same worker" if writer == reader else "other worker") if both else "unknown worker"
        self.tally.counts[where] += 1

    def sentence(self) -> str:
        """Something that happens in the shipped model's world."""
        who = self.random.choice(PEOPLE)
        if self.random.random() < 0.3:
            return f"{who} got the {self.random.choice(THINGS)} there."
        return f"{who} went to the {self.random.choice(PLACES)}."

    def coin(self) -> bool:
        """Half of the time."""
        return self.random.random() < 0.5


def _revision(reply: httpx2.Response) -> int:
    return int(reply.headers["Memnet-Revision"])
