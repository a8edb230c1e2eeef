"""What a checkpoint scored: the output of `memnet babi evaluate --json`, kept beside its weights.

The file is no part of the checkpoint's digest, so it can be added later. It names the digest it is about; a
scorecard of another checkpoint, copied with a folder, is not one of this.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SCORECARD = "scorecard.json"


def load_scorecard(folder: Path, digest: str) -> dict[str, Any] | None:
    """The scorecard of a checkpoint; None when it has none, or one that is unreadable or of another.

    Args:
        folder: Of the checkpoint.
        digest: Of the checkpoint.
    """
    try:
        card = json.loads((folder / SCORECARD).read_bytes())
        tasks = {str(int(task)): float(result["error"]) for task, result in card["tasks"].items()}
        if card["model"]["sha256"] != digest or not tasks:
            return None
        return {
            "tasks": {task: {"error": error} for task, error in tasks.items()},
            "mean_error": float(card["mean_error"]),
            "failed": [int(task) for task in card["failed"]],
            "data": {"split": str(card["data"]["split"]), "part": str(card["data"]["part"])},
            "notes": [str(note) for note in card["notes"]],
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
