"""Connections are spread evenly over workers, and a worker that takes none holds up nobody."""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
import time
from collections.abc import Callable

import uvicorn
from starlette.types import Receive, Scope, Send

from service.cli import _listen
from service.shares import STEP_BACK_S, STEPS_BACK, FairServer, Shares

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


class _Worker:
    """A worker that answers 204, in this process."""

    def __init__(self, listener: socket.socket, shares: Shares, place: int) -> None:
        config = uvicorn.Config(_answer, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
        self.server = FairServer(config, shares, place)
        self.listener = listener

    async def __aenter__(self) -> FairServer:
        self.task = asyncio.create_task(self.server._serve([self.listener]))
        while not self.server.started:
            await asyncio.sleep(0.01)
        return self.server

    async def __aexit__(self, *_: object) -> None:
        self.server.should_exit = True
        await self.task


async def _asked(port: int) -> asyncio.StreamWriter:
    """A kept connection that was answered once."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(REQUEST)
    assert b" 204 " in await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
    return writer


def _over(workers: int, places: int, run: Callable[..., object]) -> None:
    """Run a coroutine with workers on one port; `places` of them are supposed to be there."""

    async def main() -> None:
        shares = Shares(multiprocessing.get_context("spawn"), places)
        with _listen("127.0.0.1", 0) as listener:
            port = listener.getsockname()[1]
            first = _Worker(listener.dup(), shares, 0)
            async with first as one:
                if workers == 1:
                    await run(port, shares, one)  # type: ignore[misc]
                    return
                async with _Worker(listener.dup(), shares, 1) as other:
                    await run(port, shares, one, other)  # type: ignore[misc]

    asyncio.run(main())


def test_callers_that_come_at_once_and_keep_their_connections_are_spread_over_the_workers() -> None:
    async def run(port: int, _: Shares, one: FairServer, other: FairServer) -> None:
        kept = await asyncio.gather(*(_asked(port) for _ in range(8)))
        assert (len(one.server_state.connections), len(other.server_state.connections)) == (4, 4)
        for writer in kept:
            writer.close()

    _over(2, 2, run)


def test_who_comes_when_others_have_gone_is_answered_by_the_worker_that_has_fewer() -> None:
    async def run(port: int, _: Shares, one: FairServer, other: FairServer) -> None:
        kept = await asyncio.gather(*(_asked(port) for _ in range(8)))
        for connection in list(one.server_state.connections):
            connection.transport.close()  # type: ignore[union-attr]
        await asyncio.sleep(0.1)
        assert len(one.server_state.connections) == 0
        kept += await asyncio.gather(*(_asked(port) for _ in range(4)))
        assert (len(one.server_state.connections), len(other.server_state.connections)) == (4, 4)
        for writer in kept:
            writer.close()

    _over(2, 2, run)


def test_a_worker_that_is_stuck_with_few_connections_keeps_nobody_from_being_answered() -> None:
    async def run(port: int, shares: Shares, one: FairServer) -> None:
        # The other one is there, has no connection, and takes none.
        shares.set(1, 0)
        kept = [await _asked(port)]
        began = time.monotonic()
        kept.append(await _asked(port))
        assert time.monotonic() - began >= STEP_BACK_S * STEPS_BACK / 2
        assert len(one.server_state.connections) == 2
        # One that has gone is not waited for.
        shares.leave(1)
        assert not shares.others_have_fewer(0)
        for writer in kept:
            writer.close()

    _over(1, 2, run)


def test_a_worker_that_was_not_heard_of_for_long_is_told_from_one_that_starts() -> None:
    shares = Shares(multiprocessing.get_context("spawn"), 2)
    assert shares.silent_s(0) == 0
    shares.beat(0)
    time.sleep(0.02)
    assert 0.02 <= shares.silent_s(0) < 20
    shares.leave(0)
    assert shares.silent_s(0) == 0
