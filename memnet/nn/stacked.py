"""Several MemN2Ns of one shape computed as one: restarts that differ in their weights and draws.

A network this small leaves a processor idle: most of a training step is the cost of calling
operations, not of what they compute. R stacked networks need as many calls as one. The equations
are those of `memn2n`, with an axis `runs` in front; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from memnet.nn.batch import Sentences
from memnet.nn.encoding import word_weights
from memnet.nn.memn2n import MemN2N, MemN2NConfig


@dataclass(frozen=True, slots=True)
class StackedBatch:
    """A batch of questions for every run, over distinct sentences."""

    facts: FactTable | Sentences
    """All facts of the data, shared by the runs; or each run's own, `words` (runs, facts, words)."""
    questions: Sentences
    """One per run and question: `words` (runs, batch, words), `lengths` (runs, batch)."""
    slots: Int[Tensor, "runs batch memory"]
    """Row among the facts; the number of facts marks an empty slot."""
    ages: Int[Tensor, "runs batch memory"]
    """1 = newest; anything for an empty slot."""
    answers: Int[Tensor, "runs batch"]


class FactTable:
    """Distinct fact sentences as weighted bags of words, for data of few words and sentences.

    Position encodings are affine in the component k: l_kj = a_j + b_k g_j. So a sentence's vector is
    (sum_j a_j x_j) + b * (sum_j g_j x_j), and all sentences of all runs are one matrix product.
    """

    def __init__(self, sentences: Sentences, config: MemN2NConfig) -> None:
        """Lay out the bags.

        Args:
            sentences: The distinct facts of a data set.
            config: The shape of the networks that will read them.
        """
        self.config = config
        # Two components determine the affine function; dim 1 has no second one and needs none.
        weights = word_weights(
            sentences.lengths,
            sentences.words.shape[1],
            config.dim,
            config.encoding,
            longest=config.longest_sentence,
        )
        first = weights[:, :, 0]
        slope = weights[:, :, -1] - first
        bags = torch.zeros(2, len(sentences) + 1, config.vocab_size)  # the last row is the empty slot
        bags[0, :-1].scatter_add_(1, sentences.words, first)
        bags[1, :-1].scatter_add_(1, sentences.words, slope)
        self.bags: Float[Tensor, "facts two_vocab"] = torch.cat([bags[0], bags[1]], dim=1)
        steps = max(config.dim - 1, 1)
        self.along: Float[Tensor, " dim"] = torch.arange(config.dim, dtype=torch.float32) / steps

    def __len__(self) -> int:
        return len(self.bags) - 1

    @property
    def size(self) -> int:
        """Cells of the bags: what a product with them costs."""
        return self.bags.numel()

    def encode(self, words: Float[Tensor, "runs vocab spaces dim"]) -> Float[Tensor, "runs facts spaces dim"]:
        """Every fact for every run; the row behind the facts is the empty slot, zero."""
        runs, vocab, spaces, dim = words.shape
        both = torch.cat([words, words * self.along], dim=1)
        flat = both.permute(1, 0, 2, 3).reshape(2 * vocab, runs * spaces * dim)
        return (self.bags @ flat).view(-1, runs, spaces, dim).permute(1, 0, 2, 3)


