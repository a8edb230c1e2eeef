"""Minutes of mixed load while workers are killed and replaced: is anything lost, doubled, wrong, or growing?

    python benchmarks/soak.py --seconds 600 --out benchmarks/results/DATE-soak.md

`memnet serve --workers 2` on a new SQLite file; several clients tell, ask, search, list and forget, each in a
memory of its own, so that it knows exactly what the memory must hold. Every now and then a worker gets
SIGKILL and is replaced. What is told has an idempotency key and is sent again until it is answered, as
`memnet.client` does: a fact whose reply was lost must be there once. At the end the service is started anew,
and everything that every memory holds is compared with what was acknowledged.

An answer is right when a second, undisturbed reading says the same, bit for bit: at the end questions that
were answered under load are asked again as of the revision they were answered at. The exit status is 1 when
an acknowledged fact is missing, doubled or changed, a forgotten one is back, an answer differs, a status is
one that nobody expects, or a worker grew.

Memories grow to `--most-facts`; from then on as many facts are forgotten as are told, and a worker has no
more to hold than before. It must not grow either. A worker begins with nothing and fetches what it is asked
about, so its first minute does not count; of what it lives from then on, the most that it takes in the last
third may be 32 MiB above the most in the first third, which is room for what a request needs for a moment,
and for the memories of a worker that was killed. In the last third of the time nobody is killed, so that
there are workers who live long. How much they took in their first minute is on the page too.

Linux only. The load is bounded by its clients: each sends its next request when it has the reply.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from report import Page, options
from served import PLACES, Served, served

PEOPLE = ("Mary", "John", "Sandra", "Daniel", "Bill", "Fred", "Julie", "Jeff")
THINGS = ("football", "milk", "apple")
GROWTH_MIB = 32
BEGINNING_S = 60
"""Seconds of a worker's life in which it fetches what it will hold."""
LONG_S = 60
"""Seconds since then, and since memories stopped growing, that a worker must have lived to be judged."""
GIVE_UP_S = 120.0
ASKED_AGAIN = 200
"""Answers of each client that are compared at the end, drawn from all that it got."""


