"""Exact attention over a memory of any size, by inner-product search.

    s_i = q . m_i             raw score, what the index ranks by
    l_i = s_i + r_i           logit; the retention r_i <= 0 is what later writes left of fact i
    p_i = e^{l_i} / (e^{l_null} + sum_j e^{l_j})

Each head of each hop is one query q. Small memories get the full sum. In larger ones the k best raw scores
are fetched. Whatever was not fetched has s_i <= s_k and r_i <= 0, so its mass is at most

    tau <= (n - k) e^{s_k} / (Z_k + (n - k) e^{s_k}),     Z_k = e^{l_null} + sum_{i <= k} e^{l_i}

While tau is above the tolerance, k is multiplied by 4; where that promises nothing or costs more, the full
sum is taken. So the bound is always under the tolerance, and 0 when every fact was summed. Bounds of several
hops do not add up: an error at one hop moves the next query.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from jaxtyping import Float, Float32, Float64, Int64

from memnet.errors import InputError

FULL_UP_TO = 50_000
"""Facts up to which every query gets the full sum: the very numbers of training, in a few milliseconds."""

FIRST_K = 32
"""Facts fetched at first; peaked attention is exact to float precision with these."""

GROWTH = 4
"""Factor by which k grows."""

MOST_K = 1024
"""Facts to fetch at most: from there on a search costs more than the full sum."""

FLAT = 0.5
"""A query of which more may be missing attends too evenly: the full sum at once."""

NEGLIGIBLE = 1e-9
"""Mass, of all facts together, that is left out when the full sum reads values: far below float32's grain."""

_LOWEST = np.float32(-87)


class Keys(Protocol):
    """The facts that queries are matched with; `FlatIndex` is one."""

    def __len__(self) -> int:
        """How many facts there are."""

    def search(
        self, queries: Float32[np.ndarray, "queries dim"], limit: int
    ) -> tuple[Int64[np.ndarray, "queries found"], Float32[np.ndarray, "queries found"]]:
        """The facts with the largest inner products, best first; exact."""

    def scores(self, queries: Float32[np.ndarray, "queries dim"]) -> Float32[np.ndarray, "queries facts"]:
        """All inner products, in the order of `seqs`."""

    def seqs(self) -> Int64[np.ndarray, " facts"]:
        """The facts, ascending."""


class Values(Protocol):
    """What facts contribute; `FlatIndex` is one. Its facts are those of the keys."""

    def take(self, seqs: Int64[np.ndarray, " wanted"]) -> Float32[np.ndarray, "wanted dim"]:
        """The vectors of some facts."""

    def weighted(self, weights: Float32[np.ndarray, "queries facts"]) -> Float32[np.ndarray, "queries dim"]:
        """Sums of all vectors, weighted."""


class Retention:
    """Logarithms of what later writes left of facts; a fact that is not named was left whole."""

    def __init__(self, seqs: Int64[np.ndarray, " named"], values: Float32[np.ndarray, " named"]) -> None:
        """Keep retentions.

        Args:
            seqs: Facts, ascending.
            values: Not above 0; minus infinity for nothing left.

        Raises:
            InputError: A value above 0 or not a number: the bound would not hold.
        """
        if len(values) and not (values <= 0).all():
            raise InputError("a retention is above 0 or not a number")
        self._seqs, self._values = seqs, values

    def of(self, seqs: Int64[np.ndarray, " facts"]) -> Float32[np.ndarray, " facts"]:
        """Retention of each of these facts."""
        if not len(self._seqs):
            return np.zeros(len(seqs), np.float32)
        where = np.minimum(np.searchsorted(self._seqs, seqs), len(self._seqs) - 1)
        found: np.ndarray = np.where(self._seqs[where] == seqs, self._values[where], np.float32(0))
        return found


