"""What each head read: the trained network's own attention, head by head, through store and index."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from memnet.lexicon import Lexicon
from memnet.memory import Memory
from memnet.nn.multihead import MultiHeadConfig, MultiHeadMemory
from memnet.store import migrate
from memnet.supposing import Overlay
from memnet.training.checkpoint import save_checkpoint
from memnet.training.multihead.episodes import Episodes
from memnet.training.multihead.lessons import Asked, Lesson
from tests.models import untrained_checkpoint

LEXICON = Lexicon(
    sorted({"where", "is", "the", "went", "to", "got", "there", "back"}), ["garden", "no", "yes"]
)
FACTS = (
    "Mary got the football there.",
    "John went to the blue house.",
    "Mary went back to the garden.",
    "John went to New York.",
    "Mary went to the garden.",
)
QUESTION = "Where is the football?"
HEADS, HOPS = 5, 3


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(5)
    config = MultiHeadConfig(
        vocab_size=len(LEXICON), num_answers=3, num_heads=HEADS, num_hops=HOPS, symbol_dim=24
    )
    made = MultiHeadMemory(config)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.03)
        made.write_bias.fill_(-1.0)
    return made.eval()


@pytest.fixture
def memory(tmp_path, network):
    save_checkpoint(tmp_path / "heads", network, LEXICON, {})
    url = f"sqlite:///{tmp_path / 'memory.db'}"
    migrate.upgrade(url)
    with Memory.open(url, tmp_path / "heads") as opened:
        opened.store.put_memory("house")
        for fact in FACTS:
            opened.remember("house", [fact])
        yield opened


def trained(network, facts):
    """What the heads of the network in torch attend to: (hops, heads, facts), and to nothing: (hops, heads)."""
    episodes = Episodes(
        [Lesson(1, facts, (Asked(QUESTION, (), len(facts)),))],
        LEXICON,
        symbol_dim=network.config.symbol_dim,
        positions=network.config.positions,
        memory=64,
        fixed=lambda task, key: False,
    )
    with torch.no_grad():
        outcome = network(episodes.batch(np.array([0]), rename=False)[0])
    return outcome.attention[0, 0, :, :, : len(facts)].numpy(), outcome.null[0, 0].numpy()


def by_head(answer):
    weights = [
        [[a.weight for a in sorted(head.attention, key=lambda a: a.seq)] for head in hop.heads]
        for hop in answer.hops
    ]
    return np.array(weights), np.array([[head.null_mass for head in hop.heads] for hop in answer.hops])


def test_every_head_shows_what_the_trained_network_attends_to(memory, network):
    weights, null = by_head(memory.ask("house", QUESTION, limit=None, heads=True))

    attention, nothing = trained(network, FACTS)
    assert weights.shape == (HOPS, HEADS, len(FACTS))
    np.testing.assert_allclose(weights, attention, atol=1e-5)
    np.testing.assert_allclose(null, nothing, atol=1e-5)


def test_heads_of_an_earlier_state_are_those_that_answered_then(memory, network):
    weights, _ = by_head(memory.ask("house", QUESTION, limit=None, heads=True, as_of_revision=3))

    np.testing.assert_allclose(weights, trained(network, FACTS[:3])[0], atol=1e-5)


@pytest.mark.parametrize("limit", [1, 2, None])
def test_each_head_sums_to_one_however_few_facts_are_listed(memory, limit):
    for hop in memory.ask("house", QUESTION, limit=limit, heads=True).hops:
        assert [each.head for each in hop.heads] == [1, 2, 3, 4, 5]
        for head in hop.heads:
            listed = [fact.weight for fact in head.attention]
            assert len(listed) == (limit or len(FACTS))
            assert listed == sorted(listed, reverse=True)
            assert sum(listed) + head.other_mass + head.null_mass == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("overlay", [Overlay(), Overlay(("Mary went to New York.",), frozenset({2}))])
def test_what_a_hop_shows_is_the_mean_of_its_heads(memory, overlay):
    answer = memory.at("house").ask(QUESTION, limit=None, overlay=overlay, heads=True)

    for hop in answer.hops:
        assert len(hop.heads) == HEADS
        assert np.mean([head.null_mass for head in hop.heads]) == pytest.approx(hop.null_mass, abs=1e-6)
        for fact in hop.attention:
            of_heads = [a for head in hop.heads for a in head.attention if a.seq == fact.seq]
            assert np.mean([a.weight for a in of_heads]) == pytest.approx(fact.weight, abs=1e-6)
            assert np.mean([a.score for a in of_heads]) == pytest.approx(fact.score, abs=1e-4)


def test_heads_are_shown_of_facts_that_come_with_the_question(memory, network):
    given = memory.ask_facts(FACTS, QUESTION, limit=None, heads=True)

    np.testing.assert_allclose(by_head(given)[0], trained(network, FACTS)[0], atol=1e-5)


def test_an_answer_is_the_same_whether_its_heads_are_shown_or_not(memory):
    plain, shown = (memory.ask("house", QUESTION, heads=heads) for heads in (False, True))

    assert all(hop.heads == () for hop in plain.hops)
    assert (plain.text, plain.probability, plain.evidence) == (shown.text, shown.probability, shown.evidence)
    for one, other in zip(plain.hops, shown.hops, strict=True):
        assert (one.attention, one.null_mass, one.other_mass) == (
            other.attention,
            other.null_mass,
            other.other_mass,
        )


def test_a_network_with_one_read_per_hop_has_one_head(tmp_path, babi_dir):
    url = f"sqlite:///{tmp_path / 'memory.db'}"
    migrate.upgrade(url)
    with Memory.open(url, untrained_checkpoint(tmp_path / "untrained", babi_dir)) as memory:
        answer = memory.ask_facts(FACTS[:2], QUESTION, heads=True)

    for hop in answer.hops:
        (head,) = hop.heads
        assert (head.head, head.attention, head.null_mass) == (1, hop.attention, hop.null_mass)
