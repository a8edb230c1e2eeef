"""Random operations on two stores of one database, held against a plain dictionary.

The oracle knows facts with the revisions that made and ended them, and a dense float64 softmax. It has no
SQL, no index, no cache and no log. What a fact superseded it tells from the lives of the facts alone.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from memnet.errors import FactNotFound, HistoryErased, ModelNotActive, RevisionNotFound
from memnet.store import Added, FactStore, NewFacts, View, Write, open_database
from memnet.store.failpoints import FORGET, WRITE, Failpoint, armed

DIMS = (3, 4)
"""Two models, of one space each; the second has gates."""
GATED = 1


def encode(model: int, texts: Sequence[str]) -> np.ndarray:
    """Vectors that tell text and model."""
    vectors = [np.random.default_rng([model, *text.encode()]).normal(size=DIMS[model]) for text in texts]
    return np.array(vectors, np.float32).reshape(len(texts), 1, DIMS[model])


def gate(writer: str, target: str) -> np.float32:
    """How far a text supersedes another one; not at all, mostly."""
    chance = np.random.default_rng([len(writer), *writer.encode(), *target.encode()]).random()
    return np.float32(max(0.0, 2 * chance - 1))


def gates(view: View, new: NewFacts) -> list[Write]:
    """What new facts do to all facts before them."""
    seqs = np.concatenate([view.seqs, new.seqs])
    texts = [*view.texts, *new.texts]
    return [
        Write(seqs[:place], np.array([gate(texts[place], text) for text in texts[:place]], np.float32))
        for place in range(len(view), len(texts))
    ]


@dataclass
class Fact:
    """What the oracle knows of a fact."""

    text: str
    created: int
    deleted: int | None = None


@dataclass
class Oracle:
    """What a memory should be."""

    facts: dict[int, Fact] = field(default_factory=dict)
    revision: int = 0
    floor: int = 0
    last_seq: int = 0
    model: int | None = None

    def live(self, revision: int) -> dict[int, str]:
        """Facts as of a revision."""
        return {
            seq: fact.text
            for seq, fact in self.facts.items()
            if fact.created <= revision and (fact.deleted is None or fact.deleted > revision)
        }

    def retention(self, revision: int) -> list[float]:
        """What the facts that live as of a revision left of one another, by the model with gates."""
        left = []
        for target in (live := self.live(revision)):
            end = self.facts[target].deleted
            left.append(
                sum(
                    np.log1p(-np.float64(gate(live[writer], live[target])))
                    for writer in live
                    # A writer found what lived when it was told.
                    if writer > target and (end is None or end > self.facts[writer].created)
                )
            )
        return left


class Machine(RuleBasedStateMachine):
    """Operations on two memories, through two stores with caches of their own."""

    url: str

    def __init__(self) -> None:
        super().__init__()
        self.stores = [FactStore(open_database(self.url)) for _ in range(2)]
        self.models = [
            self.stores[0].register_model(f"machine {dim}", family="memn2n", spaces=1, dim=dim)
            for dim in DIMS
        ]
        self.words = count()
        self.memories: dict[str, Oracle] = {}

    @initialize()
    def two_memories(self) -> None:
        for _ in range(2):
            name = uuid.uuid4().hex
            self.stores[0].put_memory(name)
            self.memories[name] = Oracle()

    def teardown(self) -> None:
        for name in self.memories:
            self.stores[0].delete_memory(name)
        for store in self.stores:
            store.close()

    which = st.tuples(st.integers(0, 1), st.integers(0, 1))
    """A store and a memory."""

    def pick(self, which: tuple[int, int]) -> tuple[FactStore, str, Oracle]:
        name = list(self.memories)[which[1]]
        return self.stores[which[0]], name, self.memories[name]

    def texts(self, number: int) -> list[str]:
        # Every third text was told before: the same sentence twice is two facts.
        return [f"fact {next(self.words) // 3}" for _ in range(number)]

    def tell(self, store: FactStore, name: str, model: int, texts: list[str]) -> Added:
        vectors = encode(model, texts)
        if model == GATED:
            return store.add_gated(name, texts, model_id=self.models[model], vectors=vectors, gates=gates)
        return store.add(name, texts, model_id=self.models[model], vectors=vectors)

    def told(self, oracle: Oracle, texts: list[str]) -> None:
        oracle.revision += 1
        for text in texts:
            oracle.last_seq += 1
            oracle.facts[oracle.last_seq] = Fact(text, oracle.revision)

    @rule(which=which, number=st.integers(1, 5), model=st.integers(0, 1))
    def add(self, which: tuple[int, int], number: int, model: int) -> None:
        store, name, oracle = self.pick(which)
        texts = self.texts(number)
        if oracle.model not in (None, model):
            with pytest.raises(ModelNotActive):
                self.tell(store, name, model, texts)
            model = oracle.model or 0
        added = self.tell(store, name, model, texts)
        oracle.model = model
        self.told(oracle, texts)
        assert (added.revision, added.seqs[-1]) == (oracle.revision, oracle.last_seq)

    @rule(which=which, pick=st.integers(0, 30))
    def forget(self, which: tuple[int, int], pick: int) -> None:
        store, name, oracle = self.pick(which)
        live = list(oracle.live(oracle.revision))
        if pick % 8 == 7 or not live:
            seq = next(seq for seq in (pick, oracle.last_seq + 1) if seq not in live)
            with pytest.raises(FactNotFound):
                store.forget(name, seq)
            return
        oracle.revision += 1
        seq = live[pick % len(live)]
        oracle.facts[seq].deleted = oracle.revision
        assert store.forget(name, seq) == oracle.revision

    @rule(which=which, pick=st.integers(0, 30), number=st.integers(1, 3))
    def erase(self, which: tuple[int, int], pick: int, number: int) -> None:
        store, name, oracle = self.pick(which)
        if pick % 4:
            # Erasing ends the past and empties caches: rare, or nothing else would be tested.
            with pytest.raises(FactNotFound):
                store.erase(name, [*oracle.facts, oracle.last_seq + 1])
            return
        seqs = list(oracle.facts)[pick : pick + number] or list(oracle.facts)[:number]
        if not seqs:
            return
        oracle.revision += 1
        oracle.floor = oracle.revision
        for seq in seqs:
            del oracle.facts[seq]
        assert store.erase(name, seqs).revision == oracle.revision

    @rule(which=which, model=st.integers(0, 1))
    def change_model(self, which: tuple[int, int], model: int) -> None:
        store, name, oracle = self.pick(which)
        changed = store.change_model(
            name,
            self.models[model],
            lambda texts: encode(model, texts),
            gates=gates if model == GATED else None,
            page=2,
        )
        if oracle.model == model:
            assert changed is None
            return
        oracle.revision += 1
        oracle.model = model
        assert changed == oracle.revision

    @rule(which=which, back=st.integers(0, 20), forgotten=st.booleans())
    def compact(self, which: tuple[int, int], back: int, forgotten: bool) -> None:
        store, name, oracle = self.pick(which)
        floor = max(0, oracle.revision - back)
        if forgotten:
            oracle.floor = max(oracle.floor, floor)
            for seq, fact in list(oracle.facts.items()):
                if fact.deleted is not None and fact.deleted <= oracle.floor:
                    del oracle.facts[seq]
        assert store.compact(name, floor, forgotten=forgotten).history_floor == oracle.floor

    @rule(which=which, point=st.sampled_from([point for point in WRITE if point != "write.committed"]))
    def fail_to_add(self, which: tuple[int, int], point: str) -> None:
        store, name, oracle = self.pick(which)
        model = oracle.model or 0
        with armed(f"{point}=raise"), pytest.raises(Failpoint):
            self.tell(store, name, model, ["lost"])

    @rule(which=which, point=st.sampled_from(FORGET[:-1]))
    def fail_to_forget(self, which: tuple[int, int], point: str) -> None:
        store, name, oracle = self.pick(which)
        for seq in list(oracle.live(oracle.revision))[:1]:
            with armed(f"{point}=raise"), pytest.raises(Failpoint):
                store.forget(name, seq)

    @rule(which=which)
    def evict(self, which: tuple[int, int]) -> None:
        store, name, _ = self.pick(which)
        store._views.drop(store.get_memory(name).memory_id)

    @rule(number=st.integers(0, 1))
    def restart(self, number: int) -> None:
        self.stores[number].close()
        self.stores[number] = FactStore(open_database(self.url))

    @rule(which=which, number=st.integers(1, 3))
    def tell_and_ask(self, which: tuple[int, int], number: int) -> None:
        _, _, oracle = self.pick(which)
        self.ask(which)
        self.add(which, number, oracle.model or 0)
        self.forget(which, 0)
        self.ask(which)

    @rule(which=which)
    def ask(self, which: tuple[int, int]) -> None:
        store, name, oracle = self.pick(which)
        if oracle.model is None:
            return
        view = store.view(name, self.models[oracle.model])
        self.same(view, oracle, oracle.revision)
        query = encode(oracle.model, ["where?"])[:, 0]
        seqs, scores = view.index(0).search(query, len(view))
        live = oracle.live(oracle.revision)
        logits = encode(oracle.model, list(live.values()))[:, 0].astype(np.float64) @ query[0].astype(
            np.float64
        )
        mass = np.exp(np.append(logits, 0.0))
        weights = dict(zip(live, mass / mass.sum(), strict=False))
        found = np.exp(scores[0].astype(np.float64))
        for seq, weight in zip(seqs[0].tolist(), found / (found.sum() + 1), strict=True):
            assert weight == pytest.approx(weights.pop(seq), abs=2e-5)
        assert not weights

    @rule(which=which, back=st.integers(-1, 12))
    def ask_as_of(self, which: tuple[int, int], back: int) -> None:
        store, name, oracle = self.pick(which)
        revision = max(0, oracle.revision - back)
        if oracle.model is None:
            return
        model_id = self.models[oracle.model]
        if revision > oracle.revision or revision < oracle.floor:
            expected = RevisionNotFound if revision > oracle.revision else HistoryErased
            with pytest.raises(expected):
                store.view(name, model_id, as_of_revision=revision)
            with pytest.raises(expected):
                store.facts(name, as_of_revision=revision)
            return
        # The active model has vectors of the facts that live now; those of the past may be missing.
        missing = store.missing_vectors(name, model_id, as_of_revision=revision)
        # Whoever has gates was told everything again.
        assert oracle.model != GATED or not missing
        vectors = encode(oracle.model, [fact.text for fact in missing])
        store.add_vectors(name, model_id, [fact.seq for fact in missing], vectors)
        self.same(store.view(name, model_id, as_of_revision=revision), oracle, revision)
        listed = {fact.seq: fact.text for fact in store.facts(name, as_of_revision=revision, limit=1000)}
        assert listed == oracle.live(revision)

    @precondition(lambda self: self.memories)
    @invariant()
    def the_memories_are_those_of_the_oracle(self) -> None:
        for name, oracle in self.memories.items():
            memory = self.stores[0].get_memory(name)
            live = oracle.live(oracle.revision)
            model_id = None if oracle.model is None else self.models[oracle.model]
            assert (memory.revision, memory.last_seq, memory.live_count) == (
                oracle.revision,
                oracle.last_seq,
                len(live),
            )
            assert (memory.history_floor, memory.active_model_id) == (oracle.floor, model_id)

    def same(self, view: View, oracle: Oracle, revision: int) -> None:
        live = oracle.live(revision)
        assert view.revision == revision
        assert dict(zip(view.seqs.tolist(), view.texts, strict=True)) == live
        assert view.vectors.tobytes() == encode(oracle.model or 0, list(live.values())).tobytes()
        retention = oracle.retention(revision) if oracle.model == GATED else np.zeros(len(live))
        np.testing.assert_allclose(view.retention, np.array(retention, np.float32), rtol=1e-6)


def run(url: str, examples: int, steps: int, phases: Sequence[Phase]) -> None:
    """Run the machine on a database."""
    machine = type("MachineOnADatabase", (Machine,), {"url": url})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            phases=phases,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_memory_is_what_was_done_to_it(url: str):
    # Shrinking takes minutes; the longer run does it.
    run(url, examples=12, steps=25, phases=[Phase.generate])


@pytest.mark.slow
def test_a_memory_is_what_was_done_to_it_for_longer(url: str):
    run(url, examples=150, steps=50, phases=[Phase.generate, Phase.shrink])
