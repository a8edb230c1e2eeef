"""Erasing facts: look first, then erase exactly what was looked at."""

from __future__ import annotations

from fastapi import APIRouter, Response

from memnet.errors import FactErased, FactNotFound, MemoryMoved
from memnet.store import Seen, Traces, seq_of
from service import limits, plans
from service.access import needs
from service.dependencies import MemoryDep, MemoryName, SettingsDep, stamp
from service.openapi import problem_responses
from service.plans import Plan
from service.schemas.erasure import ErasureOut, NewErasure

router = APIRouter(prefix="/v1/memories/{memory_id}/erasures", tags=["facts"], dependencies=[needs("erase")])


@router.post("", operation_id="erase_facts", responses=problem_responses(400, 404, 409, 410, 415, 422, 503))
def erase_facts(
    memory_id: MemoryName, body: NewErasure, memory: MemoryDep, settings: SettingsDep, response: Response
) -> ErasureOut:
    """Erase facts as if they had never been told: text and vectors leave every table, index and file.

    Two steps. Name the facts: nothing is erased, and the answer says what would be. Then send the `plan_id`
    of that answer with `dry_run: false`: exactly these facts are erased, or, when the memory has moved on,
    none (409 `plan_stale`). Backups that were made before keep the facts.
    """
    if body.fact_ids is not None:
        limits.check_fact_ids(body.fact_ids, settings)
        uid = memory.store.get_memory(memory_id).uid
        seqs = [seq_of(uid, each) for each in body.fact_ids]
        named = [seq for seq in seqs if seq is not None]
        if len(named) < len(seqs):
            raise FactNotFound(memory_id, "with one of these ids")
        traces = memory.store.traces(memory_id, named)
        if traces.memory.uid != uid:
            raise FactNotFound(memory_id, "with one of these ids")
        wanted = plans.plan(Seen(uid, traces.memory.revision), named)
    else:
        wanted = plans.decode(body.plan_id or "", settings.max_facts_per_request)
        traces = _as_planned(memory, memory_id, wanted)
    plan_id = wanted.encode()
    if body.dry_run:
        stamp(response, traces.memory.revision)
        return ErasureOut.planned(plan_id, traces)
    erased = memory.erase(memory_id, wanted.seqs, seen=wanted.seen)
    stamp(response, erased.revision)
    return ErasureOut.done(plan_id, traces, revision=erased.revision, scrubbed=erased.scrubbed)


def _as_planned(memory: MemoryDep, memory_id: str, wanted: Plan) -> Traces:
    """What there is of the facts of a plan.

    Raises:
        MemoryMoved: the memory is not in the state it was planned on.
    """
    moved = MemoryMoved(f"memory '{memory_id}' has changed since the erasure was planned")
    row = memory.store.get_memory(memory_id)
    if Seen(row.uid, row.revision) != wanted.seen:
        raise moved
    try:
        return memory.store.traces(memory_id, wanted.seqs)
    except (FactErased, FactNotFound):
        # Moved on in between.
        raise moved from None
