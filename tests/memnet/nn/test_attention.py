"""Attention mechanisms: each by its equation, masked as PyTorch's own masks where the two coincide."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from memnet.errors import RecipeError
from memnet.lexicon import Lexicon
from memnet.nn.attention import MECHANISMS, AdditiveScores, ProjectedScores, SharedScores, normalise
from memnet.nn.multihead import MultiHeadConfig, MultiHeadMemory
from memnet.training.multihead.episodes import Episodes
from memnet.training.multihead.lessons import Asked, Lesson

LEXICON = Lexicon(sorted({"where", "is", "the", "went", "to", "got", "there", "back"}), ["no", "yes"])
FACTS = ("Mary got the football there.", "John went to the office.", "Mary went back to the garden.")
S, Q, H, N, D, W = 2, 3, 4, 5, 6, 7  # stories, questions, heads, facts, width, waves


def network_of(attention: str, *, hops: int = 2, write: bool = True) -> MultiHeadMemory:
    torch.manual_seed(3)
    config = MultiHeadConfig(
        vocab_size=len(LEXICON),
        num_answers=2,
        num_hops=hops,
        num_heads=1 if attention == "dot" else 3,
        roles=2,
        symbol_dim=6,
        language_dim=6,
        hidden=11,
        relation=13,
        answer=5,
        word_dim=6,
        waves=4,
        positions=2,
        write=write,
        attention=attention,
    )
    network = MultiHeadMemory(config)
    with torch.no_grad():  # from the start many parts are zero, and would hide a mistake
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return network.eval()


def batch_of(*told: int):
    lessons = [Lesson(1, FACTS, (Asked("Where is the football?", ("garden",), count),)) for count in told]
    episodes = Episodes(lessons, LEXICON, symbol_dim=6, positions=2, memory=64, fixed=lambda task, key: False)
    return episodes.batch(np.arange(len(lessons)), rename=False)[0]


def test_additive_scores_are_those_of_bahdanau():
    keys, waves, v = torch.randn(S, H, N, D), torch.randn(S, N, W), torch.randn(H, D)
    query, turned = torch.randn(S, Q, H, D), torch.randn(S, Q, H, W)

    scores = AdditiveScores(keys, waves, v)(query, turned)

    expected = v[3] @ torch.tanh(query[1, 2, 3] + keys[1, 3, 4]) + turned[1, 2, 3] @ waves[1, 4]
    torch.testing.assert_close(scores[1, 3, 2, 4], expected)


def test_scores_without_keys_are_inner_products_with_the_fact_itself():
    facts, waves = torch.randn(S, N, D), torch.randn(S, N, W)
    query, turned = torch.randn(S, Q, H, D), torch.randn(S, Q, H, W)

    scores = SharedScores(facts, waves)(query, turned)

    torch.testing.assert_close(
        scores[1, 3, 2, 4], query[1, 2, 3] @ facts[1, 4] + turned[1, 2, 3] @ waves[1, 4]
    )


def test_a_projected_score_is_a_shared_one_with_the_query_on_the_side_of_the_facts():
    """What an index relies on: (W_Q x) . (W_K e) = (W_K^T W_Q x) . e."""
    facts, waves, W_K = torch.randn(S, N, D), torch.randn(S, N, W), torch.randn(H, D, D)
    query, turned = torch.randn(S, Q, H, D), torch.randn(S, Q, H, W)
    keys = torch.einsum("hkd,snd->shnk", W_K, facts)

    there = torch.einsum("sqhk,hkd->sqhd", query, W_K)

    torch.testing.assert_close(
        ProjectedScores(keys, waves)(query, turned), SharedScores(facts, waves)(there, turned)
    )


@pytest.mark.parametrize("masked", [[], [0, 3], list(range(N))], ids=["none", "some", "all"])
def test_attention_is_that_of_pytorch_with_the_null_slot_as_one_more_key(masked):
    q, k, v = torch.randn(S, H, Q, D), torch.randn(S, H, N, D), torch.randn(S, H, N, D)
    null = torch.randn(S, H, Q)
    off = torch.zeros(S, 1, Q, N, dtype=torch.bool)
    off[0, 0, 1, masked] = True

    p, p0, _ = normalise(q @ k.transpose(2, 3) / math.sqrt(D), null, off)

    # The null slot is a key of zeros that a bias makes score `null`, and brings nothing.
    bias = torch.zeros(S, H, Q, N).masked_fill(off, -torch.inf)
    expected = nn.functional.scaled_dot_product_attention(
        q,
        torch.cat([k, torch.zeros(S, H, 1, D)], dim=2),
        torch.cat([v, torch.zeros(S, H, 1, D)], dim=2),
        attn_mask=torch.cat([bias, null[..., None]], dim=-1),
    )
    torch.testing.assert_close(p @ v, expected)
    torch.testing.assert_close(p.sum(dim=-1) + p0, torch.ones(S, H, Q))
    assert (p[0, :, 1, masked] == 0).all()


def test_where_every_fact_is_off_the_null_slot_takes_all_and_nothing_is_nan():
    scores, null = torch.randn(H, N, requires_grad=True), torch.randn(H, requires_grad=True)

    p, p0, odds = normalise(scores, null, torch.ones(1, N, dtype=torch.bool))
    (p.sum() + p0.sum() + odds.sum()).backward()

    assert (p == 0).all()
    assert (p0 == 1).all()
    assert (odds == -10).all()
    assert torch.isfinite(scores.grad).all()
    assert torch.isfinite(null.grad).all()


@pytest.mark.parametrize("told", [(1, 2, 3), (0, 3, 3)], ids=["told later", "nothing told"])
def test_a_hop_of_the_network_is_pytorchs_multi_head_attention(told):
    """Without waves, writes and a learned null, which PyTorch does not know; its `add_zero_attn` is a null of 0."""
    network = network_of("scaled", hops=1, write=False)
    c, d, dh = network.config, network.dim, network.head_dim
    assert d == c.num_heads * dh
    with torch.no_grad():
        content = network.ask.weight.view(c.num_heads, -1, d)[:, :dh].reshape(-1, d).clone()
        bias = network.ask.bias.view(c.num_heads, -1)[:, :dh].reshape(-1).clone()
        network.ask.weight.view(c.num_heads, -1, d)[:, dh:] = 0
        network.ask.bias.view(c.num_heads, -1)[:, dh:] = 0
    batch = batch_of(*told)
    shares, language = network._wordings(batch)
    e = network._sentences(shares, language, batch.fact_wording, batch.fact_symbols, batch.symbols)
    q = network._sentences(shares, language, batch.question_wording, batch.question_symbols, batch.symbols)
    theirs = nn.MultiheadAttention(d, c.num_heads, add_zero_attn=True, batch_first=True)
    with torch.no_grad():
        # Theirs divides by the root of the head's width; ours has learned its scale.
        theirs.in_proj_weight.copy_(
            torch.cat([content * math.sqrt(dh), network.W_K.weight, network.W_V.weight])
        )
        theirs.in_proj_bias.copy_(torch.cat([bias * math.sqrt(dh), torch.zeros(2 * d)]))
    x = network.read_norm(network.start(q) + network.step[0])

    _, expected = theirs(
        x,
        e,
        e,
        key_padding_mask=batch.times >= batch.now,
        need_weights=True,
        average_attn_weights=False,
    )
    outcome = network(batch)

    torch.testing.assert_close(outcome.attention[:, 0, 0], expected[:, :, 0, :-1])
    torch.testing.assert_close(outcome.null[:, 0, 0], expected[:, :, 0, -1])


@pytest.mark.parametrize("attention", MECHANISMS)
def test_every_mechanism_attends_to_what_was_told_alone(attention):
    outcome = network_of(attention)(batch_of(0, 1, 3))

    total = outcome.attention.sum(dim=-1) + outcome.null
    torch.testing.assert_close(total, torch.ones_like(total))
    assert (outcome.attention[0] == 0).all()
    assert (outcome.attention[1, ..., 1:] == 0).all()
    assert (outcome.attention[2] > 0).all()
    assert torch.isfinite(outcome.logits[1:]).all()


@pytest.mark.parametrize("attention", MECHANISMS)
def test_facts_that_are_retired_get_no_attention_and_all_others_share_it(attention):
    network = network_of(attention)
    network.write_bias.data.fill_(2.0)
    batch = batch_of(3)
    retention = network(batch).retention[0, 0].detach()
    threshold = float(retention.sort().values[0]) + 1e-3

    outcome = network(batch, retire_below=threshold)

    gone = retention < threshold
    assert gone.any()
    assert not gone.all()
    assert (outcome.attention[0, 0, :, :, gone] == 0).all()
    total = outcome.attention.sum(dim=-1) + outcome.null
    torch.testing.assert_close(total, torch.ones_like(total))


@pytest.mark.parametrize("attention", MECHANISMS)
def test_every_parameter_of_a_mechanism_learns(attention):
    network = network_of(attention)
    network.write_bias.data.fill_(0.5)

    network.train()(batch_of(3)).logits[0, 0, 0].log_softmax(dim=-1)[-1].backward()

    kind = MECHANISMS[attention]
    has = {"W_K.weight": kind.keys, "W_V.weight": kind.values, "v": not kind.linear}
    parameters = dict(network.named_parameters())
    for name in ("ask.weight", "W_O.weight", *(name for name, there in has.items() if there)):
        assert parameters[name].grad.abs().sum() > 0, name
    assert not {name for name, there in has.items() if not there} & parameters.keys()


def test_heads_begin_with_about_the_same_reads_whatever_the_mechanism():
    """A fact about the symbol that is asked for stands out by half a nat at least."""
    for attention in MECHANISMS:
        torch.manual_seed(0)
        config = MultiHeadConfig(
            vocab_size=len(LEXICON),
            num_answers=2,
            num_heads=1 if attention == "dot" else 8,
            attention=attention,
        )
        network = MultiHeadMemory(config)
        lesson = Lesson(1, ("Mary got there.", "John got there."), (Asked("Where is Mary?", ("x",), 2),))
        episodes = Episodes(
            [lesson], LEXICON, symbol_dim=40, positions=4, memory=64, fixed=lambda task, key: False
        )
        batch = episodes.batch(np.array([0]), rename=False)[0]
        p = network(batch).attention[0, 0, 0, 0]
        assert float((p[0] / p[1]).detach().log()) > 0.5, attention


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"attention": "cosine"},
            "attention must be one of scaled, dot, additive, general; got 'cosine'",
        ),
        ({"attention": "dot"}, "dot attention has one head; got num_heads 8"),
    ],
)
def test_a_mechanism_that_cannot_be_is_refused(settings, message):
    with pytest.raises(RecipeError) as raised:
        MultiHeadConfig(vocab_size=9, num_answers=2, **settings)

    assert str(raised.value) == message
