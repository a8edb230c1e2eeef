"""What text means to the multi-head network: language and symbols in, words and names out.

A fact's time is its number in the memory; a question is asked at the number that the next fact would get.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32, Float64, Int64

from memnet.bounded import remembered
from memnet.calibration import UNCALIBRATED, Calibration
from memnet.interpreters import sizes
from memnet.interpreters.base import Facts, Interpretation, Interpreter, Told, check_words
from memnet.interpreters.fused import Fused, Trace
from memnet.interpreters.matched import Aged, Matched
from memnet.interpreters.sizes import PER_NAME
from memnet.lexicon import UNDECIDED, Lexicon, symbol_vector
from memnet.nn.multihead import LEAST_RETENTION, MultiHeadMemory
from memnet.nn.roles import PER_SENTENCE, is_symbol
from memnet.story import Alternative, Entry, ReadAs
from memnet.tokens import RESERVED, Token
from memnet.worked import SHELF

COPIED_FROM = 512
"""Facts whose names can be answers: those with the most attention. Smaller memories offer all their names."""

RECOGNISED_IN = 4096
"""Newest facts in which names of several words are looked up, to recognise them in a question."""

_KEPT_BYTES = 16 << 20
"""Of what is remembered of texts, each kind: some 20,000 of ten words."""

_SAID_BYTES = 32 << 20
"""Of the names in texts: these are looked up in all of a memory whenever it has changed."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What can be answered to a question."""

    read: Int64[np.ndarray, " read"]
    """Positions of the facts that could be attended to."""
    trace: Trace
    logits: Float32[np.ndarray, "positions choices"]
    """Over [answer words ; end ; names]."""
    keys: list[str]
    surfaces: list[str]
    """Of each name, as it was last written."""


@dataclass(frozen=True, slots=True)
class Named:
    """Names that can be copied from facts."""

    keys: list[str]
    surfaces: list[str]
    """Of each, as it was last written."""
    offering: Int64[np.ndarray, " offering"]
    """Which of the facts that were read offer names."""
    mentions: Float32[np.ndarray, "offering names"]
    """1 where one of these facts mentions a name."""
    vectors: Float32[np.ndarray, "names symbol_dim"]

    @property
    def size_bytes(self) -> int:
        """Memory they take, roughly."""
        arrays = (self.offering, self.mentions, self.vectors)
        return PER_NAME * len(self.keys) + sum(each.nbytes for each in arrays)


def chances_of(
    logits: Float32[np.ndarray, "positions choices"], temperature: float
) -> Float64[np.ndarray, "positions choices"]:
    """softmax(logits / T) at each position."""
    scaled = logits.astype(np.float64) / temperature
    chances: np.ndarray = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    chances /= chances.sum(axis=1, keepdims=True)
    return chances


def _continued(
    chances: Float64[np.ndarray, "positions choices"], first: int, end: int
) -> tuple[list[int], float]:
    """How an answer goes on after its first choice, naming nothing twice, and the chance of that."""
    rest: list[int] = []
    chance = 1.0
    for row in chances:
        left = row.copy()
        left[[choice for choice in (first, *rest) if choice > end]] = 0.0
        choice = int(left.argmax())
        chance *= float(left[choice])
        if choice == end:
            break
        rest.append(choice)
    return rest, chance


