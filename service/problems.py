"""The kinds of error the service answers with (RFC 9457), and what a caller can do about each.

A problem's `type` is `/problems/<slug>`, its `code` the same name with underscores, for programs.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One kind of error."""

    code: str
    """For programs; never renamed."""
    status: int
    """HTTP status it is answered with."""
    title: str
    """The same for every occurrence."""
    meaning: str
    """What has happened."""
    remedy: str
    """What the caller can do about it."""
    retry_after_s: int | None = None
    """Seconds after which the same request may succeed; None when it will not by itself."""

    @property
    def slug(self) -> str:
        """The last part of its `type`."""
        return self.code.replace("_", "-")

    @property
    def type(self) -> str:
        """The URI reference that names it."""
        return f"/problems/{self.slug}"


MALFORMED_JSON = ProblemKind(
    "malformed_json",
    400,
    "The body is not JSON",
    "The body could not be read as UTF-8 encoded JSON, or it is nested too deeply.",
    "Send one JSON object, encoded as UTF-8.",
)
INVALID_CURSOR = ProblemKind(
    "invalid_cursor",
    400,
    "The cursor is not valid",
    "The cursor was not issued for this list with this order, or it was damaged.",
    "Begin again without a cursor, or follow `next_cursor` of the last page unchanged.",
)
BAD_REQUEST = ProblemKind(
    "bad_request",
    400,
    "The request cannot be read",
    "A part of the request that is not its JSON body could not be understood.",
    "Compare the request with /openapi.json.",
)
NOT_FOUND = ProblemKind(
    "not_found",
    404,
    "Not found",
    "There is no such path, memory or fact, or it was deleted.",
    "Check the path and the ids in it; `GET /v1/memories` lists the memories.",
)
METHOD_NOT_ALLOWED = ProblemKind(
    "method_not_allowed",
    405,
    "Method not allowed",
    "The path exists and does not know this method.",
    "Use one of the methods named in the `Allow` header.",
)
BODY_TOO_LARGE = ProblemKind(
    "body_too_large",
    413,
    "The body is too large",
    "The body is longer than the service accepts. Nothing was done.",
    "Split the facts over several requests.",
)
UNSUPPORTED_MEDIA_TYPE = ProblemKind(
    "unsupported_media_type",
    415,
    "The body is not declared as JSON",
    "The request has a body whose `Content-Type` is missing or not JSON.",
    "Send `Content-Type: application/json`.",
)
VALIDATION_ERROR = ProblemKind(
    "validation_error",
    422,
    "Request is not valid",
    "The request was read, and a field of it cannot be used. Nothing was done.",
    "`errors` names each field and what was expected of it.",
)
TOO_MANY_FACTS = ProblemKind(
    "too_many_facts",
    422,
    "Too many facts in one request",
    "One request may hold only so many facts. Nothing was stored.",
    "Split the facts over several requests, in the same order.",
)
INTERNAL_ERROR = ProblemKind(
    "internal_error",
    500,
    "Internal error",
    "The service failed in a way nobody expected. The reason is in its log, under the request id.",
    "Report it with the request id.",
)
DATABASE_UNAVAILABLE = ProblemKind(
    "database_unavailable",
    503,
    "The database does not answer",
    "The database could not be reached or could not do its work. A write that gets this was not stored.",
    "Send the request again after the time in `Retry-After`.",
    retry_after_s=2,
)
SCHEMA_OUT_OF_DATE = ProblemKind(
    "schema_out_of_date",
    503,
    "The database's schema is not the expected one",
    "The schema of the database is older or newer than this version of the service needs.",
    "The operator runs `memnet migrate`, or upgrades memnet when the schema is the newer one.",
    retry_after_s=30,
)
STORE_DAMAGED = ProblemKind(
    "store_damaged",
    503,
    "The store holds something unreadable",
    "A stored value does not match its checksum, so it is not used for an answer.",
    "The operator restores it; the text of every fact is still there.",
    retry_after_s=30,
)
OVERLOADED = ProblemKind(
    "overloaded",
    503,
    "Too many requests are waiting",
    "As many requests as may wait for the network are waiting already. Nothing was done.",
    "Send the request again after the time in `Retry-After`.",
    retry_after_s=1,
)

KINDS: dict[str, ProblemKind] = {
    kind.slug: kind
    for kind in (
        MALFORMED_JSON,
        INVALID_CURSOR,
        BAD_REQUEST,
        NOT_FOUND,
        METHOD_NOT_ALLOWED,
        BODY_TOO_LARGE,
        UNSUPPORTED_MEDIA_TYPE,
        VALIDATION_ERROR,
        TOO_MANY_FACTS,
        INTERNAL_ERROR,
        DATABASE_UNAVAILABLE,
        SCHEMA_OUT_OF_DATE,
        STORE_DAMAGED,
        OVERLOADED,
    )
}
"""Every kind, by slug: what `GET /problems/{slug}` explains."""
