"""Fetching the official archive: mirrors in order, resumed where it stopped, checked twice."""

from __future__ import annotations

import errno
import hashlib
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import cast
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from memnet import __version__
from memnet.babi.archive import (
    ARCHIVES,
    MAX_ARCHIVE_BYTES,
    Archive,
    ArchiveError,
    check_files,
    tasks_folder,
    unpack,
)
from memnet.babi.cache import FOLDER

OnProgress = Callable[[str, int, int | None], None]
"""Called with the mirror's host, the bytes there are, and the bytes there will be, if that is known."""

TIMEOUT_S = 30.0
"""A mirror that says nothing for so long is given up."""
TRIES_PER_MIRROR = 4
"""A connection that is cut is taken up again where it stopped; this often without a mirror's failing."""
_CHUNK_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Downloaded:
    """Where the tasks are."""

    directory: Path
    """The folder that holds `en/`, `en-10k/` …"""
    checked: int
    """Files whose identity was checked."""
    fetched: bool
    """False when they were there already."""


class _MirrorFailed(Exception):
    """This mirror will not do; the message says why, without naming it."""


def download(
    to: Path,
    *,
    archives: Sequence[Archive] = ARCHIVES,
    pins: Mapping[str, str] | None = None,
    local: Path | None = None,
    on_progress: OnProgress = lambda host, done, total: None,
) -> Downloaded:
    """Put the official tasks into `to/tasks_1-20_v1-2`.

    The folder appears whole and checked, or not at all. An archive that was not fetched to its end stays
    in `to` as `*.part`, and the next call goes on from there.

    Args:
        to: A folder; made if need be.
        archives: The archives that will do, and where they are, in the order to try.
        pins: Path and identity of each file; the official ones by default.
        local: An archive that was fetched by other means; nothing is fetched.
        on_progress: Told how far the fetching is.

    Raises:
        ArchiveError: No archive could be fetched, the archive is not the official one, the folder is
            there with other content, or the disk will not take it. The message says which.
    """
    target = to / FOLDER
    if target.exists():
        return _already_there(target, pins)
    with _disk_errors(to):
        to.mkdir(parents=True, exist_ok=True)
        fetched = local if local is not None else _fetch(archives, to, on_progress)
        if local is not None:
            _check_local(local, archives)
        checked = _unpack_checked(fetched, target, pins)
        if local is None:
            fetched.unlink()
    return Downloaded(target, checked, fetched=True)


def _already_there(target: Path, pins: Mapping[str, str] | None) -> Downloaded:
    try:
        return Downloaded(target, check_files(target, pins), fetched=False)
    except ArchiveError as error:
        raise ArchiveError(
            f"{target} is there, but {error}",
            hint=f"{error.hint}; move the folder away and download again",
        ) from None


def _check_local(path: Path, archives: Sequence[Archive]) -> None:
    digest = _sha256_of(path)
    if digest not in {archive.sha256 for archive in archives}:
        raise ArchiveError(
            f"{path.name} is none of the official archives: its sha256 is {digest}",
            hint=f"fetch it from {archives[0].urls[0]}",
        )


def _unpack_checked(archive: Path, target: Path, pins: Mapping[str, str] | None) -> int:
    # Beside the target: only within one file system is a rename one step.
    with tempfile.TemporaryDirectory(prefix=".unpacking-", dir=target.parent) as temporary:
        content = Path(temporary) / "content"
        content.mkdir()
        unpack(archive, content)
        folder = tasks_folder(content)
        try:
            checked = check_files(folder, pins)
        except ArchiveError as error:
            raise ArchiveError(str(error), hint="nothing was unpacked") from None
        folder.rename(target)
    return checked


def _fetch(archives: Sequence[Archive], to: Path, on_progress: OnProgress) -> Path:
    """The first archive that a mirror gives in full and with the pinned hash."""
    failures = []
    for archive in archives:
        whole = to / archive.file_name
        if whole.is_file() and _sha256_of(whole) == archive.sha256:
            return whole
        for url in archive.urls:
            part = whole.with_name(whole.name + ".part")
            try:
                _fetch_from(url, archive, part, on_progress)
            except _MirrorFailed as failure:
                failures.append(f"{urlsplit(url).hostname}: {failure}")
            else:
                return part.replace(whole)
    kept = sum(part.stat().st_size for part in to.glob("*.part"))
    raise ArchiveError(
        f"no mirror gave the archive; {'; '.join(failures)}",
        hint=(f"{_mb(kept)} are kept: run the same command again to go on" if kept else "check the network")
        + ", or fetch the archive by other means and name it with --archive FILE",
    )