@dataclass(frozen=True, slots=True)
class Attended:
    """What one query attended to. `weights`, `null` and `other` sum to 1."""

    seqs: Int64[np.ndarray, " listed"]
    """Facts, by weight."""
    logits: Float64[np.ndarray, " listed"]
    """q . m_i + r_i."""
    weights: Float64[np.ndarray, " listed"]
    """Attention; too large by at most the factor 1 / (1 - missing)."""
    null: float
    """Attention on the null slot."""
    other: float
    """Attention on facts that were summed and are not listed."""
    missing: float
    """Upper bound on the attention of facts that were not summed; 0 when all were."""


@dataclass(frozen=True, slots=True)
class Attention:
    """What several queries attended to and read."""

    reads: tuple[Attended, ...]
    """One per query."""
    output: Float32[np.ndarray, "queries dim"] | None
    """sum_i p_i v_i, when values were given; off by at most `missing` times the diameter of the values."""

    @property
    def missing(self) -> float:
        """The largest bound."""
        return max((read.missing for read in self.reads), default=0.0)


def missing_mass(
    kth: Float[np.ndarray, " queries"], left: int, log_known: Float[np.ndarray, " queries"]
) -> Float64[np.ndarray, " queries"]:
    """Upper bound on the attention of `left` facts, none of which scores above `kth`.

        left e^{kth} / (e^{log_known} + left e^{kth})

    Args:
        kth: The lowest raw score that was fetched.
        left: How many facts were not.
        log_known: Logarithm of the sum over what was fetched and the null slot.
    """
    if left == 0:
        return np.zeros(len(kth))
    with np.errstate(over="ignore"):
        bound: np.ndarray = 1 / (1 + np.exp(log_known.astype(np.float64) - np.log(left) - kth))
    return bound


def attend(
    keys: Keys,
    queries: Float32[np.ndarray, "queries dim"],
    *,
    values: Values | None = None,
    null: Float[np.ndarray, " queries"] | None = None,
    retention: Retention | None = None,
    tolerance: float = 1e-6,
    listed: int = 1024,
    full_up_to: int = FULL_UP_TO,
    first_k: int = FIRST_K,
) -> Attention:
    """Attend to a memory with many queries at once.

    Args:
        keys: What to match with.
        queries: float32, scaled as the network scales them; all heads of a hop in one call.
        values: What to sum; None for attention alone.
        null: Logit of the null slot per query; None without a null slot.
        retention: What is left of facts; None for all of everything.
        tolerance: Upper limit of the missing mass; 0 for the full sum always.
        listed: Most facts to list where every fact was summed.
        full_up_to: Memories of this many facts get the full sum.
        first_k: Facts to fetch at first.

    Returns:
        Per query its attention, of which no more than `tolerance` is missing, and what was read. Without
        facts and without a null slot nothing is attended to and all is 0.

    Raises:
        DimensionMismatch: Queries of another width.
        InputError: Queries that cannot be searched; see `Index.search`.
    """
    nulls = np.full(len(queries), -np.inf) if null is None else null.astype(np.float64)
    reads: dict[int, Attended] = {}
    output: dict[int, np.ndarray] = {}
    rest = np.arange(len(queries))
    k = first_k
    to_sum: list[int] = []
    while len(rest) and tolerance > 0 and len(keys) > full_up_to and k < len(keys) and k <= MOST_K:
        found, scores = keys.search(np.ascontiguousarray(queries[rest]), k)
        open_still: list[int] = []
        for row, query in enumerate(rest.tolist()):
            read = _normalised(found[row], scores[row], nulls[query], retention, len(keys) - k)
            if read.missing > tolerance:
                (to_sum if read.missing > FLAT else open_still).append(query)
                continue
            reads[query] = read
            if values is not None:
                output[query] = read.weights.astype(np.float32) @ values.take(read.seqs)
        rest = np.array(open_still, np.int64)
        k *= GROWTH
    rest = np.array([*to_sum, *rest], np.int64)
    if len(rest):
        everything = np.ascontiguousarray(queries[rest])
        full, sums = _full(keys, everything, values, nulls[rest], retention, listed)
        reads |= dict(zip(rest.tolist(), full, strict=True))
        if sums is not None:
            output |= dict(zip(rest.tolist(), sums, strict=True))
    ordered = tuple(reads[query] for query in range(len(queries)))
    if values is None or not ordered:
        return Attention(ordered, None)
    return Attention(ordered, np.stack([output[query] for query in range(len(queries))]))


