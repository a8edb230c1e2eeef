"""MemN2N beside a NumPy reference written from the paper, and worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from memnet.errors import RecipeError
from memnet.nn.batch import Batch, Sentences
from memnet.nn.memn2n import MemN2N, MemN2NConfig
from tests.dense_slots import DenseSlots
from tests.reference import memn2n_numpy as reference

# Sizes differ on every axis, so that a swapped axis cannot go unnoticed.
VOCAB, LONGEST, SLOTS, DIM = 11, 5, 7, 6

STORIES = [
    # facts (word indices, oldest first), question
    ([[1, 2, 3], [4, 5], [6, 7, 8, 9, 10]], [3, 1]),
    ([[2]], [9, 8, 7]),
    ([[1, 2, 3], [1, 2, 3], [5, 5, 5, 5], [10, 1], [4], [6, 2], [3, 9, 1]], [2, 2, 4, 1]),
    ([], [5]),
]


def network(*, hops: int = 3, **settings: object) -> MemN2N:
    config = MemN2NConfig(VOCAB, LONGEST, SLOTS, dim=DIM, num_hops=hops, init_std=0.5, **settings)
    return MemN2N(config, generator=torch.Generator().manual_seed(3)).requires_grad_(False)


def sentences(rows: list[list[int]]) -> Sentences:
    table = torch.zeros(len(rows), LONGEST, dtype=torch.int64)
    for target, row in zip(table, rows, strict=True):
        target[: len(row)] = torch.tensor(row)
    return Sentences(table, torch.tensor([len(row) for row in rows], dtype=torch.int64))


def batch_of(stories: list[tuple[list[list[int]], list[int]]], ages: torch.Tensor | None = None) -> Batch:
    distinct = [list(fact) for fact in {tuple(f): None for facts, _ in stories for f in facts}]
    slots = torch.full((len(stories), SLOTS), len(distinct), dtype=torch.int64)
    for row, (facts, _) in zip(slots, stories, strict=True):
        for slot, fact in enumerate(reversed(facts)):
            row[slot] = distinct.index(fact)
    if ages is None:
        ages = torch.arange(1, SLOTS + 1).expand_as(slots)
    questions = sentences([question for _, question in stories])
    return Batch(sentences(distinct), questions, slots, ages, torch.ones(len(stories), dtype=torch.int64))


def by_the_paper(
    net: MemN2N, facts: list[list[int]], question: list[int], ages: list[int] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    tables = net.tables.double().numpy()
    words, times = tables[:VOCAB], tables[VOCAB:]
    pairs = [(k, k + 1) if net.config.tying == "adjacent" else (0, 1) for k in range(net.num_hops)]
    adjacent = net.config.tying == "adjacent"
    logits, attention = reference.answer(
        facts,
        ages or list(range(len(facts), 0, -1)),
        question,
        hops=[reference.Hop(words[:, a], words[:, c], times[:, a], times[:, c]) for a, c in pairs],
        B=words[:, 0] if adjacent else net.B.double().numpy(),
        W=words[:, -1] if adjacent else net.W.double().numpy(),
        H=None if adjacent else net.H.double().numpy(),
        slots=SLOTS,
        encoding=net.config.encoding,
        longest=LONGEST,
        relu=net.config.relu,
        linear=net.linear,
    )
    return logits[1:], attention


VARIANTS = [
    {"encoding": "bag"},
    {"encoding": "position"},
    {"encoding": "position-released"},
    {"tying": "layer-wise"},
    {"relu": True},
    {"hops": 1},
    {"hops": 2, "tying": "layer-wise", "encoding": "bag"},
]


@pytest.mark.parametrize("settings", VARIANTS, ids=str)
def test_a_batch_is_answered_as_the_paper_says(settings):
    net = network(**settings)

    logits = net(batch_of(STORIES))

    for row, (facts, question) in zip(logits, STORIES, strict=True):
        expected, _ = by_the_paper(net, facts, question)
        np.testing.assert_allclose(row.numpy(), expected, atol=1e-5)


@pytest.mark.parametrize("settings", VARIANTS, ids=str)
def test_one_question_is_answered_with_the_attention_of_the_paper(settings):
    net = network(**settings)

    for facts, question in STORIES:
        reading = net.answer(sentences([question]), DenseSlots(net.encode_facts(sentences(facts))))
        logits, attention = by_the_paper(net, facts, question)
        np.testing.assert_allclose(reading.logits.numpy(), logits, atol=1e-5)
        np.testing.assert_allclose(reading.attention.numpy(), attention.reshape(net.num_hops, -1), atol=1e-6)
        total = reading.attention.sum(dim=1) + reading.null
        np.testing.assert_allclose(total.numpy(), 1.0, atol=1e-6)


@pytest.mark.parametrize("settings", VARIANTS, ids=str)
def test_a_batch_is_read_with_the_attention_of_each_question(settings):
    net = network(**settings)

    readings = net.read(batch_of(STORIES))

    torch.testing.assert_close(readings.logits, net(batch_of(STORIES)))
    for attention, null, (facts, question) in zip(readings.attention, readings.null, STORIES, strict=True):
        alone = net.answer(sentences([question]), DenseSlots(net.encode_facts(sentences(facts))))
        newest_first = alone.attention.flip(1)
        torch.testing.assert_close(attention[:, : len(facts)], newest_first)
        assert attention[:, len(facts) :].abs().sum() == 0
        torch.testing.assert_close(null, alone.null)


def test_linear_start_leaves_the_softmax_of_the_memory_layers_out():
    net = network()
    net.linear = True

    logits = net(batch_of(STORIES))

    for row, (facts, question) in zip(logits, STORIES, strict=True):
        expected, _ = by_the_paper(net, facts, question)
        np.testing.assert_allclose(row.numpy(), expected, atol=1e-4)


def test_random_noise_only_changes_the_ages():
    net = network()
    facts, question = STORIES[0]
    ages = torch.tensor([[2, 4, 5, 6, 7, 7, 7]])  # newest first; the last four slots are empty

    logits = net(batch_of([(facts, question)], ages))

    expected, _ = by_the_paper(net, facts, question, ages=[5, 4, 2])
    np.testing.assert_allclose(logits[0].numpy(), expected, atol=1e-5)


def test_gradients_are_those_of_the_reference():
    """Central differences of the reference's loss at a handful of weights."""
    net = network(hops=2).requires_grad_(True)
    net.loss(batch_of(STORIES)).backward()
    gradient = net.tables.grad

    def loss() -> float:
        total = 0.0
        with torch.no_grad():
            for facts, question in STORIES:
                logits, _ = by_the_paper(net, facts, question)
                total += np.log(np.exp(logits).sum()) - logits[0]
        return total

    generator = torch.Generator().manual_seed(0)
    for _ in range(12):
        word = int(torch.randint(1, VOCAB + SLOTS, (), generator=generator))
        space = int(torch.randint(3, (), generator=generator))
        component = int(torch.randint(DIM, (), generator=generator))
        with torch.no_grad():
            kept = net.tables[word, space, component].item()
            net.tables[word, space, component] = kept + 1e-3
            above = loss()
            net.tables[word, space, component] = kept - 1e-3
            below = loss()
            net.tables[word, space, component] = kept
        assert gradient[word, space, component].item() == pytest.approx((above - below) / 2e-3, abs=2e-3)


