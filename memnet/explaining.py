"""Why this answer and not another: what it would be without some of the facts.

Attention says what was read, not what was needed: a fact can be read and change nothing. So the question is
asked again without each fact, and without sets of them, as if they had never been told.

The search for the smallest set that changes the answer:

    1 fact     every attended fact is left out by itself
    2 facts    greedy; if that does not end at two, every pair, likeliest first
    more       greedy: the fact whose loss costs the answer most, again and again; then what is not needed is
               put back

Each question asked again is counted, and the count is bounded; what the bound left untried is said.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

from memnet.errors import NotAnotherAnswer
from memnet.memory_at import MemoryAt
from memnet.story import Answer, Evidence
from memnet.supposing import NOTHING, Overlay

AskWithout = Callable[[frozenset[int]], Answer]
"""The answer without these facts, with every alternative listed."""

MOST_FACTS = 100
"""Facts that are left out one by one, those with the most attention."""

MOST_TOGETHER = 6
"""Largest set that is looked for."""

_LEAST_PROBABILITY = 1e-12

_EVERY_ANSWER = 1_000_000


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What one fact was needed for."""

    seq: int
    text: str
    weight: float
    """Mean attention over the hops, of the answer that is explained."""
    answer: str | None
    """What is answered without the fact; None when the memory abstains."""
    probability: float
    """Of the answer that is explained, without the fact."""
    change: float
    """By how much that is less than with the fact; negative when the fact spoke against the answer."""


@dataclass(frozen=True, slots=True)
class Removal:
    """Facts without which there is another answer."""

    seqs: tuple[int, ...]
    answer: str | None
    probability: float
    """Of the answer without them."""
    proven: bool
    """Whether every smaller set of attended facts was tried, and none has this effect."""


@dataclass(frozen=True, slots=True)
class Speaking:
    """A fact that speaks for or against another answer."""

    seq: int
    text: str
    effect: float
    """Log-odds of the other answer against the one given, with the fact less without it: positive for it."""


@dataclass(frozen=True, slots=True)
class WhyNot:
    """Why another answer was not given."""

    answer: str
    probability: float
    speaking_for: tuple[Speaking, ...]
    """Strongest first."""
    speaking_against: tuple[Speaking, ...]
    """Strongest first."""
    removal: Removal | None
    """Facts without which it would be the answer; None when none were found."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why an answer was given."""

    answer: Answer
    """The answer that is explained, with every fact and every alternative listed."""
    facts: tuple[LeftOut, ...]
    """Those that the answer needed most first."""
    removal: Removal | None
    """The smallest set of facts without which there is another answer; None when none was found."""
    why_not: WhyNot | None
    asked: int
    """How often the question was asked again."""
    complete: bool
    """Whether every attended fact was left out by itself."""
    exhausted: bool
    """Whether the bound on questions ended the search."""


def explain(ask: AskWithout, *, why_not: str | None = None, most_questions: int = 300) -> Explanation:
    """Explain an answer.

    Args:
        ask: Asks the question.
        why_not: An answer to compare with the one that is given.
        most_questions: How often the question may be asked again.

    Raises:
        NotAnotherAnswer: `why_not` is not an answer that the network knows, or the one that it gives.
    """
    asking = _Asking(ask, most_questions)
    given = asking.given
    compared = _compared(given, why_not) if why_not is not None else None
    if given.text is None:
        return Explanation(given, (), None, None, 0, True, False)
    candidates = given.evidence[:MOST_FACTS]
    without = dict(_one_by_one(asking, candidates))
    complete = len(without) == len(given.evidence)
    facts = sorted(
        (_left_out(given, fact, without[fact.seq]) for fact in candidates if fact.seq in without),
        key=lambda fact: (-fact.change, fact.seq),
    )
    search = _Search(asking, [fact.seq for fact in candidates if fact.seq in without], complete)
    removal = search.smallest(
        reached=lambda answer: answer.text != given.text, left=lambda answer: _of(answer, given.text)
    )
    return Explanation(
        answer=given,
        facts=tuple(facts),
        removal=removal,
        why_not=None if compared is None else _why_not(asking, candidates, search, compared),
        asked=asking.asked,
        complete=complete,
        exhausted=asking.exhausted,
    )


def asking_without(at: MemoryAt, question: str, overlay: Overlay = NOTHING) -> AskWithout:
    """How to ask a state of a memory without facts: as if they had never been told.

    Args:
        at: The state.
        question: One question.
        overlay: Supposed in every case.
    """

    def ask(without: frozenset[int]) -> Answer:
        # Of the answers with facts left out only the words and their probabilities are used.
        limit = 0 if without else None
        return at.ask(question, limit=limit, top_answers=_EVERY_ANSWER, overlay=overlay.hiding(without))

    return ask


class _Asking:
    """Asks again without facts; no set twice, and only so often."""

    def __init__(self, ask: AskWithout, most: int) -> None:
        self.given = ask(frozenset())
        self.asked = 0
        self.exhausted = False
        self._ask = ask
        self._most = most
        self._known: dict[frozenset[int], Answer] = {}

    def without(self, seqs: frozenset[int]) -> Answer | None:
        """The answer without facts; None when the question may not be asked again."""
        if seqs not in self._known:
            if self.asked == self._most:
                self.exhausted = True
                return None
            self.asked += 1
            self._known[seqs] = self._ask(seqs)
        return self._known[seqs]


