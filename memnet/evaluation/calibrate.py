"""Fitting a calibration to a trained multi-head network, on validation stories alone.

The stories: those of bAbI's training files that training set aside, and generated ones in training wording of
other seeds, in which three questions of ten have no answer. Test files are not read. In this order:

1. `least_gate`, among a few: the one with the fewest errors, with and without strangers around the stories
2. `sharpening`, likewise, on stories alone and among a thousand strangers
3. `temperature`: the smallest log loss of "this answer is right"
4. `doubt`: logistic regression of "the facts do not decide it"
5. its limit: the lowest at which at most 2 of 100 questions that the facts decide lose a right answer or, if
   that is higher, the highest at which 97 of 100 that they do not decide are declined
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from memnet.babi.dataset import load_task, split_validation
from memnet.calibration import UNCALIBRATED, Calibration, Doubt, signals
from memnet.errors import InputError
from memnet.evaluation.baselines import asked
from memnet.evaluation.exams import same_answer
from memnet.evaluation.padding import Crowd, Where, error_among
from memnet.evaluation.reliability import reliability
from memnet.interpreters import TextFacts, Told, interpreter_of
from memnet.interpreters.multihead import MultiHeadInterpreter, Offered
from memnet.lexicon import Lexicon
from memnet.nn.multihead import MultiHeadMemory
from memnet.story import Story
from memnet.training.checkpoint import Checkpoint
from memnet.training.data import SPLIT_SEED
from memnet.wording import WordedStory, generate

COST = 0.02
"""Share of the questions that the facts decide, at most, that lose a right answer."""

DECLINED = 0.97
"""Share of the questions that the facts do not decide that are declined, at least: what is declined beyond
costs right answers to questions in unusual wording, which the network reads with less confidence."""

GATES = (0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8)
"""Least gates that are tried, in nats."""

SHARPENINGS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7)
"""Sharpenings that are tried."""

STRANGERS = 1_000
WORDED_SEED = 1_000_000_007
"""Of the generated validation stories; training watches stories of the same seed."""
UNANSWERABLE = 0.3


@dataclass(frozen=True, slots=True)
class Put:
    """A validation question, put to the network."""

    offered: Offered
    strange: bool
    gold: str | None
    """None: the facts do not decide it."""
    worded: bool
    is_set: bool
    """Whether the order of the answer's entries means nothing."""

    @property
    def peak(self) -> float:
        """The highest attention of any head and hop on one fact."""
        return float(self.offered.trace.attention.max(initial=0.0))

    def holds(self, lexicon: Lexicon, said: str) -> bool:
        """Whether an answer is right."""
        if self.gold is None:
            return False
        one, other = (
            sorted(each.split(",")) if self.is_set else each.split(",") for each in (said, self.gold)
        )
        return same_answer(lexicon, ",".join(one), ",".join(other))