@dataclass
class Client:
    """One caller with a memory of its own."""

    number: int
    place: Place
    stopping: threading.Event
    most_facts: int
    full: bool = False
    """Whether its memory has stopped growing."""
    random: random.Random = field(init=False)
    facts: dict[str, str] = field(default_factory=dict)
    """Acknowledged and not forgotten, by id, in their order."""
    forgotten: set[str] = field(default_factory=set)
    answers: list[tuple[str, int, Any]] = field(default_factory=list)
    seen: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.number)
        self.memory = f"/v1/memories/client-{self.number}"

    def run(self) -> None:
        """Do this and that until told to stop."""
        with self.place.client() as self.http:
            self.send("PUT", self.memory, "make", {200, 201})
            while not self.stopping.is_set():
                try:
                    step = self.random.choices(
                        (self.tell, self.ask, self.search, self.newest, self.forget), (5, 5, 2, 1, 1)
                    )
                    step[0]()
                except Exception as error:  # A thread must not end unseen: what it would have found counts.
                    self.wrong.append(f"client {self.number}: {error!r}")
                    return

    def send(self, method: str, path: str, kind: str, expected: set[int], **options: Any) -> httpx2.Response:
        """One request, again until it is answered: what nobody answers, or 503, may be sent again."""
        began = time.monotonic()
        while time.monotonic() < began + GIVE_UP_S:
            try:
                reply = self.http.request(method, path, **options)
            except httpx2.TransportError:
                self.counts["sent again: no reply"] += 1
                time.sleep(0.05)
                continue
            if reply.status_code == 503:
                self.counts["sent again: 503"] += 1
                time.sleep(0.2)
                continue
            self.counts[kind] += 1
            if reply.status_code not in expected:
                raise AssertionError(f"{kind}: {reply.status_code} {reply.text[:300]}")
            return reply
        raise AssertionError(f"{kind}: not answered within {GIVE_UP_S:g} s")

    def tell(self) -> None:
        """One to five facts."""
        who = self.random.choice
        texts = [
            f"{who(PEOPLE)} went to the {who(PLACES)}."
            if self.random.random() < 0.7
            else f"{who(PEOPLE)} got the {who(THINGS)} there."
            for _ in range(self.random.choice((1, 1, 1, 5)))
        ]
        key = {"Idempotency-Key": f"{self.number}-{self.random.getrandbits(64):x}"}
        body = {"facts": [{"text": text} for text in texts]}
        told = self.send("POST", f"{self.memory}/facts", "told", {201}, json=body, headers=key)
        self.counts["facts"] += len(texts)
        self.counts["told once though sent twice"] += "Idempotency-Replayed" in told.headers
        for fact, text in zip(told.json()["facts"], texts, strict=True):
            self.facts[fact["fact_id"]] = text
        while len(self.facts) > self.most_facts:
            self.full = True
            self.forget()

    def ask(self) -> None:
        """A question; some of the answers are kept, each as likely as any other."""
        question = f"Where is the {self.random.choice(THINGS)}?"
        found = self.send(
            "POST", f"{self.memory}/answers", "asked", {200}, json={"question": question}
        ).json()
        if gone := {each["fact_id"] for each in found["evidence"]} & self.forgotten:
            self.wrong.append(f"client {self.number}: evidence that was forgotten: {gone}")
        self.seen += 1
        one = (question, found["memory"]["revision"], _of(found))
        if len(self.answers) < ASKED_AGAIN:
            self.answers.append(one)
        elif (place := self.random.randrange(self.seen)) < ASKED_AGAIN:
            self.answers[place] = one

    def search(self) -> None:
        """The nearest facts, none of which was forgotten."""
        body = {"text": f"Where is {self.random.choice(PEOPLE)}?"}
        found = self.send("POST", f"{self.memory}/search", "searched", {200}, json=body).json()
        if gone := {each["fact_id"] for each in found["results"]} & self.forgotten:
            self.wrong.append(f"client {self.number}: found what was forgotten: {gone}")

    def newest(self) -> None:
        """The newest facts are those told last."""
        found = self.send("GET", f"{self.memory}/facts?order=desc&limit=20", "listed", {200}).json()
        if [each["fact_id"] for each in found["items"]] != list(self.facts)[:-21:-1]:
            self.wrong.append(f"client {self.number}: the list is not what was told")

    def forget(self) -> None:
        """A fact; 404 when it was forgotten by a request whose reply was lost."""
        if len(self.facts) > 10:
            fact_id = self.random.choice(list(self.facts))
            self.send("DELETE", f"{self.memory}/facts/{fact_id}", "forgotten", {204, 404})
            del self.facts[fact_id]
            self.forgotten.add(fact_id)

    def compare(self) -> None:
        """Everything that the memory holds, and answers from before, with what is known."""
        with self.place.client() as self.http:
            held: dict[str, str] = {}
            path = f"{self.memory}/facts?limit=500"
            while True:
                page = self.send("GET", path, "compared", {200}).json()
                held |= {each["fact_id"]: each["text"] for each in page["items"]}
                if not page["has_more"]:
                    break
                path = f"{self.memory}/facts?limit=500&cursor={page['next_cursor']}"
            if list(held.items()) != list(self.facts.items()):
                lost, more = self.facts.keys() - held.keys(), held.keys() - self.facts.keys()
                self.wrong.append(
                    f"client {self.number}: {len(lost)} facts lost, {len(more)} too many, or changed"
                )
            for question, revision, before in self.answers:
                body = {"question": question, "as_of": {"revision": revision}}
                again = self.send("POST", f"{self.memory}/answers", "asked again", {200}, json=body).json()
                if _of(again) != before:
                    self.wrong.append(f"client {self.number}: {question} at {revision} has another answer")


class Place:
    """Where the service is, also while it is started again."""

    def __init__(self) -> None:
        self.one: Served | None = None

    def client(self) -> httpx2.Client:
        """A client that sends the service's key."""
        assert self.one is not None
        return self.one.client(timeout_s=30)


