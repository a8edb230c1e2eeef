"""Who is asking, and whether they may: one rule for every route.

The door (`service.door`) finds out whose key a request has, before anything else of it is read. What the key
allows is asked here, by the one dependency that every route under `/v1` has: `needs("write")`. A memory that
the key is not for does not exist, whatever its owner has called by that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request, Security
from fastapi.routing import iter_route_contexts
from fastapi.security import HTTPBearer, SecurityScopes
from starlette.routing import compile_path

from memnet.errors import MemoryNotFound
from memnet.store import VERBS, KeyRow
from service import problems
from service.errors import Refused
from service.rates import RateClass, class_of

TOOLS = "/mcp"
"""Where agents call tools. Each asks for itself what its key allows: only it knows which memory it is for."""


@dataclass(frozen=True, slots=True)
class Access:
    """What a request may see."""

    key: KeyRow | None = None
    """None where nobody is asked for a key: everything."""

    @property
    def memories(self) -> tuple[str, ...] | None:
        """Names and prefixes that a list is cut to; None for all."""
        return None if self.key is None else self.key.memories

    def sees(self, memory_id: str) -> bool:
        """Whether a memory of this name, be there one or not, may be seen."""
        return self.key is None or self.key.sees(memory_id)

    def check(self, verb: str) -> None:
        """Make sure that the key allows a verb.

        Raises:
            Refused: it does not (403 `insufficient_scope`).
        """
        if self.key is not None and not self.key.may(verb):
            raise Refused(
                problems.INSUFFICIENT_SCOPE,
                f"the key does not allow '{verb}'",
                headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{verb}"'},
            )


async def _access(request: Request) -> Access:
    access: Access = request.state.access
    return access


AccessDep = Annotated[Access, Depends(_access)]


class _Key(HTTPBearer):
    """What every route under `/v1` asks for. One dependency: the framework takes its time over each."""

    async def __call__(self, request: Request, needed: SecurityScopes) -> None:  # type: ignore[override]
        """Make sure that the request's key allows what the route needs, for the memory in its path.

        Raises:
            MemoryNotFound: there is no such memory, or the key is not for it.
            Refused: the key does not allow one of the verbs.
        """
        access: Access = request.state.access
        memory_id = request.path_params.get("memory_id")
        if memory_id is not None and not access.sees(memory_id):
            raise MemoryNotFound(memory_id)
        for verb in needed.scopes:
            access.check(verb)


KEY = _Key(
    scheme_name="key",
    bearerFormat="mn_<prefix>_<secret>",
    description="A key that `memnet keys create` has made. A service that listens on loopback and has "
    "no keys asks for none.",
)


def needs(*verbs: str) -> Any:
    """For the `dependencies` of a route or router: a key that allows these verbs, for the memory in its path.

    Without verbs any key will do.
    """
    assert set(verbs) <= set(VERBS), verbs
    return Security(KEY, scopes=list(verbs))


def guarded(path: str) -> bool:
    """Whether a path is for holders of keys: all of the API, and what the service tells its operator."""
    return path == "/v1" or path.startswith("/v1/") or path in ("/metrics", TOOLS)


def check_routes(app: FastAPI) -> None:
    """Make sure that no route under a guarded path was left open.

    Raises:
        RuntimeError: One has no `needs(…)`.
    """
    for path, methods in _unasked(app):
        raise RuntimeError(
            f"{', '.join(sorted(methods))} {path} asks for no key; add dependencies=[needs('read')]"
        )


def _unasked(app: FastAPI) -> Iterator[tuple[str, set[str]]]:
    for path, methods, verbs in _routes(app):
        if guarded(path) and verbs is None and path != TOOLS:
            yield path, methods


def _routes(app: FastAPI) -> Iterator[tuple[str, set[str], set[str] | None]]:
    """Every path with its methods and the verbs that it needs; None for one that asks for no key."""
    for route in iter_route_contexts(app.routes):
        dependant = getattr(route, "dependant", None)
        asking = [each for each in dependant.dependencies if each.call is KEY] if dependant else []
        verbs = {verb for each in asking for verb in each.own_oauth_scopes or ()}
        methods = set(getattr(route, "methods", None) or ())
        yield getattr(route, "path", None) or "", methods, verbs if asking else None


class Classes:
    """By which rate a request is counted, known from its head alone."""

    def __init__(self, app: FastAPI) -> None:
        """Read what each route of an application needs."""
        # By method and number of parts, so that a request is compared with a few paths, not with all.
        self._paths: dict[tuple[str, int], list[tuple[re.Pattern[str], RateClass]]] = {}
        for path, methods, verbs in _routes(app):
            if verbs is not None:
                for method in methods:
                    among = self._paths.setdefault((method, path.count("/")), [])
                    among.append((compile_path(path)[0], class_of(verbs)))

    def of(self, method: str, path: str) -> RateClass:
        """The class of a request; `read` for one that no route answers, and for the heads of tool calls."""
        for pattern, rate_class in self._paths.get((method, path.count("/")), ()):
            if pattern.match(path):
                return rate_class
        return "read"
