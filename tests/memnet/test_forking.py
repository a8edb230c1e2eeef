"""A process that forks after its networks have computed, as servers that fork their workers do."""

from __future__ import annotations

import os
import subprocess
import sys

FORKING = """
import os, torch
from memnet.models import SHIPPED
from memnet.reader import Reader
from memnet.training.checkpoint import load_checkpoint

reader = Reader(load_checkpoint(SHIPPED))
wide = torch.ones(1500, 1500)  # wide enough for both threads
assert torch.get_num_threads() == 2
wide @ wide
child = os.fork()
if child == 0:
    wide @ wide
    print(reader.ask_facts(["Mary went to the garden."], "Where is Mary?").text, flush=True)
    os._exit(0)
print("child", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_network_that_computed_before_a_fork_answers_in_the_child():
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive"}

    # A child that waits for threads of its parent never ends: the time is the test.
    run = subprocess.run(
        [sys.executable, "-c", FORKING], env=environment, capture_output=True, text=True, timeout=120
    )

    assert run.stdout.splitlines() == ["garden", "child 0"], run.stderr
