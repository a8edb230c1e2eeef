"""Statements that every request runs: put into words once, and handed to the driver as they are.

SQLAlchemy looks up what a statement is in words each time that it runs, and makes an object of every row:
more work than SQLite has with it. What it knows is asked for once here, which text goes to the driver, in
which order the values, and how each is written and read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from typing import Any, cast

from sqlalchemy import Connection, Dialect, Insert, Select, Update
from sqlalchemy.types import TypeEngine

_NAMED = re.compile(r"%\((\w+)\)s")

Process = Callable[[Any], Any]

KEPT = 256
"""Statements in words that are remembered: a few for each database that a process has open."""


@dataclass(frozen=True, slots=True)
class _Worded:
    """A statement as a driver takes it."""

    text: str
    names: tuple[str, ...]
    """Of its values, in their order."""
    values: dict[str, Any]
    """Those that the statement itself has."""
    written: Mapping[str, Process]
    """How values are written that are not handed over as they are, by name."""
    read: tuple[tuple[int, Process], ...]
    """Columns of its rows that are not handed out as they come."""


class Prepared:
    """A statement with names in the place of values, ready to be run often."""

    def __init__(self, statement: Select[Any] | Update | Insert) -> None:
        self._statement = statement

    def rows(self, connection: Connection, **values: Any) -> list[tuple[Any, ...]]:
        """Run it: its rows, all of them."""
        worded = _worded(self._statement, connection.dialect)
        given = {**worded.values, **values}
        for name, process in worded.written.items():
            given[name] = process(given[name])
        result = connection.exec_driver_sql(worded.text, tuple(given[name] for name in worded.names))
        try:
            found = cast("list[tuple[Any, ...]]", list(result.cursor.fetchall())) if result.cursor else []
        finally:
            result.close()
        return [_read(row, worded.read) for row in found] if worded.read else found


def insert_rows(connection: Connection, statement: Insert, *columns: Any) -> None:
    """Insert rows with a value for each column of the table.

    Args:
        connection: A write transaction.
        statement: An insert that names no values. One that is the same object each time is put into words
            once.
        columns: In the order of the table's columns, each a list with a value for every row, or the value
            that all rows have; at least one is a list.
    """
    count = max(len(column) for column in columns if isinstance(column, list))
    if not count:
        return
    worded = _worded(statement, connection.dialect)
    given = dict(zip(statement.table.columns.keys(), columns, strict=True))
    for name, process in worded.written.items():
        value = given[name]
        given[name] = list(map(process, value)) if isinstance(value, list) else process(value)
    ordered = (given[name] for name in worded.names)
    whole = (value if isinstance(value, list) else repeat(value, count) for value in ordered)
    connection.exec_driver_sql(worded.text, list(zip(*whole, strict=True)))


@lru_cache(KEPT)
def _worded(statement: Select[Any] | Update | Insert, dialect: Dialect) -> _Worded:
    names = statement.table.columns.keys() if isinstance(statement, Insert) else None
    compiled = statement.compile(dialect=dialect, column_keys=names)
    text, order = str(compiled), compiled.positiontup
    if order is None:
        order = _NAMED.findall(text)
        text = _NAMED.sub("%s", text)
    written = {
        name: process
        for name, bound in compiled.binds.items()
        if (process := _of(bound.type, dialect).bind_processor(dialect))
    }
    read = []
    for place, column in enumerate(statement.exported_columns):
        process = _of(column.type, dialect).result_processor(dialect, None)
        if process is not None:
            read.append((place, process))
    return _Worded(text, tuple(order), dict(compiled.params), written, tuple(read))


def _of(kind: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    return kind.dialect_impl(dialect)


def _read(row: tuple[Any, ...], which: Sequence[tuple[int, Process]]) -> tuple[Any, ...]:
    values = list(row)
    for place, process in which:
        values[place] = process(values[place])
    return tuple(values)
