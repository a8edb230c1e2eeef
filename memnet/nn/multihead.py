"""The multi-head memory network: every read, of every head and hop, is an inner-product search.

    m_i  = [ e_i ; phi(t_i) ]                        never changed once fact i was told
    phi  = [ cos w_f t ; sin w_f t ]                 f = 1..F, geometric frequencies
    x    = RMSNorm(u + step_k)
    z_hi = (W_Q x)_h . (W_K e_i)_h + c_h(x) . phi(t_q - t_i) + b_h(x) r_i
    p_hi = exp z_hi / (exp z_h0 + sum_j exp z_hj)    z_h0 = w_0h . x + b_0h, the null slot
    o    = W_O [ sum_i p_hi (W_V e_i)_h ; sum_i p_hi phi(t_q - t_i) ; p_h0 ; log-odds of the null ]_h
    u'   = u + o
    u    = u' + FFN(RMSNorm(u'))

`c_h(x) . phi(t_q - t_i)` is linear in phi(t_i): the coefficients are rotated by t_q, and what is read
of the waves is rotated back. So a head's scores are inner products with one static vector per fact; e_i is
what is stored, phi(t_i) follows from the fact's number.

Write, if the network has gates: a new fact t looks at the older ones and says how far it supersedes each.

    g_ti = sigmoid( (W_w e_t) . (W_s e_i) + b )      t_i < t
    r_i  = sum_t log(1 - g_ti)                       retention: 0 when nothing superseded fact i

A fact of which less than e^retire_below is left is retired: its p_hi are 0, wherever the network runs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from memnet.errors import RecipeError
from memnet.nn.attention import (
    MECHANISMS,
    AdditiveScores,
    Mechanism,
    ProjectedScores,
    Scores,
    SharedScores,
    normalise,
)
from memnet.nn.beginning import begin
from memnet.nn.roles import RoleEncoder, is_symbol

NEGLIGIBLE_GATE = 0.25
"""What is taken off every gate, in nats of retention."""

LEAST_RETENTION = -30.0
"""What is left of a fact at least, in nats: nothing that float32 could tell from 0."""

MOST_OF_A_GATE = 13.8
"""What one write takes of a fact at most, in nats: all but a millionth, which float32 can tell from all."""


@dataclass(frozen=True, slots=True)
class MultiHeadConfig:
    """The shape of a multi-head memory network."""

    vocab_size: int
    num_answers: int
    """Answer words of its own; all other answers are copied."""
    num_hops: int = 4
    num_heads: int = 8
    roles: int = 4
    symbol_dim: int = 40
    language_dim: int = 48
    hidden: int = 208
    relation: int = 128
    answer: int = 64
    word_dim: int = 64
    depth: int = 2
    waves: int = 12
    wave_ratio: float = 2.6
    positions: int = 4
    """Longest answer, in words or names."""
    write: bool = True
    attention: str = "scaled"
    """A mechanism of `memnet.nn.attention`."""
    retire_below: float = -10.0
    """Facts of which later ones left less than this, in nats, are retired: no head attends to them at all."""

    def __post_init__(self) -> None:
        if self.attention not in MECHANISMS:
            raise RecipeError(f"attention must be one of {', '.join(MECHANISMS)}; got '{self.attention}'")
        if self.attention == "dot" and self.num_heads != 1:
            raise RecipeError(f"dot attention has one head; got num_heads {self.num_heads}")

    @property
    def mechanism(self) -> Mechanism:
        return MECHANISMS[self.attention]


@dataclass(frozen=True, slots=True)
class QuestionBatch:
    """Stories with their questions, as tensors; `memory` counts facts, oldest first."""

    wordings: Int[Tensor, "wordings words"]
    is_question: Bool[Tensor, " wordings"]
    symbols: Float[Tensor, "stories names symbol_dim"]
    """Vectors of each story's symbols; the last one is zero and stands for none."""
    fact_wording: Int[Tensor, "stories memory"]
    fact_symbols: Int[Tensor, "stories memory per_sentence"]
    """Columns of `symbols`, in the order of the sentence."""
    times: Float[Tensor, "stories memory"]
    """t_i; padding has a time that no question reaches."""
    question_wording: Int[Tensor, "stories questions"]
    question_symbols: Int[Tensor, "stories questions per_sentence"]
    now: Float[Tensor, "stories questions"]
    """t_q; a fact is told before a question if its time is smaller."""

    def to(self, device: torch.device) -> QuestionBatch:
        return QuestionBatch(*(getattr(self, each.name).to(device) for each in fields(self)))


