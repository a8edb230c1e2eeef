"""One question through the multi-head network in numpy, facts wherever they are.

The same equations as `memnet.nn.multihead`, arranged for a single question: a tensor library spends most of
such a question's time on calling its operations. A test holds the two together to 1e-5 on attention.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

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
    """The weights of a network, ready for single questions."""

    def __init__(self, network: MultiHeadMemory) -> None:
        self.config = c = network.config
        w = {name: tensor.detach().numpy() for name, tensor in network.state_dict().items()}
        H, d, dh = c.num_heads, network.dim, network.head_dim
        self.head_dim = dh
        self.frequencies: Float64[Array, " waves"] = network.frequencies.numpy()
        self.start = (w["start.weight"], w["start.bias"])
        self.step = w["step"]
        self.read_gain, self.mix_gain, self.last_gain = (
            w["read_norm.gain"],
            w["mix_norm.gain"],
            w["last_norm.gain"],
        )
        self.ask = (w["ask.weight"], w["ask.bias"])
        self.W_K = w["W_K.weight"].reshape(H, dh, d)
        self.W_V = w["W_V.weight"].reshape(H, dh, d)
        self.W_O = (w["W_O.weight"], w["W_O.bias"])
        self.expand = (w["expand.weight"], w["expand.bias"])
        self.contract = (w["contract.weight"], w["contract.bias"])
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
        kept = np.logaddexp(0.0, scores + self.write_bias) - NEGLIGIBLE_GATE
        kept = np.clip(kept, 0.0, MOST_OF_A_GATE)
        gates: np.ndarray = -np.expm1(-kept)
        return gates.astype(np.float32)

    def read(self, q: Float32[Array, " content"], times: Sequence[int], facts: Facts) -> Trace:
        """All hops of one question, asked one step after the last fact; see `memnet.nn.multihead`.

        A fact's vector is its content, which `facts` holds, and the waves of its time, which follow from its
        number: inner products and sums with the one are those with the two parts, added.
        """
        c, dh = self.config, self.head_dim
        H, F = c.num_heads, c.waves
        waves = self.waves(np.asarray(times))
        phi = self.waves(np.array([times[-1] + 1]))[0]
        cos, sin = phi[:F], phi[F:]
        # A sum has no end where a network was trained with one: of so little, all is the same.
        retention = np.maximum(facts.retention(), np.float32(LEAST_RETENTION))
        u = _linear(q, self.start)
        states = [u]
        scores = np.empty((c.num_hops, H, len(facts)), np.float32)
        attention = np.empty_like(scores)
        null = np.empty((c.num_hops, H), np.float32)
        for hop in range(c.num_hops):
            x = _rms(u + self.step[hop], self.read_gain)
            asked = _linear(x, self.ask).reshape(H, -1)
            al, be = asked[:, dh : dh + F], asked[:, dh + F : dh + 2 * F]
            content = np.matmul(asked[:, None, :dh], self.W_K)[:, 0]
            turned = np.concatenate([al * cos + be * sin, al * sin - be * cos], axis=1)
            z = facts.scores(0, content) + turned @ waves.T
            if c.write:
                z = z + np.logaddexp(0.0, asked[:, -1:]) * retention
            z0 = asked[:, -2]
            top = np.maximum(z.max(axis=1), z0)
            mass = np.exp(z - top[:, None])
            none = np.exp(z0 - top)
            told = mass.sum(axis=1)
            total = told + none
            p, p0 = mass / total[:, None], none / total
            with np.errstate(divide="ignore"):
                odds = np.clip(np.log(told) + top - z0, -10, 10)
            p = p.astype(np.float32)
            when = p @ waves
            C, D = when[:, :F], when[:, F:]
            found = np.matmul(self.W_V, facts.weighted(0, p)[:, :, None])[:, :, 0]
            parts = [found, cos * C + sin * D, sin * C - cos * D, p0[:, None], 0.3 * odds[:, None]]
            u = u + _linear(np.concatenate(parts, axis=1).ravel(), self.W_O)
            mixed = np.concatenate([_rms(u, self.mix_gain), self._likeness(u, q), self._likeness(u, u)])
            u = u + _linear(np.maximum(_linear(mixed, self.expand), 0), self.contract)
            states.append(u)
            scores[hop], attention[hop], null[hop] = z, p, p0
        return Trace(self._related(np.stack(states)), scores, attention, null)

    def choices(
        self, trace: Trace, mentions: Float32[Array, "facts names"], names: Float32[Array, "names symbol_dim"]
    ) -> Float32[Array, "positions choices"]:
        """Log-probabilities over [answer words ; end ; names] at each position."""
        c = self.config
        P = c.positions
        chosen = _linear(np.maximum(_linear(trace.y, self.answer), 0).reshape(P, -1), self.choose)
        words, bias, mixture = np.split(chosen, [c.num_answers + 1, c.num_answers + 2], axis=1)
        mixture = np.exp(mixture - mixture.max(axis=1, keepdims=True))
        mixture /= mixture.sum(axis=1, keepdims=True)
        on = (mixture @ trace.attention.reshape(c.num_hops * c.num_heads, -1)) @ mentions
        pointer = _linear(trace.y, self.copy).reshape(P, -1)
        logits = np.concatenate([words, pointer @ names.T + np.log(on + 1e-4) + bias], axis=1)
        top = logits.max(axis=1, keepdims=True)
        result: np.ndarray = logits - top - np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
        return result

    def _likeness(self, a: Array, b: Array) -> Array:
        R, ds = self.config.roles, self.config.symbol_dim
        inner: np.ndarray = a[: R * ds].reshape(R, ds) @ b[: R * ds].reshape(R, ds).T
        return inner.ravel()

    def _related(self, states: Float32[Array, "states content"]) -> Float32[Array, " features"]:
        R, ds = self.config.roles, self.config.symbol_dim
        slots = states[:, : R * ds].reshape(-1, ds)
        same = (slots @ slots.T).ravel()
        normed = _rms(states, self.last_gain)
        rho = np.maximum(_linear(np.concatenate([normed.ravel(), same]), self.relate), 0)
        return np.concatenate([normed[-1], rho])


def _linear(x: Array, layer: tuple[Array, Array]) -> Array:
    result: np.ndarray = x @ layer[0].T + layer[1]
    return result


def _rms(x: Array, gain: Array) -> Array:
    result: np.ndarray = x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + 1e-6) * gain
    return result
