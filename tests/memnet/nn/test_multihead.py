"""The multi-head network: attention that sums to 1, writes that supersede, and nothing that looks ahead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from memnet.lexicon import Lexicon
from memnet.nn.multihead import LEAST_RETENTION, NEGLIGIBLE_GATE, MultiHeadConfig, MultiHeadMemory
from memnet.training.multihead.episodes import Episodes
from memnet.training.multihead.lessons import Asked, Lesson

LEXICON = Lexicon(
    sorted({"where", "is", "the", "went", "to", "got", "there", "back", "what", "and"}), ["no", "yes"]
)
FACTS = ("Mary got the football there.", "John went to the office.", "Mary went back to the garden.")


def small(**settings) -> MultiHeadMemory:
    torch.manual_seed(1)
    config = MultiHeadConfig(
        vocab_size=len(LEXICON),
        num_answers=2,
        num_hops=2,
        num_heads=3,
        roles=3,
        symbol_dim=10,
        language_dim=7,
        hidden=11,
        relation=13,
        answer=5,
        word_dim=6,
        waves=4,
        positions=2,
        **settings,
    )
    network = MultiHeadMemory(config)
    with torch.no_grad():  # from the start many parts are zero, and would hide a mistake
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return network.eval()


def batch_of(*lessons: Lesson):
    episodes = Episodes(
        lessons, LEXICON, symbol_dim=10, positions=2, memory=64, fixed=lambda task, key: False
    )
    return episodes.batch(np.arange(len(lessons)), rename=False)[0]


def lesson(*facts: str, question: str = "Where is the football?", told: int | None = None) -> Lesson:
    return Lesson(1, facts, (Asked(question, ("garden",), len(facts) if told is None else told),))


def test_attention_and_null_sum_to_one_for_every_head_of_every_hop():
    outcome = small()(batch_of(lesson(*FACTS), lesson(*FACTS[:1])))

    total = outcome.attention.sum(dim=-1) + outcome.null
    torch.testing.assert_close(total, torch.ones_like(total))
    assert outcome.attention.shape == (2, 1, 2, 3, 3)


def test_padding_and_facts_that_come_later_get_no_attention():
    later = Lesson(
        1, FACTS, (Asked("Where is Mary?", ("office",), 1), Asked("Where is Mary?", ("garden",), 3))
    )

    outcome = small()(batch_of(lesson(*FACTS[:2]), later))

    assert (outcome.attention[0, 0, :, :, 2] == 0).all()
    assert (outcome.attention[1, 0, :, :, 1:] == 0).all()


def test_a_question_is_answered_the_same_whatever_else_is_in_the_batch():
    network = small()
    alone = network(batch_of(lesson(*FACTS)))
    beside = network(batch_of(lesson(*FACTS), lesson("John went to the kitchen.", *FACTS)))

    torch.testing.assert_close(alone.attention[0], beside.attention[0, ..., :3])
    names = alone.logits.shape[-1]
    torch.testing.assert_close(alone.logits[0], beside.logits[0, ..., :names])


def test_a_name_that_no_told_fact_mentions_cannot_be_copied():
    outcome = small()(batch_of(lesson(*FACTS, told=1)))

    # [no, yes, end] and the story's names in the order they come: mary, football, john, office, garden.
    chances = outcome.logits[0, 0].softmax(dim=-1)
    assert (chances[:, 3:5] > 0).all()
    assert (chances[:, 5:] == 0).all()


def test_memory_that_was_only_told_earlier_is_read_the_same():
    """Only the time since a fact was told counts, not the number it had."""
    network = small()
    now = batch_of(lesson(*FACTS))
    then = replace(now, times=now.times + 1000, now=now.now + 1000)

    torch.testing.assert_close(network(now).attention, network(then).attention, atol=1e-5, rtol=0)


def test_retention_is_the_sum_of_what_later_facts_left():
    network = small()
    network.write_bias.data.fill_(0.5)
    batch = batch_of(lesson(*FACTS))

    shares, language = network._wordings(batch)
    e = network._sentences(shares, language, batch.fact_wording, batch.fact_symbols, batch.symbols)[0]
    scores = network.write(e) @ network.written(e).T + network.write_bias

    def left(t: int, i: int) -> float:
        gate = 1 - np.exp(
            -max(0.0, float(torch.nn.functional.softplus(scores[t, i]).detach()) - NEGLIGIBLE_GATE)
        )
        return float(np.log(1 - gate))

    expected = [left(1, 0) + left(2, 0), left(2, 1), 0.0]
    assert min(expected) < -0.1
    np.testing.assert_allclose(network(batch).retention[0, 0].detach(), expected, atol=1e-5)


def test_a_fact_does_not_supersede_those_that_come_after_it():
    network = small()
    network.write_bias.data.fill_(3.0)
    early = Lesson(
        1, FACTS, (Asked("Where is Mary?", ("office",), 2), Asked("Where is Mary?", ("garden",), 3))
    )

    retention = network(batch_of(early)).retention[0]

    assert retention[0, 0] < 0
    assert retention[0, 1:].tolist() == [0, 0]
    assert retention[1, 1] < 0
    assert (retention >= LEAST_RETENTION).all()


def test_without_gates_nothing_is_superseded():
    assert small(write=False)(batch_of(lesson(*FACTS))).retention is None


@pytest.mark.parametrize("part", ["W_K", "W_V", "ask", "write", "relate", "encoder"])
def test_every_part_learns_from_a_wrong_answer(part):
    network = small()
    network.write_bias.data.fill_(0.5)
    outcome = network.train()(batch_of(lesson(*FACTS)))

    outcome.logits[0, 0, 0].log_softmax(dim=-1)[-1].backward()

    gradients = [p.grad for name, p in network.named_parameters() if name.startswith(part)]
    assert all(
        gradient is not None and gradient.abs().sum() > 0 for gradient in gradients if gradient.ndim > 1
    )
