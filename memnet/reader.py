"""Reader: a checkpoint that answers, from facts wherever their vectors are kept.

Everything between plain text and an `Answer` is here; what text means to a network is its interpreter's
business, where the facts come from the caller's: a list of sentences (`ask_facts`) or a store (`answer`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int

from memnet.interpreters import Facts, Interpretation, TextFacts, Told, interpreter_of
from memnet.interpreters.base import check_words
from memnet.stages import staged
from memnet.story import Alternative, Answer, Attended, Evidence, HeadReading, HopReading, ReadAs, Reason
from memnet.text import words
from memnet.training.checkpoint import Checkpoint

__all__ = ["ModelInfo", "Reader", "Told"]

RELEVANT = 0.5
"""Attention that some head of some hop pays to a fact, if there is one that matters. Of a hundred questions
that the facts decide, one has less."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The network that answers."""

    name: str
    sha256: str
    """Digest of the checkpoint."""
    family: str
    num_hops: int
    num_heads: int
    """Attention reads per hop."""
    memory_size: int | None
    """Most facts a question attends to, the newest ones; None without such a limit."""
    dim: int
    spaces: int
    """Vectors kept for each fact."""
    num_words: int
    """Words it knows."""
    parameters: int
    """Numbers it was trained to."""
    has_gates: bool
    """Whether a new fact may supersede older ones."""
    retire_below: float | None
    """Facts of which later ones left less, as a logarithm, are not attended to; None without gates."""

    def retires(self, retention: float) -> bool:
        """Whether a fact of which so much is left, as a logarithm, is not attended to any more."""
        return self.retire_below is not None and retention < self.retire_below


class Reader:
    """Answers questions with one checkpoint. Threads may share it."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._interpreter = each = interpreter_of(checkpoint)
        self._calibration = checkpoint.calibration
        self.model = ModelInfo(
            name=checkpoint.name,
            sha256=checkpoint.digest,
            family=each.family,
            num_hops=each.num_hops,
            num_heads=each.num_heads,
            memory_size=each.memory_size,
            dim=each.dim,
            spaces=each.spaces,
            num_words=each.num_words,
            parameters=each.parameters,
            has_gates=each.has_gates,
            retire_below=each.retire_below,
        )
        self.training = checkpoint.training

    @staged("encode")
    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "facts spaces dim"]:
        """The vectors that are kept for facts.

        Raises:
            TextError: A text without a word; `index` says which.
        """
        return self._interpreter.encode(texts)

    def encode_question(self, text: str) -> Float32[np.ndarray, "queries dim"]:
        """The query of the first hop, shape (1, dim): what facts' first vectors are matched with.

        Raises:
            TextError: A text without a word.
        """
        return self._interpreter.encode_question(text)

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """The words of a fact that do not help an answer, each once, in order."""
        return self._interpreter.unknown_words(text)

    def read_as(self, text: str) -> tuple[ReadAs, ...]:
        """Words of a sentence that the network never held, and the nearest ones that it read for them."""
        return self._interpreter.read_as(text)

    def gates(
        self, vectors: Float32[np.ndarray, "new spaces dim"], older: Facts
    ) -> Float32[np.ndarray, "new older"]:
        """How far each new fact supersedes each older one, in [0, 1]."""
        return self._interpreter.gates(vectors, older)

    def attended(self, eligible: int) -> int:
        """How many of so many facts, the newest ones, a question can attend to."""
        size = self.model.memory_size
        return eligible if size is None else min(eligible, size)

    def ask_facts(
        self,
        texts: Sequence[str],
        question: str,
        *,
        limit: int | None = 10,
        top_answers: int = 2,
        heads: bool = False,
    ) -> Answer:
        """Answer a question from facts given with it. The facts get `seq` 1 to N; see `answer`."""
        return self.answer(question, self.told(texts), limit=limit, top_answers=top_answers, heads=heads)

    def told(self, texts: Sequence[str]) -> Told:
        """Facts to answer from, with `seq` 1 to N."""
        vectors = self.encode(texts)
        first = len(texts) - self.attended(len(texts))
        return Told(
            slots=TextFacts(vectors[first:], self._interpreter.retention(vectors)[first:]),
            seqs=range(first + 1, len(texts) + 1),
            texts=texts[first:],
            eligible=len(texts),
            revision=0,
        )

    @staged("infer", tells=lambda answer: answer.reason or "answered")
    def answer(
        self,
        question: str,
        told: Told,
        *,
        limit: int | None = 10,
        top_answers: int = 2,
        heads: bool = False,
    ) -> Answer:
        """Answer a question.

        Args:
            question: One question.
            told: What to answer from.
            limit: Most facts to list per hop, per head and as evidence; None for all.
            top_answers: How many alternatives to list, at least 1.
            heads: Say of every hop what each of its heads read.

        Raises:
            TextError: A question without a word.
        """
        check_words(question, "the question")
        unknown = self._interpreter.strange_words(question, told)
        if not told.eligible:
            return _abstained(question, "no_eligible_facts", unknown, told)
        if {word.lower() for word in unknown} >= set(words(question)):
            return _abstained(question, "unknown_words", unknown, told)
        read = self._interpreter.answer(question, told, max(top_answers, 2))
        best, second = (*read.alternatives, Alternative("", 0.0), Alternative("", 0.0))[:2]
        seqs, texts = told.seqs, told.texts
        if len(read.read) < len(seqs):
            places = read.read.tolist()
            seqs, texts = [seqs[place] for place in places], [texts[place] for place in places]
        reason = self._reason(read, best.probability, unknown)
        means = read.attention.mean(axis=1)
        return Answer(
            question=question,
            text=None if reason else best.text,
            reason=reason,
            probability=0.0 if reason else best.probability,
            margin=0.0 if reason else best.probability - second.probability,
            alternatives=read.alternatives[:top_answers],
            hops=_hops(read, means, seqs, limit, heads=heads),
            evidence=_evidence(means, seqs, texts, limit),
            unknown_words=unknown,
            revision=told.revision,
            eligible=told.eligible,
            attended=len(seqs),
            entries=() if reason else read.entries,
            read_as=self.read_as(question),
        )

    def _reason(self, read: Interpretation, best: float, unknown: Sequence[str]) -> Reason | None:
        """Why there is no answer; None if there is one."""
        peak = float(read.attention.max(initial=0.0))
        fitted = self._calibration
        if not fitted.abstains(undecided=read.undecided, best=best, strange=bool(unknown), peak=peak):
            return None
        if unknown:
            return "unknown_words"
        if peak < RELEVANT:
            return "no_relevant_facts"
        return "undecided" if read.undecided > best else "low_confidence"


def _abstained(question: str, reason: Reason, unknown: tuple[str, ...], told: Told) -> Answer:
    """No answer, and nothing was read."""
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


def _hops(
    read: Interpretation,
    means: Float32[np.ndarray, "hops facts"],
    seqs: Sequence[int],
    limit: int | None,
    *,
    heads: bool,
) -> tuple[HopReading, ...]:
    """The reads of every hop: means over its heads and, if wanted, each head's own."""
    nulls = read.null.mean(axis=1).tolist()
    listed = _listed(read.scores.mean(axis=1), means, seqs, limit)
    return tuple(
        HopReading(hop + 1, *of_all, null, _heads(read, hop, seqs, limit) if heads else ())
        for hop, (of_all, null) in enumerate(zip(listed, nulls, strict=True))
    )


