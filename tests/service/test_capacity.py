"""How many requests may use the network at once, and what the others are told."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from service import problems
from service.capacity import Capacity
from service.errors import Refused


def test_no_more_than_the_bound_run_at_once() -> None:
    capacity = Capacity(running=2, waiting=5)
    count, most, lock = 0, 0, threading.Lock()
    gate = threading.Barrier(2, timeout=5)

    def work() -> None:
        nonlocal count, most
        with capacity.use():
            with lock:
                count += 1
                most = max(most, count)
            gate.wait()  # Two really are inside together.
            with lock:
                count -= 1

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(work) for _ in range(6)]:
            done.result(timeout=10)

    assert most == 2


def test_one_more_than_may_wait_is_refused_at_once() -> None:
    capacity = Capacity(running=1, waiting=0)

    with capacity.use():
        with pytest.raises(Refused) as caught, capacity.use():
            pass
        assert caught.value.kind is problems.OVERLOADED

    with capacity.use():
        pass  # The place is free again.


def test_a_place_is_given_back_when_the_work_fails() -> None:
    capacity = Capacity(running=1, waiting=0)

    for _ in range(3):
        with pytest.raises(ValueError, match="no"), capacity.use():
            raise ValueError("no")


def test_an_overloaded_service_says_so_and_still_reads(app: FastAPI, client: TestClient, house: str) -> None:
    app.state.capacity = Capacity(running=1, waiting=0)

    with app.state.capacity.use():
        refused = client.post(f"{house}/answers", json={"question": "Where is Mary?"})
        told = client.post(f"{house}/facts", json={"facts": [{"text": "Mary is there."}]})
        assert client.get(house).json()["counts"]["facts"] == 2

    assert refused.status_code == told.status_code == 503
    assert refused.json()["code"] == "overloaded"
    assert refused.headers["Retry-After"] == "1"
    assert client.post(f"{house}/answers", json={"question": "Where is Mary?"}).status_code == 200