def test_nil_stays_zero_and_gets_no_gradient():
    net = network().requires_grad_(True)
    net.loss(batch_of(STORIES)).backward()

    assert net.tables[0].abs().max() == 0
    assert net.tables.grad[0].abs().max() == 0


def test_an_unknown_word_adds_nothing_but_keeps_its_place():
    net = network(encoding="position")

    with_unknown = net.encode_facts(sentences([[1, 0, 3]]))

    alone = [net.encode_facts(sentences([row])) for row in ([1, 0, 0], [0, 0, 3])]
    torch.testing.assert_close(with_unknown, alone[0] + alone[1])


def test_empty_slots_take_attention_as_null_slots_do():
    net = network()
    with torch.no_grad():
        net.tables.zero_()  # every score is 0, so attention is uniform over the 7 slots

    reading = net.answer(sentences([[1]]), DenseSlots(net.encode_facts(sentences([[2], [3]]))))

    torch.testing.assert_close(reading.attention, torch.full((3, 2), 1 / 7))
    torch.testing.assert_close(reading.null, torch.full((3,), 5 / 7))


def test_more_facts_than_slots_are_refused():
    net = network()
    facts = net.encode_facts(sentences([[1]] * (SLOTS + 1)))

    with pytest.raises(ValueError, match="8 facts for a memory of 7 slots"):
        net.answer(sentences([[1]]), DenseSlots(facts))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dim": 0}, "dim must be at least 1; got 0"),
        ({"tying": "none"}, "tying must be one of adjacent, layer-wise; got 'none'"),
        ({"encoding": "gru"}, "encoding must be one of bag, position, position-released; got 'gru'"),
    ],
)
def test_a_shape_that_cannot_be_is_refused(settings, message):
    with pytest.raises(RecipeError, match=message):
        MemN2NConfig(**({"vocab_size": 3, "longest_sentence": 4, "memory_size": 5} | settings))
