"""Reader: a network with its words, answering from facts wherever their vectors are kept.

Everything between plain text and the network's tensors is here; where the facts come from is the
caller's business: a list of sentences (`ask_facts`) or slots of a store's index (`answer`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from memnet.errors import TextError
from memnet.nn.network import DenseSlots, Reading, Slots
from memnet.stages import staged
from memnet.story import Alternative, Answer, Attended, Evidence, HopReading
from memnet.text import words
from memnet.training.checkpoint import Checkpoint
from memnet.training.vectorise import vectorise


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The network that answers."""

    name: str
    sha256: str
    """Digest of the checkpoint."""
    family: str
    num_hops: int
    memory_size: int | None
    """Most facts a question attends to, the newest ones; None without such a limit."""
    dim: int
    spaces: int
    """Vectors kept for each fact."""
    num_words: int
    """Words it knows."""
    parameters: int
    """Numbers it was trained to."""


@dataclass(frozen=True, slots=True)
class Told:
    """The facts that a question may be answered from, oldest first, and the slots to read them."""

    slots: Slots
    """The newest facts, as many as the network attends to."""
    seqs: Sequence[int]
    """Fact number of each slot."""
    texts: Sequence[str]
    """Text of each slot."""
    eligible: int
    """Facts there were, the ones too old to be attended to included."""
    revision: int


class Reader:
    """Answers questions with one checkpoint. Threads may share it."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        network = checkpoint.network
        self.model = ModelInfo(
            name=checkpoint.name,
            sha256=checkpoint.digest,
            family=network.family,
            num_hops=network.num_hops,
            memory_size=network.memory_size,
            dim=network.dim,
            spaces=network.spaces,
            num_words=len(checkpoint.vocabulary.words),
            parameters=sum(each.numel() for each in network.parameters()),
        )
        self.training = checkpoint.training
        self._network = network
        self._vocabulary = checkpoint.vocabulary

    @staged("encode")
    @torch.inference_mode()
    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Content vectors of facts, float32, shape (facts, spaces, dim).

        Raises:
            TextError: A text without a word; `index` says which.
        """
        sentences = [_words_of(text, "the fact", index) for index, text in enumerate(texts)]
        return self._network.encode_facts(vectorise(sentences, self._vocabulary)).numpy()

    @torch.inference_mode()
    def encode_question(self, text: str) -> np.ndarray:
        """The query of the first hop, float32, shape (1, dim): what facts' first vectors are matched with.

        Raises:
            TextError: A text without a word.
        """
        sentence = _words_of(text, "the question")
        return self._network.encode_questions(vectorise([sentence], self._vocabulary)).numpy()

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """The words the network never saw in training, each once, in order."""
        return tuple(dict.fromkeys(word for word in words(text) if word not in self._vocabulary))

    def attended(self, eligible: int) -> int:
        """How many of so many facts, the newest ones, a question can attend to."""
        size = self.model.memory_size
        return eligible if size is None else min(eligible, size)

    def ask_facts(
        self, texts: Sequence[str], question: str, *, limit: int | None = 10, top_answers: int = 2
    ) -> Answer:
        """Answer a question from facts given with it. The facts get `seq` 1 to N; see `answer`."""
        vectors = torch.from_numpy(self.encode(texts))
        first = len(texts) - self.attended(len(texts))
        told = Told(
            slots=DenseSlots(vectors[first:]),
            seqs=range(first + 1, len(texts) + 1),
            texts=texts[first:],
            eligible=len(texts),
            revision=0,
        )
        return self.answer(question, told, limit=limit, top_answers=top_answers)

    @staged("infer", tells=lambda answer: answer.reason or "answered")
    @torch.inference_mode()
    def answer(self, question: str, told: Told, *, limit: int | None = 10, top_answers: int = 2) -> Answer:
        """Answer a question.

        Args:
            question: One question.
            told: What to answer from.
            limit: Most facts to list per hop and as evidence; None for all.
            top_answers: How many alternatives to list, at least 1.

        Raises:
            TextError: A question without a word.
        """
        sentence = _words_of(question, "the question")
        unknown = self.unknown_words(question)
        reason = None
        if not told.eligible:
            reason = "no_eligible_facts"
        elif set(unknown) == set(sentence):
            reason = "unknown_words"
        if reason:
            return Answer(
                question=question,
                text=None,
                reason=reason,
                probability=0.0,
                margin=0.0,
                alternatives=(),
                hops=(),
                evidence=(),
                unknown_words=unknown,
                revision=told.revision,
                eligible=told.eligible,
                attended=0,
            )
        reading = self._network.answer(vectorise([sentence], self._vocabulary), told.slots)
        alternatives = self._alternatives(reading, max(top_answers, 2))
        best, second = (*alternatives, Alternative("", 0.0))[:2]
        return Answer(
            question=question,
            text=best.text,
            reason=None,
            probability=best.probability,
            margin=best.probability - second.probability,
            alternatives=alternatives[:top_answers],
            hops=_hops(reading, told.seqs, limit),
            evidence=_evidence(reading, told, limit),
            unknown_words=unknown,
            revision=told.revision,
            eligible=told.eligible,
            attended=len(told.slots),
        )

    def _alternatives(self, reading: Reading, count: int) -> tuple[Alternative, ...]:
        best = reading.logits.softmax(dim=0).topk(min(count, len(reading.logits)))
        return tuple(
            Alternative(self._vocabulary.word(index + 1), probability)
            for probability, index in zip(best.values.tolist(), best.indices.tolist(), strict=True)
        )


def _words_of(text: str, what: str, index: int | None = None) -> list[str]:
    sentence = words(text)
    if not sentence:
        raise TextError(f"{what} has no word in it", hint="write a sentence", index=index)
    return sentence


def _hops(reading: Reading, seqs: Sequence[int], limit: int | None) -> tuple[HopReading, ...]:
    hops = []
    for hop, (scores, attention, null) in enumerate(
        zip(reading.scores.tolist(), reading.attention.tolist(), reading.null.tolist(), strict=True), start=1
    ):
        ranked = sorted(zip(attention, scores, seqs, strict=True), key=lambda a: (-a[0], a[2]))
        listed = tuple(Attended(seq, weight, score) for weight, score, seq in ranked[:limit])
        other = sum(weight for weight, _, _ in ranked[len(listed) :])
        hops.append(HopReading(hop=hop, attention=listed, other_mass=other, null_mass=null))
    return tuple(hops)


def _evidence(reading: Reading, told: Told, limit: int | None) -> tuple[Evidence, ...]:
    weights = reading.attention.mean(dim=0).tolist()
    per_hop = reading.attention.T.tolist()
    evidence = [
        Evidence(seq, text, weight, tuple(hops))
        for seq, text, weight, hops in zip(told.seqs, told.texts, weights, per_hop, strict=True)
    ]
    return tuple(sorted(evidence, key=lambda e: (-e.weight, e.seq))[:limit])