class StackedMemN2N(nn.Module):
    """R networks in one set of tensors, each parameter with an axis `runs` in front."""

    def __init__(self, networks: Sequence[MemN2N]) -> None:
        """Stack networks of one shape; they are copied."""
        super().__init__()
        self.config = networks[0].config
        self.num_hops = self.config.num_hops
        self.linear = False
        # Norms for clipping: one per run and table, or per run and matrix.
        self.matrix_dims: dict[str, tuple[int, ...]] = {}
        for name, parameter in networks[0].named_parameters():
            stacked = torch.stack([dict(n.named_parameters())[name].detach() for n in networks])
            self.register_parameter(name, nn.Parameter(stacked))
            dims = networks[0].matrix_dims.get(name, tuple(range(parameter.dim())))
            self.matrix_dims[name] = tuple(dim + 1 for dim in dims)
        self._weights_by_length: Tensor
        self.register_buffer("_weights_by_length", networks[0]._weights_by_length, persistent=False)
        self.tables: nn.Parameter
        self.B: nn.Parameter
        self.W: nn.Parameter
        self.H: nn.Parameter

    def __len__(self) -> int:
        """Number of runs."""
        return len(self.tables)

    def unstack(self) -> list[MemN2N]:
        """The networks, as they are now, each by itself."""
        networks = []
        for run in range(len(self)):
            network = MemN2N(self.config)
            network.load_state_dict({name: p[run].detach().clone() for name, p in self.named_parameters()})
            networks.append(network)
        return networks

    def loss(self, batch: StackedBatch) -> Float[Tensor, " runs"]:
        """Cross-entropy of the right answers, summed over each run's batch."""
        logits = self.forward(batch)
        each = nn.functional.cross_entropy(
            logits.flatten(0, 1), batch.answers.flatten() - 1, reduction="none"
        )
        return each.view_as(batch.answers).sum(dim=1)

    def forward(self, batch: StackedBatch) -> Float[Tensor, "runs batch words"]:
        """Logits of every answer word, for the questions of every run."""
        words = self.tables[:, : self.config.vocab_size]
        facts = self._encode_facts(batch.facts, words).unbind(dim=2)
        times = nn.functional.pad(self.tables[:, self.config.vocab_size :], (0, 0, 0, 0, 0, 1)).unbind(dim=2)
        slots = batch.slots
        empty = slots == facts[0].shape[1] - 1
        ages = (batch.ages - 1).masked_fill(empty, self.config.memory_size)
        adjacent = self.config.tying == "adjacent"
        u = self._encode_questions(batch.questions, words[:, :, 0] if adjacent else self.B)
        for hop in range(self.num_hops):
            key, value = (hop, hop + 1) if adjacent else (0, 1)
            content = torch.bmm(u, facts[key].transpose(1, 2))
            time = torch.bmm(u, times[key].transpose(1, 2))
            s = content.gather(2, slots) + time.gather(2, ages)
            p = s if self.linear else s.softmax(dim=-1)
            o = torch.bmm(torch.zeros_like(content).scatter_add(2, slots, p), facts[value])
            o = o + torch.bmm(torch.zeros_like(time).scatter_add(2, ages, p), times[value])
            u = u + o if adjacent else torch.bmm(u, self.H.transpose(1, 2)) + o
            if self.config.relu:
                u = u.relu()
        W = words[:, 1:, -1] if adjacent else self.W[:, 1:]
        return torch.bmm(u, W.transpose(1, 2))

    def _encode_facts(
        self, facts: FactTable | Sentences, words: Float[Tensor, "runs vocab spaces dim"]
    ) -> Float[Tensor, "runs facts spaces dim"]:
        """Facts with the empty slot behind them."""
        if isinstance(facts, FactTable):
            return facts.encode(words)
        runs, _, spaces, dim = words.shape
        embedded = self._embed(facts.words, words.flatten(2))
        embedded = embedded.view(*embedded.shape[:-1], spaces, dim)
        encoded = (embedded * self._weights(facts)[..., None, :]).sum(dim=2)
        return torch.cat([encoded, encoded.new_zeros(runs, 1, spaces, dim)], dim=1)

    def _encode_questions(
        self, questions: Sentences, B: Float[Tensor, "runs vocab dim"]
    ) -> Float[Tensor, "runs batch dim"]:
        return (self._embed(questions.words, B) * self._weights(questions)).sum(dim=2)

    def _weights(self, sentences: Sentences) -> Float[Tensor, "runs sentences words dim"]:
        return self._weights_by_length[sentences.lengths, : sentences.words.shape[-1]]

    @staticmethod
    def _embed(
        words: Int[Tensor, "runs sentences words"], table: Float[Tensor, "runs vocab width"]
    ) -> Float[Tensor, "runs sentences words width"]:
        """Each run's words in its own table."""
        runs, vocab, width = table.shape
        own = torch.arange(runs, device=words.device)[:, None, None] * vocab
        return nn.functional.embedding(words + own, table.reshape(runs * vocab, width))