def calibrate(
    checkpoint: Checkpoint,
    directory: Path,
    *,
    train_files: Mapping[int, Path] | None = None,
    questions: int = 100,
    stories: int = 1_000,
    on_step: Callable[[str], None] = lambda step: None,
) -> Calibration:
    """Fit a calibration.

    Args:
        checkpoint: A multi-head network, calibrated before or not.
        directory: The folder that holds bAbI's splits.
        train_files: Where the training files are that are not the official ones, by task.
        questions: Validation questions of each bAbI task.
        stories: Generated ones.
        on_step: Called with what is done next.

    Raises:
        InputError: Of another family, or nothing was set aside.
        BabiDataMissing, BabiFormatError: A training file cannot be read.
    """
    if not isinstance(checkpoint.network, MultiHeadMemory) or not isinstance(checkpoint.vocabulary, Lexicon):
        raise InputError(f"{checkpoint.name} is a {checkpoint.network.family}: only multi-head is calibrated")
    held_out = validation_stories(checkpoint, directory, train_files or {})
    # Whatever was fitted before counts for nothing: the same network has the same calibration each time.
    network = checkpoint.network
    network.least_gate = network.sharpening = 0.0
    on_step("gates")
    least_gate, tried = _least_gate(checkpoint, held_out, questions)
    network.least_gate = least_gate
    on_step("sharpening")
    network.sharpening, sharpened = _sharpening(checkpoint, held_out, questions)
    bare = interpreter_of(replace(checkpoint, calibration=UNCALIBRATED))
    assert isinstance(bare, MultiHeadInterpreter)
    on_step("questions")
    worded = (
        generate(stories, seed=WORDED_SEED, unanswerable=UNANSWERABLE) if _knows_wording(checkpoint) else []
    )
    put = [
        *_put_babi(bare, checkpoint.vocabulary, held_out, questions),
        *_put_worded(bare, worded),
    ]
    on_step("temperature")
    temperature = _temperature(bare, checkpoint.vocabulary, put)
    on_step("doubt")
    doubt = _doubt(bare, checkpoint.vocabulary, put, temperature)
    fitted = Calibration(temperature, least_gate, network.sharpening, doubt)
    record = _record(bare, checkpoint.vocabulary, put, fitted, tried) | {"sharpenings": sharpened}
    record["data"] = {
        "babi": {str(task): min(questions, len(list(asked(s)))) for task, s in held_out.items()},
        "worded": {"stories": len(worded), "seed": WORDED_SEED, "unanswerable": UNANSWERABLE},
    }
    return replace(fitted, record=record)


def validation_stories(
    checkpoint: Checkpoint, directory: Path, train_files: Mapping[int, Path]
) -> dict[int, tuple[Story, ...]]:
    """What training set aside of each task.

    Raises:
        BabiDataMissing: A training file is not there.
        InputError: It is not the one of the run, or nothing was set aside.
    """
    data, share = checkpoint.training.get("data", {}), checkpoint.training.get("recipe", {}).get("validation")
    if not share or not data.get("files"):
        raise InputError(
            f"{checkpoint.name} was trained without validation stories", hint="train with --validation 0.1"
        )
    found = {}
    for task, known in ((int(task), known) for task, known in data["files"].items()):
        file = load_task(directory, data["split"], task, "train", override=train_files.get(task))
        if file.sha256 != known["sha256"]:
            raise InputError(
                f"{checkpoint.name} was not trained on {file.path}, but on {known['name']} with sha256 "
                f"{known['sha256']}",
                hint=f"name that file with --train-file {task}=FILE",
            )
        found[task] = split_validation(file.stories, share, seed=SPLIT_SEED)[1]
    return found


def _knows_wording(checkpoint: Checkpoint) -> bool:
    return bool(checkpoint.training.get("recipe", {}).get("worded"))


def _least_gate(
    checkpoint: Checkpoint, held_out: Mapping[int, Sequence[Story]], questions: int
) -> tuple[float, dict[str, Any]]:
    """The least gate with the fewest errors, and the errors of each."""
    network = checkpoint.network
    assert isinstance(network, MultiHeadMemory)
    if not network.config.write:
        return 0.0, {}
    crowds: dict[str, tuple[int, Where]] = {
        "error": (0, "around"),
        "error_among_strangers": (STRANGERS, "around"),
    }
    return _fewest_errors(checkpoint, "least_gate", GATES, crowds, held_out, questions)


def _sharpening(
    checkpoint: Checkpoint, held_out: Mapping[int, Sequence[Story]], questions: int
) -> tuple[float, dict[str, Any]]:
    """The sharpening with the fewest errors, and the errors of each."""
    crowds: dict[str, tuple[int, Where]] = {
        "error": (0, "before"),
        "error_behind_strangers": (STRANGERS, "before"),
        "error_among_strangers": (STRANGERS, "around"),
    }
    return _fewest_errors(checkpoint, "sharpening", SHARPENINGS, crowds, held_out, questions)


