"""Threads share a heap: what one has freed another uses, and a worker grows by what it holds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import httpx2
import pytest

from tests.service.test_serve import _environment, _running

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or "MALLOC_ARENA_MAX" in os.environ, reason="heaps of the GNU C library, as it is"
)

OF_A_THREAD = 64 << 20
"""Address space that glibc reserves for a heap of a thread, which begins at a multiple of it."""

FORKED = """
import os, sys, threading
from service import heap

if {shares}:
    heap.share()
child = os.fork()
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
together, kept = threading.Barrier(4), []
def work():
    kept.append([bytes(5000) for _ in range(100)])
    together.wait()
threads = [threading.Thread(target=work) for _ in range(4)]
for each in threads: each.start()
for each in threads: each.join()
print(open("/proc/self/maps").read(), flush=True)
os._exit(0)
"""


def _heaps_of_threads(maps: str) -> int:
    """How many heaps a process has beside the first."""
    spans = [[int(end, 16) for end in pair] for pair in re.findall(r"^(\w+)-(\w+) ", maps, re.MULTILINE)]
    return sum(
        one[0] % OF_A_THREAD == 0 and one[1] == two[0] and two[1] - one[0] == OF_A_THREAD
        for one, two in pairwise(spans)
    )


@pytest.mark.parametrize("shares", [True, False])
def test_threads_of_a_forked_worker_have_no_heaps_of_their_own_that_others_cannot_use(shares: bool) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKED.format(shares=shares)],
        env=_environment(PYTHONPATH=str(Path(__file__).parents[2])),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert bool(_heaps_of_threads(done.stdout)) is not shares


def test_the_service_grows_by_what_it_holds_and_not_by_what_each_thread_once_used(
    tmp_path: Path, checkpoint: Path
) -> None:
    told = {"facts": [{"text": "Mary got the football there."}] * 100}
    with _running(tmp_path, checkpoint) as (process, address), httpx2.Client(base_url=address) as client:
        client.put("/v1/memories/house").raise_for_status()
        with ThreadPoolExecutor(4) as threads:
            post = [threads.submit(client.post, "/v1/memories/house/facts", json=told) for _ in range(8)]
            assert {each.result().status_code for each in post} == {201}
        assert _heaps_of_threads(Path(f"/proc/{process.pid}/maps").read_text()) == 0
