"""What the two databases spell alike and SQLAlchemy keeps apart, and lists too long for one statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any, TypeVar

from sqlalchemy import Connection, Insert, Select, Table
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")

_FEW = 64
"""Rows up to which SQLAlchemy, which knows the statement already, is faster."""


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most `size` items, in order."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def insert_if_absent(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An insert that leaves a row alone whose unique key exists, instead of failing."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def insert_rows(connection: Connection, statement: Insert, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert many rows of numbers with a value for each column, in the order of the table's columns.

    A driver that takes its parameters by position is given the rows as they are: a dictionary for every row
    costs more than the insert itself.
    """
    if not rows:
        return
    names = statement.table.columns.keys()
    if len(rows) <= _FEW:
        connection.execute(statement, [dict(zip(names, row, strict=True)) for row in rows])
        return
    compiled = statement.compile(dialect=connection.dialect, column_keys=names)
    if compiled.positiontup is None:
        connection.execute(statement, [dict(zip(names, row, strict=True)) for row in rows])
        return
    places = [names.index(name) for name in compiled.positiontup]
    if places != list(range(len(names))):
        rows = list(map(itemgetter(*places), rows))
    connection.exec_driver_sql(compiled.string, list(rows))


def numbers(connection: Connection, statement: Select[Any]) -> list[tuple[Any, ...]]:
    """All rows of a statement as the driver gives them: for numbers, which need no conversion."""
    result = connection.execute(statement)
    try:
        return list(result.cursor.fetchall()) if result.cursor is not None else []
    finally:
        result.close()
