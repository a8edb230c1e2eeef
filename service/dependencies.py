"""What the routes are given: the memory, the settings, the names in the path."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Request, Response
from pydantic import AfterValidator

from memnet.errors import FactNotFound, MemoryNotFound
from memnet.memory import Memory
from memnet.store.memories import NAME
from service.settings import Settings

REVISION_HEADER = "Memnet-Revision"

# These are `async` so that they run where they are asked for: each `def` would cost a trip to a thread.


async def _memory(request: Request) -> Memory:
    memory: Memory = request.app.state.memory
    return memory


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


async def _request_id(request: Request) -> str:
    request_id: str = request.state.request_id
    return request_id


def _possible(memory_id: str) -> str:
    # No memory can have such a name, so there is none; nor would every database accept it in a query.
    if not NAME.fullmatch(memory_id):
        raise MemoryNotFound(memory_id)
    return memory_id


MemoryDep = Annotated[Memory, Depends(_memory)]
SettingsDep = Annotated[Settings, Depends(_settings)]
RequestIdDep = Annotated[str, Depends(_request_id)]
MemoryName = Annotated[
    str,
    AfterValidator(_possible),
    Path(
        description="The memory's name",
        examples=["house"],
        # A name of another form is that of no memory: 404, not 422.
        json_schema_extra={"pattern": f"^{NAME.pattern}$"},
    ),
]
FactName = Annotated[
    str,
    Path(description="The fact's id", json_schema_extra={"format": "uuid"}),
]


def uuid_of(memory_id: str, fact: str) -> UUID:
    """A fact's id as it stands in a path.

    Raises:
        FactNotFound: not an id; the caller learns no more than that.
    """
    try:
        return UUID(fact)
    except ValueError:
        raise FactNotFound(memory_id, "with this id") from None


def stamp(response: Response, revision: int) -> None:
    """Say in a header which revision of the memory was read or made."""
    response.headers[REVISION_HEADER] = str(revision)
