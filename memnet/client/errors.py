"""What a call to the service can raise.

* ApiError
  x Unreachable         no answer came: the service is not there, or too slow
  x ProblemError        the service answered with problem details (RFC 9457)
    + BadRequest          400, 413, 415, 421, and any other that is the caller's
    + Unauthenticated     401
    + Forbidden           403
    + NotFound            404
    + Conflict            409, 412
      - Gone                410: erased, or a part of the log that is gone
    + Invalid             422; `errors` names the fields
    + TooManyRequests     429
    + Unavailable         5xx
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """The root of what the client raises."""


class Unreachable(ApiError):
    """No answer came."""


class ProblemError(ApiError):
    """The service answered with problem details.

    Attributes:
        status: The HTTP status.
        code: The kind of problem, for programs.
        detail: What is wrong with this request.
        hint: What to do, or None.
        errors: Fields that are not valid, each with a `pointer` or a `parameter`.
        request_id: Names the request in the service's log.
    """

    def __init__(self, status: int, problem: Mapping[str, Any], request_id: str | None = None) -> None:
        title = str(problem.get("title", f"the service answered {status}"))
        self.status = status
        self.code = str(problem.get("code", ""))
        self.detail = str(problem.get("detail", ""))
        self.hint: str | None = problem.get("hint")
        self.errors: list[dict[str, Any]] = list(problem.get("errors") or [])
        self.request_id: str | None = problem.get("request_id", request_id)
        fields = "; ".join(
            f"{each.get('pointer', each.get('parameter', ''))}: {each.get('detail', '')}"
            for each in self.errors
        )
        super().__init__(": ".join(part for part in (title, self.detail, fields) if part))


class BadRequest(ProblemError):
    """The request cannot be read, or is one that nobody answers."""


class Unauthenticated(ProblemError):
    """No key, or one that opens nothing."""


class Forbidden(ProblemError):
    """The key does not allow this."""


class NotFound(ProblemError):
    """No such memory, fact, answer or revision, or one that the key is not for."""


class Conflict(ProblemError):
    """The memory is not as the request supposes."""


class Gone(Conflict):
    """Erased, or a part of the log that is gone."""


class Invalid(ProblemError):
    """Fields of the request are not valid."""


class TooManyRequests(ProblemError):
    """More requests than this key or address may send; tried again until there were no tries left."""


class Unavailable(ProblemError):
    """The service cannot do its work now; tried again until there were no tries left."""


_KINDS: dict[int, type[ProblemError]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    412: Conflict,
    422: Invalid,
    429: TooManyRequests,
}


def problem_error(status: int, problem: Mapping[str, Any], request_id: str | None = None) -> ProblemError:
    """The error for a status."""
    kind = _KINDS.get(status, Unavailable if status >= 500 else BadRequest)
    return kind(status, problem, request_id)
