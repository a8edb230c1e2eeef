"""The measured part of a model card, and the scorecard behind it: everything that one command can measure.

A card is the README.md of a checkpoint's folder. People write it; what stands between the two marks is made
from `scorecard.json`, and made anew after every training.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

from memnet.babi.dataset import load_task
from memnet.babi.tasks import TASK_NAMES
from memnet.evaluation import changes, wording
from memnet.evaluation.baselines import asked
from memnet.evaluation.evaluate import evaluate
from memnet.evaluation.exams import exam_of, same_answer
from memnet.evaluation.padding import NAMES, Crowd, error_among, sample
from memnet.evaluation.reliability import BINS, Reliability, reliability
from memnet.reader import Reader
from memnet.story import Story
from memnet.training.checkpoint import Checkpoint, load_checkpoint

BEGIN, END = "<!-- measured: made by memnet babi card -->", "<!-- end of measured -->"
RELIABILITY = "reliability.png"


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured; less of it is for a first look."""

    padding: tuple[int, ...] = (0, 10, 1_000, 100_000)
    """Strangers before each story."""
    padded_questions: int = 40
    """Per task; of memories above 10,000 facts half as many."""
    stories: int = 2_000
    """Worded ones of either half."""
    unanswerable: int = 1_000
    """Stories of the fixed set for abstaining."""
    questions: int = 100
    """Per task, whose probabilities are compared with how many are right."""
    times: int = 300
    """Questions that are timed."""


def measure(
    folder: Path,
    directory: Path,
    split: str,
    tasks: Sequence[int],
    *,
    extent: Extent | None = None,
    train_files: Mapping[int, Path] | None = None,
    on_step: Callable[[str], None] = lambda step: None,
) -> tuple[dict[str, Any], tuple[Reliability, ...]]:
    """Measure a checkpoint.

    Args:
        folder: Of the checkpoint.
        directory: The folder that holds bAbI's splits.
        split: Whose test files.
        tasks: Which.
        extent: How much.
        train_files: As for `evaluate`.
        on_step: Called with what is measured next.

    Returns:
        The scorecard, as JSON, and what the picture of reliability shows.

    Raises:
        BabiDataMissing, BabiFormatError, InputError: As for `evaluate`.
        CheckpointError: The checkpoint cannot be loaded.
    """
    extent = extent or Extent()
    started = time.perf_counter()
    checkpoint = load_checkpoint(folder)
    load_s = [time.perf_counter() - started]
    reader = Reader(checkpoint)
    tests = {task: load_task(directory, split, task, "test").stories for task in tasks}
    on_step("errors and evidence")
    card = evaluate(checkpoint, directory, split, tasks, train_files=train_files).to_dict()
    for name, change in (
        ("renamed", changes.rename_symbols(0, checkpoint.vocabulary.words)),
        ("swapped", changes.name_swap()),
    ):
        on_step(name)
        card[name] = _errors({task: _error(checkpoint, change.apply(s)) for task, s in tests.items()})
    card["padded"] = {}
    for count in extent.padding:
        on_step(f"{count:,} strangers")
        questions = extent.padded_questions // (2 if count > 10_000 else 1)
        crowd = Crowd(checkpoint, count)
        errors = {task: error_among(crowd, stories, questions) for task, stories in tests.items()}
        card["padded"][str(count)] = {"questions": questions, "names": NAMES} | _errors(errors)
    on_step("wording")
    worded = wording.measure(reader, stories=extent.stories, unanswerable=extent.unanswerable)
    card["wording"] = worded.to_dict()
    on_step("reliability")
    curves = (
        _babi_reliability(checkpoint, reader, tests, extent.questions),
        wording.reliability_of("training wording", worded.familiar),
        wording.reliability_of("held-out wording", worded.held_out),
        wording.reliability_of("independent wording", worded.independent),
    )
    card["reliability"] = {curve.name: curve.to_dict() for curve in curves}
    card["calibration"] = checkpoint.calibration.to_json()
    on_step("speed")
    for _ in range(4):
        started = time.perf_counter()
        load_checkpoint(folder)
        load_s.append(time.perf_counter() - started)
    card["size_bytes"] = (folder / "weights.safetensors").stat().st_size
    card["speed"] = {
        "load_s": round(median(load_s), 4),
        "facts": _FACTS,
        "question_p50_s": round(_p50_s(reader, extent.times), 6),
    }
    return card, curves


