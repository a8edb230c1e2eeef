"""The reply to facts that are told, written without making models of it."""

from __future__ import annotations

from uuid import UUID

from memnet.memory import Remembered, RememberedFact
from memnet.store import Gate
from memnet.story import ReadAs
from service.schemas.fact import FactsCreated


def test_the_reply_is_what_its_schema_says():
    plain = RememberedFact(3, UUID(int=7), ())
    full = RememberedFact(
        4, UUID(int=8), ("glorp",), (Gate(1, 0.25), Gate(3, 1.0)), (ReadAs("trudged", "walked"),)
    )

    reply = FactsCreated.model_validate_json(FactsCreated.json_of(Remembered(2, (plain, full))))

    assert reply.model_dump(mode="json") == {
        "revision": 2,
        "searchable": True,
        "counts": {"created": 2},
        "facts": [
            {
                "index": 0,
                "fact_id": str(UUID(int=7)),
                "seq": 3,
                "status": "created",
                "unknown_words": [],
                "read_as": [],
                "superseded": [],
            },
            {
                "index": 1,
                "fact_id": str(UUID(int=8)),
                "seq": 4,
                "status": "created",
                "unknown_words": ["glorp"],
                "read_as": [{"word": "trudged", "taught": "walked"}],
                "superseded": [{"seq": 1, "gate": 0.25}, {"seq": 3, "gate": 1.0}],
            },
        ],
    }
    assert reply.model_dump_json().encode() == FactsCreated.json_of(Remembered(2, (plain, full)))
