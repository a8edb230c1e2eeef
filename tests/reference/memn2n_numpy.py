"""MemN2N in NumPy, written from the paper and from nothing else (Sukhbaatar et al. 2015).

Slow on purpose: one question, one word, one component at a time, float64. It shares no code and no
data layout with `memnet.nn`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


def position_encoding(k: int, j: int, d: int, J: int) -> float:
    """Section 4.1: l_kj = (1 - j/J) - (k/d)(1 - 2j/J), 1-based, J words in the sentence."""
    return (1 - j / J) - (k / d) * (1 - 2 * j / J)


def released_position_encoding(k: int, j: int, d: int, J: int) -> float:
    """The authors' code: 1 + 4 (k - (d+1)/2)(j - (J+1)/2) / (dJ), J the same for every sentence."""
    return 1 + 4 * (k - (d + 1) / 2) * (j - (J + 1) / 2) / (d * J)


def embed(matrix: np.ndarray, sentence: list[int], encoding: str, longest: int) -> np.ndarray:
    """sum_j l_j * A x_j for one sentence; `matrix` has a row per word."""
    d = matrix.shape[1]
    vector = np.zeros(d)
    for j, word in enumerate(sentence, start=1):
        for k in range(1, d + 1):
            weight = {
                "bag": 1.0,
                "position": position_encoding(k, j, d, len(sentence)),
                "position-released": released_position_encoding(k, j, d, longest + 1),
            }[encoding]
            vector[k - 1] += weight * matrix[word, k - 1]
    return vector


@dataclass
class Hop:
    """Weights of one hop."""

    A: np.ndarray
    C: np.ndarray
    T_A: np.ndarray
    """Row i - 1 belongs to age i; 1 is the newest sentence."""
    T_C: np.ndarray


def answer(
    facts: list[list[int]],
    ages: list[int],
    question: list[int],
    *,
    hops: list[Hop],
    B: np.ndarray,
    W: np.ndarray,
    H: np.ndarray | None,
    slots: int,
    encoding: str,
    longest: int,
    relu: bool = False,
    linear: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Logits over the rows of W, and attention on the facts, shape (hops, facts).

    Slots without a fact are zero vectors in the softmax, as in the authors' code.
    """
    u = embed(B, question, encoding, longest)
    attention = []
    for hop in hops:
        scores = []
        for fact, age in zip(facts, ages, strict=True):
            m = embed(hop.A, fact, encoding, longest) + hop.T_A[age - 1]
            scores.append(float(u @ m))
        if linear:
            p = scores
        else:
            total = sum(math.exp(s) for s in scores) + (slots - len(facts)) * math.exp(0.0)
            p = [math.exp(s) / total for s in scores]
        o = np.zeros_like(u)
        for weight, fact, age in zip(p, facts, ages, strict=True):
            o += weight * (embed(hop.C, fact, encoding, longest) + hop.T_C[age - 1])
        u = (u if H is None else H @ u) + o
        if relu:
            u = np.maximum(u, 0)
        attention.append(p)
    return W @ u, np.array(attention)
