"""The page that a benchmark writes: what was run, on which machine, how busy that was, what came of it."""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

PLACES = ("--out", "--folder", "--environments")
"""Options that name a place, and change nothing that is measured but the disk."""


def options(about: str | None) -> argparse.ArgumentParser:
    """Options that every benchmark has; `about` is its docstring."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="where to write the page, which is printed in any case")
    return parser


class Page:
    """Markdown, begun before anything is measured, so that it knows how long that took."""

    def __init__(self, title: str, *packages: str) -> None:
        """Begin.

        Args:
            title: Of the page.
            packages: Whose versions it names beside memnet's.
        """
        self.title = title
        self.packages = packages
        self.lines: list[str] = []
        self._began = time.monotonic()
        self._load = os.getloadavg()[0]

    def say(self, *paragraphs: str) -> None:
        """Add paragraphs."""
        for each in paragraphs:
            self.lines += ["", each]

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]], *, words: int = 1) -> None:
        """Add a table; the first `words` columns are words, the others numbers."""
        rule = ["---"] * words + ["---:"] * (len(columns) - words)
        for number, row in enumerate([columns, rule, *rows]):
            self.lines += [""] if number == 0 else []
            self.lines.append(f"| {' | '.join(str(each) for each in row)} |")

    def deliver(self, out: Path | None) -> None:
        """Print it, and write it where that is wanted."""
        minutes = (time.monotonic() - self._began) / 60
        head = [
            f"# {self.title}",
            "",
            f"`{command()}`",
            "",
            f"{datetime.now(UTC):%Y-%m-%d}; {machine(*self.packages)}. Load average {self._load:.1f} before, "
            f"{os.getloadavg()[0]:.1f} after {minutes:.1f} minutes.",
        ]
        text = "\n".join([*head, *self.lines]) + "\n"
        print(text)
        if out:
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(text, encoding="utf-8")


def command() -> str:
    """What was run, without the places on this machine that it was given."""
    given = sys.argv[1:]
    for place in PLACES:
        if place in given:
            del given[given.index(place) : given.index(place) + 2]
    given = [each for each in given if each.partition("=")[0] not in PLACES]
    return shlex.join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *given])


def machine(*packages: str) -> str:
    """The processor, the memory, the interpreter, the versions, the commit."""
    versions = ", ".join(f"{each} {version(each)}" for each in ("memnet", *packages))
    return (
        f"{_processor()}, {os.cpu_count()} processors, {_memory_gib():.0f} GiB, {platform.system()}, Python "
        f"{platform.python_version()}, {versions}, commit {_commit()}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _commit() -> str:
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--exclude=*"], capture_output=True, text=True, cwd=ROOT
    )
    return told.stdout.strip() or "unknown"