def _normalised(
    seqs: np.ndarray, scores: np.ndarray, null: float, retention: Retention | None, left: int
) -> Attended:
    """Attention over the facts that were fetched."""
    kth = scores[-1:].astype(np.float64)
    logits = scores.astype(np.float64)
    if retention is not None:
        logits += retention.of(seqs)
        order = np.lexsort((seqs, -logits))
        seqs, logits = seqs[order], logits[order]
    top = max(null, logits[0])
    if top == -np.inf:
        # Nothing of what was fetched is left, and there is nowhere else to look: fetch more.
        return Attended(seqs, logits, np.zeros(len(seqs)), 0.0, 0.0, 1.0 if left else 0.0)
    mass = np.exp(logits - top)
    null_mass = float(np.exp(null - top))
    total = float(mass.sum()) + null_mass
    (missing,) = missing_mass(kth, left, np.array([np.log(total) + top]))
    return Attended(seqs, logits, mass / total, null_mass / total, 0.0, float(missing))


def _full(
    keys: Keys,
    queries: np.ndarray,
    values: Values | None,
    nulls: np.ndarray,
    retention: Retention | None,
    listed: int,
) -> tuple[list[Attended], np.ndarray | None]:
    """Attention over all facts."""
    seqs = keys.seqs()
    logits = keys.scores(queries)
    if retention is not None:
        logits = logits + retention.of(seqs)
    top = np.maximum(logits.max(axis=1, initial=-np.inf), nulls)
    # Without a single finite logit, e^{-inf - 0} = 0 and not NaN.
    shift = np.where(np.isfinite(top), top, 0.0)
    mass = logits - shift[:, None].astype(np.float32)
    # Below, float32 is subnormal, and a processor takes many times as long over it.
    mass[mass < _LOWEST] = -np.inf
    np.exp(mass, out=mass)
    null_mass = np.exp(nulls - shift)
    total = mass.sum(axis=1, dtype=np.float64) + null_mass
    total[total == 0] = 1.0
    reads = []
    for row in range(len(queries)):
        best = _largest(mass[row], seqs, min(listed, len(seqs)))
        weights = mass[row][best].astype(np.float64) / total[row]
        null = float(null_mass[row] / total[row])
        held = float(mass[row].sum(dtype=np.float64) / total[row])
        other = max(0.0, held - float(weights.sum())) if len(best) < len(seqs) else 0.0
        reads.append(Attended(seqs[best], logits[row][best].astype(np.float64), weights, null, other, 0.0))
    if values is None:
        return reads, None
    return reads, _read(values, seqs, mass / total[:, None].astype(np.float32))


def _read(values: Values, seqs: np.ndarray, attention: np.ndarray) -> np.ndarray:
    """sum_i p_i v_i; only over the facts that matter when those are few."""
    matters = np.flatnonzero((attention > NEGLIGIBLE / max(len(seqs), 1)).any(axis=0))
    if len(matters) * GROWTH < len(seqs):
        sums: np.ndarray = attention[:, matters] @ values.take(seqs[matters])
        return sums
    return values.weighted(attention)


def _largest(mass: np.ndarray, seqs: np.ndarray, count: int) -> Int64[np.ndarray, " count"]:
    """Positions of the largest masses, ties by `seq`."""
    if count < len(mass):
        # Everything above the border, and of what lies on it the lowest numbers: `seqs` ascend.
        border = np.partition(mass, len(mass) - count)[len(mass) - count] if count else np.inf
        above = np.flatnonzero(mass > border)
        on = np.flatnonzero(mass == border)[: count - len(above)]
        candidates = np.concatenate([above, on])
    else:
        candidates = np.arange(len(mass))
    return candidates[np.lexsort((seqs[candidates], -mass[candidates]))]
