"""One question through the multi-head network in numpy, facts wherever they are.

The same equations as `memnet.nn.multihead`, arranged for a single question: a tensor library spends most of
such a question's time on calling its operations. A test holds the two together to 1e-5 on attention.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64

from memnet.interpreters.base import Facts
from memnet.interpreters.matched import Aged, Few, Many, Matched
from memnet.nn.attention import sharpness
from memnet.nn.multihead import LEAST_RETENTION, MOST_OF_A_GATE, NEGLIGIBLE_GATE, MultiHeadMemory

Array = np.ndarray

FEW = 128
"""Facts up to which every head's keys and values are made: a third of a millisecond, saved by the second
question about them."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What led to an answer."""

    y: Float32[Array, " features_and_one"]
    """What answers are chosen by; the last is 1."""
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
        self.least_gate, self.sharpening = network.least_gate, network.sharpening
        w = {name: tensor.detach().numpy() for name, tensor in network.state_dict().items()}
        H, d, dh = c.num_heads, network.dim, network.head_dim
        self.dim, self.mechanism = d, c.mechanism
        self.query_dim, self.value_dim = network.query_dim, network.value_dim
        self.frequencies: Float64[Array, " waves"] = network.frequencies.numpy()
        self.step = w["step"]
        self.start = (_columns(w["start.weight"]), w["start.bias"])
        self.ask = _layer(w, "ask", w["read_norm.gain"])
        if self.mechanism.keys:
            self.W_K = w["W_K.weight"].reshape(H, dh, d)
        if self.mechanism.values:
            self.W_V = w["W_V.weight"].reshape(H, dh, d)
        if self.mechanism.keys and self.mechanism.values:
            self.W_KV = _columns(np.concatenate([w["W_K.weight"], w["W_V.weight"]]))
        if not self.mechanism.linear:
            self.v = w["v"]
        self.read_gain = w["read_norm.gain"]
        self.W_O = _layer(w, "W_O")
        # Log-odds of the null count three tenths.
        per_head = self.value_dim + 2 * c.waves + 2
        self.W_O[per_head - 1 : -1 : per_head] *= np.float32(0.3)
        # Likeness to the question and to the state itself stand side by side, role by role.
        places = np.arange(2 * c.roles**2).reshape(2, c.roles, c.roles).transpose(1, 0, 2)
        self.expand = _layer(w, "expand", w["mix_norm.gain"])
        self.expand[d : d + places.size] = self.expand[d + places.ravel()]
        self.contract = _layer(w, "contract")
        self.last_gain = w["last_norm.gain"]
        self.relate = _layer(w, "relate", np.tile(self.last_gain, c.num_hops + 1))
        # What the words of an answer are chosen by and what names are pointed at with.
        self.tell = np.concatenate([_layer(w, each, self.last_gain) for each in ("answer", "copy")], axis=1)
        self.choose = (_columns(w["choose.weight"]), w["choose.bias"])
        if c.write:
            self.write = (w["write.weight"], w["write.bias"])
            self.written = w["written.weight"]
            self.write_bias = float(w["write_bias"])
            least = max(self.least_gate, NEGLIGIBLE_GATE)
            # softplus(least_score + bias) = least, and a little room for rounding.
            self.least_score = np.float32(math.log(math.expm1(least)) - self.write_bias - 1e-2)

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
        gates = np.zeros(scores.shape, np.float32)
        # Most pairs have nothing to do with one another: what is far under the least gate is not computed.
        likely = scores > self.least_score
        taken = np.logaddexp(0.0, scores[likely] + self.write_bias)
        kept = np.clip(taken - NEGLIGIBLE_GATE, 0.0, MOST_OF_A_GATE)
        kept[taken < self.least_gate] = 0.0
        gates[likely] = -np.expm1(-kept)
        return gates

    def aged(self, times: Sequence[int] | Int64[Array, " facts"], facts: Facts) -> Aged:
        """What a question reads of facts beside their content when it is asked one step after the last."""
        since = np.asarray(times)
        retention = facts.retention() if self.config.write else None
        if retention is not None:
            # A sum has no end where a network was trained with one: of so little, all is the same.
            retention = np.maximum(retention, np.float32(LEAST_RETENTION)) if retention.any() else None
        return Aged(self.waves(since[-1] + 1 - since), retention)

    def makes_keys(self, facts: Facts) -> bool:
        """Whether facts are read as `Few`. It depends on nothing but their number, so that the same facts
        have the same scores, bit for bit, whether they were asked about before or not."""
        return self.mechanism.name == "scaled" and len(facts) <= FEW

    def matched(self, aged: Aged, facts: Facts) -> Matched:
        """Facts, ready to be read."""
        return self.few(aged, facts) if self.makes_keys(facts) else self.many(aged, facts)

    def few(self, aged: Aged, facts: Facts) -> Few:
        """Every head's keys and values of facts."""
        found = (facts.values(0) @ self.W_KV).reshape(len(facts), 2, self.config.num_heads, -1)
        keys, values = found.transpose(1, 2, 0, 3)
        return Few(keys, values, aged)

    def many(self, aged: Aged, facts: Facts) -> Many:
        """Facts where they are."""
        return Many(facts, self._content_scores(facts), self._values, aged)

    def read(self, q: Float32[Array, " content"], facts: Matched) -> Trace:
        """All hops of one question; see `memnet.nn.multihead`."""
        c, d = self.config, self.dim
        H, N, R, RS = c.num_heads, len(facts), c.roles, c.roles * c.symbol_dim
        # The symbols of the question, and behind them the state, which begins with its own.
        both = np.empty(RS + d, np.float32)
        both[:RS] = q[:RS]
        u, symbols = both[RS:], both[: 2 * RS].reshape(2 * R, -1)
        slots, compared = symbols[R:], symbols.T
        states = np.empty((c.num_hops + 1, d), np.float32)
        # The last column of both is the null slot's.
        scores = np.empty((c.num_hops, H, N + 1), np.float32)
        attention, totals = np.empty_like(scores), np.empty((c.num_hops, H, 1), np.float32)
        x, given = _ending_in_one(d), _ending_in_one(len(self.W_O) - 1)
        mixed, hidden = _ending_in_one(d + 2 * R * R), _ending_in_one(c.hidden)
        normed, activated, like = x[:-1], hidden[:-1], mixed[d:-1].reshape(R, 2 * R)
        asked, taken = np.empty(self.ask.shape[1], np.float32).reshape(H, -1), given[:-1].reshape(H, -1)
        weigh, masses = asked[:, -1], taken[:, -2:]
        np.dot(q, self.start[0], out=u)
        u += self.start[1]
        states[0] = u
        sharp = np.float32(sharpness(self.sharpening, N))
        for hop in range(c.num_hops):
            z, p, total = scores[hop], attention[hop], totals[hop]
            np.add(u, self.step[hop], out=normed)
            _norm(normed, normed)
            np.dot(x, self.ask, out=asked.reshape(-1))
            if c.write:
                np.logaddexp(_ZERO, weigh, out=weigh)
            facts.score(normed, asked, z)
            if sharp != 1:
                z *= sharp
            np.subtract(z, np.maximum.reduce(z, axis=1, keepdims=True), out=p)
            np.exp(p, out=p)
            facts.take(p, taken)
            # What is on the null and what is on the facts is all there is.
            np.add.reduce(masses, axis=1, keepdims=True, out=total)
            np.divide(taken, total, out=taken)
            odds = np.log(np.maximum(masses, _TINY))
            masses[:, 1] = np.minimum(np.maximum(odds[:, 1] - odds[:, 0], -10), 10)
            u += np.dot(given, self.W_O)
            _norm(u, mixed[:d])
            np.dot(slots, compared, out=like)
            np.maximum(np.dot(mixed, self.expand), _ZERO, out=activated)
            u += np.dot(hidden, self.contract)
            states[hop + 1] = u
        attention /= totals
        return Trace(
            self._related(states),
            scores[:, :, :N],
            np.ascontiguousarray(attention[:, :, :N]),
            attention[:, :, N],
        )

    def _content_scores(self, facts: Facts) -> Callable[[Array, Array], Float32[Array, "heads facts"]]:
        dq = self.query_dim
        if self.mechanism.linear:
            return lambda x, asked: facts.scores(0, self.queries(x, asked[:, :dq]))
        keys = self.keys(facts)
        return lambda x, asked: np.matmul(self.v[:, None], np.tanh(asked[:, :dq, None] + keys))[:, 0]

    def _values(self, found: Float32[Array, "heads content"]) -> Float32[Array, "heads value_dim"]:
        """What heads take of their sums of content."""
        if not self.mechanism.values:
            return found
        values: np.ndarray = np.matmul(self.W_V, found[:, :, None])[:, :, 0]
        return values

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
        told = np.dot(trace.y, self.tell)
        chosen = np.maximum(told[: P * c.answer], _ZERO).reshape(P, -1) @ self.choose[0]
        chosen += self.choose[1]
        mixture = chosen[:, words + 1 :]
        mixture = np.exp(mixture - np.maximum.reduce(mixture, axis=1, keepdims=True))
        mixture /= np.add.reduce(mixture, axis=1, keepdims=True)
        attention = trace.attention.reshape(c.num_hops * c.num_heads, -1)
        if len(offering) < attention.shape[1]:
            attention = attention[:, offering]
        on = (mixture @ attention) @ mentions
        on += _SOME
        logits = np.empty((P, words + len(names)), np.float32)
        logits[:, :words] = chosen[:, :words]
        copied = logits[:, words:]
        np.matmul(told[P * c.answer :].reshape(P, -1), names.T, out=copied)
        copied += np.log(on, out=on)
        copied += chosen[:, words, None]
        return logits

    def _related(self, states: Float32[Array, "states content"]) -> Float32[Array, " features_and_one"]:
        R, ds = self.config.roles, self.config.symbol_dim
        count, d = states.shape
        slots = states[:, : R * ds].reshape(-1, ds)
        known = _ending_in_one(len(self.relate) - 1)
        normed = known[: states.size].reshape(states.shape)
        np.divide(states, np.sqrt(np.vecdot(states, states) / d + _EPSILON)[:, None], out=normed)
        np.matmul(slots, slots.T, out=known[states.size : -1].reshape(count * R, -1))
        y = _ending_in_one(len(self.tell) - 1)
        y[:d] = normed[-1]
        np.maximum(np.dot(known, self.relate), _ZERO, out=y[d:-1])
        return y


_EPSILON, _TINY, _ZERO, _SOME = 1e-6, np.float32(1e-30), np.float32(0), np.float32(1e-4)


def _columns(weight: Array) -> Array:
    """Weights with a row for each input: a product with one question reads them in their order."""
    return np.ascontiguousarray(weight.T)


def _layer(weights: Mapping[str, Array], name: str, gain: Array | None = None) -> Array:
    """[W | b] transposed, what reads the first inputs multiplied by the gain of their normalisation."""
    weight = weights[f"{name}.weight"].copy()
    if gain is not None:
        weight[:, : len(gain)] *= gain
    return _columns(np.concatenate([weight, weights[f"{name}.bias"][:, None]], axis=1))


def _ending_in_one(length: int) -> Float32[Array, " one_more"]:
    vector = np.empty(length + 1, np.float32)
    vector[-1] = 1
    return vector


def _norm(x: Float32[Array, " content"], out: Float32[Array, " content"]) -> None:
    """RMSNorm without its gain."""
    np.multiply(x, 1 / math.sqrt(float(np.dot(x, x)) / len(x) + _EPSILON), out=out)
