"""The plan of an erasure as a word that can be handed back: which facts, of which memory, in which state.

A plan is kept nowhere: the word holds it, so that every worker can carry it out, also after a restart. It
holds numbers of facts and nothing of their text. It is not a key: whoever holds one needs the right to erase.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from memnet.store import Seen
from service import paging
from service.errors import InvalidRequest, Refused
from service.schemas.problem import FieldProblem

_SCOPE = "erasure"

_RUN = r"[0-9a-f]+(-[0-9a-f]+)?"
_PARTS = {"uid": paging.UID, "revision": None, "seqs": f"{_RUN}(,{_RUN})*"}


@dataclass(frozen=True, slots=True)
class Plan:
    """A set of facts, and the state of the memory in which it was looked at."""

    seen: Seen
    seqs: tuple[int, ...]
    """Ascending."""

    def encode(self) -> str:
        """The plan as a word; runs of numbers take two numbers each."""
        runs: list[list[int]] = []
        for seq in self.seqs:
            if runs and runs[-1][1] == seq - 1:
                runs[-1][1] = seq
            else:
                runs.append([seq, seq])
        listed = ",".join(
            f"{first:x}-{last - first:x}" if last > first else f"{first:x}" for first, last in runs
        )
        return paging.encode(
            _SCOPE, {"uid": self.seen.uid.hex, "revision": self.seen.revision, "seqs": listed}
        )


def plan(seen: Seen, seqs: Sequence[int]) -> Plan:
    """A plan for these facts."""
    return Plan(seen, tuple(sorted(set(seqs))))


def decode(plan_id: str, most: int) -> Plan:
    """The plan that a word holds.

    Args:
        plan_id: The word.
        most: Facts that one request may be about. Anybody can write a word that claims more.

    Raises:
        InvalidRequest: it holds none, or one of more facts.
    """
    try:
        held = paging.decode(_SCOPE, plan_id, _PARTS)
        seen = Seen(UUID(hex=str(held["uid"])), int(held["revision"]))
        runs = [
            (int(first, 16), int(more or "0", 16))
            for first, _, more in (run.partition("-") for run in str(held["seqs"]).split(","))
        ]
        if sum(1 + abs(more) for _, more in runs) > most:
            raise ValueError("more facts than one request may be about")
    except (Refused, ValueError):
        problem = FieldProblem(
            pointer="#/plan_id", code="not_a_plan", detail="must be the plan_id of a dry run"
        )
        raise InvalidRequest([problem]) from None
    return Plan(seen, tuple(seq for first, more in runs for seq in range(first, first + more + 1)))
