"""Answers that are kept: list, read, delete, compute again."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response

from memnet import kept
from memnet.errors import AnswerNotFound
from service import asking, paging, problems
from service.access import needs
from service.capacity import TURN
from service.dependencies import MemoryDep, MemoryName, RequestIdDep, stamp
from service.errors import Refused
from service.openapi import problem_responses
from service.schemas.answer import AnswerOut
from service.schemas.explanation import ExplainedOut, ExplainIn
from service.schemas.kept import KeptLine, KeptPage, ReplayOut
from service.schemas.named_model import ModelOut

router = APIRouter(prefix="/v1/memories/{memory_id}/answers", tags=["answers"])

AnswerName = Annotated[str, Path(description="The answer's id", json_schema_extra={"format": "uuid"})]


_PARTS = {"uid": paging.UID, "before": r"[0-9T:.+-]{19,32}", "answer_id": paging.UID}
"""What a cursor of kept answers holds."""


def answer_uuid(memory_id: str, answer: str) -> UUID:
    """An answer's id as it stands in a path.

    Raises:
        AnswerNotFound: not an id.
    """
    try:
        return UUID(answer)
    except ValueError:
        raise AnswerNotFound(memory_id, "with this id") from None


@router.get(
    "",
    operation_id="list_answers",
    dependencies=[needs("ask")],
    responses=problem_responses(400, 404, 422, 503),
)
def list_answers(
    memory_id: MemoryName,
    page: Annotated[paging.PageQuery, Query()],
    memory: MemoryDep,
    request: Request,
    response: Response,
) -> KeptPage:
    """List the answers that are kept, newest first."""
    not_ours = Refused(problems.INVALID_CURSOR, "the cursor is not one of this list")
    uid, before = None, None
    if page.cursor is not None:
        start = paging.decode("answers", page.cursor, _PARTS)
        try:
            uid = UUID(hex=str(start["uid"]))
            before = (datetime.fromisoformat(str(start["before"])), UUID(hex=str(start["answer_id"])))
        except ValueError:
            raise not_ours from None
        if before[0].tzinfo is None:
            raise not_ours
    row, found = kept.recall_page(memory, memory_id, before=before, limit=page.limit + 1)
    if uid not in (None, row.uid):
        # The memory it was issued for has gone, and another one has its name.
        raise not_ours
    shown, has_more = found[: page.limit], len(found) > page.limit
    cursor = None
    if has_more:
        last = shown[-1]
        position: paging.Position = {
            "uid": row.uid.hex,
            "before": last.created_at.isoformat(),
            "answer_id": last.answer_id.hex,
        }
        cursor = paging.encode("answers", position)
        response.headers["Link"] = paging.next_link(request, cursor)
    return KeptPage(items=[KeptLine.of(each) for each in shown], next_cursor=cursor, has_more=has_more)


@router.get(
    "/{answer_id}",
    operation_id="get_answer",
    dependencies=[needs("ask")],
    responses=problem_responses(404, 503),
)
def get_answer(
    memory_id: MemoryName,
    answer_id: AnswerName,
    memory: MemoryDep,
    request_id: RequestIdDep,
    response: Response,
) -> AnswerOut:
    """Read a kept answer as it was given. One that was read from facts erased since is gone with them."""
    found = kept.recall(memory, memory_id, answer_uuid(memory_id, answer_id))
    stamp(response, found.answer.revision)
    return asking.shown_kept(found, request_id=request_id)


@router.delete(
    "/{answer_id}",
    operation_id="delete_answer",
    dependencies=[needs("erase")],
    status_code=204,
    response_class=Response,
    responses=problem_responses(404, 503),
)
def delete_answer(memory_id: MemoryName, answer_id: AnswerName, memory: MemoryDep) -> None:
    """Delete a kept answer."""
    memory.store.drop_answer(memory_id, answer_uuid(memory_id, answer_id))


@router.post(
    "/{answer_id}/replay",
    operation_id="replay_answer",
    dependencies=[needs("ask"), TURN],
    responses=problem_responses(404, 410, 503),
)
def replay_answer(
    memory_id: MemoryName,
    answer_id: AnswerName,
    memory: MemoryDep,
    request_id: RequestIdDep,
    response: Response,
) -> ReplayOut:
    """Compute a kept answer again, from the facts it was read from, and compare every number with it.

    When another network answers by now, the answer is that network's, and `outcome` says so. When facts of
    that state were erased since, it cannot be computed again: 410 `erased`.
    """
    found = kept.recall(memory, memory_id, answer_uuid(memory_id, answer_id))
    started = time.perf_counter()
    at = kept.state_of(memory, found)
    replayed = kept.replay(memory, found, at)
    stamp(response, at.revision)
    return ReplayOut(
        answer_id=found.answer_id,
        outcome=replayed.outcome,
        identical=replayed.outcome == "identical",
        max_abs_diff=replayed.max_abs_diff,
        digest=replayed.digest,
        kept_digest=found.digest,
        answer=asking.shown(
            at,
            found.asked,
            replayed.answer,
            memory.model,
            elapsed_s=time.perf_counter() - started,
            request_id=request_id,
        ),
    )


@router.post(
    "/{answer_id}/explain",
    operation_id="explain_answer",
    dependencies=[needs("ask"), TURN],
    responses=problem_responses(400, 404, 410, 415, 422, 503),
)
def explain_answer(
    memory_id: MemoryName,
    answer_id: AnswerName,
    body: ExplainIn,
    memory: MemoryDep,
    response: Response,
) -> ExplainedOut:
    """Say what a kept answer depends on: ask again without each fact, and look for the smallest set of facts
    without which there is another answer.

    The work is bounded by `most_questions`; what it left untried is said.
    """
    found = kept.recall(memory, memory_id, answer_uuid(memory_id, answer_id))
    at = kept.state_of(memory, found)
    explanation = asking.explained(at, found.asked, body, "#/why_not")
    stamp(response, at.revision)
    return ExplainedOut(
        answer_id=found.answer_id,
        model_changed=found.model_sha256 != memory.model.sha256,
        model=ModelOut.of(memory.model),
        explanation=explanation,
    )
