"""`memnet serve` as a process: what is answered survives a kill, mistakes are one line."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner

from service.cli import _listen, serve

RUN = [sys.executable, "-c", "from service.cli import serve; serve()", "--port", "0"]


def _environment(**settings: str) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("MEMNET_")}
    return {**own, "MEMNET_LOG_LEVEL": "warning", **settings}


@contextmanager
def _running(folder: Path, checkpoint: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The service in a process of its own, on a free port, with its database under `folder`."""
    process = subprocess.Popen(
        [*RUN, "--checkpoint", str(checkpoint)],
        cwd=folder,
        env=_environment(PYTHONPATH=str(Path(__file__).parents[2])),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = re.match(r"memnet answers at (http://127\.0\.0\.1:\d+) \(documentation: \1/docs\)\n", line)
        assert address, line + (process.communicate(timeout=10)[1] if not line else "")
        yield process, address.group(1)
    finally:
        process.kill()
        process.communicate(timeout=10)


def _without_timing(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in ("timing_ms", "request_id")}


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path, checkpoint: Path) -> None:
    question = {"question": "Where is the football?", "attention": "full"}
    texts = ["Mary got the football there.", "Mary went back to the garden."]
    with _running(tmp_path, checkpoint) as (process, address), httpx2.Client(base_url=address) as client:
        client.put("/v1/memories/house").raise_for_status()
        told = client.post("/v1/memories/house/facts", json={"facts": [{"text": text} for text in texts]})
        assert told.status_code == 201
        facts = client.get("/v1/memories/house/facts").json()
        answer = client.post("/v1/memories/house/answers", json=question).json()
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=10)

    with _running(tmp_path, checkpoint) as (process, address), httpx2.Client(base_url=address) as client:
        assert client.get("/v1/memories/house/facts").json() == facts
        again = client.post("/v1/memories/house/answers", json=question).json()
        assert _without_timing(again) == _without_timing(answer)
        # And it ends when it is asked to.
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)  # machines that run tests are busy
        assert process.stderr is not None
        assert "Traceback" not in process.stderr.read()

    assert [fact["text"] for fact in facts["items"]] == texts


def test_answers_do_not_wait_for_the_callers_acknowledgement() -> None:
    # asyncio sets TCP_NODELAY on the connections of a listener whose protocol says that it is TCP; without
    # it every answer took 40 ms longer than its computation.
    with _listen("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_help_names_every_option() -> None:
    text = CliRunner().invoke(serve, ["--help"]).output

    for option in ("--host", "--port", "--database-url", "--checkpoint"):
        assert option in text


def _mistake(*options: str) -> tuple[int, str]:
    result = CliRunner().invoke(serve, options)
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    return result.exit_code, result.stderr


def test_a_port_in_use_is_one_line_and_a_hint() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, message = _mistake("--port", str(port))

    assert (code, message) == (1, f"error: port {port} is in use\nhint: choose another with --port\n")


def test_a_public_host_is_refused_while_there_is_no_key(database: Path, checkpoint: Path) -> None:
    code, message = _mistake(
        "--host", "0.0.0.0", "--port", "0", "--database-url", f"sqlite:///{database}",
        "--checkpoint", str(checkpoint),
    )  # fmt: skip

    assert code == 2
    assert message == (
        "error: host 0.0.0.0 can be reached from other machines, and there is no key to ask them for\n"
        "hint: make one with `memnet keys create`, listen on 127.0.0.1, or set "
        "MEMNET_ALLOW_UNAUTHENTICATED=1 where something else keeps strangers out\n"
    )


@pytest.mark.parametrize("url", ["nonsense", "mysql://somewhere/db"])
def test_a_database_url_that_is_none_is_refused_in_one_line(url: str) -> None:
    code, message = _mistake("--port", "0", "--database-url", url)

    assert code in (1, 2)
    assert message.startswith("error: ")
    assert message.count("\n") <= 2


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path, checkpoint: Path) -> None:
    (tmp_path / "file").touch()

    code, message = _mistake(
        "--port",
        "0",
        "--database-url",
        f"sqlite:///{tmp_path}/file/memnet.db",
        "--checkpoint",
        str(checkpoint),
    )

    assert code == 1
    assert message.startswith("error: ")
    assert str(tmp_path) in message


def test_a_checkpoint_that_is_none_is_one_line_and_a_hint(tmp_path: Path) -> None:
    code, message = _mistake(
        "--port", "0", "--database-url", f"sqlite:///{tmp_path}/memnet.db", "--checkpoint", str(tmp_path)
    )

    assert code == 1
    assert message.startswith("error: ")
    assert str(tmp_path) in message


def test_a_schema_from_the_future_is_one_line_and_a_hint(database: Path, checkpoint: Path) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = 'from_the_future'")

    code, message = _mistake(
        "--port", "0", "--database-url", f"sqlite:///{database}", "--checkpoint", str(checkpoint)
    )

    assert code == 1
    assert message.startswith("error: ")
