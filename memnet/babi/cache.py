"""Where downloaded data live: one folder per user, where the system keeps such things."""

from __future__ import annotations

from pathlib import Path

# platformdirs knows the places of Linux (XDG), macOS and Windows. It is small, has no dependencies of
# its own, and is kept by the people behind tox and virtualenv.
from platformdirs import user_cache_path

FOLDER = "tasks_1-20_v1-2"
"""The folder that the official archive unpacks."""


def cache_dir() -> Path:
    """The folder that `memnet babi download` fills; it need not exist."""
    return user_cache_path("memnet", appauthor=False) / "babi"
