"""The multi-head network through the store: what is kept and read back is what was trained."""

from __future__ import annotations

import gc
import tracemalloc
import weakref

import numpy as np
import pytest
import torch

from memnet.interpreters import TextFacts, Told, multihead
from memnet.lexicon import Lexicon
from memnet.memory import Memory
from memnet.nn.multihead import MultiHeadConfig, MultiHeadMemory
from memnet.reader import Reader
from memnet.store import migrate
from memnet.supposing import Overlay
from memnet.training.checkpoint import load_checkpoint, save_checkpoint

LANGUAGE = sorted({"where", "is", "the", "went", "to", "got", "there", "back", "dropped", "what", "and"})
PEOPLE, PLACES, THINGS = ("Mary", "John", "Zoë"), ("garden", "office", "New York"), ("football", "blue lamp")
QUESTION = "Where is the blue lamp?"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    lexicon = Lexicon(LANGUAGE, ["no", "yes"])
    torch.manual_seed(3)
    network = MultiHeadMemory(MultiHeadConfig(vocab_size=len(lexicon), num_answers=2))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.03)
        network.write_bias.fill_(-0.5)
    folder = tmp_path_factory.mktemp("checkpoints") / "multi"
    save_checkpoint(folder, network, lexicon, {})
    return folder


@pytest.fixture
def memory(tmp_path, checkpoint):
    url = f"sqlite:///{tmp_path / 'memory.db'}"
    migrate.upgrade(url)
    with Memory.open(url, checkpoint) as opened:
        opened.store.put_memory("house")
        yield opened


def tell(draw: np.random.Generator) -> str:
    person = draw.choice(PEOPLE)
    if draw.random() < 0.5:
        return f"{person} went to {'' if (place := draw.choice(PLACES)) == 'New York' else 'the '}{place}."
    return f"{person} {draw.choice(['got', 'dropped'])} the {draw.choice(THINGS)} there."


def trained(reader: Reader, facts: dict[int, str]) -> tuple[list[list[float]], list[float], str | None]:
    """What the network says of these facts without store, index or view."""
    vectors = reader.encode(list(facts.values()))
    slots = TextFacts(vectors, reader._interpreter.retention(vectors))
    answer = reader.answer(
        QUESTION, Told(slots, list(facts), list(facts.values()), len(facts), 0), limit=None
    )
    return weights(answer), [hop.null_mass for hop in answer.hops], answer.text


def weights(answer) -> list[list[float]]:
    return [[a.weight for a in sorted(hop.attention, key=lambda a: a.seq)] for hop in answer.hops]


def test_facts_told_one_by_one_between_questions_are_read_as_in_training(memory):
    draw, facts = np.random.default_rng(0), {}
    for seq in range(1, 26):
        facts[seq] = tell(draw)
        memory.remember("house", [facts[seq]])

        answer = memory.ask("house", QUESTION, limit=None)

        attention, null, text = trained(memory.reader, facts)
        np.testing.assert_allclose(weights(answer), attention, atol=1e-5)
        np.testing.assert_allclose([hop.null_mass for hop in answer.hops], null, atol=1e-5)
        assert answer.text == text


def test_facts_told_together_supersede_what_they_supersede_one_by_one(memory):
    draw = np.random.default_rng(1)
    texts = [tell(draw) for _ in range(12)]
    memory.store.put_memory("other")

    memory.remember("house", texts)
    for text in texts:
        memory.remember("other", [text])

    together, apart = (memory.ask(name, QUESTION, limit=None) for name in ("house", "other"))
    np.testing.assert_allclose(weights(together), weights(apart), atol=1e-6)
    assert memory.at("house")._view.retention.min() < -0.1


def test_forgetting_a_fact_gives_back_what_it_superseded(memory):
    draw = np.random.default_rng(2)
    facts = {seq: tell(draw) for seq in range(1, 11)}
    memory.remember("house", list(facts.values()))
    before = memory.ask("house", QUESTION, limit=None)

    revision = memory.forget("house", 7)
    del facts[7]

    np.testing.assert_allclose(
        weights(memory.ask("house", QUESTION, limit=None)), trained(memory.reader, facts)[0], atol=1e-5
    )
    past = memory.ask("house", QUESTION, limit=None, as_of_revision=revision - 1)
    assert weights(past) == weights(before)