@dataclass(frozen=True, slots=True)
class Outcome:
    """Logits over [answer words ; end ; the story's symbols] at each position, and what led there."""

    logits: Float[Tensor, "stories questions positions choices"]
    attention: Float[Tensor, "stories questions hops heads memory"]
    null: Float[Tensor, "stories questions hops heads"]
    retention: Float[Tensor, "stories questions memory"] | None


class RMSNorm(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.rms_norm(x, (x.shape[-1],), self.gain, 1e-6)


class MultiHeadMemory(nn.Module):
    """The network; see the module's equations."""

    family = "multi-head"

    def __init__(self, config: MultiHeadConfig) -> None:
        super().__init__()
        self.config = c = config
        self.encoder = RoleEncoder(
            c.vocab_size,
            roles=c.roles,
            symbol_dim=c.symbol_dim,
            language_dim=c.language_dim,
            width=c.word_dim,
            depth=c.depth,
        )
        d, H, dh, F2 = self.encoder.dim, c.num_heads, c.symbol_dim, 2 * c.waves
        self.dim, self.head_dim = d, dh
        self.least_gate = 0.0
        """What a write takes is nothing if it is less, in nats; see `memnet.calibration`."""
        self.sharpening = 0.0
        """By how much attention is sharpened among many facts; see `memnet.nn.attention.sharpness`."""
        self.query_dim, self.value_dim = c.mechanism.query_dim(d, dh), c.mechanism.value_dim(d, dh)
        self.frequencies: Tensor
        self.register_buffer(
            "frequencies",
            (2 * math.pi / (4 * c.wave_ratio ** torch.arange(c.waves, dtype=torch.float64))),
            persistent=False,
        )
        self.start = nn.Linear(d, d)
        self.step = nn.Parameter(torch.randn(c.num_hops, d) * 0.1)
        self.read_norm, self.mix_norm, self.last_norm = RMSNorm(d), RMSNorm(d), RMSNorm(d)
        # Queries, wave coefficients, null scores and weights of retention of all heads in one product.
        self.ask = nn.Linear(d, H * (self.query_dim + F2 + 2))
        if c.mechanism.keys:
            self.W_K = nn.Linear(d, H * dh, bias=False)
        if c.mechanism.values:
            self.W_V = nn.Linear(d, H * dh, bias=False)
        if not c.mechanism.linear:
            self.v = nn.Parameter(torch.empty(H, dh))
        self.W_O = nn.Linear(H * (self.value_dim + F2 + 2), d)
        self.expand = nn.Linear(d + 2 * c.roles**2, c.hidden)
        self.contract = nn.Linear(c.hidden, d)
        if c.write:
            self.write = nn.Linear(d, 3 * dh)
            self.written = nn.Linear(d, 3 * dh, bias=False)
            self.write_bias = nn.Parameter(torch.tensor(-3.0))
        states = c.num_hops + 1
        self.relate = nn.Linear(states * d + (states * c.roles) ** 2, c.relation)
        self.answer = nn.Linear(d + c.relation, c.positions * c.answer)
        self.copy = nn.Linear(d + c.relation, c.positions * c.symbol_dim)
        # Answer words, the end, a bias of copying, and a mixture of all hops' heads.
        self.choose = nn.Linear(c.answer, c.num_answers + 2 + c.num_hops * H)
        begin(self)

    def phi(self, times: Float[Tensor, "*any"]) -> Float[Tensor, "*any two_waves"]:
        angles = times[..., None].double() * self.frequencies
        return torch.cat([angles.cos(), angles.sin()], dim=-1).float()

    def forward(self, batch: QuestionBatch, *, retire_below: float | None = None) -> Outcome:
        """Answer the questions of a batch.

        Args:
            batch: Stories and their questions.
            retire_below: Facts of which less than this is left, in nats, get no attention at all; None for
                what the network's settings say.
        """
        c, H, F = self.config, self.config.num_heads, self.config.waves
        dq, dv = self.query_dim, self.value_dim
        S, Q = batch.question_wording.shape
        shares, language = self._wordings(batch)
        e = self._sentences(shares, language, batch.fact_wording, batch.fact_symbols, batch.symbols)
        q = self._sentences(shares, language, batch.question_wording, batch.question_symbols, batch.symbols)
        phi_i, phi_q = self.phi(batch.times), self.phi(batch.now)
        cos, sin = phi_q[:, :, None, :F], phi_q[:, :, None, F:]
        scores, values = self._scores(e, phi_i), self._values(e, phi_i)
        told = batch.times[:, None] < batch.now[:, :, None]
        retention = self.retention(e, batch.times, told) if c.write else None
        off = ~told[:, None]
        if retention is not None:
            least = c.retire_below if retire_below is None else retire_below
            off = off | (retention < least)[:, None]
        u = self.start(q)
        states, attentions, nulls = [u], [], []
        for hop in range(c.num_hops):
            x = self.read_norm(u + self.step[hop])
            asked = self.ask(x).view(S, Q, H, -1)
            query, al, be = asked[..., :dq], asked[..., dq : dq + F], asked[..., dq + F : dq + 2 * F]
            turned = torch.cat([al * cos + be * sin, al * sin - be * cos], dim=-1)
            z = scores(query if c.mechanism.query else x[:, :, None], turned)
            if retention is not None:
                z = z + nn.functional.softplus(asked[..., -1]).transpose(1, 2)[..., None] * retention[:, None]
            p, p0, odds = normalise(z, asked[..., -2].transpose(1, 2), off, self.sharpening)
            read = torch.matmul(p, values).transpose(1, 2)
            C, D = read[..., dv : dv + F], read[..., dv + F :]
            parts = [read[..., :dv], cos * C + sin * D, sin * C - cos * D]
            scalars = torch.stack([p0, 0.3 * odds], dim=-1).transpose(1, 2)
            u = u + self.W_O(torch.cat([*parts, scalars], dim=-1).flatten(2))
            mixed = torch.cat([self.mix_norm(u), self._likeness(u, q), self._likeness(u, u)], dim=-1)
            u = u + self.contract(torch.relu(self.expand(mixed)))
            states.append(u)
            attentions.append(p)
            nulls.append(p0)
        attention = torch.stack(attentions, dim=2).permute(0, 3, 2, 1, 4)
        null = torch.stack(nulls, dim=2).permute(0, 3, 2, 1)
        return Outcome(
            self._logits(self._related(states), attention, batch, told), attention, null, retention
        )

    def _scores(self, e: Tensor, waves: Tensor) -> Scores:
        """The facts, ready for every hop's queries."""
        kind = self.config.mechanism
        if not kind.keys:
            return SharedScores(e, waves)
        keys = self._heads(self.W_K(e))
        return ProjectedScores(keys, waves) if kind.linear else AdditiveScores(keys, waves, self.v)

    def _values(self, e: Tensor, waves: Tensor) -> Float[Tensor, "stories heads memory value_and_two_waves"]:
        taken = self._heads(self.W_V(e)) if self.config.mechanism.values else e[:, None]
        return torch.cat([taken, waves[:, None].expand(-1, taken.shape[1], -1, -1)], dim=-1)

    def _heads(self, x: Tensor) -> Float[Tensor, "stories heads memory head_dim"]:
        return x.view(*x.shape[:2], self.config.num_heads, -1).transpose(1, 2)

    def retention(
        self,
        e: Float[Tensor, "stories memory dim"],
        times: Float[Tensor, "stories memory"],
        told: Bool[Tensor, "stories questions memory"],
    ) -> Float[Tensor, "stories questions memory"]:
        """r_i at the moment of each question: the sum over the facts told by then."""
        later = times[:, :, None] > times[:, None]
        scores = torch.matmul(self.write(e), self.written(e).transpose(1, 2)) + self.write_bias
        # log(1 - sigmoid(s)) = -softplus(s); what is hardly there is nothing, so that most pairs need no row.
        taken = nn.functional.softplus(scores)
        kept = -torch.relu(taken - NEGLIGIBLE_GATE).clamp(max=MOST_OF_A_GATE)
        kept = kept.masked_fill(~later | (taken < self.least_gate), 0.0)
        return torch.matmul(told.to(kept.dtype), kept).clamp(min=LEAST_RETENTION)

    def _wordings(self, batch: QuestionBatch) -> tuple[Tensor, Tensor]:
        """Shares of the k-th symbol of each wording in each role, and the language of the wording."""
        shares, language = self.encoder.wordings(batch.wordings, batch.is_question)
        per = batch.fact_symbols.shape[-1]
        order = (~is_symbol(batch.wordings)).to(torch.int8).argsort(dim=1, stable=True)[:, :per]
        shares = shares.gather(1, order[..., None].expand(-1, -1, self.config.roles))
        if shares.shape[1] < per:
            shares = nn.functional.pad(shares, (0, 0, 0, per - shares.shape[1]))
        return shares, language

    def _sentences(
        self, shares: Tensor, language: Tensor, wording: Tensor, places: Tensor, symbols: Tensor
    ) -> Tensor:
        S, N, per = places.shape
        vectors = symbols.gather(1, places.view(S, -1, 1).expand(-1, -1, symbols.shape[-1]))
        flat = self.encoder.sentences(
            shares[wording.flatten()], language[wording.flatten()], vectors.view(S * N, per, -1)
        )
        return flat.view(S, N, -1)

    def _likeness(self, a: Tensor, b: Tensor) -> Tensor:
        """Inner products of all roles' symbols of two states: whether they speak of the same."""
        R, ds = self.config.roles, self.config.symbol_dim
        left, right = (each[..., : R * ds].reshape(*each.shape[:-1], R, ds) for each in (a, b))
        return torch.matmul(left, right.transpose(-1, -2)).flatten(-2)

    def _related(self, states: list[Tensor]) -> Tensor:
        """The last state, and a layer over all states and the likeness of every two roles in them."""
        c = self.config
        Z = torch.stack(states, dim=2)
        slots = Z[..., : c.roles * c.symbol_dim].reshape(*Z.shape[:2], -1, c.symbol_dim)
        same = torch.matmul(slots, slots.transpose(2, 3)).flatten(2)
        Z = self.last_norm(Z)
        rho = torch.relu(self.relate(torch.cat([Z.flatten(2), same], dim=-1)))
        return torch.cat([Z[:, :, -1], rho], dim=-1)

    def _logits(self, y: Tensor, attention: Tensor, batch: QuestionBatch, told: Tensor) -> Tensor:
        c = self.config
        S, Q, N = told.shape
        P, names = c.positions, batch.symbols.shape[1] - 1
        chosen = self.choose(torch.relu(self.answer(y)).view(S, Q, P, -1))
        words, bias, mixture = chosen.split([c.num_answers + 1, 1, c.num_hops * c.num_heads], dim=-1)
        mass = torch.matmul(mixture.softmax(dim=-1), attention.flatten(2, 3))
        mentions = y.new_zeros(S, N, names + 1).scatter_(2, batch.fact_symbols, 1.0)[..., :-1]
        on = torch.matmul(mass.flatten(1, 2), mentions).view(S, Q, P, names)
        pointer = self.copy(y).view(S, Q * P, -1)
        likeness = torch.matmul(pointer, batch.symbols[:, :-1].transpose(1, 2)).view(S, Q, P, names)
        known = torch.matmul(told.to(mentions.dtype), mentions) > 0
        copy = likeness + (on + 1e-4).log() + bias
        return torch.cat([words, copy.masked_fill(~known[:, :, None], -1e9)], dim=-1)
