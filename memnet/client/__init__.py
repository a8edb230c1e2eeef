"""A client of the HTTP service, for programs that wait and for asynchronous ones.

    from memnet.client import Client

    with Client("http://127.0.0.1:8000", key="mn_…") as memnet:
        memnet.put_memory("house")
        memnet.post_facts("house", [{"text": "Mary got the football there."}])
        print(memnet.ask_memory("house", "Where is the football?")["answer"])

Methods are named by the operations of docs/openapi.json, from which they and the types are made. Needs the
extra `client`: `pip install memnet[client]`.
"""

from memnet.client.aio import AsyncClient
from memnet.client.errors import (
    ApiError,
    BadRequest,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    ProblemError,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    Unreachable,
)
from memnet.client.events import Event
from memnet.client.sync import Client
from memnet.client.transport import Retries

__all__ = [
    "ApiError",
    "AsyncClient",
    "BadRequest",
    "Client",
    "Conflict",
    "Event",
    "Forbidden",
    "Gone",
    "Invalid",
    "NotFound",
    "ProblemError",
    "Retries",
    "TooManyRequests",
    "Unauthenticated",
    "Unavailable",
    "Unreachable",
]
