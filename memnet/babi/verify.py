"""Is a folder the official data? Every file against its pinned identity."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

PINNED_SPLITS = ("en", "en-10k", "hn", "shuffled")
"""Splits with a known identity for every file. Of the others, what is there and known is checked."""

# Folders and files of the archive for which no identity was published.
_UNPINNED = re.compile(
    r"(en|hn|shuffled)(-10k|-valid|-valid-10k)?(-nosf)?/qa[0-9]{1,2}_[a-z0-9_-]*(train|test|valid)\.txt"
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A file that is not as the archive has it."""

    path: str
    """Relative to the folder, with `/`."""
    state: Literal["missing", "altered", "extra"]
    detail: str | None = None
    """What an altered file is instead, where we can tell."""


@dataclass(frozen=True, slots=True)
class Verification:
    """A folder compared with the official data."""

    directory: Path
    checked: int
    """Files with a pinned identity: those of the pinned splits, and of the others those that are there."""
    unpinned: int
    """Files of other splits, whose identity is not known."""
    findings: tuple[Finding, ...]

    @property
    def whole(self) -> bool:
        """Nothing is missing or altered. An extra file takes nothing away."""
        return all(finding.state == "extra" for finding in self.findings)

    def count(self, state: str) -> int:
        return sum(finding.state == state for finding in self.findings)


@cache
def official_files() -> Mapping[str, str]:
    """Path and identity of each pinned file: a sha256 (64 digits) or a git blob id (40 digits)."""
    lines = files("memnet.babi").joinpath("checksums.txt").read_text("utf-8").splitlines()
    pairs = (line.split(maxsplit=1) for line in lines if line and not line.startswith("#"))
    return {path: digest for digest, path in pairs}


def verify(directory: Path, pins: Mapping[str, str] | None = None) -> Verification:
    """Compare a folder with the official data.

    Args:
        directory: The folder that holds `en/`, `en-10k/` …
        pins: Path and identity of each file; `official_files()` by default.
    """
    pins = official_files() if pins is None else pins
    present = {
        path.relative_to(directory).as_posix(): path
        for path in sorted(directory.rglob("*"))
        if not path.is_dir()
    }
    findings = []
    checked = 0
    for name, digest in pins.items():
        if name in present:
            checked += 1
            altered, detail = _compare(present[name], digest, pins)
            if altered:
                findings.append(Finding(name, "altered", detail))
        elif "/" not in name or name.partition("/")[0] in PINNED_SPLITS:
            checked += 1
            findings.append(Finding(name, "missing"))
    others = [name for name in present if name not in pins]
    extra = [
        name for name in others if name.partition("/")[0] in PINNED_SPLITS or not _UNPINNED.fullmatch(name)
    ]
    findings += [Finding(name, "extra") for name in extra]
    return Verification(directory, checked, len(others) - len(extra), tuple(findings))


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def git_blob_of(content: bytes) -> str:
    """What `git hash-object` prints."""
    # SHA-1 names the content here; nobody is kept out by it.
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _has_identity(content: bytes, digest: str) -> bool:
    return (sha256_of(content) if len(digest) == 64 else git_blob_of(content)) == digest


def _compare(path: Path, digest: str, pins: Mapping[str, str]) -> tuple[bool, str | None]:
    """Whether a file is altered, and what it is instead."""
    try:
        content = path.read_bytes()
    except OSError as error:
        return True, f"cannot be read: {error.strerror or error}"
    if _has_identity(content, digest):
        return False, None
    identities = (sha256_of(content), git_blob_of(content))
    for name, other in pins.items():
        if other in identities:
            questions = sum(b"\t" in line for line in content.splitlines())
            return True, f"is {name} ({questions:,} questions) under another name"
    if b"\r\n" in content and _has_identity(content.replace(b"\r\n", b"\n"), digest):
        return True, "has the official text with CRLF line ends"
    return True, f"{len(content):,} bytes"