class _Search:
    """Looks for the smallest set of facts whose loss has an effect."""

    def __init__(self, asking: _Asking, seqs: list[int], complete: bool) -> None:
        self._asking = asking
        self._seqs = seqs
        self._complete = complete

    def smallest(self, reached: Callable[[Answer], bool], left: Callable[[Answer], float]) -> Removal | None:
        """The smallest set found.

        Args:
            reached: Whether an answer is the effect.
            left: How far an answer is from it: smaller is nearer.
        """
        alone = {
            seq: left(answer)
            for seq in self._seqs
            if (answer := self._asking.without(frozenset({seq}))) is not None
        }
        order = sorted(alone, key=lambda seq: (alone[seq], seq))
        for seq in order:
            found = self._removal({seq}, reached, proven=True)
            if found:
                return found
        greedy = self._greedy(order, reached, left)
        if greedy is not None and len(greedy.seqs) == 2:
            return greedy
        tried_all = self._complete
        for pair in sorted(combinations(order, 2), key=lambda pair: sum(alone[seq] for seq in pair)):
            if self._asking.without(frozenset(pair)) is None:
                tried_all = False
                break
            found = self._removal(set(pair), reached, proven=self._complete)
            if found:
                return found
        if greedy is not None and len(greedy.seqs) == 3 and tried_all:
            return Removal(greedy.seqs, greedy.answer, greedy.probability, proven=True)
        return greedy

    def _greedy(
        self, order: list[int], reached: Callable[[Answer], bool], left: Callable[[Answer], float]
    ) -> Removal | None:
        lost: set[int] = set(order[:1])
        while lost and len(lost) < MOST_TOGETHER:
            nearest: tuple[float, int] | None = None
            for seq in order:
                if seq in lost:
                    continue
                answer = self._asking.without(frozenset(lost | {seq}))
                if answer is None:
                    return None
                if reached(answer):
                    nearest = (-math.inf, seq)
                    break
                nearest = min(nearest or (math.inf, seq), (left(answer), seq))
            if nearest is None:
                return None  # no fact is left
            lost.add(nearest[1])
            if nearest[0] == -math.inf:
                return self._reduced(lost, reached)
        return None

    def _reduced(self, lost: set[int], reached: Callable[[Answer], bool]) -> Removal | None:
        """The same without what is not needed."""
        for seq in sorted(lost):
            fewer = lost - {seq}
            answer = self._asking.without(frozenset(fewer)) if len(fewer) > 1 else None
            if answer is not None and reached(answer):
                lost = fewer
        return self._removal(lost, reached, proven=len(lost) == 2 and self._complete)

    def _removal(self, seqs: set[int], reached: Callable[[Answer], bool], *, proven: bool) -> Removal | None:
        answer = self._asking.without(frozenset(seqs))
        if answer is None or not reached(answer):
            return None
        return Removal(tuple(sorted(seqs)), answer.text, answer.probability, proven)


def _one_by_one(asking: _Asking, candidates: tuple[Evidence, ...]) -> Iterator[tuple[int, Answer]]:
    for fact in candidates:
        answer = asking.without(frozenset({fact.seq}))
        if answer is None:
            return
        yield fact.seq, answer


def _left_out(given: Answer, fact: Evidence, without: Answer) -> LeftOut:
    probability = _of(without, given.text)
    return LeftOut(
        fact.seq, fact.text, fact.weight, without.text, probability, given.probability - probability
    )


def _why_not(asking: _Asking, candidates: tuple[Evidence, ...], search: _Search, other: str) -> WhyNot:
    given = asking.given

    def odds(answer: Answer) -> float:
        return _log(_of(answer, other)) - _log(_of(answer, given.text))

    speaking = []
    for fact in candidates:
        answer = asking.without(frozenset({fact.seq}))
        if answer is not None and answer.text is not None:
            speaking.append(Speaking(fact.seq, fact.text, odds(given) - odds(answer)))
    return WhyNot(
        answer=other,
        probability=_of(given, other),
        speaking_for=tuple(
            sorted((each for each in speaking if each.effect > 0), key=lambda each: (-each.effect, each.seq))
        ),
        speaking_against=tuple(
            sorted((each for each in speaking if each.effect < 0), key=lambda each: (each.effect, each.seq))
        ),
        removal=search.smallest(
            reached=lambda answer: answer.text == other, left=lambda answer: -odds(answer)
        ),
    )


def _compared(given: Answer, why_not: str) -> str:
    other = why_not.strip().lower()
    if given.text is None:
        raise NotAnotherAnswer("no answer was given, so there is none to compare with")
    if other == given.text:
        raise NotAnotherAnswer("this is the answer that was given")
    if all(each.text != other for each in given.alternatives):
        raise NotAnotherAnswer(
            "the network does not know this answer", hint="it answers with words of its training"
        )
    return other


def _of(answer: Answer, text: str | None) -> float:
    """The probability that an answer gives to a text."""
    return next((each.probability for each in answer.alternatives if each.text == text), 0.0)


def _log(probability: float) -> float:
    return math.log(max(probability, _LEAST_PROBABILITY))
