"""Lessons as flat lists of numbers: which wording, which symbols in it, which choices are right."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from memnet.lexicon import Lexicon
from memnet.nn.roles import PER_SENTENCE
from memnet.training.multihead.lessons import Asked, Lesson

PRONOUNS = frozenset({"he", "she", "they", "it", "him", "her", "them"})


class Layout:
    """Collects lessons as flat lists of numbers."""

    def __init__(self, lexicon: Lexicon, positions: int, fixed: Callable[[int, str], bool]) -> None:
        self.wordings: dict[tuple[tuple[int, ...], bool], int] = {}
        self.keys: dict[str, int] = {}
        names = ("fact_wording", "fact_symbols", "fact_pronoun", "symbols", "fixed")
        asked = ("q_wording", "q_symbols", "q_told", "q_task", "q_pool", "q_row", "q_word", "q_copy")
        self.columns: dict[str, list[Any]] = {name: [] for name in (*names, *asked)}
        self.columns |= {name: [0] for name in ("fact_start", "question_start", "symbol_start")}
        self._lexicon, self._positions, self._fixed = lexicon, positions, fixed
        self._answers = {word: index for index, word in enumerate(lexicon.answers)}
        self._pronouns = {lexicon[word] for word in PRONOUNS} - {0}
        self._read: dict[str, tuple[tuple[int, ...], list[str], list[str]]] = {}

    def add(self, lesson: Lesson, facts: Sequence[str], questions: Sequence[tuple[int, Asked]]) -> None:
        """Lay out one lesson, or a part of it; the questions with their numbers in the data set."""
        task, hidden = lesson.task, lesson.hidden
        columns, local = self.columns, dict[str, int]()
        lexicon = self._lexicon.without(hidden) if hidden else self._lexicon
        known, spoken_of = [0], set[str]()
        for fact in facts:
            indices, keys, names = _words(lexicon, fact) if hidden else self._words(fact)
            spoken_of.update(names)
            columns["fact_wording"].append(self._wording(indices, question=False))
            columns["fact_symbols"].append(_places(keys, local))
            columns["fact_pronoun"].append(bool(self._pronouns & set(indices)))
            known.append(len(local))
        for row, asked in questions:
            tokens = lexicon.tokens(asked.text, spoken_of)
            indices = tuple(token.index for token in tokens)
            columns["q_wording"].append(self._wording(indices, question=True))
            columns["q_symbols"].append(_places([token.key for token in tokens if token.key], local))
            columns["q_told"].append(asked.told)
            columns["q_task"].append(task)
            columns["q_pool"].append(lesson.pool)
            columns["q_row"].append(row)
            # Lists of more entries than there are positions are learned as far as they go.
            said = asked.answers[: self._positions]
            places = [local.get(self._lexicon.key_of(answer), -1) for answer in said]
            end = self._positions - len(said)
            columns["q_copy"].append([p if p < known[asked.told] else -1 for p in places] + [-1] * end)
            columns["q_word"].append([self._answers.get(a, -1) for a in said] + [len(self._answers)] * end)
        for key in local:
            columns["symbols"].append(self.keys.setdefault(key, len(self.keys)))
            columns["fixed"].append(self._fixed(task, key))
        for start, column in (
            ("fact_start", "fact_wording"),
            ("question_start", "q_wording"),
            ("symbol_start", "symbols"),
        ):
            columns[start].append(len(columns[column]))

    def _words(self, text: str) -> tuple[tuple[int, ...], list[str], list[str]]:
        if text not in self._read:
            self._read[text] = _words(self._lexicon, text)
        return self._read[text]

    def _wording(self, indices: tuple[int, ...], *, question: bool) -> int:
        return self.wordings.setdefault((indices, question), len(self.wordings))


def _words(lexicon: Lexicon, text: str) -> tuple[tuple[int, ...], list[str], list[str]]:
    """Indices of a sentence's words, keys of its symbols, and of those that are names."""
    tokens = lexicon.tokens(text)
    symbols = [(token.key, token.is_name) for token in tokens if token.key is not None]
    names = [key for key, is_name in symbols if is_name]
    return tuple(token.index for token in tokens), [key for key, _ in symbols], names


def _places(names: Sequence[str], local: dict[str, int]) -> list[int]:
    """Columns of a sentence's symbols among those of its lesson, new ones added; -1 for none."""
    found = [local.setdefault(name, len(local)) for name in names[:PER_SENTENCE]]
    return found + [-1] * (PER_SENTENCE - len(found))
