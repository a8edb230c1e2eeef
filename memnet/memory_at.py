"""A memory as of one revision, and what can be asked of it: answers, what-ifs, nearest facts. Reads alone.

The network's attention reads the vectors of the store's view as inner products from its index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from jaxtyping import Float32

from memnet.errors import FactNotFound
from memnet.reader import Reader, Told
from memnet.store import View
from memnet.story import Answer
from memnet.supposing import NOTHING, Overlay, SupposedFacts
from memnet.viewed import ViewedFacts
from memnet.worked import SHELF

_LISTED_BYTES = 48
"""Of a fact's number and the place of its text in a list."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """A fact that was found, not reasoned about."""

    seq: int
    text: str
    score: float
    """Inner product of its first vector with the query of the first hop."""


@dataclass(frozen=True, slots=True)
class MemoryAt:
    """A memory as of one revision: all that is asked of it is answered from the same facts."""

    uid: UUID
    """Of the memory that is read, for the ids of its facts."""
    memory_id: str
    """The memory's name."""
    last_revision: int
    """The memory's last one when this was read."""
    last_seq: int
    """Number of the newest fact it ever held; what is added for one question goes on behind it."""
    _reader: Reader
    _view: View

    @property
    def revision(self) -> int:
        """The one that is read."""
        return self._view.revision

    def __len__(self) -> int:
        """Live facts."""
        return len(self._view)

    def retention(self, seqs: Sequence[int]) -> Float32[np.ndarray, " facts"]:
        """What later facts left of each of these live ones, as a logarithm: 0 for all of it."""
        found: np.ndarray = self._view.retention[np.searchsorted(self._view.seqs, seqs)]
        return found

    def ask(
        self,
        question: str,
        *,
        limit: int | None = 10,
        top_answers: int = 2,
        overlay: Overlay = NOTHING,
        heads: bool = False,
    ) -> Answer:
        """Answer a question; see `Memory.ask`.

        Args:
            question: One question.
            limit: Most facts to list per hop, per head and as evidence; None for all.
            top_answers: How many alternatives to list.
            overlay: Facts to add or hide for this question.
            heads: Say of every hop what each of its heads read.

        Raises:
            TextError: A question without a word, or an added fact without one; `index` says which.
            FactNotFound: A fact to hide that the memory does not hold as of then.
        """
        facts = self._supposed(overlay) if overlay else told(self._view, self._reader.attended(len(self)))
        return self._reader.answer(question, facts, limit=limit, top_answers=top_answers, heads=heads)

    def _supposed(self, overlay: Overlay) -> Told:
        reader, view = self._reader, self._view
        added = overlay.added(self.last_seq)
        hidden = np.array(sorted(seq for seq in overlay.hide if seq <= self.last_seq), np.int64)
        absent = np.setdiff1d(hidden, view.seqs).tolist() if len(hidden) else []
        absent += [seq for seq in overlay.hide if seq > self.last_seq + len(overlay.add)]
        if absent:
            raise FactNotFound(self.memory_id, str(absent[0]))
        model = reader.model
        vectors = np.empty((0, model.spaces, model.dim), np.float32)
        if added:
            vectors = reader.encode([text for _, text in added])
        eligible = len(view) - len(hidden) + len(added)
        attended = reader.attended(eligible)
        # As many more of the memory's newest facts as may be hidden among them.
        base = ViewedFacts(view, min(len(view), attended + len(hidden)))
        kept = np.flatnonzero(~np.isin(base.seqs, hidden))
        first = max(len(added) - attended, 0)
        added, vectors = added[first:], vectors[first:]
        kept = kept[max(len(kept) - (attended - len(added)), 0) :]
        texts = view.newest_texts(len(base))
        return Told(
            slots=SupposedFacts(
                base, kept, vectors, reader.gates if model.has_gates else None, model.retire_below
            ),
            seqs=[*base.seqs[kept].tolist(), *(seq for seq, _ in added)],
            texts=[*(texts[place] for place in kept.tolist()), *(text for _, text in added)],
            eligible=eligible,
            revision=view.revision,
        )

    def nearest(self, text: str, limit: int) -> tuple[Nearest, ...]:
        """The facts whose first vectors have the largest inner products with a question's, best first.

        All live facts are compared, also those too old to be attended to. Neither their age nor the words
        that the network does not know have a part in it.

        Raises:
            TextError: A text without a word.
        """
        query = self._reader.encode_question(text)
        seqs, scores = self._view.index(0).search(query, limit)
        texts = self._view.texts
        places = np.searchsorted(self._view.seqs, seqs[0]).tolist()
        return tuple(
            Nearest(seq, texts[place], score)
            for seq, place, score in zip(seqs[0].tolist(), places, scores[0].tolist(), strict=True)
        )


def told(view: View, attended: int) -> Told:
    """The newest facts of a view, as many as a network attends to."""
    slots = ViewedFacts(view, attended)
    seqs, texts = SHELF.once(
        view.worked,
        ("told", attended),
        lambda: (slots.seqs.tolist(), view.newest_texts(attended)),
        lambda lists: attended * _LISTED_BYTES,
    )
    return Told(slots, seqs, texts, eligible=len(view), revision=view.revision, worked=view.worked)