def render(card: Mapping[str, Any]) -> str:
    """The measured part of the card, as Markdown."""
    curves = card["reliability"]
    lines = [
        "## Measured",
        "",
        f"Checkpoint `{card['model']['sha256'][:12]}`. Mean test error **{100 * card['mean_error']:.1f} %**, "
        f"{len(card['failed'])} tasks failed (> 5 %). "
        + "".join(f"{note[:1].upper()}{note[1:]}. " for note in card["notes"]).rstrip(),
        "",
        "Test error in %: plain; every symbol renamed to a word that training never saw; names swapped as in "
        "sys-bAbI; among so many facts about other names, on a sample of the questions. R-precision: of the "
        "n facts with the most attention, the share in % that are among bAbI's n supporting facts, beside "
        "what shared words and recency alone would find. Sufficient: the same answer from the five most "
        "attended facts alone; comprehensive: another answer without them.",
        "",
        *_tasks(card),
        "",
        "### Wording beyond bAbI",
        "",
        "Decisive facts, or the question, in wording that was held out before training, with names kept for "
        "testing; beside it other stories in training wording. Lists are compared as sets.",
        "",
        *relations(card["wording"]),
        "",
        "### Declining",
        "",
        "The fixed set of a thousand questions that no fact decides, and others about the same stories.",
        "",
        *abstentions(card["wording"]),
        "",
        "### Probabilities",
        "",
        f"Of the answers given: expected calibration error, {BINS} bins of equal width. "
        + _fitted(card["calibration"]),
        "",
        _line(["asked", "answers", "right %", "mean probability %", "calibration error %"]),
        _line(["---"] * 5),
        *(
            _line(
                [
                    name,
                    f"{curve['answers']:,}",
                    _mean(curve, "right"),
                    _mean(curve, "probability"),
                    f"{100 * curve['expected_calibration_error']:.1f}",
                ]
            )
            for name, curve in curves.items()
        ),
        "",
        f"![reliability]({RELIABILITY})",
        "",
        "### Size and speed",
        "",
        f"{card['size_bytes'] / 1e6:.1f} MB of weights, loaded in {1000 * card['speed']['load_s']:.0f} ms; "
        f"a question over {card['speed']['facts']} facts takes "
        f"{1000 * card['speed']['question_p50_s']:.2f} ms (p50), evidence listed, on one thread of the "
        "machine that measured.",
    ]
    return "\n".join(lines)


def _fitted(calibration: Mapping[str, Any]) -> str:
    if calibration["doubt"] is None:
        return "The network is not calibrated."
    return (
        "Fitted to validation stories (`memnet babi calibrate`): "
        f"temperature {calibration['temperature']:g}, "
        f"least write {calibration['least_gate']:g} nats, sharpening {calibration['sharpening']:g}, "
        f"declining above a doubt of {calibration['doubt']['limit']:g}."
    )


def insert(page: str, measured: str) -> str:
    """A card with its measured part replaced, or put at its end."""
    before, mark, rest = page.partition(BEGIN)
    after = rest.partition(END)[2] if mark else "\n"
    return f"{before if mark else before.rstrip() + chr(10) * 2}{BEGIN}\n\n{measured}\n\n{END}{after}"


def relations(measured: Mapping[str, Any]) -> list[str]:
    """A table of errors by relation."""
    parts = [measured[name] for name in ("held_out", "independent", "familiar")]
    lines = [
        _line(["relation", "questions", "error % held-out", "independent", "training wording"]),
        _line(["---"] * 5),
    ]
    for relation, each in parts[0]["relations"].items():
        errors = [_percent(part["relations"].get(relation, {}).get("error")) for part in parts]
        lines.append(_line([relation, f"{each['questions']:,}", *errors]))
    whole = [f"**{_percent(part['error'])}**" for part in parts]
    return [*lines, _line(["**all**", f"{parts[0]['questions']:,}", *whole])]


