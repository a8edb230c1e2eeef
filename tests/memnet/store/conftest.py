"""A store on each database, made by our migrations."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from memnet.store import FactStore, View, migrate, open_database
from tests.postgres_server import PostgresServer, postgres_server

__all__ = ["postgres_server"]

SPACES, DIM = 3, 5
STORY = ["Mary got the football there.", "Mary went back to the garden."]

Databases = Callable[[], str]


@dataclass
class Database:
    """A migrated database, and a store on it with one model and the memory `house`."""

    url: str
    engine: Engine
    store: FactStore
    model_id: int
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))

    def vectors(self, count: int) -> np.ndarray:
        """Vectors for so many facts."""
        return self.rng.normal(size=(count, SPACES, DIM)).astype(np.float32)

    def add(self, *texts: str, name: str = "house") -> tuple[int, ...]:
        """Add facts with vectors of their own: their numbers."""
        return self.store.add(name, texts, model_id=self.model_id, vectors=self.vectors(len(texts))).seqs

    def view(self, name: str = "house") -> View:
        """The memory as it stands."""
        return self.store.view(name, self.model_id)

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        """What the database itself says."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(statement)]

    def execute(self, statement: str) -> None:
        """Change the database behind the store's back."""
        with self.engine.begin() as connection:
            connection.exec_driver_sql(statement)

    def counts(self) -> dict[str, int]:
        """Rows per table."""
        tables = ("memories", "facts", "fact_vectors", "changes")
        return {table: int(self.rows(f"SELECT count(*) FROM {table}")[0][0]) for table in tables}


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file."""
    path = tmp_path_factory.mktemp("template") / "memnet.db"
    migrate.upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> Iterator[str]:
    """A migrated, empty PostgreSQL database, to be copied."""
    with postgres_server.database() as name:
        migrate.upgrade(postgres_server.url(name))
        yield name


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def dialect(request: pytest.FixtureRequest) -> str:
    """Every test that asks for a database runs on both."""
    return str(request.param)


@pytest.fixture
def empty_url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without a schema; the SQLite file does not exist yet."""
    if dialect == "sqlite":
        yield f"sqlite:///{tmp_path}/deep/er/memnet.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.database() as name:
        yield server.url(name)


@pytest.fixture
def url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database."""
    if dialect == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        shutil.copy(template, tmp_path / "memnet.db")
        yield f"sqlite:///{tmp_path}/memnet.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.database(request.getfixturevalue("postgres_template")) as name:
        yield server.url(name)


@pytest.fixture
def open_store(url: str) -> Iterator[Callable[[], FactStore]]:
    """Open another store on the same database, as another process would."""
    with ExitStack() as stack:

        def opened() -> FactStore:
            store = FactStore(open_database(url))
            stack.callback(store.close)
            return store

        yield opened


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """A store with one model and an empty memory called `house`."""
    engine = open_database(url)
    store = FactStore(engine)
    model_id = store.register_model("digest", family="memn2n", spaces=SPACES, dim=DIM)
    store.put_memory("house")
    yield Database(url, engine, store, model_id)
    store.close()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder for backups."""
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder


@pytest.fixture
def other_url(dialect: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A place of the same kind with nothing in it."""
    if dialect == "sqlite":
        yield f"sqlite:///{tmp_path}/new/folder/restored.db"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.database() as name:
        yield server.url(name)
