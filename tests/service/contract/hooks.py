"""What no schema can say about a request, told to schemathesis: run by it, see `schemathesis.toml`."""

from __future__ import annotations

import json
import os
from itertools import cycle
from typing import Any

import schemathesis
from schemathesis.core.transport import Response
from schemathesis.openapi.checks import RejectedPositiveData

BEYOND_A_SCHEMA = {
    "invalid_cursor": "a cursor is opaque: only one that the service has issued is valid",
    "not_a_plan": "and so is the plan of an erasure",
    "confirmation_mismatch": "that a parameter repeats another one",
    "not_one_state": "that only one of two parameters may be given",
    "idempotency_key_reused": "whether a key has named another request before",
    "precondition_failed": "whether the memory still has the tag that it had",
    "not_another_answer": "which answers the network can give, and which one it gives now",
    "erased": "what was erased before",
    "compacted": "which part of the log is gone",
}
"""Reasons for which a request that keeps to the document may be refused, and why it cannot say so."""

THERE = {name: cycle(ids) for name, ids in json.loads(os.environ["THERE"]).items()}
"""Names of what the service holds, by the parameter that takes them; see `test_schemathesis.py`."""


@schemathesis.hook
def filter_failure(
    context: schemathesis.HookContext, failure: Exception, case: schemathesis.Case, response: Response
) -> bool:
    """Whether a failure is one: a refusal for the reasons above, and for no other, is none."""
    if not isinstance(failure, RejectedPositiveData):
        return True
    problem: dict[str, Any] = response.json()
    codes = {field["code"] for field in problem.get("errors", [])} or {problem["code"]}
    return not codes <= BEYOND_A_SCHEMA.keys()


@schemathesis.hook
def map_case(context: schemathesis.HookContext, case: schemathesis.Case) -> schemathesis.Case:
    """Let random requests be about something that is there, or nearly all of them end at 404.

    Only those that are random: what is done step by step brings its own names, and what is made to be refused
    stays as it is.
    """
    meta = case.meta
    if meta is None or meta.phase.name.value != "fuzzing" or not meta.generation.mode.is_positive:
        return case
    names = case.path_parameters or {}
    for name in names:
        if name in THERE:
            names[name] = next(THERE[name])
    if case.path.endswith("/{memory_id}") and case.method == "DELETE":
        # Not the one that all else is about.
        case.query["confirm"] = names["memory_id"] = next(THERE["spare"])
    if isinstance(case.body, dict) and case.body.get("fact_ids"):
        case.body["fact_ids"] = [next(THERE["fact_id"])]
    return case
