"""Reading a memory as of the state that a request asks for."""

from __future__ import annotations

from memnet.memory import Memory
from memnet.memory_at import MemoryAt
from service import problems
from service.errors import InvalidRequest, Refused
from service.schemas.moment import ReadOptions, StateQuery
from service.schemas.problem import FieldProblem


def read(memory: Memory, memory_id: str, wanted: ReadOptions) -> MemoryAt:
    """The memory as of the state that a body asks for.

    Raises:
        Refused: the memory has not come as far as the caller says (409 `revision_not_reached`).
    """
    at = memory.at(memory_id, **wanted.state)
    check_reached(at.last_revision, wanted.min_revision)
    return at


def check_reached(revision: int, min_revision: int | None) -> None:
    """Refuse to read from a memory that is not as far as the caller says.

    Raises:
        Refused: 409 `revision_not_reached`.
    """
    if min_revision is not None and revision < min_revision:
        raise Refused(problems.REVISION_NOT_REACHED, f"the memory is at revision {revision}")


def check_one_state(query: StateQuery) -> None:
    """Refuse a query for two states at once.

    Raises:
        InvalidRequest: with one entry.
    """
    if query.as_of_revision is not None and query.recorded_at is not None:
        raise InvalidRequest(
            [
                FieldProblem(
                    parameter="recorded_at",
                    location="query",
                    code="not_one_state",
                    detail="at most one of as_of_revision and recorded_at",
                )
            ]
        )
