"""Stories as tensors of wordings and symbols, and batches of their questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from memnet.lexicon import Lexicon, symbol_vector
from memnet.nn.multihead import QuestionBatch
from memnet.nn.roles import PER_SENTENCE
from memnet.training.multihead.layout import Layout
from memnet.training.multihead.lessons import Asked, Lesson
from memnet.training.multihead.passing import (
    COMES,
    NEVER,
    before_what_pronouns_speak_of,
    drawn_places,
    place_slots,
    some_in_a_row,
)


@dataclass
class Targets:
    """Which choices are right at each position: an answer word, the end, or a copied symbol."""

    words: Tensor
    """(stories, questions, positions): answer word index, `num_answers` for the end, -1 for none."""
    copied: Tensor
    """(stories, questions, positions): column of the symbol, -1 for none."""
    asked: Tensor
    """(stories, questions): False on padding."""
    rows: np.ndarray
    """(asked.sum(),): the questions' numbers in the data set."""

    def to(self, device: torch.device) -> Targets:
        return Targets(self.words.to(device), self.copied.to(device), self.asked.to(device), self.rows)


class Episodes:
    """All lessons of a data set, laid out flat: what a batch needs is gathered by numpy alone.

    A lesson with more than `memory` facts before a question becomes one lesson for that question, with the
    newest facts only.
    """

    def __init__(
        self,
        lessons: Sequence[Lesson],
        lexicon: Lexicon,
        *,
        symbol_dim: int,
        positions: int,
        memory: int,
        fixed: Callable[[int, str], bool],
    ) -> None:
        self.num_answers, self.positions, self.symbol_dim = len(lexicon.answers), positions, symbol_dim
        layout = Layout(lexicon, positions, fixed)
        number = 0
        for lesson in lessons:
            asked = [(number + index, each) for index, each in enumerate(lesson.questions)]
            number += len(asked)
            near = [each for each in asked if each[1].told <= memory]
            if near:
                layout.add(lesson, lesson.facts[: near[-1][1].told], near)
            for row, each in asked[len(near) :]:
                newest = Asked(each.text, each.answers, memory)
                first = each.told - memory
                layout.add(lesson, lesson.facts[first : each.told], [(row, newest)])
        longest = max(len(wording) for wording, _ in layout.wordings)
        self.wording_words = torch.tensor([[*w, *[0] * (longest - len(w))] for w, _ in layout.wordings])
        self.wording_lengths = np.array([len(wording) for wording, _ in layout.wordings])
        self.wording_question = torch.tensor([question for _, question in layout.wordings])
        self._goes, self._place_slots = place_slots([wording for wording, _ in layout.wordings], lexicon)
        self.keys = list(layout.keys)
        self.symbol_table = np.array(
            [symbol_vector(key, symbol_dim) for key in layout.keys], np.float32
        ).reshape(-1, symbol_dim)
        columns = {name: np.asarray(values, dtype=np.int32) for name, values in layout.columns.items()}
        self.fact_wording, self.fact_symbols = columns["fact_wording"], columns["fact_symbols"]
        self.fact_pronoun = columns["fact_pronoun"].astype(bool)
        self.q_wording, self.q_symbols = columns["q_wording"], columns["q_symbols"]
        self.q_told, self.q_task, self.q_row = columns["q_told"], columns["q_task"], columns["q_row"]
        self.q_pool = columns["q_pool"]
        self.q_word, self.q_copy = columns["q_word"], columns["q_copy"]
        self.story_symbols, self.story_fixed = columns["symbols"], columns["fixed"].astype(bool)
        self.fact_start, self.question_start = columns["fact_start"], columns["question_start"]
        self.symbol_start = columns["symbol_start"]

    def __len__(self) -> int:
        return len(self.q_wording)

    def said(self, lesson: int, logits: Float[Tensor, "positions choices"], lexicon: Lexicon) -> str:
        """The most probable answer of a lesson's question, as bAbI writes it: words and keys with commas.

        A name that is an answer word too is one answer, whose chances add up.
        """
        chances = logits.softmax(dim=-1).numpy()
        first = self.symbol_start[lesson]
        keys = [self.keys[row] for row in self.story_symbols[first : self.symbol_start[lesson + 1]]]
        for column, key in enumerate(keys, start=self.num_answers + 1):
            if key in lexicon.answers:
                chances[:, lexicon.answers.index(key)] += chances[:, column]
                chances[:, column] = 0.0
        choices = [*lexicon.answers, "", *keys]
        parts: list[str] = []
        for row in chances[:, : len(choices)]:
            choice = int(row.argmax())
            if choice == self.num_answers:
                break
            parts.append(choices[choice])
            if choice > self.num_answers:
                # A list names nothing twice.
                chances[:, choice] = 0.0
        return ",".join(parts)

    def schedule(
        self, rng: np.random.Generator, batch: int, shares: Mapping[int, float] | None = None
    ) -> list[np.ndarray]:
        """Lessons in batches of about `batch` questions, of similar shape, in random order.

        Args:
            rng: For the order.
            batch: Questions per batch.
            shares: How often the lessons of each pool are taken: 0.5 is every other one, 2 each one twice.
        """
        counts = np.diff(self.question_start)
        order = np.arange(len(counts))
        if shares is not None:
            share = np.array([shares[pool] for pool in self.q_pool[self.question_start[:-1]].tolist()])
            order = np.repeat(order, np.floor(share + rng.random(len(order))).astype(int))
        order = order[rng.permutation(len(order))]
        lengths = np.searchsorted([5, 10, 16, 32], np.diff(self.fact_start)[order], side="left")
        asked = np.searchsorted([1, 5, 8], counts[order], side="left")
        bucket = lengths * 10 + asked
        batches: list[np.ndarray] = []
        for b in np.unique(bucket):
            rows = order[bucket == b]
            cuts = np.flatnonzero(np.diff(np.cumsum(counts[rows]) // batch)) + 1
            batches.extend(np.split(rows, cuts))
        return [batches[i] for i in rng.permutation(len(batches)) if len(batches[i])]

    def batch(
        self,
        stories: np.ndarray,
        *,
        rename: bool,
        rng: np.random.Generator | None = None,
        alike: float = 0.0,
        gaps: float = 0.0,
        late: float = 0.0,
        strangers: int = 0,
    ) -> tuple[QuestionBatch, Targets]:
        """The questions of some stories.

        Args:
            stories: Their numbers.
            rename: Give every symbol of every story a new random vector.
            rng: For all random choices.
            alike: Share of stories whose renamed symbols are more alike, and more unlike, than chance has it.
            gaps: Share of stories whose facts are told further apart.
            late: Share of stories whose questions come late, before the next fact if there is one.
            strangers: Facts of other stories put among those of each story; see `passing`.
        """
        facts, told_mask = _padded(self.fact_start, stories)
        questions, asked = _padded(self.question_start, stories)
        symbols, _ = _padded(self.symbol_start, stories)
        S, names = symbols.shape
        table = self.symbol_table[self.story_symbols[symbols]]
        if rename:
            assert rng is not None
            fresh = _signs(rng, table.shape)
            if alike:
                # The second half repeats the first, up to signs of the story: inner products spread by 1.4.
                half = self.symbol_dim // 2
                again = fresh[..., :half] * _signs(rng, (S, 1, half))
                chosen = np.less(rng.random((S, 1, 1)), alike)
                fresh[..., half : 2 * half] = np.where(chosen, again, fresh[..., half : 2 * half])
            fresh /= np.float32(np.sqrt(self.symbol_dim))
            table = np.where(self.story_fixed[symbols][..., None], table, fresh)
        times = np.broadcast_to(np.arange(1.0, facts.shape[1] + 1), facts.shape)
        if gaps and rng is not None:
            scale = (10.0 ** rng.uniform(0, 2.5, size=(S, 1))) * (rng.random((S, 1)) < gaps)
            step = rng.geometric(0.4, size=facts.shape) * scale * (rng.random(facts.shape) < 0.3)
            step[self.fact_pronoun[facts]] = 0.0
            times = np.cumsum(np.floor(step) + 1.0, axis=1)
        told = self.q_told[questions]
        last = np.take_along_axis(times, np.maximum(told - 1, 0), axis=1)
        now = np.where(told > 0, last + 1.0, 1.0)
        if late and rng is not None:
            following = np.take_along_axis(times, np.minimum(told, facts.shape[1] - 1), axis=1)
            is_last = told >= told_mask.sum(axis=1, keepdims=True)
            room = np.where(is_last, 10.0 ** rng.uniform(0, 2.5, size=told.shape), following - now)
            wait = np.floor(rng.random(told.shape) * np.maximum(room, 0.0))
            now = now + wait * (rng.random((S, 1)) < late)
        times = np.where(told_mask, times, NEVER)
        places = self.fact_symbols[facts]
        wording = self.fact_wording[facts]
        if strangers and rng is not None and S > 1:
            extra_story = (np.arange(S)[:, None] + rng.integers(1, S, size=(S, strangers))) % S
            count = told_mask.sum(axis=1)
            extra = facts[extra_story, (rng.random((S, strangers)) * count[extra_story]).astype(np.int64)]
            when = np.floor(rng.random((S, strangers)) * (now.max(axis=1, keepdims=True) + 2)) + 0.5
            pronoun = self.fact_pronoun[facts] & told_mask
            when = before_what_pronouns_speak_of(when, times, pronoun)
            when, times, now = some_in_a_row(rng, when, times, now, told, count, pronoun)
            when[self.fact_pronoun[extra]] = NEVER
            extra_places = self.fact_symbols[extra]
            # Their symbols are other ones, appended behind the story's own.
            most = int((extra_places >= 0).any(axis=(0, 1)).sum())
            own = np.arange(strangers)[:, None] * most + np.arange(PER_SENTENCE) + names
            extra_places = np.where(extra_places >= 0, own[None], -1)
            are_places = self._place_slots[wording] & told_mask[..., None]
            visited = drawn_places(rng, places, are_places, strangers)
            comes = (
                self._goes[self.fact_wording[extra]] & (visited >= 0) & (rng.random((S, strangers)) < COMES)
            )
            extra_places[..., 1] = np.where(comes, visited, extra_places[..., 1])
            fresh = _signs(rng, (S, strangers * most, self.symbol_dim))
            fresh /= np.float32(np.sqrt(self.symbol_dim))
            table = np.concatenate([table, fresh], axis=1)
            names = table.shape[1]
            places = np.concatenate([places, extra_places], axis=1)
            wording = np.concatenate([wording, self.fact_wording[extra]], axis=1)
            times = np.concatenate([times, when], axis=1)
        asked_about = self.q_symbols[questions]
        q_wording = self.q_wording[questions]
        rows, inverse = np.unique(np.concatenate([wording.ravel(), q_wording.ravel()]), return_inverse=True)
        width = self.wording_lengths[rows].max()
        t = torch.from_numpy
        per = max(
            1, int((places >= 0).any(axis=(0, 1)).sum()), int((asked_about >= 0).any(axis=(0, 1)).sum())
        )
        table = np.concatenate([table, np.zeros_like(table[:, :1])], axis=1)
        batch = QuestionBatch(
            wordings=self.wording_words[rows, :width],
            is_question=self.wording_question[rows],
            symbols=t(table),
            fact_wording=t(inverse[: wording.size].reshape(wording.shape)),
            fact_symbols=t(np.where(places >= 0, places, names)[..., :per].astype(np.int64)),
            times=t(times),
            question_wording=t(inverse[wording.size :].reshape(q_wording.shape)),
            question_symbols=t(np.where(asked_about >= 0, asked_about, names)[..., :per].astype(np.int64)),
            now=t(now),
        )
        return batch, Targets(
            t(self.q_word[questions].astype(np.int64)),
            t(self.q_copy[questions].astype(np.int64)),
            t(asked),
            questions[asked],
        )


def _signs(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Fair +1 and -1, float32."""
    signs: np.ndarray = rng.integers(0, 2, size=shape, dtype=np.int8) * np.float32(2) - np.float32(1)
    return signs


def _padded(start: np.ndarray, stories: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows start[s]..start[s + 1] of each story, padded with the story's first one, and which are real."""
    begin, count = start[stories], start[stories + 1] - start[stories]
    column = np.arange(max(1, int(count.max(initial=1))))
    real = column[None] < count[:, None]
    return np.where(real, begin[:, None] + column[None], np.minimum(begin, start[-1] - 1)[:, None]), real


def loss_of(
    logits: Float[Tensor, "stories questions positions choices"], targets: Targets, num_answers: int
) -> Float[Tensor, "stories questions"]:
    """Minus log of the probability of all right choices, summed over the positions, per question.

    Padding counts 0, and so does a question whose answer is nowhere on offer (neither an
    answer word nor a symbol of the facts).
    """
    log_p = logits.log_softmax(dim=-1)
    words = _chosen(log_p, targets.words)
    copied = _chosen(log_p, torch.where(targets.copied < 0, -1, targets.copied + num_answers + 1))
    offered = ((targets.words >= 0) | (targets.copied >= 0)).all(dim=-1) & targets.asked
    return -torch.logaddexp(words, copied).sum(dim=-1).masked_fill(~offered, 0.0)


def _chosen(log_p: Tensor, choice: Tensor) -> Tensor:
    """The chosen ones of the last axis; -1e9 where the choice is -1."""
    return log_p.gather(-1, choice.clamp(min=0)[..., None])[..., 0].masked_fill(choice < 0, -1e9)


def right(logits: Tensor, targets: Targets, num_answers: int) -> Tensor:
    """Whether the most probable choice is right at every position, per question asked."""
    best = logits[targets.asked].argmax(dim=-1)
    words, copies = targets.words[targets.asked], targets.copied[targets.asked]
    return ((best == words) | ((copies >= 0) & (best == copies + num_answers + 1))).all(dim=1)
