"""One question over 50 facts, by each network that ships, in the same minute.

    python benchmarks/latency.py [RUN …] [--facts 50] [--times 2000]

For every checkpoint (both shipped ones by default) p50 and p90, in milliseconds, and p50 of the processor's
time alone, which other work on the machine changes less, of: the network alone, from the question's vector
and what is kept of the facts (their vectors; of a small memory also every head's keys and values, which are
made once, as in the service) to the logits; making what is kept; the interpreter, from the question's text to
words; and the reader, which also lists evidence. One thread. The networks take turns, a question at a time.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from memnet.interpreters import Interpreter, TextFacts, Told, interpreter_of
from memnet.interpreters.fused import Fused
from memnet.interpreters.memn2n import TensorSlots
from memnet.interpreters.multihead import MultiHeadInterpreter
from memnet.lexicon import symbol_vector
from memnet.nn.multihead import MultiHeadMemory
from memnet.reader import Reader
from memnet.text import words as text_words
from memnet.training.checkpoint import Checkpoint, load_checkpoint
from memnet.training.vectorise import vectorise

PEOPLE = ("Mary", "John", "Sandra", "Daniel")
PLACES = ("garden", "kitchen", "office", "bathroom", "hallway")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [Path("multi-head-joint"), Path("memn2n-joint")]
    parser.add_argument("runs", nargs="*", type=Path, default=names)
    parser.add_argument("--facts", type=int, default=50)
    parser.add_argument("--times", type=int, default=2000)
    given = parser.parse_args()
    torch.set_num_threads(1)
    draw = np.random.default_rng(0)
    facts = [f"{draw.choice(PEOPLE)} went to the {draw.choice(PLACES)}." for _ in range(given.facts)]
    steps = {(run.name, what): step for run in given.runs for what, step in steps_of(run, facts).items()}
    elapsed_s: dict[tuple[str, str], list[tuple[float, float]]] = {key: [] for key in steps}
    for turn in range(given.times + 50):
        question = f"Where is {PEOPLE[turn % len(PEOPLE)]}?"
        for key, step in steps.items():
            started, busy = time.perf_counter(), time.thread_time()
            step(question)
            if turn >= 50:
                elapsed_s[key].append((time.perf_counter() - started, time.thread_time() - busy))
    print(f"{given.facts} facts, {given.times} questions each\n")
    print("| checkpoint | | p50 ms | p90 ms | p50 of the processor |\n|---|---|---|---|---|")
    for (name, what), times in elapsed_s.items():
        (p50, busy), (p90, _) = np.quantile(times, [0.5, 0.9], axis=0) * 1000
        print(f"| {name} | {what} | {p50:.3f} | {p90:.3f} | {busy:.3f} |")


def steps_of(run: Path, facts: list[str]) -> dict[str, Callable[[str], object]]:
    """What is timed of a checkpoint, by name."""
    checkpoint = load_checkpoint(run)
    interpreter, reader = interpreter_of(checkpoint), Reader(checkpoint)
    vectors = interpreter.encode(facts)
    first = max(0, len(facts) - (interpreter.memory_size or len(facts)))
    slots = TextFacts(vectors[first:], interpreter.retention(vectors)[first:])
    told = Told(slots, range(first + 1, len(facts) + 1), facts[first:], len(facts), 0)
    return {
        "network alone": alone(checkpoint, interpreter, told),
        **made_once(checkpoint, told),
        "interpreter": lambda question: interpreter.answer(question, told, 2),
        "reader": lambda question: reader.answer(question, told),
    }


def made_once(checkpoint: Checkpoint, told: Told) -> dict[str, Callable[[str], object]]:
    """What the first question about a memory waits for, by name: nothing with a MemN2N."""
    if not isinstance(checkpoint.network, MultiHeadMemory):
        return {}
    fused = Fused(checkpoint.network)
    return {"keys and values": lambda _: fused.matched(fused.aged(told.seqs, told.slots), told.slots)}


def alone(checkpoint: Checkpoint, interpreter: Interpreter, told: Told) -> Callable[[str], object]:
    """The network without words: everything that text decides is prepared."""
    questions = [f"Where is {person}?" for person in PEOPLE]
    if isinstance(interpreter, MultiHeadInterpreter):
        fused = Fused(checkpoint.network)
        prepared = {text: interpreter.encode_question(text)[0] for text in questions}
        named = {text: row for row, text in enumerate([*PEOPLE, *PLACES])}
        names = np.array([symbol_vector(text.lower(), fused.config.symbol_dim) for text in named])
        mentions = np.zeros((len(told.texts), len(named)), np.float32)
        for row, text in enumerate(told.texts):
            mentions[row, [named[word] for word in text.strip(".").split() if word in named]] = 1
        matched = fused.matched(fused.aged(told.seqs, told.slots), told.slots)
        every = np.arange(len(told.texts))
        return lambda question: fused.choices(fused.read(prepared[question], matched), every, mentions, names)
    words = {text: vectorise([text_words(text)], checkpoint.vocabulary) for text in questions}
    network, slots = checkpoint.network, TensorSlots(told.slots)

    @torch.inference_mode()
    def answer(question: str) -> object:
        return network.answer(words[question], slots)

    return answer


if __name__ == "__main__":
    main()
