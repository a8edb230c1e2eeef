"""CPU time of one hop over a large memory: the full pass, and a search for the facts with the best scores.

    OMP_NUM_THREADS=1 python benchmarks/large_memories.py [--facts 10000 100000 1000000]

Eight heads ask at once, as in one hop of the network. The full pass scores every fact (content and waves of
its time), takes the softmax and sums content and waves; a search finds the k best over content and waves
together, and has then read nothing yet. CPU time, so that other work on the machine counts little.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from memnet.store.index import FlatIndex

HEADS, CONTENT, WAVES = 8, 208, 24
FETCHED = (32, 128, 512)


def cpu_ms(work: Callable[[], object], times: int) -> float:
    """The least CPU time of several runs, after one that does not count."""
    work()
    taken = []
    for _ in range(times):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return 1e3 * min(taken)


def measure(facts: int) -> list[float]:
    """Milliseconds: the full pass, the scores of content alone, and a search for each of `FETCHED`."""
    draw = np.random.default_rng(0)
    both = draw.standard_normal((facts, CONTENT + WAVES), np.float32)
    seqs = np.arange(1, facts + 1)
    waves = np.ascontiguousarray(both[:, CONTENT:])
    content, keys = FlatIndex(seqs, both[:, :CONTENT].copy()), FlatIndex(seqs, both)
    queries = draw.standard_normal((HEADS, CONTENT + WAVES), np.float32) * np.float32(0.3)
    of_content, of_time = np.ascontiguousarray(queries[:, :CONTENT]), queries[:, CONTENT:]

    def full() -> tuple[np.ndarray, np.ndarray]:
        scores = content.scores(of_content) + of_time @ waves.T
        attention = np.exp(scores - scores.max(axis=1, keepdims=True))
        attention /= attention.sum(axis=1, keepdims=True)
        return content.weighted(attention), attention @ waves

    times = 7 if facts <= 200_000 else 2
    found = [cpu_ms(full, times), cpu_ms(lambda: content.scores(of_content), times)]
    return found + [cpu_ms(lambda k=limit: keys.search(queries, k), times) for limit in FETCHED]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--facts", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    given = parser.parse_args()
    print(f"| facts | full pass, ms | its scores | {' | '.join(f'best {limit}' for limit in FETCHED)} |")
    print("|---" * (3 + len(FETCHED)) + "|")
    for facts in given.facts:
        print(f"| {facts:,} | {' | '.join(f'{ms:.1f}' for ms in measure(facts))} |", flush=True)


if __name__ == "__main__":
    main()
