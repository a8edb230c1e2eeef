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
REVISION_NOT_FOUND = ProblemKind(
    "revision_not_found",
    404,
    "The memory has no such revision",
    "The revision that was asked for has not been reached, or the moment is before the memory's first one.",
    "Ask for a revision up to the memory's own; `GET /v1/memories/{memory_id}` names it.",
)
ERASED = ProblemKind(
    "erased",
    410,
    "Erased",
    "The fact was erased, or facts of the revision that was asked for were. Nothing brings them back.",
    "Read the memory as it is now, or as of a later revision; `hint` names the oldest that can be read.",
)
COMPACTED = ProblemKind(
    "compacted",
    410,
    "This part of the log is gone",
    "The log does not lead from that revision to what the memory holds now.",
    "Read the memory's facts once, then the log from the revision that `hint` names.",
)
REVISION_NOT_REACHED = ProblemKind(
    "revision_not_reached",
    409,
    "The memory is at an earlier revision",
    "`min_revision` is above the memory's last revision. Every read sees every committed write, so waiting "
    "would not help: the revision is another memory's, or the database was restored to an earlier state.",
    "Compare `min_revision` with the memory's own revision.",
)
PLAN_STALE = ProblemKind(
    "plan_stale",
    409,
    "The memory has moved on",
    "The memory has changed since the erasure was planned. Nothing was erased.",
    "Plan the erasure again, look at what it would do, and confirm the new plan.",
)
MODEL_MISMATCH = ProblemKind(
    "index_model_mismatch",
    409,
    "Another model encoded this memory",
    "The memory is large, and its facts are encoded by another model than the one that is served.",
    "The operator lets the served model adopt the memory, or serves the model it was encoded with.",
)
PRECONDITION_FAILED = ProblemKind(
    "precondition_failed",
    412,
    "The precondition does not hold",
    "The memory is not in the state that `If-Match` or `If-None-Match` asks for. Nothing was changed.",
    "Read the memory again, and decide with its `ETag` whether the change is still wanted.",
)
HOST_NOT_ALLOWED = ProblemKind(
    "host_not_allowed",
    421,
    "Not a name of this service",
    "The service listens on this machine only and was called by another name than localhost. A page on the "
    "web can give its own name this address, to read what is not meant for it.",
    "Call it as localhost, 127.0.0.1 or [::1], or by the name that MEMNET_HOST sets.",
)
INVALID_IDEMPOTENCY_KEY = ProblemKind(
    "invalid_idempotency_key",
    400,
    "The idempotency key is not valid",
    "`Idempotency-Key` must be 1 to 255 printable ASCII characters, with or without quotes around them.",
    "Send a new unique name for each request, a UUID for example.",
)
IDEMPOTENCY_KEY_REUSED = ProblemKind(
    "idempotency_key_reused",
    422,
    "The idempotency key belongs to another request",
    "The key came with another body before. Nothing was stored.",
    "Use a new key for a new request, and the same one only to send the same request again.",
)
UNAUTHENTICATED = ProblemKind(
    "unauthenticated",
    401,
    "A key is needed",
    "The request has no key, or one that is not known, has expired or was revoked. Nothing was done.",
    "Send `Authorization: Bearer mn_…` with a key that the operator has made with `memnet keys create`.",
)
INSUFFICIENT_SCOPE = ProblemKind(
    "insufficient_scope",
    403,
    "The key does not allow this",
    "The key is for this memory, and not for what was asked of it. Nothing was done.",
    "Use a key that allows it; the operator makes one with `memnet keys create --may …`.",
)
RATE_LIMITED = ProblemKind(
    "rate_limited",
    429,
    "Too many requests",
    "More requests of a class (`rate_class`: read, ask, write or admin) have come with this key, or from "
    "this address, than `GET /v1/limits` allows. Nothing was done; the other classes are not held up.",
    "Send the request again after the time in `Retry-After`; put several facts or questions into one.",
    retry_after_s=1,
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
TOO_MANY_QUESTIONS = ProblemKind(
    "too_many_questions",
    422,
    "Too many questions in one request",
    "One batch may hold only so many questions. None was answered.",
    "Split the questions over several requests; `as_of` keeps them on one revision.",
)
TOO_MANY_WATCHES = ProblemKind(
    "too_many_watches",
    409,
    "Too many watches",
    "As many questions stand for this memory as may.",
    "Delete watches that nobody listens to any more.",
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
    "As many requests as may be inside, or wait for the network, are there already, or this one has waited "
    "for it as long as one may. Nothing was done.",
    "Send the request again after the time in `Retry-After`.",
    retry_after_s=1,
)
TIMED_OUT = ProblemKind(
    "timed_out",
    503,
    "The request takes too long",
    "The request was not done within the time that `GET /v1/limits` names. What it asked for may still be "
    "done.",
    "Send a write again with the same `Idempotency-Key`: it is done once. Ask for less at a time.",
    retry_after_s=5,
)
DRAINING = ProblemKind(
    "draining",
    503,
    "The service is about to stop",
    "This process was told to stop. It answers what it has been asked, and wants to be asked no more.",
    "Ask another process, or this one's successor after the time in `Retry-After`.",
    retry_after_s=5,
)

KINDS: dict[str, ProblemKind] = {
    kind.slug: kind
    for kind in (
        MALFORMED_JSON,
        INVALID_CURSOR,
        BAD_REQUEST,
        INVALID_IDEMPOTENCY_KEY,
        UNAUTHENTICATED,
        INSUFFICIENT_SCOPE,
        NOT_FOUND,
        REVISION_NOT_FOUND,
        METHOD_NOT_ALLOWED,
        REVISION_NOT_REACHED,
        PLAN_STALE,
        MODEL_MISMATCH,
        ERASED,
        COMPACTED,
        PRECONDITION_FAILED,
        BODY_TOO_LARGE,
        UNSUPPORTED_MEDIA_TYPE,
        VALIDATION_ERROR,
        TOO_MANY_FACTS,
        TOO_MANY_QUESTIONS,
        TOO_MANY_WATCHES,
        IDEMPOTENCY_KEY_REUSED,
        HOST_NOT_ALLOWED,
        RATE_LIMITED,
        INTERNAL_ERROR,
        DATABASE_UNAVAILABLE,
        SCHEMA_OUT_OF_DATE,
        STORE_DAMAGED,
        OVERLOADED,
        TIMED_OUT,
        DRAINING,
    )
}
"""Every kind, by slug: what `GET /problems/{slug}` explains."""
