"""The models whose vectors the store keeps."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from memnet.errors import InputError
from memnet.store.rows import ModelRow, ModelUse
from memnet.store.schema import memories, models
from memnet.store.statements import insert_if_absent

_COLUMNS = (models.c.model_id, models.c.digest, models.c.family, models.c.spaces, models.c.dim)


def register(connection: Connection, digest: str, *, family: str, spaces: int, dim: int) -> ModelRow:
    """The model with this digest, registered at the first call.

    Raises:
        InputError: The digest is registered with other properties.
    """
    find = select(*_COLUMNS).where(models.c.digest == digest)
    row = connection.execute(find).one_or_none()
    if row is None:
        new = {"digest": digest, "family": family, "spaces": spaces, "dim": dim}
        connection.execute(insert_if_absent(connection, models).values(**new, created_at=datetime.now(UTC)))
        row = connection.execute(find).one()
    model = _model(row)
    if (model.family, model.spaces, model.dim) != (family, spaces, dim):
        raise InputError(
            f"model {digest} is registered as {model.family} with {model.spaces} spaces of {model.dim}, "
            f"not as {family} with {spaces} of {dim}"
        )
    return model


def get(connection: Connection, model_id: int) -> ModelRow:
    """The model with this id.

    Raises:
        InputError: No such model is registered.
    """
    row = connection.execute(select(*_COLUMNS).where(models.c.model_id == model_id)).one_or_none()
    if row is None:
        raise InputError(f"there is no model {model_id}", hint="register it first")
    return _model(row)


def used(connection: Connection) -> list[ModelUse]:
    """Every model, in the order of registration, and what is encoded with it."""
    active = dict[int, tuple[int, int]]()
    for row in connection.execute(
        select(memories.c.active_model_id, func.count(), func.sum(memories.c.live_count))
        .where(memories.c.active_model_id.is_not(None))
        .group_by(memories.c.active_model_id)
    ):
        active[row[0]] = (row[1], int(row[2]))
    changing = {
        row[0]: row[1]
        for row in connection.execute(
            select(memories.c.building_model_id, func.count())
            .where(memories.c.building_model_id.is_not(None))
            .group_by(memories.c.building_model_id)
        )
    }
    rows = connection.execute(select(*_COLUMNS, models.c.created_at).order_by(models.c.model_id))
    return [
        ModelUse(
            _model(row), row.created_at, *active.get(row.model_id, (0, 0)), changing.get(row.model_id, 0)
        )
        for row in rows
    ]


def _model(row: Row[*tuple[Any, ...]]) -> ModelRow:
    return ModelRow(row.model_id, row.digest, row.family, row.spaces, row.dim)
