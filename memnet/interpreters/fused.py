"""One question through the multi-head network in numpy, facts wherever they are.

The same equations as `memnet.nn.multihead`, arranged for a single question: a tensor library spends most of
such a question's time on calling its operations. A test holds the two together to 1e-5 on attention.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64

from memnet.interpreters.base import Facts
from memnet.nn.multihead import LEAST_RETENTION, MOST_OF_A_GATE, NEGLIGIBLE_GATE, MultiHeadMemory

Array = np.ndarray


@dataclass(frozen=True, slots=True)
class Trace:
    """What led to an answer."""

    y: Float32[Array, " features"]
    """What answers are chosen by."""
    scores: Float32[Array, "hops heads facts"]
    attention: Float32[Array, "hops heads facts"]
    null: Float32[Array, "hops heads"]


class Fused:
    """The weights of a network, ready for single questions.

    Biases are a last column of their layer, whose input ends in 1; gains of normalisation are multiplied into
    the layers behind them. So a layer is one product.
    """

    def __init__(self, network: MultiHeadMemory) -> None:
        self.config = c = network.config
        self.least_gate = network.least_gate
        w = {name: tensor.detach().numpy() for name, tensor in network.state_dict().items()}
        H, d, dh = c.num_heads, network.dim, network.head_dim
        self.dim, self.mechanism = d, c.mechanism
        self.query_dim, self.value_dim = network.query_dim, network.value_dim
        self.frequencies: Float64[Array, " waves"] = network.frequencies.numpy()
        self.step = w["step"]
        self.start = (w["start.weight"], w["start.bias"])
        self.ask = _layer(w, "ask", w["read_norm.gain"])
        if self.mechanism.keys:
            self.W_K = w["W_K.weight"].reshape(H, dh, d)
        if self.mechanism.values:
            self.W_V = w["W_V.weight"].reshape(H, dh, d)
        if not self.mechanism.linear:
            self.v = w["v"]
        self.read_gain = w["read_norm.gain"]
        self.W_O = _layer(w, "W_O")
        # Log-odds of the null count three tenths.
        per_head = self.value_dim + 2 * c.waves + 2
        self.W_O[:, per_head - 1 : -1 : per_head] *= np.float32(0.3)
        self.expand = _layer(w, "expand", w["mix_norm.gain"])
        self.contract = _layer(w, "contract")
        self.last_gain = w["last_norm.gain"]
        self.relate = (w["relate.weight"], w["relate.bias"])
        self.answer = (w["answer.weight"], w["answer.bias"])
        self.copy = (w["copy.weight"], w["copy.bias"])
        self.choose = (w["choose.weight"], w["choose.bias"])
        if c.write:
            self.write = (w["write.weight"], w["write.bias"])
            self.written = w["written.weight"]
            self.write_bias = float(w["write_bias"])

    def waves(self, times: Array) -> Float32[Array, "times two_waves"]:
        """phi(t) = [cos w_f t ; sin w_f t]."""
        angles = np.asarray(times, np.float64)[..., None] * self.frequencies
        waves: np.ndarray = np.concatenate([np.cos(angles), np.sin(angles)], axis=-1).astype(np.float32)
        return waves

    def gates(
        self, new: Float32[Array, "new content"], older: Float32[Array, "older content"]
    ) -> Float32[Array, "new older"]:
        """g_ti = 1 - exp(-max(0, softplus(s_ti) - what is negligible))."""
        return self.gates_of_scores(self.write_queries(new) @ older.T)

    def write_queries(self, new: Float32[Array, "new content"]) -> Float32[Array, "new content"]:
        """What a new fact is matched with older ones by: an inner product with their vectors."""
        queries: np.ndarray = (new @ self.write[0].T + self.write[1]) @ self.written
        return queries

    def gates_of_scores(self, scores: Float32[Array, "new older"]) -> Float32[Array, "new older"]:
        """Gates from the inner products of write queries with older facts."""
        taken = np.logaddexp(0.0, scores + self.write_bias)
        kept = np.clip(taken - NEGLIGIBLE_GATE, 0.0, MOST_OF_A_GATE)
        kept[taken < self.least_gate] = 0.0
        gates: np.ndarray = -np.expm1(-kept)
        return gates.astype(np.float32)

    def read(self, q: Float32[Array, " content"], times: Sequence[int], facts: Facts) -> Trace:
        """All hops of one question, asked one step after the last fact; see `memnet.nn.multihead`.

        A fact's vector is its content, which `facts` holds, and the waves of its time, which follow from its
        number: inner products and sums with the one are those with the two parts, added. Waves are those of
        ages here, which is what turning queries and sums by the time of asking comes to.
        """
        c, d, dq, dv = self.config, self.dim, self.query_dim, self.value_dim
        H, F2, N, RS = c.num_heads, 2 * c.waves, len(facts), c.roles * c.symbol_dim
        since = np.asarray(times)
        waves = self.waves(since[-1] + 1 - since)
        retention = facts.retention() if c.write else None
        if retention is not None and not retention.any():
            retention = None
        if retention is not None:
            # A sum has no end where a network was trained with one: of so little, all is the same.
            retention = np.maximum(retention, np.float32(LEAST_RETENTION))
        keys = None if self.mechanism.linear else self.keys(facts)
        u = _linear(q, self.start)
        states = np.empty((c.num_hops + 1, d), np.float32)
        states[0] = u
        # The last column of both is the null slot's.
        scores = np.empty((c.num_hops, H, N + 1), np.float32)
        attention = np.empty_like(scores)
        x, given = _ending_in_one(d), _ending_in_one(H * (dv + F2 + 2))
        mixed, hidden = _ending_in_one(d + 2 * c.roles**2), _ending_in_one(c.hidden)
        read = given[:-1].reshape(H, -1)
        of_q, of_u = mixed[d:-1].reshape(2, c.roles, c.roles)
        q_slots = q[:RS].reshape(c.roles, -1).T
        for hop in range(c.num_hops):
            _normed(u + self.step[hop], x)
            asked = (self.ask @ x).reshape(H, -1)
            z, p = scores[hop], attention[hop]
            if keys is None:
                content = facts.scores(0, self.queries(x[:-1], asked[:, :dq]))
            else:
                content = np.matmul(self.v[:, None], np.tanh(asked[:, :dq, None] + keys))[:, 0]
            np.add(content, asked[:, dq : dq + F2] @ waves.T, out=z[:, :N])
            if retention is not None:
                z[:, :N] += np.logaddexp(_ZERO, asked[:, dq + F2 + 1, None]) * retention
            z[:, N] = asked[:, dq + F2]
            np.subtract(z, z.max(axis=1, keepdims=True), out=p)
            np.exp(p, out=p)
            p /= p.sum(axis=1, keepdims=True)
            told = p[:, :N]
            odds = np.log(np.maximum(told.sum(axis=1), _TINY) / np.maximum(p[:, N], _TINY))
            found = facts.weighted(0, told)
            read[:, :dv] = np.matmul(self.W_V, found[:, :, None])[:, :, 0] if self.mechanism.values else found
            read[:, dv : dv + F2] = told @ waves
            read[:, -2] = p[:, N]
            np.minimum(np.maximum(odds, -10), 10, out=read[:, -1])
            u = u + self.W_O @ given
            _normed(u, mixed)
            slots = u[:RS].reshape(c.roles, -1)
            np.dot(slots, q_slots, out=of_q)
            np.dot(slots, slots.T, out=of_u)
            np.maximum(self.expand @ mixed, _ZERO, out=hidden[:-1])
            u += self.contract @ hidden
            states[hop + 1] = u
        return Trace(
            self._related(states),
            scores[:, :, :N],
            np.ascontiguousarray(attention[:, :, :N]),
            attention[:, :, N],
        )

    def queries(
        self, x: Float32[Array, " content"], asked: Float32[Array, "heads query_dim"]
    ) -> Float32[Array, "heads content"]:
        """Queries on the side of the facts: inner products with these are the scores of content."""
        if not self.mechanism.query:
            plain: np.ndarray = (x * self.read_gain)[None]
            return plain
        if not self.mechanism.keys:
            return asked
        queries: np.ndarray = np.matmul(asked[:, None], self.W_K)[:, 0]
        return queries

    def keys(self, facts: Facts) -> Float32[Array, "heads head_dim facts"]:
        """Every fact's key of every head, for a mechanism that is not linear in the fact: a full pass."""
        keys: np.ndarray = facts.scores(0, self.W_K.reshape(-1, self.W_K.shape[2]))
        return keys.reshape(*self.W_K.shape[:2], -1)

    def choices(
        self,
        trace: Trace,
        offering: Int64[Array, " offering"],
        mentions: Float32[Array, "offering names"],
        names: Float32[Array, "names symbol_dim"],
    ) -> Float32[Array, "positions choices"]:
        """Logits over [answer words ; end ; names] at each position.

        Args:
            trace: What was read.
            offering: Rows of the facts whose names can be answers.
            mentions: 1 where one of these facts mentions a name.
            names: The names' vectors.
        """
        c = self.config
        P, words = c.positions, c.num_answers + 1
        chosen = _linear(np.maximum(_linear(trace.y, self.answer), 0).reshape(P, -1), self.choose)
        mixture = chosen[:, words + 1 :]
        mixture = np.exp(mixture - mixture.max(axis=1, keepdims=True))
        mixture /= mixture.sum(axis=1, keepdims=True)
        attention = trace.attention.reshape(c.num_hops * c.num_heads, -1)[:, offering]
        on = (mixture @ attention) @ mentions
        pointer = _linear(trace.y, self.copy).reshape(P, -1)
        logits = np.empty((P, words + len(names)), np.float32)
        logits[:, :words] = chosen[:, :words]
        logits[:, words:] = pointer @ names.T + np.log(on + 1e-4) + chosen[:, words, None]
        return logits

    def _related(self, states: Float32[Array, "states content"]) -> Float32[Array, " features"]:
        R, ds = self.config.roles, self.config.symbol_dim
        slots = states[:, : R * ds].reshape(-1, ds)
        same = (slots @ slots.T).ravel()
        mean = np.square(states).mean(axis=1, keepdims=True)
        normed = states / np.sqrt(mean + _EPSILON) * self.last_gain
        rho = np.maximum(_linear(np.concatenate([normed.ravel(), same]), self.relate), 0)
        return np.concatenate([normed[-1], rho])


_EPSILON, _TINY, _ZERO = 1e-6, np.float32(1e-30), np.float32(0)


def _linear(x: Array, layer: tuple[Array, Array]) -> Array:
    result: np.ndarray = x @ layer[0].T
    result += layer[1]
    return result


def _layer(weights: Mapping[str, Array], name: str, gain: Array | None = None) -> Array:
    """[W | b], the first columns of W multiplied by the gain of the normalisation before them."""
    weight = weights[f"{name}.weight"].copy()
    if gain is not None:
        weight[:, : len(gain)] *= gain
    return np.concatenate([weight, weights[f"{name}.bias"][:, None]], axis=1)


def _ending_in_one(length: int) -> Float32[Array, " one_more"]:
    vector = np.empty(length + 1, np.float32)
    vector[-1] = 1
    return vector


def _normed(x: Float32[Array, " content"], out: Float32[Array, " longer"]) -> None:
    """RMSNorm without its gain, into the first places of `out`."""
    np.multiply(x, 1 / math.sqrt(float(np.dot(x, x)) / len(x) + _EPSILON), out=out[: len(x)])
