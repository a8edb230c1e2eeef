"""The football story's answer, for the documentation. The numbers are an illustration, not a result."""

from __future__ import annotations

from typing import Any

from service.schemas.fact import FIRST_ID, SECOND_ID, STORY


def _hop(hop: int, null_mass: float, *facts: tuple[str, int, float, float]) -> dict[str, Any]:
    return {
        "hop": hop,
        "null_mass": null_mass,
        "other_mass": 0.0,
        "attention": [
            {"rank": rank, "fact_id": fact_id, "seq": seq, "weight": weight, "score": score}
            for rank, (fact_id, seq, weight, score) in enumerate(facts, start=1)
        ],
        "heads": None,
    }


ANSWER_EXAMPLE: dict[str, Any] = {
    "question": "Where is the football?",
    "answer": "garden",
    "abstained": False,
    "reason": None,
    "confidence": {"probability": 0.94, "margin": 0.91},
    "entries": [{"text": "garden", "probability": 0.95}],
    "alternatives": [{"text": "garden", "probability": 0.94}, {"text": "kitchen", "probability": 0.03}],
    "hops": [
        _hop(1, 0.01, (FIRST_ID, 1, 0.97, 9.10), (SECOND_ID, 2, 0.02, 5.22)),
        _hop(2, 0.02, (SECOND_ID, 2, 0.95, 8.00), (FIRST_ID, 1, 0.03, 4.54)),
    ],
    "evidence": [
        {
            "fact_id": FIRST_ID,
            "seq": 1,
            "text": STORY[0],
            "weight": 0.5,
            "per_hop": [0.97, 0.03],
            "peak_hop": 1,
        },
        {
            "fact_id": SECOND_ID,
            "seq": 2,
            "text": STORY[1],
            "weight": 0.485,
            "per_hop": [0.02, 0.95],
            "peak_hop": 2,
        },
    ],
    "evidence_method": "mean_over_hops",
    "unknown_words": [],
    "read_as": [],
    "memory": {
        "memory_id": "house",
        "revision": 1,
        "as_of": None,
        "eligible": 2,
        "attended": 2,
        "exact": True,
    },
    "model": {"model_id": "memnet-joint", "sha256": "9f86d081884c7d65…", "hops": 2},
    "overlay": None,
    "explanation": None,
    "answer_id": None,
    "digest": None,
    "created_at": None,
    "timing_ms": {"total": 2.0},
    "request_id": "5a0c9e6d4b1f4e0f8f6d2c3b1a098765",
}
