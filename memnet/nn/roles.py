"""Sentences to vectors: language decides the roles, symbols fill them.

The words of language in a sentence (its *wording*, with every symbol replaced by one mark) say who
does what to whom; which symbols stand in those places does not change it. So the roles are computed
from the wording alone, and the symbols' fixed vectors are only carried to their places:

    h        = conv_3(conv_2(conv_1(E w)))           a wording of words w_1..w_J, residual, width 3
    a_rk     = softmax_k( (W_R h)_r )                how far symbol k of the sentence fills role r
    slot_r   = sum_k a_rk s_k                        s_k the fixed vector of symbol k
    language = LN( W_L [mean_j h_j ; max_j h_j] )
    e        = [ slot_1 ; .. ; slot_R ; language ]

A softmax over the symbols and a null (whose score is 0) lets a role stay empty.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from memnet.tokens import RESERVED, SYMBOL

PER_SENTENCE = 6
"""Most symbols of a sentence that have a part in it; further ones are not read."""

PRIOR = 3.0
"""How much a role prefers its symbol at the start of training, in nats."""


class RoleEncoder(nn.Module):
    """Encodes facts and questions."""

    def __init__(
        self, vocab_size: int, *, roles: int, symbol_dim: int, language_dim: int, width: int, depth: int
    ):
        super().__init__()
        self.roles = roles
        self.symbol_dim = symbol_dim
        self.dim = roles * symbol_dim + language_dim
        self.embedding = nn.Embedding(vocab_size, width, padding_idx=0)
        self.kind = nn.Embedding(2, width)
        self.convs = nn.ModuleList(nn.Linear(3 * width, width) for _ in range(depth))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(depth))
        self.role = nn.Linear(width, roles)
        self.language = nn.Sequential(
            nn.Linear(2 * width, 2 * language_dim), nn.ReLU(), nn.Linear(2 * language_dim, language_dim)
        )
        self.language_norm = nn.LayerNorm(language_dim)
        nn.init.normal_(self.embedding.weight, std=0.5)
        nn.init.normal_(self.kind.weight, std=0.5)

    def wordings(
        self, words: Int[Tensor, "wordings words"], questions: Bool[Tensor, " wordings"]
    ) -> tuple[Float[Tensor, "wordings words roles"], Float[Tensor, "wordings language"]]:
        """Role shares of every word (0 but for symbols), and the language part.

        Args:
            words: Indices of a lexicon, padded at the end with 0; symbols are below `RESERVED`.
            questions: Which of them are questions.
        """
        present = (words != 0)[..., None]
        h = (self.embedding(words) + self.kind(questions.long())[:, None]) * present
        for conv, norm in zip(self.convs, self.norms, strict=True):
            n = nn.functional.pad(norm(h) * present, (0, 0, 1, 1))
            h = h + torch.relu(conv(torch.cat([n[:, :-2], n[:, 1:-1], n[:, 2:]], dim=-1))) * present
        symbols = is_symbol(words)[..., None]
        scores = (self.role(h) + self._prior(words)).masked_fill(~symbols, float("-inf"))
        # The null takes what no symbol takes.
        shares = torch.cat([scores, scores.new_zeros(len(words), 1, self.roles)], dim=1).softmax(dim=1)[
            :, :-1
        ]
        mean = h.sum(dim=1) / present.sum(dim=1).clamp(min=1)
        largest = h.masked_fill(~present, float("-inf")).amax(dim=1)
        return shares, self.language_norm(self.language(torch.cat([mean, largest], dim=-1)))

    def _prior(self, words: Int[Tensor, "wordings words"]) -> Float[Tensor, "wordings words roles"]:
        """Where training begins: role r for the r-th name, the last role for the last name, no verbs."""
        names = (words == SYMBOL)[..., None]
        ordinal = names.cumsum(dim=1)
        roles = torch.arange(1, self.roles, device=words.device)
        last = ordinal == names.sum(dim=1, keepdim=True)
        placed = torch.cat([ordinal == roles, last], dim=-1)
        return PRIOR * torch.where(names, placed.float(), -1.0)

    def sentences(
        self,
        shares: Float[Tensor, "sentences symbols roles"],
        language: Float[Tensor, "sentences language"],
        symbols: Float[Tensor, "sentences symbols symbol_dim"],
    ) -> Float[Tensor, "sentences dim"]:
        """The vectors e of sentences, from their wordings' shares and language and their symbols."""
        slots = torch.einsum("nkr,nkd->nrd", shares, symbols)
        return torch.cat([slots.flatten(1), language], dim=-1)


def is_symbol(words: Int[Tensor, "*any"]) -> Bool[Tensor, "*any"]:
    """Which words of a wording stand for a symbol, whose vector is carried to a place."""
    return (words > 0) & (words < RESERVED)
