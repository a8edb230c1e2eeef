"""Facts in SQL, found by FAISS: ids and float32 arrays, nothing of networks.

SQL is the only truth. Indexes and views are caches that can be thrown away at any time.
"""

from memnet.errors import MissingVectors
from memnet.store import migrate
from memnet.store.answers import KeptAnswers
from memnet.store.base import DEFAULT_CACHE_BYTES
from memnet.store.database import DEFAULT_DATABASE_URL, open_database
from memnet.store.facts import FactStore
from memnet.store.idempotency import Once
from memnet.store.ids import fact_id, seq_of
from memnet.store.keys import VERBS, KeyRow, Keys
from memnet.store.memories import Head
from memnet.store.reads import Change, FactsRead, Log, Seen, Traces
from memnet.store.rows import Added, AnswerRow, Erased, FactRow, Gate, MemoryRow, ModelUse, WatchRow
from memnet.store.view import View
from memnet.store.writes import Gates, NewFacts, Restoring, Superseded, Write, Writes

__all__ = [
    "DEFAULT_CACHE_BYTES",
    "DEFAULT_DATABASE_URL",
    "VERBS",
    "Added",
    "AnswerRow",
    "Change",
    "Erased",
    "FactRow",
    "FactStore",
    "FactsRead",
    "Gate",
    "Gates",
    "Head",
    "KeptAnswers",
    "KeyRow",
    "Keys",
    "Log",
    "MemoryRow",
    "MissingVectors",
    "ModelUse",
    "NewFacts",
    "Once",
    "Restoring",
    "Seen",
    "Superseded",
    "Traces",
    "View",
    "WatchRow",
    "Write",
    "Writes",
    "fact_id",
    "migrate",
    "open_database",
    "seq_of",
]
