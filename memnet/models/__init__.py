"""The checkpoints that memnet ships with."""

from pathlib import Path

_HERE = Path(__file__).parent

SHIPPED = _HERE / "multi-head-joint"
"""Folder of the checkpoint that answers when none is named; its README.md is the model card."""


def names() -> list[str]:
    """The checkpoints that come with memnet; each can be named instead of a folder."""
    return sorted(folder.name for folder in _HERE.iterdir() if (folder / "config.json").is_file())


def find(folder: Path) -> Path:
    """The folder of a checkpoint: the one given or, when there is none, the shipped one of that name."""
    return _HERE / folder if not folder.exists() and str(folder) in names() else folder