class Held:
    """What workers hold, looked at once a second."""

    def __init__(self) -> None:
        self._ever: dict[int, list[float]] = {}
        """Every look at each worker, by process."""
        self._steady: dict[int, list[float]] = {}
        """Since memories have stopped growing, and since its beginning."""
        self._steady_s = 0

    def note(self, mib: dict[int, float], *, steady: bool) -> None:
        """What living workers hold now."""
        self._steady_s += steady
        for pid, held in mib.items():
            ever = self._ever.setdefault(pid, [])
            ever.append(held)
            if steady and len(ever) > BEGINNING_S:
                self._steady.setdefault(pid, []).append(held)

    def grown(self) -> dict[int, float]:
        """MiB by which those grew that lived long."""
        long = {pid: held for pid, held in self._steady.items() if len(held) >= LONG_S}
        return {pid: max(held[-len(held) // 3 :]) - max(held[: len(held) // 3]) for pid, held in long.items()}

    def facts(self) -> dict[str, Any]:
        """For the page."""
        grown = self.grown()
        return {
            "most MiB of a worker": round(max(map(max, self._ever.values()), default=0)),
            f"most MiB of a worker in its first {BEGINNING_S} s": round(
                max((max(held[:BEGINNING_S]) for held in self._ever.values()), default=0)
            ),
            "workers seen": len(self._ever),
            "seconds in which memories grew no more": self._steady_s,
            f"workers that lived {BEGINNING_S + LONG_S} s, {LONG_S} of them then": len(grown),
            "MiB that each of those grew by, and in how many seconds": ", ".join(
                f"{mib:.0f} in {len(self._steady[pid])}" for pid, mib in grown.items()
            ),
        }

    def wrong(self) -> list[str]:
        """Those that grew; and that there was nobody to judge."""
        if not self.grown():
            return [f"no worker lived {LONG_S} s that count: take more --seconds"]
        return [
            f"worker {pid} grew by {mib:.0f} MiB" for pid, mib in self.grown().items() if mib > GROWTH_MIB
        ]


def _of(answer: dict[str, Any]) -> Any:
    """What must be the same whenever, and by whichever worker, a question is answered."""
    return {
        name: answer[name] for name in ("answer", "reason", "confidence", "alternatives", "hops", "evidence")
    }


def soak(given: argparse.Namespace, folder: Path) -> tuple[list[Client], dict[str, Any], list[str]]:
    """Run clients while workers are killed; then compare in a service that was started anew."""
    place, stopping, draw = Place(), threading.Event(), random.Random(given.seed)
    clients = [Client(number, place, stopping, given.most_facts) for number in range(given.clients)]
    facts: dict[str, Any] = {"workers killed": 0}
    held = Held()
    with served(folder, given.workers) as place.one:
        threads = [threading.Thread(target=client.run) for client in clients]
        for thread in threads:
            thread.start()
        try:
            until = time.monotonic() + given.seconds
            kill_at, last_kill = time.monotonic() + given.kill_every, until - given.seconds / 3
            while time.monotonic() < until and any(thread.is_alive() for thread in threads):
                time.sleep(1)
                living = place.one.resident_mib()
                held.note(living, steady=all(client.full for client in clients))
                if last_kill > time.monotonic() > kill_at and living:
                    os.kill(draw.choice([*living]), signal.SIGKILL)
                    facts["workers killed"] += 1
                    kill_at = time.monotonic() + given.kill_every * draw.uniform(0.5, 1.5)
        finally:
            stopping.set()
            for thread in threads:
                thread.join()
    facts |= held.facts()
    wrong = held.wrong()
    with served(folder, given.workers) as place.one:
        for client in clients:
            client.compare()
    facts["database MiB"] = round(sum(each.stat().st_size for each in folder.glob("memnet.db*")) / 2**20, 1)
    return clients, facts, wrong + [each for client in clients for each in client.wrong]


def main() -> int:
    """Soak and print."""
    parser = options(__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--most-facts", type=int, default=1000, help="live facts of each client's memory")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--kill-every", type=float, default=30, help="seconds from kill to kill, about")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    page = Page(f"Soak: {given.seconds:g} s of mixed load, workers killed", "uvicorn")
    with tempfile.TemporaryDirectory() as folder:
        clients, facts, wrong = soak(given, Path(folder))
    counts = sum((client.counts for client in clients), Counter[str]())
    page.say(
        f"SQLite with synchronous=FULL, {given.workers} workers, {given.clients} clients, each with a memory "
        f"that grows to {given.most_facts:,} live facts."
    )
    page.table(
        ("what", "how often"),
        [
            (name, n if isinstance(n, str) else f"{n:,}")
            for name, n in [*sorted(counts.items()), *facts.items()]
        ],
    )
    page.say(
        f"**{len(wrong)} violations.**"
        if wrong
        else "**Every acknowledged fact is there, once, in order; every answer is the same again.**",
        *(f"- {each}" for each in wrong[:50]),
    )
    page.deliver(given.out)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
