"""End-to-end memory networks (Sukhbaatar, Szlam, Weston and Fergus, 2015), MemN2N.

    u^1     = sum_j l_j * B q_j                    the question                      (section 2.1)
    m_i     = sum_j l_j * A x_ij + T_A(i)          key of fact i                     (section 4.1)
    c_i     = sum_j l_j * C x_ij + T_C(i)          value of fact i                   (section 4.1)
    p_i     = softmax_i(u . m_i)                   attention                         (eq. 1)
    o       = sum_i p_i c_i                        output                            (eq. 2)
    u^{k+1} = u^k + o^k                            next controller state             (eq. 4)
    a       = softmax(W u^{K+1})                   answer                            (eq. 3)

Our names against the paper's: `tables[:, k]` holds the words' rows and, after them, the rows of
T for the ages 1..memory_size, as in the authors' code, where an age is one more word.

    adjacent tying     A^{k+1} = C^k, B = A^1, W^T = C^K        K + 1 tables
    layer-wise tying   A, C shared by all hops, B and W free    2 tables; u^{k+1} = H u^k + o^k

Slots without a fact are zero vectors that take part in the softmax, as in the authors' code:
they score 0, return nothing, and so act as null slots. Masking them is another model.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from memnet.errors import RecipeError
from memnet.nn.batch import Batch, Sentences
from memnet.nn.encoding import ENCODINGS, word_weights
from memnet.nn.network import MemoryNetwork, Reading, Readings, Slots

TYINGS = ("adjacent", "layer-wise")
"""How the hops share their tables (section 2.2)."""


@dataclass(frozen=True, slots=True)
class MemN2NConfig:
    """The shape of a MemN2N."""

    vocab_size: int
    """Rows of an embedding table, nil included."""
    longest_sentence: int
    """Words of the longest sentence in the training data."""
    memory_size: int
    """Slots: the newest facts that a question can attend to."""
    dim: int = 20
    """d of the paper: 20 for one task, 50 for all tasks jointly (section 4.2)."""
    num_hops: int = 3
    """K of the paper."""
    encoding: str = "position"
    """One of `ENCODINGS`."""
    tying: str = "adjacent"
    """One of `TYINGS`."""
    relu: bool = False
    """ReLU after every hop, the paper's variant for the starred column of its appendix."""
    init_std: float = 0.1
    """All weights start from N(0, 0.1) (section 4.2)."""

    def __post_init__(self) -> None:
        for name in ("vocab_size", "longest_sentence", "memory_size", "dim", "num_hops"):
            if getattr(self, name) < 1:
                raise RecipeError(f"{name} must be at least 1; got {getattr(self, name)}")
        for name, allowed in (("encoding", ENCODINGS), ("tying", TYINGS)):
            if getattr(self, name) not in allowed:
                raise RecipeError(f"{name} must be one of {', '.join(allowed)}; got '{getattr(self, name)}'")


