"""Published results on bAbI, from a data file with the source and status of every number."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from memnet.errors import InputError


@dataclass(frozen=True, slots=True)
class Published:
    """One published column: error per task."""

    model: str
    train_size: str
    """`1k` or `10k`."""
    mode: str
    """`single` (one network per task) or `joint`."""
    statistic: str
    """Which run the numbers are of, such as `best of 10 runs by training error`."""
    errors: dict[int, float]
    """Error per task, in [0, 1]."""
    status: str
    """`verified` in its source, or `recalled`: to be checked before it is relied on."""
    source: str


def published(model: str, train_size: str, mode: str, statistic: str | None = None) -> Published:
    """A published column of one statistic; which one need not be said where there is one alone.

    Raises:
        InputError: There is none, or there are several statistics.
    """
    found = [
        column
        for column in _columns()
        if (column.model, column.train_size, column.mode) == (model, train_size, mode)
        and statistic in (None, column.statistic)
    ]
    if len(found) != 1:
        raise InputError(f"there are {len(found)} published columns for '{model}', {train_size}, {mode}")
    return found[0]


def columns(train_size: str | None = None, mode: str | None = None) -> tuple[Published, ...]:
    """Every published column of error rates, or those of one training size or mode."""
    return tuple(
        column
        for column in _columns()
        if train_size in (None, column.train_size)
        and mode in (None, column.mode)
        # A spread over runs is kept beside the errors; it is none.
        and not column.statistic.startswith("std ")
    )


@cache
def _columns() -> tuple[Published, ...]:
    columns: dict[tuple[str, str, str, str], Published] = {}
    text = files("memnet.babi").joinpath("published_results.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        key = (row["model"], row["train_size"], row["mode"], row["statistic"])
        column = columns.setdefault(key, Published(*key, {}, row["status"], row["source"]))
        column.errors[int(row["task"])] = round(float(row["error_pct"]) / 100, 6)
    return tuple(columns.values())
