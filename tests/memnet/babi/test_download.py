"""Fetching the archive: mirrors in order, going on after a cut, and never a wrong file."""

from __future__ import annotations

import errno
import io
import socket
import tarfile
from pathlib import Path

import pytest

from memnet.babi.archive import ARCHIVES, ArchiveError
from memnet.babi.cache import FOLDER, cache_dir
from memnet.babi.dataset import data_dir
from memnet.babi.download import download
from tests.memnet.babi.mirror import FILES, PINS, Mirror, archive_of, packed, serving

ARCHIVE = packed()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def mirror():
    with serving(Mirror(ARCHIVE)) as mirror:
        yield mirror


@pytest.fixture
def other():
    with serving(Mirror(ARCHIVE)) as mirror:
        yield mirror


def files_in(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_tasks_are_fetched_checked_and_put_in_place(tmp_path, mirror):
    told = []

    done = download(
        tmp_path / "new",
        archives=[archive_of(ARCHIVE, mirror.url)],
        pins=PINS,
        on_progress=lambda *progress: told.append(progress),
    )

    assert files_in(done.directory) == FILES
    assert (done.checked, done.fetched) == (3, True)
    assert told[0] == ("127.0.0.1", 0, len(ARCHIVE))
    assert told[-1] == ("127.0.0.1", len(ARCHIVE), len(ARCHIVE))
    assert [path.name for path in (tmp_path / "new").iterdir()] == [FOLDER]
    assert data_dir(tmp_path / "new") == done.directory


def test_what_is_there_and_whole_is_not_fetched_again(tmp_path, mirror):
    archives = [archive_of(ARCHIVE, mirror.url)]
    download(tmp_path, archives=archives, pins=PINS)

    again = download(tmp_path, archives=archives, pins=PINS)

    assert (again.fetched, again.checked, len(mirror.asked)) == (False, 3, 1)


def test_what_is_there_and_altered_is_left_alone(tmp_path, mirror):
    archives = [archive_of(ARCHIVE, mirror.url)]
    folder = download(tmp_path, archives=archives, pins=PINS).directory
    altered = folder / "en" / "qa1_single-supporting-fact_test.txt"
    altered.write_text("mine")

    with pytest.raises(ArchiveError) as caught:
        download(tmp_path, archives=archives, pins=PINS)

    assert str(caught.value) == (
        f"{folder} is there, but 1 unpacked files are not the official ones, "
        "the first en/qa1_single-supporting-fact_test.txt (altered)"
    )
    assert caught.value.hint == (
        f"`memnet babi verify {folder}` names them; move the folder away and download again"
    )
    assert altered.read_text() == "mine"


def test_a_mirror_that_fails_is_followed_by_the_next(tmp_path, mirror, other):
    mirror.status = 404

    download(tmp_path, archives=[archive_of(ARCHIVE, mirror.url, other.url)], pins=PINS)

    assert len(mirror.asked) == len(other.asked) == 1


def test_a_cut_connection_is_taken_up_where_it_stopped(tmp_path, mirror):
    mirror.cuts = [1000, 500]

    download(tmp_path, archives=[archive_of(ARCHIVE, mirror.url)], pins=PINS)

    assert mirror.asked == [None, "bytes=1000-", "bytes=1500-"]


def test_the_next_mirror_goes_on_where_the_last_one_stopped(tmp_path, mirror, other):
    mirror.cuts = [1000, 0, 0, 0]

    download(tmp_path, archives=[archive_of(ARCHIVE, mirror.url, other.url)], pins=PINS)

    assert other.asked == ["bytes=1000-"]


def test_running_again_goes_on_where_it_stopped(tmp_path, mirror):
    mirror.cuts = [1000, 0, 0, 0]
    archives = [archive_of(ARCHIVE, mirror.url)]

    with pytest.raises(ArchiveError) as caught:
        download(tmp_path, archives=archives, pins=PINS)

    assert str(caught.value) == (
        "no mirror gave the archive; 127.0.0.1: the connection was cut 4 times, last at 0.0 MB"
    )
    assert caught.value.hint == (
        "0.0 MB are kept: run the same command again to go on, "
        "or fetch the archive by other means and name it with --archive FILE"
    )
    assert files_in(tmp_path) == {"tasks.tar.gz.part": ARCHIVE[:1000]}

    assert files_in(download(tmp_path, archives=archives, pins=PINS).directory) == FILES
    assert mirror.asked[-1] == "bytes=1000-"


def test_a_server_without_ranges_is_asked_from_the_start(tmp_path, mirror):
    mirror.ranges = False
    mirror.cuts = [1000]

    download(tmp_path, archives=[archive_of(ARCHIVE, mirror.url)], pins=PINS)

    assert mirror.asked == [None, "bytes=1000-"]


@pytest.mark.parametrize("with_length", [True, False])
def test_an_archive_of_unknown_size_is_known_by_its_hash(tmp_path, mirror, with_length):
    mirror.with_length = with_length

    done = download(tmp_path, archives=[archive_of(ARCHIVE, mirror.url, size=False)], pins=PINS)

    assert files_in(done.directory) == FILES


def test_a_wrong_archive_is_refused_and_not_kept(tmp_path, mirror):
    expected = archive_of(ARCHIVE, mirror.url)
    mirror.content = ARCHIVE[:-1] + b"?"
    got = archive_of(mirror.content).sha256

    with pytest.raises(ArchiveError) as caught:
        download(tmp_path, archives=[expected], pins=PINS)

    assert str(caught.value) == (
        f"no mirror gave the archive; 127.0.0.1: its sha256 is {got}, expected {expected.sha256}"
    )
    assert caught.value.hint == (
        "check the network, or fetch the archive by other means and name it with --archive FILE"
    )
    assert files_in(tmp_path) == {}


def test_a_wrong_beginning_left_by_an_earlier_call_does_not_spoil_the_rest(tmp_path, mirror):
    (tmp_path / "tasks.tar.gz.part").write_bytes(b"?" * 1000)

    download(tmp_path, archives=[archive_of(ARCHIVE, mirror.url)], pins=PINS)

    assert mirror.asked == ["bytes=1000-", None]


def test_a_beginning_longer_than_the_archive_is_thrown_away(tmp_path, mirror):
    (tmp_path / "tasks.tar.gz.part").write_bytes(ARCHIVE + b"?")

    download(tmp_path, archives=[archive_of(ARCHIVE, mirror.url)], pins=PINS)

    assert mirror.asked == [f"bytes={len(ARCHIVE) + 1}-", None]


def test_a_login_page_does_not_cost_what_was_fetched(tmp_path, mirror):
    (tmp_path / "tasks.tar.gz.part").write_bytes(ARCHIVE[:1000])
    mirror.ranges = False
    mirror.content_type = "text/html; charset=utf-8"

    with pytest.raises(ArchiveError, match="127.0.0.1: it sent a web page$"):
        download(tmp_path, archives=[archive_of(ARCHIVE, mirror.url)], pins=PINS)

    assert files_in(tmp_path) == {"tasks.tar.gz.part": ARCHIVE[:1000]}


def test_another_size_is_refused_before_it_is_fetched(tmp_path, mirror):
    mirror.content = b"x" * 77

    with pytest.raises(ArchiveError) as caught:
        download(tmp_path, archives=[archive_of(ARCHIVE, mirror.url)], pins=PINS)

    assert str(caught.value) == (
        f"no mirror gave the archive; 127.0.0.1: it has 77 bytes, the archive has {len(ARCHIVE):,}"
    )


def test_more_than_the_archive_is_not_written(tmp_path, mirror):
    mirror.content = ARCHIVE * 2
    mirror.with_length = False

    with pytest.raises(ArchiveError, match=f"127.0.0.1: it sent more than {len(ARCHIVE):,} bytes$"):
        download(tmp_path, archives=[archive_of(ARCHIVE, mirror.url)], pins=PINS)


def test_without_a_network_the_message_says_so(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/tasks.tar.gz"

        with pytest.raises(ArchiveError) as caught:
            download(tmp_path, archives=[archive_of(ARCHIVE, url)], pins=PINS)

    assert str(caught.value) == "no mirror gave the archive; 127.0.0.1: Connection refused"


def test_a_copy_fetched_by_other_means_will_do(tmp_path):
    copy = tmp_path / "copy.tar.gz"
    copy.write_bytes(ARCHIVE)

    done = download(tmp_path / "to", archives=[archive_of(ARCHIVE)], pins=PINS, local=copy)

    assert files_in(done.directory) == FILES
    assert copy.exists()


def test_a_copy_of_something_else_will_not(tmp_path):
    copy = tmp_path / "copy.tar.gz"
    copy.write_bytes(b"other")

    with pytest.raises(ArchiveError) as caught:
        download(tmp_path / "to", archives=[archive_of(ARCHIVE, "http://here/")], pins=PINS, local=copy)

    digest = archive_of(b"other").sha256
    assert str(caught.value) == f"copy.tar.gz is none of the official archives: its sha256 is {digest}"
    assert files_in(tmp_path / "to") == {}


def unpack_bytes(tmp_path: Path, content: bytes) -> None:
    """Unpack an archive that has the right hash, whatever it holds."""
    copy = tmp_path / "copy.tar.gz"
    copy.write_bytes(content)
    try:
        download(tmp_path / "to", archives=[archive_of(content, "http://here/")], pins=PINS, local=copy)
    finally:
        assert [path.name for path in tmp_path.iterdir() if path.name not in ("copy.tar.gz", "to")] == []
        if not (tmp_path / "to" / FOLDER).exists():
            assert files_in(tmp_path / "to") == {}


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "/tmp/evil.txt",
        "a/../../evil.txt",
        "..\\evil.txt",
        "C:evil.txt",
        "\\\\host\\share\\evil",
    ],
)
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path, name):
    with pytest.raises(ArchiveError) as caught:
        unpack_bytes(tmp_path, packed({name: b"evil"}, root=""))

    assert str(caught.value) == f"copy.tar.gz is refused: the name '{name}' leads out of the folder"
    assert caught.value.hint == "this is not the official archive; nothing was kept"


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]
)
def test_links_and_devices_are_refused(tmp_path, kind):
    member = tarfile.TarInfo("tasks/en")
    member.type = kind
    member.linkname = "/etc"

    with pytest.raises(ArchiveError) as caught:
        unpack_bytes(tmp_path, packed(FILES, member))

    assert str(caught.value) == "copy.tar.gz is refused: 'tasks/en' is neither a file nor a folder"


