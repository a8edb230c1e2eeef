"""From the numbers of facts to their ids."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

FactIdOf = Callable[[int], UUID | None]
"""The id of the fact with this number; None where the fact is not stored."""
