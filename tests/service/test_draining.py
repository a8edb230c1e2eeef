"""SIGTERM, and several workers: `memnet serve` as processes that are told to stop, killed and left alone."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from pickle import loads
from socket import IPPROTO_TCP

import httpx2
import pytest

from service.cli import _listen
from tests.service.test_serve import RUN, _environment

FACTS = {"facts": [{"text": "Mary got the football there."}]}


@contextmanager
def serving(
    folder: Path, checkpoint: Path, *options: str, **settings: str
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The service on a free port, answering; killed at the end if it still runs."""
    process = subprocess.Popen(
        [*RUN, "--checkpoint", str(checkpoint), *options],
        cwd=folder,
        env=_environment(PYTHONPATH=str(Path(__file__).parents[2]), OMP_NUM_THREADS="1", **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = re.match(r"memnet answers at (\S+)", process.stdout.readline())
        assert address
        until(lambda: _status(address[1], "/readyz") == 200)
        yield process, address[1]
    finally:
        process.kill()
        process.communicate(timeout=20)


def until(true: Callable[[], bool], *, within_s: float = 180.0) -> None:
    """Wait for something that must come true."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _status(address: str, path: str) -> int:
    try:
        return httpx2.get(address + path, timeout=10).status_code
    except httpx2.TransportError:
        return 0


def test_who_is_being_answered_when_the_service_is_told_to_stop_gets_the_answer(
    tmp_path: Path, checkpoint: Path
) -> None:
    slow = {"MEMNET_FAILPOINTS": "write.locked=sleep:6", "MEMNET_DRAIN_S": "4"}
    with (
        serving(tmp_path, checkpoint, **slow) as (process, address),
        ThreadPoolExecutor(1) as pool,
        httpx2.Client(base_url=address, timeout=60) as client,
    ):
        client.put("/v1/memories/house").raise_for_status()
        told = pool.submit(client.post, "/v1/memories/house/facts", json=FACTS)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)

        # For a while it says that it will stop, and answers.
        until(lambda: _status(address, "/readyz") == 503, within_s=5)
        assert _status(address, "/v1/memories/house") == 200
        assert told.result(timeout=60).status_code == 201
        assert process.wait(timeout=20) == 0
        assert _status(address, "/livez") == 0


def test_a_service_that_is_not_asked_anything_ends_at_once(tmp_path: Path, checkpoint: Path) -> None:
    with serving(tmp_path, checkpoint) as (process, _):
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


def test_who_is_told_twice_does_not_wait(tmp_path: Path, checkpoint: Path) -> None:
    with serving(tmp_path, checkpoint, MEMNET_DRAIN_S="60") as (process, address):
        process.send_signal(signal.SIGTERM)
        until(lambda: _status(address, "/readyz") == 503, within_s=5)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


def test_a_worker_gets_the_socket_as_it_was_opened() -> None:
    # Of a socket that does not say that it is TCP, asyncio lets each answer wait 40 ms; see test_serve.
    with _listen("127.0.0.1", 0) as listener, loads(ForkingPickler.dumps(listener)) as at_the_worker:
        assert at_the_worker.proto == IPPROTO_TCP
        assert at_the_worker.getsockname() == listener.getsockname()


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in listed]


@pytest.mark.slow
def test_a_worker_that_is_killed_is_replaced_and_nothing_acknowledged_is_lost(
    tmp_path: Path, checkpoint: Path
) -> None:
    with serving(tmp_path, checkpoint, "--workers", "2") as (process, address):
        httpx2.put(f"{address}/v1/memories/house").raise_for_status()
        until(lambda: len(_children(process.pid)) == 2)
        victim = _children(process.pid)[0]
        acknowledged = 0
        for number in range(40):
            if number == 10:
                os.kill(victim, signal.SIGKILL)
            try:
                told = httpx2.post(f"{address}/v1/memories/house/facts", json=FACTS, timeout=20)
                acknowledged += told.status_code == 201
            except httpx2.TransportError:
                continue
        until(lambda: len(set(_children(process.pid)) - {victim}) == 2)
        facts = httpx2.get(f"{address}/v1/memories/house").json()["counts"]["facts"]
        assert facts >= acknowledged >= 30

        # The numbers are those of all workers together.
        metrics = httpx2.get(f"{address}/metrics").text
        posts = re.search(r'memnet_requests_total\{.*"POST".*"201"\} (\S+)', metrics)
        assert posts is not None
        assert float(posts[1]) >= acknowledged
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


@pytest.mark.slow
def test_workers_end_when_nobody_looks_after_them(tmp_path: Path, checkpoint: Path) -> None:
    with serving(tmp_path, checkpoint, "--workers", "2") as (process, address):
        process.kill()
        process.wait(timeout=10)
        until(lambda: _status(address, "/livez") == 0, within_s=20)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes cannot be kept on a processor")
def test_workers_that_are_to_stay_on_one_processor_each_do_so_and_take_turns_at_them(
    tmp_path: Path, checkpoint: Path
) -> None:
    allowed = sorted(os.sched_getaffinity(0))
    with serving(tmp_path, checkpoint, "--workers", "2", MEMNET_PIN_WORKERS="true") as (process, address):
        until(lambda: len(_children(process.pid)) == 2)
        until(lambda: _status(address, "/readyz") == 200)
        for place, worker in enumerate(_children(process.pid)):
            threads = [int(each.name) for each in Path(f"/proc/{worker}/task").iterdir()]
            assert len(threads) > 1
            for each in threads:
                assert os.sched_getaffinity(each) == {allowed[place % len(allowed)]}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere workers are spawned")
def test_what_workers_are_forked_from_has_one_thread_and_no_database_open() -> None:
    loaded = (
        "import os; import service.app, service.workers; from memnet.store import forking;"
        "print(len(os.listdir('/proc/self/task')), len(forking._engines))"
    )
    done = subprocess.run(
        [sys.executable, "-c", loaded],
        env=_environment(PYTHONPATH=str(Path(__file__).parents[2]), OMP_NUM_THREADS="1"),
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert done.stdout == "1 0\n"


def test_a_mistake_is_told_once_and_not_by_each_worker(tmp_path: Path) -> None:
    done = subprocess.run(
        [*RUN, "--checkpoint", str(tmp_path), "--workers", "3"],
        cwd=tmp_path,
        env=_environment(PYTHONPATH=str(Path(__file__).parents[2])),
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("error: ") == 1
    assert "Traceback" not in done.stderr