def _fetch_from(url: str, archive: Archive, part: Path, on_progress: OnProgress) -> None:
    """Fill `part` from one mirror.

    Raises:
        _MirrorFailed: It did not give the archive. What it gave is kept in `part` unless it is wrong.
    """
    for _ in range(TRIES_PER_MIRROR):
        resumed = _size(part) > 0
        if resumed and _sha256_of(part) == archive.sha256:
            return
        total = _receive(url, archive, part, on_progress)
        if total is not None and _size(part) < total:
            continue  # cut: go on from there
        digest = _sha256_of(part)
        if digest == archive.sha256:
            return
        # A wrong file is no use to anybody, and would be taken up again next time.
        part.unlink()
        if not resumed:
            raise _MirrorFailed(f"its sha256 is {digest}, expected {archive.sha256}")
        # What an earlier call left may be what is wrong: once more, from the start.
    raise _MirrorFailed(f"the connection was cut {TRIES_PER_MIRROR} times, last at {_mb(_size(part))}")


def _receive(url: str, archive: Archive, part: Path, on_progress: OnProgress) -> int | None:
    """One request: append what is missing, or begin again where the server knows no ranges.

    Returns:
        The size of the whole archive; `part` is shorter if the connection was cut. None if neither we
        nor the server know it.
    """
    host = urlsplit(url).hostname or url
    have = _size(part)
    with _open(url, have) as response:
        start = _range_start(response) if response.status == 206 else 0
        if start not in (0, have):
            raise _MirrorFailed(f"it sent the bytes from {start:,}, asked for those from {have:,}")
        # Where a network wants a login first, every address answers with its page.
        if response.headers.get_content_type() == "text/html":
            raise _MirrorFailed("it sent a web page")
        length = response.headers.get("Content-Length")
        total = start + int(length) if length else archive.size_bytes
        if archive.size_bytes is not None and total != archive.size_bytes:
            raise _MirrorFailed(f"it has {total:,} bytes, the archive has {archive.size_bytes:,}")
        with part.open("ab" if start else "wb") as file:
            done = start
            on_progress(host, done, total)
            for chunk in _chunks(response):
                done += len(chunk)
                if done > (total or MAX_ARCHIVE_BYTES):
                    file.truncate(0)
                    raise _MirrorFailed(f"it sent more than {total or MAX_ARCHIVE_BYTES:,} bytes")
                file.write(chunk)
                on_progress(host, done, total)
    return total


def _open(url: str, have: int) -> HTTPResponse:
    headers = {"User-Agent": f"memnet/{__version__}", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        # The addresses stand in the source, and so does the hash of what they give.
        request = Request(url, headers=headers)  # noqa: S310
        return cast(HTTPResponse, urlopen(request, timeout=TIMEOUT_S))  # noqa: S310
    except HTTPError as error:
        error.close()
        if error.code == 416 and have:  # a part that is longer than the archive
            return _open(url, 0)
        raise _MirrorFailed(f"HTTP {error.code} {error.reason}") from None
    except (URLError, HTTPException, OSError) as error:
        raise _MirrorFailed(_reason(error)) from None


def _chunks(response: HTTPResponse) -> Iterator[bytes]:
    """What arrives until the end, or until the connection is cut."""
    while True:
        try:
            # read1: what is there, so that a cut connection loses nothing that came before.
            chunk = response.read1(_CHUNK_BYTES)
        except (HTTPException, OSError):
            return
        if not chunk:
            return
        yield chunk


def _range_start(response: HTTPResponse) -> int:
    match = re.match(r"bytes (\d+)-", response.headers.get("Content-Range") or "")
    if match is None:
        raise _MirrorFailed("it sent a part of the archive without saying which")
    return int(match[1])


def _reason(error: Exception) -> str:
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, TimeoutError):
        return f"no answer for {TIMEOUT_S:.0f} s"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return str(cause) or type(cause).__name__


@contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    """Errors of the disk as one message; those of the network were dealt with."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise ArchiveError(
            f"{folder}: {error.strerror or error}",
            hint="choose another folder with --to DIR"
            + (", or make room for 300 MB; what was fetched is kept" if full else ""),
        ) from None


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB"