def test_a_file_too_large_is_refused_before_it_is_written(tmp_path):
    member = tarfile.TarInfo("tasks/bomb")
    member.size = 2**40
    header = io.BytesIO()
    with tarfile.open(fileobj=header, mode="w:gz") as tar:
        tar.addfile(member)

    with pytest.raises(ArchiveError, match="with 'tasks/bomb' it is larger than the tasks could be$"):
        unpack_bytes(tmp_path, header.getvalue())


def test_all_files_together_may_not_be_too_large_either(tmp_path, monkeypatch):
    monkeypatch.setattr("memnet.babi.archive.MAX_TOTAL_BYTES", 1000)

    with pytest.raises(ArchiveError, match="it is larger than the tasks could be$"):
        unpack_bytes(tmp_path, packed())


def test_too_many_members_are_refused(tmp_path):
    with pytest.raises(ArchiveError, match="it holds more than 5,000 members$"):
        unpack_bytes(tmp_path, packed({f"{n}.txt": b"" for n in range(5001)}))


def test_two_members_of_one_name_are_refused(tmp_path):
    first = tarfile.TarInfo("tasks_1-20_v1-2/LICENSE.txt")

    with pytest.raises(ArchiveError, match="it holds 'tasks_1-20_v1-2/LICENSE.txt' twice$"):
        unpack_bytes(tmp_path, packed(FILES, first))