class MemN2N(MemoryNetwork):
    """The network of the paper.

    `linear` is a switch of training, not a part of the network: while it is set, attention is the
    score itself, without softmax (linear start, section 4.1).
    """

    family = "memn2n"

    def __init__(self, config: MemN2NConfig, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.config = config
        self.dim = config.dim
        self.num_hops = config.num_hops
        self.memory_size: int = config.memory_size
        self.spaces = config.num_hops + 1 if config.tying == "adjacent" else 2
        # One matrix per table, age rows included, as the authors' code clips them.
        self.matrix_dims = {"tables": (0, 2)}
        self.linear = False
        self._weights_by_length: Tensor

        def start(*shape: int) -> nn.Parameter:
            return nn.Parameter(torch.randn(*shape, generator=generator) * config.init_std)

        words, ages, dim = config.vocab_size, config.memory_size, config.dim
        self.tables = start(words + ages, self.spaces, dim)
        if config.tying == "layer-wise":
            self.B = start(words, dim)
            self.W = start(words, dim)
            self.H = start(dim, dim)
        lengths = torch.arange(config.longest_sentence + 1)
        weights = self._word_weights(lengths, config.longest_sentence)
        self.register_buffer("_weights_by_length", weights, persistent=False)
        with torch.no_grad():  # nil is padding: its vectors are zero and no gradient reaches them
            self.tables[0] = 0.0
            if config.tying == "layer-wise":
                self.B[0] = 0.0
                self.W[0] = 0.0

    def encode_facts(self, sentences: Sentences) -> Float[Tensor, "sentences spaces dim"]:
        """sum_j l_j * A x_ij for every table at once; see the module's equations."""
        rows, width = self.tables.shape[0], self.spaces * self.dim
        embedded = nn.functional.embedding(sentences.words, self.tables.view(rows, width))
        weights = self._weights(sentences)[:, :, None]
        return (embedded.view(*sentences.words.shape, self.spaces, self.dim) * weights).sum(dim=1)

    def encode_questions(self, sentences: Sentences) -> Float[Tensor, "sentences dim"]:
        """u^1 = sum_j l_j * B q_j."""
        B = self.tables[:, 0] if self.config.tying == "adjacent" else self.B
        return (nn.functional.embedding(sentences.words, B) * self._weights(sentences)).sum(dim=1)

    def answer(self, question: Sentences, slots: Slots) -> Reading:
        count = len(slots)
        if count > self.memory_size:
            raise ValueError(f"{count} facts for a memory of {self.memory_size} slots")
        u = self.encode_questions(question)
        # Slots run from the oldest fact to the newest, whose age is 1.
        times = self._times()[:count].flip(0)
        scores, attention, null = [], [], []
        for hop in range(self.num_hops):
            key, value = self._spaces_of(hop)
            s = (slots.scores(key, u) + u @ times[:, key].T)[0]
            # Each of the empty slots scores 0, which is exp(0) = 1 in the sum.
            empty = s.new_zeros(self.memory_size - count)
            p = torch.cat([s, empty]).softmax(dim=0)
            o = slots.weighted(value, p[None, :count]) + p[:count] @ times[:, value]
            u = self._next(u, o)
            scores.append(s)
            attention.append(p[:count])
            null.append(p[count:].sum())
        return Reading(self._logits(u)[0], torch.stack(scores), torch.stack(attention), torch.stack(null))

    def forward(self, batch: Batch) -> Float[Tensor, "batch words"]:
        """Answer a batch; equal to `answer` question by question."""
        return self._answer_batch(batch)[0]

    def read(self, batch: Batch) -> Readings:
        logits, hops = self._answer_batch(batch)
        attention = torch.stack(hops, dim=1)
        told = (batch.slots != len(batch.facts))[:, None]
        return Readings(logits, attention * told, (attention * ~told).sum(dim=-1))

    def _answer_batch(
        self, batch: Batch
    ) -> tuple[Float[Tensor, "batch words"], list[Float[Tensor, "batch memory"]]]:
        """Logits, and the attention of every hop on all slots, the empty ones included.

        A fact that many questions share is matched with all of them in one product, and its
        output is collected the same way: no fact vector is copied per question.
        """
        facts = self.encode_facts(batch.facts)
        # Rows: the distinct facts, the empty slot (zero), the ages, and again zero.
        zero = facts.new_zeros(1, self.spaces, self.dim)
        rows = torch.cat([facts, zero, self._times(), zero]).unbind(dim=1)
        index = self._rows_of_slots(batch)
        u = self.encode_questions(batch.questions)
        attention = []
        for hop in range(self.num_hops):
            key, value = self._spaces_of(hop)
            content_and_time = (u @ rows[key].T).gather(1, index)
            s = content_and_time.view(len(batch), 2, -1).sum(dim=1)
            p = s if self.linear else s.softmax(dim=-1)
            share = p.new_zeros(len(batch), len(rows[value])).scatter_add(1, index, p.repeat(1, 2))
            u = self._next(u, share @ rows[value])
            attention.append(p)
        return self._logits(u), attention

    def _rows_of_slots(self, batch: Batch) -> Int[Tensor, "batch two_memory"]:
        """Where each slot's content and each slot's time stand among the rows of `_answer_batch`."""
        first_age = len(batch.facts) + 1
        empty = batch.slots == len(batch.facts)
        ages = (first_age - 1 + batch.ages).masked_fill(empty, first_age + self.memory_size)
        return torch.cat([batch.slots, ages], dim=1)

    def _times(self) -> Float[Tensor, "ages spaces dim"]:
        """T_A and T_C; row 0 is age 1."""
        return self.tables[self.config.vocab_size :]

    def _spaces_of(self, hop: int) -> tuple[int, int]:
        """The tables that hold the keys and the values of a hop, counted from 0."""
        return (hop, hop + 1) if self.config.tying == "adjacent" else (0, 1)

    def _next(
        self, u: Float[Tensor, "batch dim"], o: Float[Tensor, "batch dim"]
    ) -> Float[Tensor, "batch dim"]:
        """u^{k+1} = u^k + o^k, or H u^k + o^k with layer-wise tying."""
        u = u + o if self.config.tying == "adjacent" else u @ self.H.T + o
        return u.relu() if self.config.relu else u

    def _logits(self, u: Float[Tensor, "batch dim"]) -> Float[Tensor, "batch words"]:
        """W u for every word but nil."""
        words = self.config.vocab_size
        W = self.tables[1:words, -1] if self.config.tying == "adjacent" else self.W[1:]
        return u @ W.T

    def _weights(self, sentences: Sentences) -> Float[Tensor, "sentences words dim"]:
        """l_j of every sentence, looked up by length unless a sentence is longer than any in training."""
        width = sentences.words.shape[1]
        if width <= self.config.longest_sentence:
            return self._weights_by_length[sentences.lengths, :width]
        return self._word_weights(sentences.lengths, width)

    def _word_weights(
        self, lengths: Int[Tensor, " sentences"], width: int
    ) -> Float[Tensor, "sentences words dim"]:
        longest = self.config.longest_sentence
        return word_weights(lengths, width, self.dim, self.config.encoding, longest=longest)