def _heads(read: Interpretation, hop: int, seqs: Sequence[int], limit: int | None) -> tuple[HeadReading, ...]:
    listed = _listed(read.scores[hop], read.attention[hop], seqs, limit)
    return tuple(
        HeadReading(head, *of_one, null)
        for head, (of_one, null) in enumerate(zip(listed, read.null[hop].tolist(), strict=True), start=1)
    )


def _listed(
    scores: Float32[np.ndarray, "reads facts"],
    weights: Float32[np.ndarray, "reads facts"],
    seqs: Sequence[int],
    limit: int | None,
) -> list[tuple[tuple[Attended, ...], float]]:
    """Of each read, the facts with the most attention, best first, and the attention on the others."""
    listed = _strongest(weights, limit)
    reads = np.arange(len(weights))[:, None]
    others = weights.copy()
    others[reads, listed] = 0.0
    rows = zip(listed.tolist(), weights[reads, listed].tolist(), scores[reads, listed].tolist(), strict=True)
    return [
        (tuple([Attended(seqs[row], *both) for row, *both in zip(*shown, strict=True)]), other_mass)
        for shown, other_mass in zip(rows, others.sum(axis=1).tolist(), strict=True)
    ]


def _evidence(
    means: Float32[np.ndarray, "hops facts"], seqs: Sequence[int], texts: Sequence[str], limit: int | None
) -> tuple[Evidence, ...]:
    weights = means.mean(axis=0)
    rows = _strongest(weights[None], limit)[0]
    return tuple(
        Evidence(seqs[row], texts[row], weight, tuple(per_hop))
        for row, weight, per_hop in zip(
            rows.tolist(), weights[rows].tolist(), means[:, rows].T.tolist(), strict=True
        )
    )


def _strongest(
    weights: Float32[np.ndarray, "reads facts"], limit: int | None
) -> Int[np.ndarray, "reads listed"]:
    """Of each read, the facts with the largest weights, largest first, the older one of two with the same."""
    count = weights.shape[1]
    if not limit or count <= 8 * limit:
        return np.argsort(-weights, axis=1, kind="stable")[:, :limit]
    # Of a large memory only those that can be listed are sorted.
    found = []
    for each, least in zip(weights, np.partition(weights, count - limit)[:, count - limit], strict=True):
        rows = np.flatnonzero(each >= least)
        found.append(rows[np.argsort(-each[rows], kind="stable")[:limit]])
    return np.stack(found)
