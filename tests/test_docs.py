"""The pages of `docs/how-to`: what they show runs."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from memnet.memory import Memory
from memnet.store import migrate

HOW_TO = Path(__file__).parents[1] / "docs" / "how-to"


def ran(example: str, folder: Path) -> str:
    """What it prints, in a folder of its own."""
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert done.stderr == ""
    return done.stdout


def test_the_examples_of_embedding_print_what_stands_below_them(tmp_path):
    page = (HOW_TO / "embed.md").read_text()
    examples = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", page, re.DOTALL)

    assert len(examples) == page.count("```python") == 2
    for example, printed in examples:
        assert ran(example, tmp_path) == printed


def test_the_example_of_asking_why_runs(tmp_path):
    migrate.upgrade(f"sqlite:///{tmp_path / 'house.db'}")
    with Memory.open(f"sqlite:///{tmp_path / 'house.db'}") as memory:
        memory.store.put_memory("house")
        memory.remember("house", ["Mary got the football there.", "Mary went back to the garden."])
    (example,) = re.findall(r"```python\n(.*?)```", (HOW_TO / "why.md").read_text(), re.DOTALL)

    supposed, removal, outcome = ran(example, tmp_path).splitlines()
    assert (supposed, outcome) == ("kitchen", "identical")
    assert removal.startswith(("Removal(seqs=(1,)", "Removal(seqs=(2,)"))  # either fact alone decides nothing
