"""Everything memnet raises on purpose.

* MemnetError
  x InputError              the caller's data cannot be used              -> HTTP 422
    + BabiFormatError       a line of a bAbI file cannot be read
    + BabiDataMissing       a bAbI file or folder is not where it was looked for
    + DimensionMismatch     a vector has the wrong number of columns
    + RecipeError           a training setting that does not exist or cannot be
    + TextError             a fact or question without a single word
    + NotAnotherAnswer      an answer that the one given cannot be compared with
  x NotFound                something that does not exist                 -> HTTP 404
    + MemoryNotFound        no memory of this name
    + FactNotFound          no such fact in the memory, or it was forgotten
      - FactErased          a fact that was erased: nothing of it is left      -> HTTP 410
    + KeyNotFound           no key of this name
    + AnswerNotFound        no such kept answer
    + WatchNotFound         no question of this id stands
    + RevisionNotFound      a revision that the memory has not reached
    + HistoryErased         a revision whose facts were erased since           -> HTTP 410
    + LogCompacted          a part of the log that is gone or does not lead on -> HTTP 410
  x Conflict                the memory is not as the caller believes it to be  -> HTTP 409
    + MemoryMoved           it has another revision than the one expected
    + TooManyWatches        more questions than may stand
    + KeyReused             an idempotency key that came with another request  -> HTTP 422
  x ArchiveError            the official archive cannot be fetched or is not the official one
  x CheckpointError         a checkpoint is damaged, foreign or too new
  x StoreError              the store cannot do its work                  -> HTTP 503
    + StoreUnavailable      the database does not answer
    + SchemaMismatch        the database's schema is not the one memnet needs
    + VectorDamaged         a stored vector fails its checksum
    + MissingVectors        facts have no vectors of the model that is asked for
    + ModelNotActive        the memory's facts are encoded by another model
    + MemoryTooLarge        a memory that would not fit into the room for views

The message says what was expected, what came and where; `hint` says what to do.
"""

from __future__ import annotations


class MemnetError(Exception):
    """The root of every deliberate exception.

    Attributes:
        hint: What the reader can do about it, or None when the message says it all.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class InputError(MemnetError):
    """The caller's data cannot be used."""


class BabiFormatError(InputError):
    """A line of a bAbI file cannot be read; the message begins with `file:line`."""


class BabiDataMissing(InputError):
    """A bAbI file or folder is not where it was looked for."""


class DimensionMismatch(InputError):
    """A vector has the wrong number of columns."""

    def __init__(self, what: str, *, expected: int, got: int) -> None:
        super().__init__(f"{what} has {got} columns, expected {expected}")
        self.expected = expected
        self.got = got


class RecipeError(InputError):
    """A training setting that does not exist, or a combination that cannot be."""


class TextError(InputError):
    """A fact or a question without a single word.

    Attributes:
        index: Which of several facts, from 0; None for a question.
    """

    def __init__(self, message: str, *, hint: str | None = None, index: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.index = index


class NotAnotherAnswer(InputError):
    """An answer that the network does not know, or the very one that it gives."""


class NotFound(MemnetError):
    """Something that does not exist."""


class MemoryNotFound(NotFound):
    """No memory of this name."""

    def __init__(self, memory_id: str) -> None:
        super().__init__(f"there is no memory '{memory_id}'", hint="create it first")
        self.memory_id = memory_id


class FactNotFound(NotFound):
    """No such fact in the memory, or it was forgotten."""

    def __init__(self, memory_id: str, fact: str) -> None:
        super().__init__(f"memory '{memory_id}' has no fact {fact}")
        self.memory_id = memory_id


class FactErased(FactNotFound):
    """A fact that was erased: nothing of it is left, and its number is never used again."""


class KeyNotFound(NotFound):
    """No key of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no key '{name}'", hint="`memnet keys list` names them")


class AnswerNotFound(NotFound):
    """No such answer is kept: it never was, or it was deleted, with the facts it was from perhaps."""

    def __init__(self, memory_id: str, answer: str) -> None:
        super().__init__(f"memory '{memory_id}' keeps no answer {answer}")
        self.memory_id = memory_id


class WatchNotFound(NotFound):
    """No question of this id stands: none ever did, or it was let go."""

    def __init__(self, memory_id: str, watch: str) -> None:
        super().__init__(f"memory '{memory_id}' has no watch {watch}")
        self.memory_id = memory_id


class RevisionNotFound(NotFound):
    """A revision, or a time, at which the memory has no state (yet)."""


class HistoryErased(NotFound):
    """A state of the past that can never be read again: facts of it are gone, or the log that dates it."""

    def __init__(self, memory_id: str, revision: str, floor: int, *, undated: bool = False) -> None:
        why = "the log of that time is gone" if undated else "facts of that time were erased"
        oldest = f"the oldest revision that can be read is {floor}"
        super().__init__(
            f"memory '{memory_id}' cannot be read {revision}: {why}",
            hint=f"the log begins at revision {floor}; name a revision instead" if undated else oldest,
        )
        self.memory_id = memory_id


class LogCompacted(NotFound):
    """A part of the log that is gone, or does not lead to what the memory holds now."""

    def __init__(self, memory_id: str, revision: int, floor: int) -> None:
        super().__init__(
            f"the log of memory '{memory_id}' cannot be read from revision {revision} on",
            hint=f"read its facts, then the log from revision {floor} on",
        )
        self.memory_id = memory_id


class Conflict(MemnetError):
    """The memory is not as the caller believes it to be."""


class MemoryMoved(Conflict):
    """The memory has another revision than the one that was expected, or is another memory."""


class TooManyWatches(Conflict):
    """As many questions stand as a memory may have."""

    def __init__(self, memory_id: str, most: int) -> None:
        super().__init__(f"memory '{memory_id}' has {most} watches, as many as it may")


class KeyReused(Conflict):
    """An idempotency key that came with another request before."""


class CheckpointError(MemnetError):
    """A checkpoint is damaged, not a checkpoint, or of a format this memnet does not read."""


class StoreError(MemnetError):
    """The store cannot do its work."""


class StoreUnavailable(StoreError):
    """The database does not answer, or answers that it cannot."""


class SchemaMismatch(StoreError):
    """The database's schema is not the one this memnet needs."""


class VectorDamaged(StoreError):
    """A stored vector fails its checksum or has the wrong size."""


class MissingVectors(StoreError):
    """Facts have no vectors of the model that is asked for; encode them and try again.

    Attributes:
        count: How many were found missing.
    """

    def __init__(self, memory_id: str, count: int) -> None:
        super().__init__(
            f"{count} facts of memory '{memory_id}' have no vectors of this model",
            hint="encode them and add the vectors",
        )
        self.count = count


class ModelNotActive(StoreError):
    """A memory's facts are encoded by another model than the one that is loaded."""


class MemoryTooLarge(StoreError):
    """A memory that would not fit into the room for views; refused before anything is read."""
