"""Which history is being read: a cache of another one must not be used, whatever its revisions are."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Text, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from memnet.store.schema import store_meta


class _ServerStarted(FunctionElement[str]):
    """When the server was started, as text; nothing where there is none.

    Another server that takes this one's place was started at another moment, and may lack its last revisions.
    """

    type = Text()
    inherit_cache = True


@compiles(_ServerStarted)
def _of_no_server(_element: _ServerStarted, _compiler: SQLCompiler, **_: Any) -> str:
    return "''"


@compiles(_ServerStarted, "postgresql")
def _of_postgresql(_element: _ServerStarted, _compiler: SQLCompiler, **_: Any) -> str:
    return "CAST(extract(epoch FROM pg_postmaster_start_time()) AS text)"


STORE_EPOCH = (
    select(store_meta.c.value)
    .where(store_meta.c.key == "store_epoch")
    .scalar_subquery()
    .concat(_ServerStarted())
)
"""Of the database and of the server that has it: what was cached in another one must not be used."""