def test_what_if_reads_as_if_it_had_been_so(memory):
    draw = np.random.default_rng(4)
    facts = {seq: tell(draw) for seq in range(1, 9)}
    memory.remember("house", list(facts.values()))
    overlay = Overlay(add=("Zoë dropped the blue lamp there.",), hide=frozenset({3}))

    answer = memory.at("house").ask(QUESTION, limit=None, overlay=overlay)

    del facts[3]
    facts[9] = overlay.add[0]
    np.testing.assert_allclose(weights(answer), trained(memory.reader, facts)[0], atol=1e-4)


def test_a_database_of_another_model_is_read_as_if_this_one_had_been_there(tmp_path, checkpoint):
    url = f"sqlite:///{tmp_path / 'memory.db'}"
    migrate.upgrade(url)
    texts = ["Mary got the football there.", "Mary went back to the garden.", "Mary went to the office."]
    with Memory.open(url) as old:
        old.store.put_memory("house")
        old.remember("house", texts)

    with Memory.open(url, checkpoint) as memory:
        answer = memory.ask("house", QUESTION, limit=None)
        adopted = memory.remember("house", ["John went to the office."])

        facts = dict(enumerate(texts, start=1))
        np.testing.assert_allclose(weights(answer), trained(memory.reader, facts)[0], atol=1e-5)
        assert adopted.facts[0].seq == 4
        facts[4] = "John went to the office."
        again = memory.ask("house", QUESTION, limit=None)
        np.testing.assert_allclose(weights(again), trained(memory.reader, facts)[0], atol=1e-5)


def test_the_checkpoint_says_what_it_is(checkpoint):
    model = Reader(load_checkpoint(checkpoint)).model

    assert (model.family, model.spaces, model.memory_size, model.has_gates) == ("multi-head", 1, None, True)


def test_a_question_asked_again_has_the_same_answer_to_the_bit_here_and_after_a_restart(
    memory, tmp_path, checkpoint
):
    draw = np.random.default_rng(5)
    memory.remember("house", [tell(draw) for _ in range(40)])

    first, again = (memory.ask("house", QUESTION, limit=None) for _ in range(2))

    assert again == first
    with Memory.open(f"sqlite:///{tmp_path / 'memory.db'}", checkpoint) as other:
        assert other.ask("house", QUESTION, limit=None) == first


@pytest.mark.parametrize("change", ["told", "forgotten", "erased"])
def test_nothing_that_was_worked_out_of_a_memory_is_kept_when_it_changes(memory, change):
    memory.remember("house", ["Zoë went to New York.", "Mary got the blue lamp there."])
    memory.ask("house", QUESTION)
    kept = weakref.ref(memory.store.view("house", memory.model_id).worked)
    assert kept().things

    if change == "told":
        memory.remember("house", ["John went to the garden."])
    elif change == "forgotten":
        memory.forget("house", 1)
    else:
        memory.erase("house", [1])
    answer = memory.ask("house", "Where is Zoë?")

    assert kept() is None
    assert answer.unknown_words == (() if change == "told" else ("Zoë",))


def test_long_facts_do_not_stay_in_memory_by_the_thousand(checkpoint, monkeypatch):
    monkeypatch.setattr(multihead, "_KEPT_BYTES", 1 << 20)
    reader = Reader(load_checkpoint(checkpoint))
    draw, names = np.random.default_rng(5), [f"Name{number}" for number in range(250)]

    def read(count: int) -> None:
        for _ in range(count):
            reader.encode([" and ".join(draw.permutation(names))])

    tracemalloc.start()
    try:
        read(25)  # the vectors of the names, and as much as is kept
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        read(100)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()

    # Their words take 4 MiB and more.
    assert grown < 2 << 20
