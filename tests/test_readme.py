"""The README does what it says: every command in it runs, and gives what stands below it."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from memnet.models import SHIPPED
from memnet.reader import Reader
from memnet.training.checkpoint import load_checkpoint
from tests.memnet.cli.command import memnet

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)


def block(kind: str, containing: str) -> str:
    (found,) = (text for name, text in BLOCKS if name == kind and containing in text)
    return found


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """A server started as `make run` starts it, in an empty folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MEMNET_")} | {
        "MEMNET_PORT": str(port)
    }
    server = subprocess.Popen(
        [Path(sys.executable).with_name("memnet"), "serve"],
        cwd=tmp_path_factory.mktemp("served"),
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                httpx2.get(f"http://127.0.0.1:{port}/readyz").raise_for_status()
                break
            except httpx2.HTTPError:
                assert server.poll() is None, server.stdout.read()
                assert time.monotonic() < deadline
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.communicate(timeout=30)


def curl(command: str, address: str) -> httpx2.Response:
    """What curl would do, without needing curl."""
    words = shlex.split(command)
    assert words[:2] == ["curl", "-s"]
    method, headers, body, url = None, {}, None, None
    rest = iter(words[2:])
    for word in rest:
        if word == "-X":
            method = next(rest)
        elif word == "-H":
            name, _, value = next(rest).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(rest)
        else:
            url = word.replace("localhost:8000", address)
    return httpx2.request(method or ("POST" if body else "GET"), url, headers=headers, content=body)


def assert_shows(shown: object, real: object, where: str = "$") -> None:
    """Everything the README shows is in the real answer; numbers are rounded to two decimals."""
    if isinstance(shown, dict):
        for key, value in shown.items():
            assert_shows(value, real[key], f"{where}.{key}")
    elif isinstance(shown, list):
        assert len(shown) == len(real), where
        for index, (a, b) in enumerate(zip(shown, real, strict=True)):
            assert_shows(a, b, f"{where}[{index}]")
    elif isinstance(shown, float):
        assert real == pytest.approx(shown, abs=0.0051), where
    else:
        assert shown == real, where


def test_the_football_story_by_curl(address):
    commands = re.split(r"\n\n", block("sh", "curl").strip())

    responses = [curl(command.replace("\\\n", " "), address) for command in commands]

    assert [response.status_code for response in responses] == [201, 201, 200]
    assert_shows(json.loads(block("json", '"answer"')), responses[-1].json())


def test_the_python_example(tmp_path):
    example = block("python", "from memnet.memory import Memory")
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )

    assert done.stderr == ""
    assert done.stdout == block("text", "garden [")


def test_the_story_in_the_terminal(monkeypatch):
    monkeypatch.chdir(ROOT)
    command = shlex.split(block("sh", "memnet babi ask").strip())

    done = memnet(*command[1:], COLUMNS="80")

    shown = [line.rstrip() for line in block("text", "hop 1").strip().splitlines()]
    assert [line.rstrip() for line in done.stdout.strip().splitlines()] == shown


def test_every_command_named_in_the_readme_exists():
    for line in block("sh", "memnet babi train").strip().splitlines():
        words = shlex.split(line)
        assert memnet(*words[1:3], "--help").exit_code == 0


def test_every_link_leads_somewhere():
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_example_says_which_facts_the_answer_needs():
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "why.py"], capture_output=True, text=True, timeout=120
    )

    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == "Where is the football? garden"
    assert "  without 'Mary went back to the garden.' changes the answer" in lines
    assert "  without 'John went to the kitchen.' changes nothing" in lines


def test_the_conversation_nobody_trained_for_goes_as_it_is_written():
    reader = Reader(load_checkpoint(SHIPPED))
    told: list[str] = []
    asked = 0
    lines = iter(block("text", "\n? ").strip().splitlines())
    for line in lines:
        if line.startswith("> "):
            told.append(line[2:])
            continue
        answer = reader.ask_facts(told, line.removeprefix("? "))
        said = answer.text or f"no answer: {answer.reason}, {', '.join(answer.unknown_words)}".rstrip(", ")
        assert f"= {said}" == next(lines), line
        asked += 1
    assert asked >= 8


def test_the_verbs_of_it_that_nobody_taught_are_none_that_the_network_knows_and_are_read_as_it_says():
    checkpoint = load_checkpoint(SHIPPED)
    reader = Reader(checkpoint)
    readme = (ROOT / "README.md").read_text()
    (claim,) = re.findall(r"Nobody taught it (.*?): it reads them as (.*?), and says so", readme)
    untaught, taught = (re.findall(r"\*(\w+)\*", part) for part in claim)

    assert len(untaught) == len(taught) == 3
    for word, as_if in zip(untaught, taught, strict=True):
        (line,) = (line for line in block("text", "\n? ").splitlines() if word in line)
        assert word not in checkpoint.vocabulary
        assert [(each.word, each.taught) for each in reader.read_as(line[2:])] == [(word, as_if)]
