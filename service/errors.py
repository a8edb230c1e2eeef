"""Every error becomes problem details (RFC 9457), also those the framework would answer itself.

No answer repeats what the caller sent as a value, and none tells what went on inside.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import compile_path
from starlette.types import Scope

from memnet.errors import (
    FactErased,
    HistoryErased,
    InputError,
    KeyReused,
    LogCompacted,
    MemnetError,
    MemoryMoved,
    ModelNotActive,
    NotFound,
    RevisionNotFound,
    SchemaMismatch,
    StoreError,
    TooManyWatches,
    VectorDamaged,
)
from service import problems
from service.problems import ProblemKind
from service.rates import RateClass
from service.schemas.problem import FieldProblem, Problem

MOST_FIELDS = 20
"""Fields listed in one answer; the count says how many there are. 4 MiB of bad fields are not sent back."""

GONE: dict[type[NotFound], ProblemKind] = {
    RevisionNotFound: problems.REVISION_NOT_FOUND,
    HistoryErased: problems.ERASED,
    FactErased: problems.ERASED,
    LogCompacted: problems.COMPACTED,
}
"""What is more than not found."""

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class InvalidRequest(Exception):
    """The request was read, and fields of it cannot be used."""

    def __init__(self, fields: Sequence[FieldProblem], kind: ProblemKind = problems.VALIDATION_ERROR) -> None:
        super().__init__(kind.title)
        self.fields = list(fields)
        self.kind = kind


class Refused(Exception):
    """The request is refused with a kind of problem that has no fields to name."""

    def __init__(self, kind: ProblemKind, detail: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail
        self.headers = headers


class ProblemResponse(Response):
    """A response whose body is problem details."""

    media_type = "application/problem+json"

    def __init__(
        self,
        scope: Scope,
        kind: ProblemKind,
        detail: str,
        *,
        hint: str | None = None,
        fields: Sequence[FieldProblem] | None = None,
        rate_class: RateClass | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        scope.setdefault("state", {})["problem"] = kind.code  # for whoever counts
        problem = Problem(
            type=kind.type,
            title=kind.title,
            status=kind.status,
            detail=detail,
            instance=scope["path"],
            code=kind.code,
            request_id=scope.get("state", {}).get("request_id", ""),
            hint=hint,
            rate_class=rate_class,
            errors=None if fields is None else list(fields),
        )
        # ASCII, so that a path or a field's name that is not valid Unicode cannot break the answer.
        body = json.dumps(problem.model_dump(exclude_none=True)).encode("ascii")
        super().__init__(body, status_code=kind.status, headers=dict(headers or {}))
        if kind.retry_after_s is not None and "Retry-After" not in self.headers:
            self.headers["Retry-After"] = str(kind.retry_after_s)


def install(app: FastAPI) -> None:
    """Answer every error of the application with problem details."""
    app.add_exception_handler(HTTPException, _framework_error)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_exception_handler(InvalidRequest, _invalid_request)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(MemnetError, memnet_error)
    app.add_exception_handler(Exception, _unexpected)


async def _framework_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    match error.status_code:
        case 404:
            return ProblemResponse(request.scope, problems.NOT_FOUND, "there is nothing at this path")
        case 405:
            return ProblemResponse(
                request.scope,
                problems.METHOD_NOT_ALLOWED,
                f"this path does not know {request.method}"
                if request.method in METHODS
                else "unknown method",
                headers={"Allow": ", ".join(_allowed(request.scope))},
            )
        case 400:
            # The framework's only 400: a body that is not UTF-8, nested too deeply, or a number too long.
            return ProblemResponse(request.scope, problems.MALFORMED_JSON, "the body cannot be read as JSON")
        case _:
            return ProblemResponse(request.scope, problems.BAD_REQUEST, "the request cannot be read")


def _allowed(scope: Scope) -> list[str]:
    """Every method of a path; the framework names only those of the first route that has it."""
    routes = [
        route
        for route in iter_route_contexts(scope["app"].routes)
        if route.path is not None and compile_path(route.path)[0].match(scope["path"])
    ]
    # `/answers/batch` has the form of `/answers/{answer_id}` too; what comes first is meant.
    allowed = {method for route in routes if route.path == routes[0].path for method in route.methods or ()}
    # A file: the mount that serves it names no methods.
    return [method for method in METHODS if method in allowed] or ["GET", "HEAD"]


async def _not_valid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    for item in found:
        if item["type"] == "json_invalid":
            return ProblemResponse(
                request.scope,
                problems.MALFORMED_JSON,
                f"the body is not JSON from character {item['loc'][-1]} on",
            )
    if any(tuple(item["loc"]) == ("body",) for item in found) and _body_is_not_json(request.headers):
        return ProblemResponse(
            request.scope, problems.UNSUPPORTED_MEDIA_TYPE, "the body needs Content-Type: application/json"
        )
    return _fields_response(request, [_field(item) for item in found], problems.VALIDATION_ERROR)


def _body_is_not_json(headers: Headers) -> bool:
    if headers.get("content-length") == "0":
        return False
    kind, _, subtype = headers.get("content-type", "").partition(";")[0].strip().lower().partition("/")
    return kind != "application" or not (subtype == "json" or subtype.endswith("+json"))


def _field(item: Mapping[str, Any]) -> FieldProblem:
    location, *path = item["loc"]
    context = item.get("ctx", {})
    detail, limit = _expectation(item["type"], item["msg"], context)
    if location == "body":
        return FieldProblem(pointer=pointer(*path), code=item["type"], detail=detail, limit=limit)
    return FieldProblem(
        parameter=_printable(path[0]) if path else None,
        location=location if location in {"query", "path", "header"} else None,
        code=item["type"],
        detail=detail,
        limit=limit,
    )


def _expectation(code: str, message: str, context: Mapping[str, Any]) -> tuple[str, int | None]:
    """What was expected, and the limit if that is what was passed."""
    match code:
        case "missing":
            return "is required", None
        case "extra_forbidden":
            return "is not a field of this request", None
        case "string_type":
            return "must be a string", None
        case "string_unicode":
            return "must be Unicode text", None
        case "too_short":
            return f"at least {context['min_length']} items", context["min_length"]
        case "string_too_short":
            return f"at least {context['min_length']} characters", context["min_length"]
        case "string_too_long":
            return f"at most {context['max_length']} characters", context["max_length"]
        case "less_than_equal":
            return f"at most {context['le']}", context["le"]
        case "greater_than_equal":
            return f"at least {context['ge']}", context["ge"]
        case _:
            return message, None


def pointer(*path: int | str) -> str:
    """A JSON pointer (RFC 6901) as a URI fragment.

    >>> pointer("facts", 0, "text")
    '#/facts/0/text'
    """
    parts = (_printable(part).replace("~", "~0").replace("/", "~1") for part in path)
    return "#" + "".join(f"/{part}" for part in parts)


def _printable(part: int | str) -> str:
    """The name of a field; a caller may have sent any name, of any length."""
    return str(part)[:100]


async def _invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, InvalidRequest)
    return _fields_response(request, error.fields, error.kind)


def _fields_response(request: Request, fields: Sequence[FieldProblem], kind: ProblemKind) -> Response:
    detail = "1 field is not valid" if len(fields) == 1 else f"{len(fields)} fields are not valid"
    if len(fields) > MOST_FIELDS:
        detail += f"; the first {MOST_FIELDS} are listed"
    return ProblemResponse(request.scope, kind, detail, fields=fields[:MOST_FIELDS])


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return ProblemResponse(request.scope, error.kind, error.detail, headers=error.headers)


async def memnet_error(request: Request, error: Exception) -> Response:
    """What a deliberate exception is answered with; raises it again when it is no fault of a request."""
    match error:
        case NotFound():
            kind = next((kind for gone, kind in GONE.items() if isinstance(error, gone)), problems.NOT_FOUND)
            return ProblemResponse(request.scope, kind, str(error), hint=error.hint)
        case MemoryMoved():
            return ProblemResponse(request.scope, problems.PLAN_STALE, str(error))
        case TooManyWatches():
            return ProblemResponse(request.scope, problems.TOO_MANY_WATCHES, str(error))
        case KeyReused():
            return ProblemResponse(request.scope, problems.IDEMPOTENCY_KEY_REUSED, str(error))
        case InputError():
            # The message may quote a fact; the routes name the field where they can.
            return ProblemResponse(request.scope, problems.VALIDATION_ERROR, "the input cannot be used")
        case SchemaMismatch():
            return store_problem(request, problems.SCHEMA_OUT_OF_DATE)
        case VectorDamaged():
            return store_problem(request, problems.STORE_DAMAGED)
        case ModelNotActive():
            return store_problem(request, problems.MODEL_MISMATCH)
        case StoreError():
            return store_problem(request, problems.DATABASE_UNAVAILABLE)
        case _:
            raise error


def store_problem(request: Request, kind: ProblemKind) -> ProblemResponse:
    """The store cannot do its work; its own words stay inside, they can hold addresses."""
    return ProblemResponse(request.scope, kind, kind.meaning)


async def _unexpected(request: Request, error: Exception) -> Response:
    return ProblemResponse(request.scope, problems.INTERNAL_ERROR, "the service failed; see its log")
