"""For operators and probes: is it alive, is it ready, what is it; and what its errors mean."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request, Response

import memnet
from service.access import needs
from service.dependencies import MemoryDep
from service.errors import Refused
from service.openapi import problem_responses
from service.problem_page import asks_for_html, page
from service.problems import KINDS, NOT_FOUND
from service.schemas.operations import Alive, Ready, ServedModel, VersionOut
from service.schemas.problem import ProblemKindOut

router = APIRouter(tags=["operations"])


@router.get("/livez", operation_id="livez", responses=problem_responses())
async def livez() -> Alive:
    """Whether the process runs. Touches nothing, so that a slow database does not get it restarted."""
    return Alive()


@router.get("/readyz", operation_id="readyz", responses=problem_responses(503))
def readyz(request: Request, memory: MemoryDep) -> Ready:
    """Whether the service can answer and remember: the database answers, its schema is the expected one, a
    write is stored, and nobody has told the service to stop."""
    request.app.state.readiness.check(memory.store, draining=request.app.state.draining)
    return Ready()


@router.get("/v1/version", operation_id="get_version", dependencies=[needs()], responses=problem_responses())
async def get_version(memory: MemoryDep) -> VersionOut:
    """What is running: the version of memnet, and the network that answers."""
    return VersionOut(version=memnet.__version__, model=ServedModel.of(memory.model))


@router.get(
    "/problems/{slug}",
    operation_id="get_problem",
    response_model=ProblemKindOut,
    responses={
        200: {
            "description": "What it means; in a browser as a page",
            "content": {"text/html": {"schema": {"type": "string"}}},
        },
        **problem_responses(404),
    },
)
async def get_problem(
    slug: Annotated[str, Path(json_schema_extra={"enum": [*KINDS]})],
    response: Response,
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Any:
    """What a kind of error means, and what to do about it."""
    kind = KINDS.get(slug)
    if kind is None:
        raise Refused(NOT_FOUND, "there is no such kind of problem")
    if asks_for_html(accept):
        return page(kind)
    response.headers["Vary"] = "Accept"
    return ProblemKindOut.of(kind)
