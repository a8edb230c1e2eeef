"""What text means to MemN2N: words by index, answers by index."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Float32
from torch import Tensor

from memnet.interpreters.base import Facts, Interpretation, Interpreter, Told, check_words
from memnet.nn.batch import Sentences
from memnet.nn.memn2n import MemN2N
from memnet.story import Alternative, Entry
from memnet.text import words
from memnet.training.vectorise import vectorise
from memnet.vocabulary import Vocabulary


class MemN2NInterpreter(Interpreter):
    """Interprets for a MemN2N."""

    has_gates = False
    retire_below = None
    num_heads = 1

    def __init__(self, network: MemN2N, vocabulary: Vocabulary) -> None:
        self._network, self._vocabulary = network, vocabulary
        self.family = network.family
        self.spaces, self.dim, self.num_hops = network.spaces, network.dim, network.num_hops
        self.memory_size = network.memory_size
        self.num_words = len(vocabulary.words)
        self._parts = [word.split(",") for word in vocabulary.words]
        self.parameters = sum(each.numel() for each in network.parameters())

    @torch.inference_mode()
    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "facts spaces dim"]:
        for index, text in enumerate(texts):
            check_words(text, "the fact", index)
        vectors: np.ndarray = self._network.encode_facts(self._vectorised(texts)).numpy()
        return vectors

    @torch.inference_mode()
    def encode_question(self, text: str) -> Float32[np.ndarray, "queries dim"]:
        check_words(text, "the question")
        query: np.ndarray = self._network.encode_questions(self._vectorised([text])).numpy()
        return query

    def unknown_words(self, text: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(word for word in words(text) if word not in self._vocabulary))

    def strange_words(self, question: str, told: Told) -> tuple[str, ...]:
        return self.unknown_words(question)

    @torch.inference_mode()
    def answer(self, question: str, told: Told, count: int) -> Interpretation:
        reading = self._network.answer(self._vectorised([question]), TensorSlots(told.slots))
        best = reading.logits.softmax(dim=0).topk(min(count, len(reading.logits)))
        alternatives = tuple(
            Alternative(self._vocabulary.word(index + 1), probability)
            for probability, index in zip(best.values.tolist(), best.indices.tolist(), strict=True)
        )
        return Interpretation(
            np.arange(len(told.slots)),
            alternatives,
            self._entries(alternatives[0].text, reading.logits.softmax(dim=0)),
            0.0,
            reading.scores[:, None].numpy(),
            reading.attention[:, None].numpy(),
            reading.null[:, None].numpy(),
        )

    def _entries(self, answer: str, chances: Float[Tensor, " words"]) -> tuple[Entry, ...]:
        """The parts of an answer; each with the chances of all answers that have it."""
        return tuple(
            Entry(part, min(1.0, float(chances[[part in each for each in self._parts]].sum())))
            for part in answer.split(",")
        )

    def _vectorised(self, texts: Sequence[str]) -> Sentences:
        return vectorise([words(text) for text in texts], self._vocabulary)


class TensorSlots:
    """Facts as the network wants them."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def __len__(self) -> int:
        return len(self._facts)

    def scores(self, space: int, queries: Float[Tensor, "queries dim"]) -> Float[Tensor, "queries facts"]:
        return torch.from_numpy(self._facts.scores(space, queries.numpy()))

    def weighted(self, space: int, weights: Float[Tensor, "queries facts"]) -> Float[Tensor, "queries dim"]:
        return torch.from_numpy(self._facts.weighted(space, weights.numpy()))