class MultiHeadInterpreter(Interpreter):
    """Interprets for a multi-head network."""

    memory_size = None
    spaces = 1

    def __init__(
        self, network: MultiHeadMemory, lexicon: Lexicon, calibration: Calibration = UNCALIBRATED
    ) -> None:
        self._network, self._lexicon, self._calibration = network, lexicon, calibration
        self._answer_words = {word: index for index, word in enumerate(lexicon.answers)}
        self._undecided = self._answer_words.get(UNDECIDED)
        self._fused = Fused(network)
        self.family = network.family
        self.num_hops, self.num_heads = network.config.num_hops, network.config.num_heads
        self.dim = network.dim
        self.num_words = len(lexicon.words)
        self.parameters = sum(each.numel() for each in network.parameters())
        self.has_gates = network.config.write
        self.retire_below = network.config.retire_below if network.config.write else None
        self._tokens = remembered(_KEPT_BYTES, sizes.of_tokens)(lambda text: tuple(lexicon.tokens(text)))
        self._symbols = remembered(_SAID_BYTES, sizes.of_symbols)(self._symbols_in)
        # A question's words are wanted twice, for the answer and for those that mean nothing.
        self._asked = remembered(_KEPT_BYTES, sizes.of_asked)(
            lambda text, names: tuple(lexicon.tokens(text, names))
        )
        self._wording = remembered(_KEPT_BYTES, sizes.of_wording)(self._encode_wording)

    def encode(self, texts: Sequence[str]) -> Float32[np.ndarray, "facts spaces dim"]:
        for index, text in enumerate(texts):
            check_words(text, "the fact", index)
        alike: dict[tuple[int, ...], list[int]] = {}
        read = [self._tokens(text) for text in texts]
        for row, tokens in enumerate(read):
            alike.setdefault(tuple([token.index for token in tokens]), []).append(row)
        vectors = np.empty((len(texts), 1, self.dim), np.float32)
        for indices, rows in alike.items():
            vectors[rows, 0] = self._contents(indices, [read[row] for row in rows], question=False)
        return vectors

    def encode_question(self, text: str) -> Float32[np.ndarray, "queries dim"]:
        check_words(text, "the question")
        query: np.ndarray = self._content(self._tokens(text), question=True)[None]
        return query

    def unknown_words(self, text: str) -> tuple[str, ...]:
        """Words of language that training never held; names are none of them, they need not be known."""
        return tuple(
            dict.fromkeys(
                token.surface.lower()
                for token in self._tokens(text)
                if token.index < RESERVED and not token.is_name
            )
        )

    def read_as(self, text: str) -> tuple[ReadAs, ...]:
        known = [token for token in self._tokens(text) if token.index >= RESERVED]
        read = [
            (token.surface, self._lexicon.words[token.index - RESERVED])
            for token in known
            if token.surface.lower() not in self._lexicon
        ]
        return tuple(ReadAs(*each) for each in dict.fromkeys(read))

    def strange_words(self, question: str, told: Told) -> tuple[str, ...]:
        said, names = self._said(told)
        return tuple(
            dict.fromkeys(
                token.surface
                for token in self._asked(question, names)
                if token.key is not None and token.key not in said
            )
        )

    def gates(
        self, vectors: Float32[np.ndarray, "new spaces dim"], older: Facts
    ) -> Float32[np.ndarray, "new older"]:
        if not self.has_gates or not len(older):
            return super().gates(vectors, older)
        return self._fused.gates_of_scores(older.scores(0, self._fused.write_queries(vectors[:, 0])))

    def retention(self, vectors: Float32[np.ndarray, "facts spaces dim"]) -> Float32[np.ndarray, " facts"]:
        if not self.has_gates:
            return super().retention(vectors)
        content = vectors[:, 0]
        gates = np.tril(self._fused.gates(content, content), -1)
        kept: np.ndarray = np.log1p(-gates.astype(np.float64)).sum(axis=0)
        retention: np.ndarray = np.maximum(kept, LEAST_RETENTION).astype(np.float32)
        return retention

    def answer(self, question: str, told: Told, count: int) -> Interpretation:
        offered = self.offer(question, told)
        alternatives, entries, undecided = self.weigh(offered, count)
        trace = offered.trace
        return Interpretation(
            offered.read, alternatives, entries, undecided, trace.scores, trace.attention, trace.null
        )

    def offer(self, question: str, told: Told) -> Offered:
        """Read the facts, and say what can be answered."""
        query = self._content(self._asked(question, self._said(told)[1]), question=True)
        read, facts = self._matched(told)
        trace = self._fused.read(query, facts)
        named = self._named(told, read, trace)
        logits = self._fused.choices(trace, named.offering, named.mentions, named.vectors)
        return Offered(read, trace, logits, named.keys, named.surfaces)

    def weigh(
        self, offered: Offered, count: int, temperature: float | None = None
    ) -> tuple[tuple[Alternative, ...], tuple[Entry, ...], float]:
        """The most probable answers, the entries of the first, and the probability that there is none.

        Args:
            offered: What can be answered.
            count: Answers to list.
            temperature: Instead of the calibrated one.
        """
        words = self._lexicon.answers
        end = len(words)
        chances = chances_of(offered.logits, temperature or self._calibration.temperature)
        # A name that is an answer word too is one answer: its chances add up.
        for column, key in enumerate(offered.keys, start=end + 1):
            word = self._answer_words.get(key)
            if word is not None:
                chances[:, word] += chances[:, column]
                chances[:, column] = 0.0
        undecided = 0.0 if self._undecided is None else float(chances[0, self._undecided])
        alone = float(chances[1, end]) if len(chances) > 1 else 1.0
        texts = [*words, "", *offered.surfaces]
        first = [
            choice
            for choice in np.argsort(-chances[0], kind="stable")[: count + 2].tolist()
            if choice not in (end, self._undecided)
        ]
        rest, tail = _continued(chances[1:], first[0], end)
        found: list[tuple[list[int], float]] = []
        for choice in first:
            # A list goes on as it does at its best; anything else than its first word stands alone.
            whole = choice == first[0]
            chance = float(chances[0, choice]) * (tail if whole else alone)
            found.append(([choice, *rest] if whole else [choice], chance))
        found.sort(key=lambda each: -each[1])
        alternatives = tuple(
            Alternative(",".join(texts[each] for each in choices), chance)
            for choices, chance in found[:count]
        )
        entries = tuple(
            Entry(texts[choice], float(1 - np.prod(1 - chances[:, choice]))) for choice in found[0][0]
        )
        return alternatives, entries, undecided

    def _said(self, told: Told) -> tuple[frozenset[str], frozenset[str]]:
        """Keys of all symbols that the newest facts speak of, and of those among them that are names."""

        def said() -> tuple[frozenset[str], frozenset[str]]:
            symbols = [each for text in told.texts[-RECOGNISED_IN:] for each in self._symbols(text)]
            return (
                frozenset(key for key, _, _ in symbols),
                frozenset(key for key, _, is_name in symbols if is_name),
            )

        return SHELF.once(
            told.worked, (self, "said"), said, lambda keys: PER_NAME * (len(keys[0]) + len(keys[1]))
        )

    def _matched(self, told: Told) -> tuple[Int64[np.ndarray, " read"], Matched]:
        """Positions of the facts that can be attended to, and these facts."""
        fused = self._fused
        # Never none: nothing supersedes the newest fact.
        read, slots = told.slots.above(-np.inf if self.retire_below is None else self.retire_below)

        def aged() -> Aged:
            return fused.aged(np.asarray(told.seqs)[read], slots)

        # What is kept does not hold the facts themselves: a view would hold itself, and go late.
        if fused.makes_keys(slots):
            few = SHELF.once(
                told.worked, (self, "few"), lambda: fused.few(aged(), slots), lambda each: each.size_bytes
            )
            return read, few
        return read, fused.many(
            SHELF.once(told.worked, (self, "aged"), aged, lambda each: each.size_bytes), slots
        )

    def _named(self, told: Told, read: Int64[np.ndarray, " read"], trace: Trace) -> Named:
        """The names that can be copied: of a small memory all, of a larger one those of the facts with the
        most attention.

        A retired fact's names can be copied too, though no attention speaks for them.
        """
        if len(told.texts) <= COPIED_FROM:
            return SHELF.once(
                told.worked,
                (self, "named"),
                lambda: self._names(told.texts, read, np.arange(len(told.texts))),
                lambda each: each.size_bytes,
            )
        offered = read
        if len(read) > COPIED_FROM:
            strongest = trace.attention.max(axis=(0, 1))
            offered = np.sort(read[np.argpartition(-strongest, COPIED_FROM)[:COPIED_FROM]])
        return self._names(told.texts, read, offered)

    def _symbols_in(self, text: str) -> tuple[tuple[str, str, bool], ...]:
        """Keys and surfaces of a fact's symbols, and whether they are names."""
        return tuple((token.key, token.surface, token.is_name) for token in self._tokens(text) if token.key)

    def _content(self, tokens: Sequence[Token], *, question: bool) -> Float32[np.ndarray, " content"]:
        vector: np.ndarray = self._contents(
            tuple([token.index for token in tokens]), [tokens], question=question
        )[0]
        return vector

    def _contents(
        self, indices: tuple[int, ...], read: Sequence[Sequence[Token]], *, question: bool
    ) -> Float32[np.ndarray, "sentences content"]:
        """Vectors of sentences of one wording, that differ in their symbols alone."""
        shares, language = self._wording(indices, question)
        c = self._network.config
        vectors = np.zeros((len(read), self._network.dim), np.float32)
        symbols = [[token.key for token in tokens if token.key is not None][: len(shares)] for tokens in read]
        if count := len(symbols[0]):
            flat = self._vectors([key for keys in symbols for key in keys])
            told = shares[:count].T @ flat.reshape(len(read), count, -1)
            vectors[:, : c.roles * c.symbol_dim] = told.reshape(len(read), -1)
        vectors[:, c.roles * c.symbol_dim :] = language
        return vectors

    def _vectors(self, keys: Sequence[str]) -> Float32[np.ndarray, "keys symbol_dim"]:
        dim = self._network.config.symbol_dim
        return np.array([symbol_vector(key, dim) for key in keys], np.float32).reshape(-1, dim)

    @torch.inference_mode()
    def _encode_wording(self, indices: tuple[int, ...], question: bool) -> tuple[np.ndarray, np.ndarray]:
        words = torch.tensor([indices])
        shares, language = self._network.encoder.wordings(words, torch.tensor([question]))
        kept = shares[0][is_symbol(words[0])][:PER_SENTENCE]
        # Copies: a tensor that an array lies in takes more than the array.
        return kept.numpy().copy(), language[0].numpy().copy()

    def _names(
        self, texts: Sequence[str], read: Int64[np.ndarray, " read"], offered: Int64[np.ndarray, " offered"]
    ) -> Named:
        offering = np.flatnonzero(np.isin(read, offered))
        rows_of = {place: row for row, place in enumerate(read[offering].tolist())}
        columns: dict[str, int] = {}
        surfaces: list[str] = []
        found = []
        for place in offered.tolist():
            row = rows_of.get(place)
            for key, surface, _ in self._symbols(texts[place])[:PER_SENTENCE]:
                column = columns.setdefault(key, len(columns))
                if column == len(surfaces):
                    surfaces.append(surface)
                surfaces[column] = surface
                if row is not None:
                    found.append((row, column))
        mentions = np.zeros((len(offering), len(columns)), np.float32)
        if found:
            rows, named = zip(*found, strict=True)
            mentions[list(rows), list(named)] = 1.0
        keys = list(columns)
        return Named(keys, surfaces, offering, mentions, self._vectors(keys))