def abstentions(measured: Mapping[str, Any]) -> list[str]:
    """A table of how often it declines, and how often the answer would have been right."""
    return [
        _line(["question", "asked", "abstained %", "right answers lost %"]),
        _line(["---"] * 4),
        *(
            _line(
                [
                    kind,
                    f"{each['questions']:,}",
                    _percent(each["abstained"]),
                    _percent(each["right_answers_lost"]) if kind == "answerable" else "",
                ]
            )
            for kind, each in measured["abstained"].items()
        ),
    ]


def _tasks(card: Mapping[str, Any]) -> list[str]:
    padding = list(card["padded"])
    heading = ["plain", "renamed", "swapped", *(f"{int(count):,} strangers" for count in padding)]
    evidence = ["R-precision", "shared words", "newest facts", "sufficient", "comprehensive"]
    rows = []
    for task, each in card["tasks"].items():
        found = each["evidence"]
        errors = [each["error"], *(card[name]["tasks"][task] for name in ("renamed", "swapped"))]
        errors += [card["padded"][count]["tasks"][task] for count in padding]
        seen: list[float | None] = [None] * len(evidence)
        if found:
            seen = [
                found["r_precision"],
                found["lexical"]["r_precision"],
                found["recency"]["r_precision"],
                found["sufficiency"],
                found["comprehensiveness"],
            ]
        rows.append(_line([task, TASK_NAMES[int(task)], *map(_percent, [*errors, *seen])]))
    means = [card["mean_error"], *(card[name]["mean_error"] for name in ("renamed", "swapped"))]
    means += [card["padded"][count]["mean_error"] for count in padding]
    return [
        _line(["task", "", *heading, *evidence]),
        _line(["---"] * (2 + len(heading) + len(evidence))),
        *rows,
        _line(["", "**mean**", *(f"**{_percent(mean)}**" for mean in means), *[""] * len(evidence)]),
    ]


def _error(checkpoint: Checkpoint, stories: Sequence[Story]) -> float:
    exam = exam_of(checkpoint, stories)
    return 1 - float(exam.right(exam.sit().answers).double().mean())


def _errors(errors: Mapping[int, float]) -> dict[str, Any]:
    return {
        "tasks": {str(task): round(error, 6) for task, error in errors.items()},
        "mean_error": round(fmean(errors.values()), 6),
    }


def _babi_reliability(
    checkpoint: Checkpoint, reader: Reader, tests: Mapping[int, Sequence[Story]], count: int
) -> Reliability:
    given = []
    for stories in tests.values():
        for story, question in sample(stories, min(count, len(list(asked(stories))))):
            texts = [fact.text for fact in story.facts[: question.facts_before]]
            said = reader.ask_facts(texts, question.text)
            if said.text is not None:
                right = same_answer(checkpoint.vocabulary, said.text, question.answer)
                given.append((said.probability, right))
    return reliability("bAbI test", [p for p, _ in given], [right for _, right in given])


_FACTS = 50


def _p50_s(reader: Reader, times: int) -> float:
    people, places = ("Mary", "John", "Sandra", "Daniel"), ("garden", "kitchen", "office", "hallway", "attic")
    facts = [f"{people[row % 4]} went to the {places[row % 5]}." for row in range(_FACTS)]
    told = reader.told(facts)
    elapsed_s = []
    for turn in range(times):
        started = time.perf_counter()
        reader.answer(f"Where is {people[turn % 4]}?", told)
        elapsed_s.append(time.perf_counter() - started)
    return median(elapsed_s)


def _mean(curve: Mapping[str, Any], what: str) -> str:
    total = sum(each["answers"] * each[what] for each in curve["bins"])
    return _percent(total / curve["answers"] if curve["answers"] else None)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
