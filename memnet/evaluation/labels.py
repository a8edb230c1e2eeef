"""What a model was trained on, in the words that every table uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memnet.babi.verify import official_files

SIZES = {"en": "1k", "en-10k": "10k"}
"""What the literature calls the training sets of the splits."""


def training_labels(data: Mapping[str, Any]) -> dict[int, str]:
    """What each task was trained on; `official 10k` only for a file whose identity is the official one.

    Args:
        data: The record of the data in a checkpoint or in a benchmark's results.
    """
    paths = {digest: path for path, digest in official_files().items()}
    notes = dict(note.removeprefix("task ").split(": ", 1) for note in data.get("notes", []) if ": " in note)
    labels = {}
    for task, file in data.get("files", {}).items():
        split = paths.get(file["sha256"], "").partition("/")[0]
        if split:
            other = "" if split == data["split"] else f" ({file['questions']:,} questions)"
            labels[int(task)] = f"official {SIZES.get(split, split)}{other}"
        else:
            labels[int(task)] = notes.get(task) or _unknown(data["split"], file["name"])
    return labels


def _unknown(split: str, name: str) -> str:
    # Of the 10k training files of task 3 only a git blob id is known, which a sha256 does not tell.
    if len(official_files().get(f"{split}/{name}", "")) == 40:
        return f"{name}, identity not checked"
    return f"{name}, not the official file"


def official_tasks(data: Mapping[str, Any]) -> list[int]:
    """The tasks that were trained on the official files of the run's split, as the published columns were."""
    split = data.get("split", "")
    label = f"official {SIZES.get(split, split)}"
    return [task for task, each in training_labels(data).items() if each == label]
