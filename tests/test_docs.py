"""The pages of `docs/how-to`: what they show runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from memnet.memory import Memory
from memnet.store import migrate

WHY = Path(__file__).parents[1] / "docs" / "how-to" / "why.md"


def test_the_example_of_asking_why_runs(tmp_path):
    migrate.upgrade(f"sqlite:///{tmp_path / 'house.db'}")
    with Memory.open(f"sqlite:///{tmp_path / 'house.db'}") as memory:
        memory.store.put_memory("house")
        memory.remember("house", ["Mary got the football there.", "Mary went back to the garden."])
    (example,) = re.findall(r"```python\n(.*?)```", WHY.read_text(), re.DOTALL)

    done = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )

    assert done.stderr == ""
    supposed, removal, outcome = done.stdout.splitlines()
    assert (supposed, outcome) == ("kitchen", "identical")
    assert removal.startswith(("Removal(seqs=(1,)", "Removal(seqs=(2,)"))  # either fact alone decides nothing
