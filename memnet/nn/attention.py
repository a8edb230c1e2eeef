"""Attention as a strategy: how a head scores facts. Time, retention and the null slot are added to any.

    scaled     (W_Q x)_h . (W_K e_i)_h                     multi-head scaled dot product, its scale learned
    general    (W_G x)_h . e_i                             Luong et al. 2015: one full matrix per head
    dot        x . e_i                                     MemN2N: one head, nothing projected
    additive   v_h . tanh((W_Q x)_h + (W_K e_i)_h + b_h)   Bahdanau et al. 2015; b_h is the query's bias

All but the additive one are linear in e_i: the query can be brought to the fact's side, so that every score
is an inner product with the one vector that is stored, and an index can search for the best. An additive
score needs every fact's key at every hop: its network is served too, by a full pass over the memory.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Mechanism:
    """What a name of `attention` in a recipe stands for."""

    name: str
    linear: bool
    """Whether a score is an inner product with the fact's own vector, so that an index can search it."""
    keys: bool
    """Whether facts get keys of their own per head, of the head's width: W_K."""
    query: bool
    """Whether heads ask with a projection of the state, not with the state itself."""
    values: bool
    """Whether heads take a projection of what they read: W_V."""

    def query_dim(self, dim: int, head_dim: int) -> int:
        """Width of what a head projects to ask with; 0 where it asks with the state itself."""
        return 0 if not self.query else head_dim if self.keys else dim

    def value_dim(self, dim: int, head_dim: int) -> int:
        """Width of what a head takes."""
        return head_dim if self.values else dim


MECHANISMS = {
    each.name: each
    for each in (
        Mechanism("scaled", linear=True, keys=True, query=True, values=True),
        Mechanism("dot", linear=True, keys=False, query=False, values=False),
        Mechanism("additive", linear=False, keys=True, query=True, values=True),
        Mechanism("general", linear=True, keys=False, query=True, values=True),
    )
}


class Scores(ABC):
    """The facts of some stories, ready to be scored at every hop."""

    @abstractmethod
    def __call__(
        self,
        query: Float[Tensor, "stories questions heads query_dim"],
        turned: Float[Tensor, "stories questions heads two_waves"],
    ) -> Float[Tensor, "stories heads questions memory"]:
        """Scores of facts.

        Args:
            query: What a head asks with.
            turned: What it thinks of a fact's time: an inner product with the waves of it.
        """


class ProjectedScores(Scores):
    """Each head has keys of its own."""

    def __init__(
        self,
        keys: Float[Tensor, "stories heads memory head_dim"],
        waves: Float[Tensor, "stories memory two_waves"],
    ) -> None:
        shared = waves[:, None].expand(-1, keys.shape[1], -1, -1)
        self._keys = torch.cat([keys, shared], dim=-1).transpose(2, 3)

    def __call__(self, query: Tensor, turned: Tensor) -> Tensor:
        return torch.matmul(torch.cat([query, turned], dim=-1).transpose(1, 2), self._keys)


class SharedScores(Scores):
    """All heads match with the facts themselves: one vector per fact, for whatever asks."""

    def __init__(
        self, facts: Float[Tensor, "stories memory dim"], waves: Float[Tensor, "stories memory two_waves"]
    ) -> None:
        self._facts = torch.cat([facts, waves], dim=-1).transpose(1, 2)

    def __call__(self, query: Tensor, turned: Tensor) -> Tensor:
        S, Q, H, _ = query.shape
        asked = torch.cat([query, turned], dim=-1).flatten(1, 2)
        return torch.matmul(asked, self._facts).view(S, Q, H, -1).transpose(1, 2)


class AdditiveScores(Scores):
    """A layer over query and key together; nothing of it can be computed before the question is known."""

    def __init__(
        self,
        keys: Float[Tensor, "stories heads memory head_dim"],
        waves: Float[Tensor, "stories memory two_waves"],
        v: Float[Tensor, "heads head_dim"],
    ) -> None:
        self._keys, self._waves, self._v = keys, waves[:, None].transpose(2, 3), v

    def __call__(self, query: Tensor, turned: Tensor) -> Tensor:
        together = torch.tanh(query.transpose(1, 2)[:, :, :, None] + self._keys[:, :, None])
        content = torch.einsum("shqnk,hk->shqn", together, self._v)
        return content + torch.matmul(turned.transpose(1, 2), self._waves)


SHARPENED_FROM = 64
"""Facts from which on attention can be sharpened; about as many as questions attend to in training."""


def sharpness(sharpening: float, facts: int) -> float:
    """By what scores are multiplied among so many facts: 1 + a max(0, ln(facts / 64)).

    A score that is ahead by a constant loses to ever more facts behind it; one that is ahead by a multiple of
    the logarithm of their number does not (Chiang and Cholak 2022, "Overcoming a Theoretical Limitation of
    Self-Attention", section 5; Nakanishi 2025, "Scalable-Softmax Is Superior for Attention", eq. 2).
    """
    return 1 + sharpening * math.log(max(facts, SHARPENED_FROM) / SHARPENED_FROM)


def normalise(
    scores: Float[Tensor, "*heads memory"],
    null: Float[Tensor, "*heads"],
    off: Bool[Tensor, "*#heads memory"],
    sharpening: float = 0.0,
) -> tuple[Float[Tensor, "*heads memory"], Float[Tensor, "*heads"], Float[Tensor, "*heads"]]:
    """Attention of facts and of the null slot.

        p_i = e^{z_i} / (e^{z_0} + sum_j e^{z_j})

    Args:
        scores: z_i.
        null: z_0.
        off: True for facts that get none: not told yet, padding, or retired.
        sharpening: a, by which many facts blur attention less; see `sharpness`.

    Returns:
        p_i, exactly 0 where off; p_0, all that there is when every fact is off; and the log-odds of facts
        against the null, within -10 and 10.
    """
    if sharpening:
        count = (~off).sum(dim=-1, keepdim=True).clamp(min=SHARPENED_FROM)
        factor = 1 + sharpening * (count / SHARPENED_FROM).log()
        scores, null = scores * factor, null * factor[..., 0]
    z = scores.masked_fill(off, -1e9)
    total = z.logsumexp(dim=-1)
    odds = (total - null).clamp(-10, 10)
    norm = torch.logaddexp(total, null)
    return (z - norm[..., None]).exp(), (null - norm).exp(), odds
