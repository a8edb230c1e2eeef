"""Two web servers on one database: what one acknowledged, the other shows at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from memnet.store import FactStore, open_database

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "two_workers.py"


@pytest.mark.slow
def test_two_web_servers_under_mixed_load_show_no_stale_read_and_lose_nothing(dialect: str, empty_url: str):
    """Ten seconds of the benchmark: every invariant it looks at, the restart at its end included."""
    arguments = ["--seconds", "10", "--clients", "3"]
    if dialect == "postgresql":
        arguments += ["--database-url", empty_url]

    run = subprocess.run([sys.executable, BENCHMARK, *arguments], capture_output=True, text=True, timeout=300)

    assert run.stdout.endswith("every invariant held\n"), run.stdout + run.stderr
    assert run.returncode == 0


@pytest.mark.slow
def test_the_load_is_not_put_on_a_database_that_holds_memories(url: str):
    store = FactStore(open_database(url))
    store.put_memory("house")
    store.close()

    run = subprocess.run(
        [sys.executable, BENCHMARK, "--seconds", "1", "--database-url", url],
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert (run.returncode, run.stderr) == (1, "the database holds memories ('house'): name an empty one\n")
