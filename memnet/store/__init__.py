"""Facts in SQL, found by FAISS: ids and float32 arrays, nothing of networks.

SQL is the only truth. Indexes and views are caches that can be thrown away at any time.
"""

from memnet.errors import MissingVectors
from memnet.store import migrate
from memnet.store.database import DEFAULT_DATABASE_URL, open_database
from memnet.store.facts import FactStore
from memnet.store.idempotency import Once
from memnet.store.ids import fact_id, seq_of
from memnet.store.reads import Change, FactsRead, Log, Seen, Traces
from memnet.store.rows import Added, Erased, FactRow, MemoryRow, ModelUse
from memnet.store.view import View
from memnet.store.writes import Gate, Gates, NewFacts, Superseded, Write, Writes

__all__ = [
    "DEFAULT_DATABASE_URL",
    "Added",
    "Change",
    "Erased",
    "FactRow",
    "FactStore",
    "FactsRead",
    "Gate",
    "Gates",
    "Log",
    "MemoryRow",
    "MissingVectors",
    "ModelUse",
    "NewFacts",
    "Once",
    "Seen",
    "Superseded",
    "Traces",
    "View",
    "Write",
    "Writes",
    "fact_id",
    "migrate",
    "open_database",
    "seq_of",
]
