"""Letting clients run, and sampling the workers meanwhile."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass

from mixed_load.client import Client
from mixed_load.server import Server, resident_mib

SAMPLE_EVERY_S = 2.0


@dataclass
class Sample:
    """The machine and the workers at one moment."""

    at_s: float
    load: float
    resident_mib: tuple[float, ...]


def load(server: Server, clients: list[Client], seconds: float) -> list[Sample]:
    """Let the clients run; returns what was sampled meanwhile, the first and the last moment included."""
    began = time.monotonic()
    threads = [threading.Thread(target=client.run, args=(began + seconds,)) for client in clients]

    def sample() -> Sample:
        resident = tuple(resident_mib(pid) for pid in server.workers)
        return Sample(time.monotonic() - began, os.getloadavg()[0], resident)

    samples = [sample()]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(min(SAMPLE_EVERY_S, seconds / 10))
        samples.append(sample())
    return samples
