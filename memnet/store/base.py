"""A store on one database: its views, and the models it knows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, select, update

from memnet.store import migrate, models
from memnet.store.database import reading, sqlite_file, writing
from memnet.store.keys import Keys
from memnet.store.memories import Head
from memnet.store.rows import ModelRow
from memnet.store.schema import store_meta
from memnet.store.view import View
from memnet.store.views import LOAD_TIMEOUT_S, Views

DEFAULT_CACHE_BYTES = 1 << 30
"""Views kept in memory: about a million facts of four vectors of 64 with short texts."""


class StoreBase:
    """What all parts of the store share."""

    def __init__(
        self,
        engine: Engine,
        *,
        cache_bytes: int = DEFAULT_CACHE_BYTES,
        max_view_bytes: int | None = None,
        half: bool = False,
        load_timeout_s: float = LOAD_TIMEOUT_S,
    ) -> None:
        """Use a database.

        Args:
            engine: From `open_database`, with a schema that `migrate.check` accepts.
            cache_bytes: Bound on the views kept in memory.
            max_view_bytes: Refuse to load a memory whose vectors are larger; None for no bound.
            half: Keep vectors in memory as float16: half the room, scores with 11 bits. SQL keeps float32.
            load_timeout_s: How long a reader waits for another one that loads the same memory.
        """
        self._engine = engine
        self.keys = Keys(engine)
        """Who may do what; the store itself asks nobody."""
        self._views = Views(
            engine,
            cache_bytes=cache_bytes,
            max_view_bytes=max_view_bytes,
            half=half,
            load_timeout_s=load_timeout_s,
        )
        # Models never change once registered.
        self._models: dict[int, ModelRow] = {}

    def close(self) -> None:
        """Give the database connections back."""
        self._engine.dispose()

    def ping(self) -> None:
        """Make sure that the database answers.

        Raises:
            StoreUnavailable: It does not.
        """
        with reading(self._engine) as connection:
            connection.execute(select(1))

    def check_writable(self) -> None:
        """Make sure that a write would be stored, by storing what is there already.

        Raises:
            StoreUnavailable: It would not: no room, read-only, locked for too long, or no answer.
        """
        epoch = store_meta.c.key == "store_epoch"
        with writing(self._engine) as connection:
            connection.execute(update(store_meta).where(epoch).values(value=store_meta.c.value))

    def check_schema(self) -> None:
        """Make sure that the schema is the one this memnet needs; see `migrate.check`."""
        migrate.check(self._engine)

    def register_model(self, digest: str, *, family: str, spaces: int, dim: int) -> int:
        """The id of a model, registered at the first call.

        Args:
            digest: SHA-256 of its checkpoint.
            family: The kind of network.
            spaces: Vectors per fact.
            dim: Columns per vector.

        Raises:
            InputError: The digest is registered with other properties.
        """
        with writing(self._engine) as connection:
            model = models.register(connection, digest, family=family, spaces=spaces, dim=dim)
        self._models[model.model_id] = model
        return model.model_id

    def view(
        self,
        name: str,
        model_id: int,
        *,
        as_of_revision: int | None = None,
        recorded_at: datetime | None = None,
    ) -> View:
        """The memory as of its last committed change, by whichever process; or as of an earlier one.

        Costs one select when nothing has changed since the last view.

        Args:
            name: Which memory.
            model_id: Whose vectors.
            as_of_revision: The state to read; None for the last one.
            recorded_at: Instead of a revision: the last one that was recorded at or before this moment.

        Raises:
            MemoryNotFound: There is no such memory.
            RevisionNotFound: It has no such revision.
            HistoryErased: Facts of that revision were erased since.
            MissingVectors: Live facts have no vectors of this model; fill them in and ask again.
            VectorDamaged: A stored vector fails its checksum.
            MemoryTooLarge: The memory's vectors would take more than `max_view_bytes`.
            InputError: There is no such model; a revision and a moment at once.
        """
        return self.read(name, model_id, as_of_revision=as_of_revision, recorded_at=recorded_at)[1]

    def read(
        self,
        name: str,
        model_id: int,
        *,
        as_of_revision: int | None = None,
        recorded_at: datetime | None = None,
    ) -> tuple[Head, View]:
        """Where the memory stands, and its view, from the same state; see `view`."""
        return self._views.read(
            name, self._model(model_id), as_of_revision=as_of_revision, recorded_at=recorded_at
        )

    @property
    def cached_bytes(self) -> int:
        """Estimated size of the views kept in memory."""
        return self._views.size_bytes

    @property
    def log_bytes(self) -> int | None:
        """Size of SQLite's write-ahead log, 0 when there is none; None for a server.

        About 8 MiB is usual. It grows beyond while a reader holds on to an old state, another process for
        example that opened a transaction and forgot it: nothing behind that state can be moved into the file.
        """
        file = sqlite_file(self._engine)
        if file is None:
            return None
        try:
            return file.with_name(f"{file.name}-wal").stat().st_size
        except FileNotFoundError:
            return 0

    def sweep(self) -> int:
        """Let go of cached views of what other processes erased or deleted. Reads do this once a minute.

        Returns:
            Of how many memories views were dropped.
        """
        return self._views.sweep()

    def _model(self, model_id: int) -> ModelRow:
        model = self._models.get(model_id)
        if model is None:
            with reading(self._engine) as connection:
                model = models.get(connection, model_id)
            self._models[model_id] = model
        return model