def _fewest_errors(
    checkpoint: Checkpoint,
    name: str,
    values: Sequence[float],
    crowds: Mapping[str, tuple[int, Where]],
    held_out: Mapping[int, Sequence[Story]],
    questions: int,
) -> tuple[float, dict[str, Any]]:
    """Of some values of a network's attribute the one with the fewest errors in all crowds together."""
    bare = replace(checkpoint, calibration=UNCALIBRATED)
    tried: dict[float, dict[str, float]] = {}
    for value in values:
        setattr(checkpoint.network, name, value)
        made = {what: Crowd(bare, count, where=where) for what, (count, where) in crowds.items()}
        tried[value] = {
            what: fmean(error_among(crowd, stories, max(1, questions // 4)) for stories in held_out.values())
            for what, crowd in made.items()
        }
    best = min(values, key=lambda each: sum(tried[each].values()))
    return best, {
        str(value): {what: round(error, 4) for what, error in errors.items()}
        for value, errors in tried.items()
    }


def _put_babi(
    interpreter: MultiHeadInterpreter, lexicon: Lexicon, held_out: Mapping[int, Sequence[Story]], count: int
) -> Iterator[Put]:
    for stories in held_out.values():
        pairs = list(asked(stories))
        for row in np.linspace(0, len(pairs) - 1, min(count, len(pairs))).astype(int).tolist():
            story, question = pairs[row]
            texts = [fact.text for fact in story.facts[: question.facts_before]]
            yield _put(interpreter, texts, question.text, question.answer, worded=False)


def _put_worded(interpreter: MultiHeadInterpreter, stories: Sequence[WordedStory]) -> Iterator[Put]:
    for each in stories:
        texts = [fact.text for fact in each.story.facts]
        for question, known in zip(each.story.questions, each.questions, strict=True):
            if not question.facts_before:
                continue
            gold = None if known.answers is None else ",".join(known.answers)
            yield _put(
                interpreter,
                texts[: question.facts_before],
                question.text,
                gold,
                worded=True,
                is_set=known.relation == "lists",
            )


def _put(
    interpreter: MultiHeadInterpreter,
    texts: Sequence[str],
    question: str,
    gold: str | None,
    *,
    worded: bool,
    is_set: bool = False,
) -> Put:
    vectors = interpreter.encode(texts)
    slots = TextFacts(vectors, interpreter.retention(vectors))
    told = Told(slots, range(1, len(texts) + 1), texts, len(texts), 0)
    offered = interpreter.offer(question, told)
    return Put(offered, bool(interpreter.strange_words(question, told)), gold, worded, is_set)


def _verdicts(
    interpreter: MultiHeadInterpreter, lexicon: Lexicon, put: Sequence[Put], temperature: float
) -> list[tuple[float, float, bool]]:
    """Of each question: the best answer's probability, that of undecided, and whether the answer is right."""
    found = []
    for each in put:
        best, _, undecided = interpreter.weigh(each.offered, 1, temperature)
        found.append((best[0].probability, undecided, each.holds(lexicon, best[0].text)))
    return found


def _temperature(interpreter: MultiHeadInterpreter, lexicon: Lexicon, put: Sequence[Put]) -> float:
    """The temperature with the least log loss of "this is right", undecided being an answer too."""

    def loss(log_t: float) -> float:
        total = 0.0
        for (best, undecided, right), each in zip(
            _verdicts(interpreter, lexicon, put, math.exp(log_t)), put, strict=True
        ):
            p, holds = (undecided, each.gold is None) if undecided > best else (best, right)
            p = min(max(p, 1e-6), 1 - 1e-6)
            total -= math.log(p if holds else 1 - p)
        return total / len(put)

    # Golden section: the loss has one valley.
    low, high, ratio = math.log(0.3), math.log(8.0), (math.sqrt(5) - 1) / 2
    left, right = high - ratio * (high - low), low + ratio * (high - low)
    at_left, at_right = loss(left), loss(right)
    while high - low > 0.02:
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - ratio * (high - low)
            at_left = loss(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + ratio * (high - low)
            at_right = loss(right)
    return round(math.exp((low + high) / 2), 3)


def _doubt(
    interpreter: MultiHeadInterpreter, lexicon: Lexicon, put: Sequence[Put], temperature: float
) -> Doubt | None:
    """Logistic regression, by Newton's method, and the limit; None without undecided questions."""
    verdicts = _verdicts(interpreter, lexicon, put, temperature)
    x = np.array(
        [
            signals(undecided=undecided, best=best, strange=each.strange, peak=each.peak)
            for (best, undecided, _), each in zip(verdicts, put, strict=True)
        ]
    )
    y = np.array([each.gold is None for each in put], float)
    if not y.any():
        return None
    w = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -50, 50)))
        slope = x.T @ (p - y) / len(y) + _RIDGE * w
        curvature = (x.T * (p * (1 - p))) @ x / len(y) + _RIDGE * np.eye(len(w))
        w -= np.linalg.solve(curvature, slope)
    fitted = Doubt(*(round(float(each), 4) for each in w))
    doubts = np.array(
        [
            fitted.of(undecided=undecided, best=best, strange=each.strange, peak=each.peak)
            for (best, undecided, _), each in zip(verdicts, put, strict=True)
        ]
    )
    limit = _limit(
        doubts,
        worded=np.array([each.worded for each in put]),
        decided=np.array([each.gold is not None for each in put]),
        given=np.array([undecided <= best for best, undecided, _ in verdicts]),
        right=np.array([right for _, _, right in verdicts]),
    )
    return replace(fitted, limit=limit)


def _limit(
    doubts: Float64[np.ndarray, " put"],
    *,
    worded: Bool[np.ndarray, " put"],
    decided: Bool[np.ndarray, " put"],
    given: Bool[np.ndarray, " put"],
    right: Bool[np.ndarray, " put"],
) -> float:
    """Above which doubt no answer is given.

    Args:
        doubts: Of questions.
        worded: Which are of worded stories; the others are bAbI's.
        decided: Which the facts decide.
        given: Whether an answer would be given if there were no doubt.
        right: Whether the best answer is right.
    """
    limit = 0.0
    for kind in (worded, ~worded):
        lost = np.sort(doubts[kind & decided & right])[::-1]
        allowed = int(COST * (kind & decided).sum())
        if allowed < len(lost):
            limit = max(limit, float(lost[allowed]))
    answered = np.sort(doubts[~decided & given])
    allowed = int((1 - DECLINED) * (~decided).sum())
    if allowed >= len(answered):
        # The network itself calls enough of them undecided.
        return 1.0
    # The doubt of the first one that must be declined, and a little less.
    limit = max(limit, float(answered[allowed]) - 2e-4)
    return round(min(1.0, limit + 1e-4), 4)


_RIDGE = 1e-3
"""Keeps the weights small where a signal separates all questions."""


def _record(
    interpreter: MultiHeadInterpreter,
    lexicon: Lexicon,
    put: Sequence[Put],
    fitted: Calibration,
    tried: Mapping[str, Any],
) -> dict[str, Any]:
    """How well it fits the stories it was fitted to, as JSON."""
    record: dict[str, Any] = {"gates": dict(tried)}
    for name, temperature in (("uncalibrated", 1.0), ("calibrated", fitted.temperature)):
        verdicts = _verdicts(interpreter, lexicon, put, temperature)
        given = [best >= undecided for best, undecided, _ in verdicts]
        answers = [(best, right) for (best, _, right), said in zip(verdicts, given, strict=True) if said]
        measured = reliability(name, [p for p, _ in answers], [r for _, r in answers])
        record[name] = {"expected_calibration_error": round(measured.error, 4), "answers": measured.answers}
    verdicts = _verdicts(interpreter, lexicon, put, fitted.temperature)
    declined = [
        fitted.abstains(undecided=undecided, best=best, strange=each.strange, peak=each.peak)
        for (best, undecided, _), each in zip(verdicts, put, strict=True)
    ]
    for name, worded, answerable in (
        ("babi", False, True),
        ("worded", True, True),
        ("unanswerable", True, False),
    ):
        mine = [
            (no, right)
            for no, (_, _, right), each in zip(declined, verdicts, put, strict=True)
            if each.worded is worded and (each.gold is not None) is answerable
        ]
        if mine:
            record[name] = {
                "questions": len(mine),
                "abstained": round(fmean(no for no, _ in mine), 4),
                "right_answers_lost": round(fmean(no and right for no, right in mine), 4),
            }
    return record
