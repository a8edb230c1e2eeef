"""The official archives, and unpacking one without trusting what is in it."""

from __future__ import annotations

import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO

from memnet.babi.verify import PINNED_SPLITS, verify
from memnet.errors import MemnetError

MAX_MEMBERS = 5_000
MAX_FILE_BYTES = 64 * 2**20
MAX_TOTAL_BYTES = 1024 * 2**20
"""Far above the tasks: their largest file has some 5 MB, and by the splits we have measured all of them
together have some 160 MB, twice that with the variants without supporting facts."""

MAX_ARCHIVE_BYTES = 64 * 2**20
"""The official archives have some 16 and 19 MB."""

_CHUNK_BYTES = 1 << 16


class ArchiveError(MemnetError):
    """The official archive cannot be fetched, or is not what it should be."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A published archive of the tasks."""

    file_name: str
    size_bytes: int | None
    """None where it is not known for certain; the hash decides."""
    sha256: str
    urls: tuple[str, ...]
    """Where it is published, in the order in which to try."""


ARCHIVES = (
    Archive(
        file_name="tasks_1-20_v1-2.tar.gz",
        size_bytes=15_719_851,
        sha256="0364ebde659f14d11bc21744516c5ec49d3d06cb692733f66680771244998898",
        urls=("http://www.thespermwhale.com/jaseweston/babi/tasks_1-20_v1-2.tar.gz",),
    ),
    # The same tasks, and variants without supporting facts.
    Archive(
        file_name="babi.tar.gz",
        size_bytes=None,
        sha256="f7f0bee187efca0d81c3daac1b162cda4eb7f9505dee5ad6846eabbed3dbf92e",
        urls=(
            "http://parl.ai/downloads/babi/babi.tar.gz",
            "https://dl.fbaipublicfiles.com/parlai/babi/babi.tar.gz",
        ),
    ),
)
"""Their sha256 are pinned, so an address without encryption is as good as one with it."""


def unpack(archive: Path, into: Path) -> None:
    """Write the files of a .tar.gz below a folder, and nothing anywhere else.

    Only names and contents are taken from the archive: no owners, modes or times.

    Raises:
        ArchiveError: A member is a link, a device or another special file, has a name that leads out of
            the folder, or the archive holds more than the tasks could need; or it is damaged.
        OSError: The files cannot be written.
    """
    total = 0
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for count, member in enumerate(tar, start=1):
                name = member.name
                if count > MAX_MEMBERS:
                    raise _refused(archive, f"it holds more than {MAX_MEMBERS:,} members")
                if not _stays_inside(name):
                    raise _refused(archive, f"the name '{name}' leads out of the folder")
                if member.isdir():
                    continue
                if not member.isreg() or member.issparse():
                    raise _refused(archive, f"'{name}' is neither a file nor a folder")
                total += member.size
                if member.size > MAX_FILE_BYTES or total > MAX_TOTAL_BYTES:
                    raise _refused(archive, f"with '{name}' it is larger than the tasks could be")
                # macOS leaves "._name" beside a file for its own attributes.
                if PurePosixPath(name).name.startswith("._"):
                    continue
                content = tar.extractfile(member)
                assert content is not None, "a regular file has content"
                try:
                    _write(content, into / name)
                except (FileExistsError, IsADirectoryError, NotADirectoryError):
                    raise _refused(archive, f"it holds '{name}' twice") from None
    except (tarfile.TarError, EOFError, UnicodeError, ValueError) as error:
        raise ArchiveError(f"{archive.name} is damaged: {error}", hint="fetch it again") from None
    except OSError as error:
        # gzip reports damage as an OSError without an error number.
        if error.errno is None:
            raise ArchiveError(f"{archive.name} is damaged: {error}", hint="fetch it again") from None
        raise


def tasks_folder(unpacked: Path) -> Path:
    """The folder that holds `en/`, `en-10k/` …: the one unpacked into, or one or two levels below.

    Raises:
        ArchiveError: There is none.
    """
    for pattern in (".", "*", "*/*"):
        for folder in sorted(unpacked.glob(pattern)) if pattern != "." else [unpacked]:
            if any((folder / split).is_dir() for split in PINNED_SPLITS):
                return folder
    raise ArchiveError(f"the archive holds none of the folders {', '.join(PINNED_SPLITS)}")


def check_files(folder: Path, pins: Mapping[str, str] | None = None) -> int:
    """Check unpacked files against their pinned identities.

    Returns:
        How many were checked.

    Raises:
        ArchiveError: A task file is missing, or a file is altered.
    """
    verification = verify(folder, pins)
    # An archive may leave out LICENSE.txt and README.txt; the tasks are what it is for.
    texts = [f for f in verification.findings if f.state == "missing" and "/" not in f.path]
    wrong = [f for f in verification.findings if f.state != "extra" and f not in texts]
    if wrong:
        first = wrong[0]
        raise ArchiveError(
            f"{len(wrong)} unpacked files are not the official ones, the first {first.path} ({first.state})",
            hint=f"`memnet babi verify {folder}` names them",
        )
    return verification.checked - len(texts)


def _stays_inside(name: str) -> bool:
    parts = PurePosixPath(name).parts
    # Read as a Windows name too: there a backslash separates and a colon names a drive.
    windows = PureWindowsPath(name)
    return (
        bool(parts)
        and not name.startswith("/")
        and not windows.drive
        and not windows.root
        and ".." not in windows.parts
        and "\0" not in name
    )


def _refused(archive: Path, reason: str) -> ArchiveError:
    return ArchiveError(
        f"{archive.name} is refused: {reason}", hint="this is not the official archive; nothing was kept"
    )


def _write(content: IO[bytes], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        while chunk := content.read(_CHUNK_BYTES):
            file.write(chunk)