def test_an_archive_without_the_tasks_is_refused(tmp_path):
    with pytest.raises(
        ArchiveError, match="^the archive holds none of the folders en, en-10k, hn, shuffled$"
    ):
        unpack_bytes(tmp_path, packed({"README.txt": b""}))


@pytest.mark.parametrize("content", [b"no archive", b"", ARCHIVE[: len(ARCHIVE) // 2]])
def test_a_damaged_archive_is_refused(tmp_path, content):
    with pytest.raises(ArchiveError, match="^copy.tar.gz is damaged: "):
        unpack_bytes(tmp_path, content)


def test_members_are_checked_before_the_folder_appears(tmp_path):
    with pytest.raises(ArchiveError) as caught:
        unpack_bytes(tmp_path, packed(FILES | {"en/qa1_single-supporting-fact_test.txt": b"other"}))

    assert str(caught.value) == (
        "1 unpacked files are not the official ones, the first en/qa1_single-supporting-fact_test.txt (altered)"
    )
    assert caught.value.hint == "nothing was unpacked"


def test_texts_may_be_missing_and_traces_of_a_mac_are_left_out(tmp_path):
    files = {name: content for name, content in FILES.items() if name != "LICENSE.txt"}

    unpack_bytes(tmp_path, packed(files | {"en/._qa1": b"attributes"}))

    assert files_in(tmp_path / "to" / FOLDER) == files


def test_a_full_disk_is_one_message(tmp_path, mirror, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("memnet.babi.archive._write", full)

    with pytest.raises(ArchiveError) as caught:
        download(tmp_path, archives=[archive_of(ARCHIVE, mirror.url)], pins=PINS)

    assert str(caught.value) == f"{tmp_path}: No space left on device"
    assert caught.value.hint == (
        "choose another folder with --to DIR, or make room for 300 MB; what was fetched is kept"
    )
    monkeypatch.undo()
    download(tmp_path, archives=[archive_of(ARCHIVE, mirror.url)], pins=PINS)
    assert len(mirror.asked) == 1  # the fetched archive was used


def test_the_official_archives_are_pinned():
    assert [archive.sha256[:8] for archive in ARCHIVES] == ["0364ebde", "f7f0bee1"]
    assert sum(len(archive.urls) for archive in ARCHIVES) == 3


def test_downloaded_data_are_found_last(tmp_path, babi_dir, monkeypatch):
    monkeypatch.setattr("memnet.babi.dataset.cache_dir", lambda: tmp_path)
    monkeypatch.delenv("MEMNET_BABI_DIR", raising=False)
    (tmp_path / FOLDER / "en").mkdir(parents=True)

    assert data_dir(None) == tmp_path / FOLDER
    monkeypatch.setenv("MEMNET_BABI_DIR", str(babi_dir))
    assert data_dir(None) == babi_dir


def test_the_cache_is_the_users_own():
    assert cache_dir().parts[-2:] == ("memnet", "babi")
