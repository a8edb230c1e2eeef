"""The memory as tools for agents, by the Model Context Protocol at `/mcp`.

An extra (`pip install memnet[mcp]`, `MEMNET_MCP=1`). The same keys, limits and rules as of the HTTP API: the
door lets a request in, and each tool asks what its key allows for the memory that it names. Requests are
answered one by one without sessions, so that any worker answers any of them.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Annotated, Any, ParamSpec, TypeVar
from uuid import UUID

from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp.types import ToolAnnotations
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State
from starlette.requests import Request
from starlette.routing import BaseRoute

import memnet
from memnet.errors import FactNotFound, InputError, MemnetError, MemoryNotFound, NotFound, StoreError
from memnet.explaining import asking_without, explain
from memnet.memory import Memory
from memnet.store import Once
from memnet.store.actors import acting_as
from memnet.store.memories import NAME
from service import limits, problems
from service.access import TOOLS, Access
from service.capacity import Capacity
from service.errors import InvalidRequest, Refused
from service.rates import Counted, RateClass
from service.schemas.fact import NewFact
from service.schemas.tool import Forgotten, Found, Names, Reasons, Said, Told
from service.settings import Settings

INSTRUCTIONS = """\
memnet is a memory that answers. Facts are short sentences in plain words, told in the order they happened; \
say what changed as a new fact. Ask short questions; the answer is a word, with its probability and the \
facts that attention read. It is a small network, not a language model: it knows only the words that it was \
trained on, and names those of a question that it does not know. Use `why` to see which facts an answer \
needs."""

MemoryId = Annotated[str, Field(description="The memory's name")]

P = ParamSpec("P")
R = TypeVar("R")


def serve(state: State) -> MCPServer[Any]:
    """The tools, for an application with this state."""
    server: MCPServer[Any] = MCPServer(
        "memnet", version=memnet.__version__, instructions=INSTRUCTIONS, log_level="WARNING"
    )
    reads = ToolAnnotations(read_only_hint=True, open_world_hint=False)
    writes = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)
    removes = ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=False)
    tools = Tools(state)
    for tool, hints in (
        (tools.remember, writes),
        (tools.ask, reads),
        (tools.why, reads),
        (tools.search, reads),
        (tools.forget, removes),
        (tools.memories, reads),
    ):
        server.add_tool(tool, annotations=hints)
    return server


def routes(server: MCPServer[Any]) -> list[BaseRoute]:
    """Where the tools are called."""
    app = server.streamable_http_app(
        streamable_http_path=TOOLS,
        json_response=True,
        stateless_http=True,
        # By which names the service may be called is asked once for every path, at its edge.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    return list(app.routes)


def _tool(
    rate_class: RateClass, *, computes: bool = False
) -> Callable[[Callable[P, R]], Callable[P, Awaitable[R]]]:
    """Make a method a tool: counted, in its turn when it uses the network, in a thread."""

    def made(method: Callable[P, R]) -> Callable[P, Awaitable[R]]:
        @wraps(method)
        async def tool(*args: P.args, **kwargs: P.kwargs) -> R:
            request = _request_of(kwargs["ctx"])
            with _told():
                _count(request, rate_class)
                if not computes:
                    return await run_in_threadpool(method, *args, **kwargs)
                capacity: Capacity = request.app.state.capacity
                async with capacity.turn():
                    return await run_in_threadpool(method, *args, **kwargs)

        return tool

    return made


def _request_of(ctx: Any) -> Request:
    request = ctx.request_context.request
    assert isinstance(request, Request)
    return request


def _count(request: Request, rate_class: RateClass) -> None:
    """Count a call as what it does.

    Raises:
        Refused: there were too many of this class (429 over HTTP).
    """
    counted: Counted | None = request.state.count(rate_class)
    if counted is not None and counted.taken.wait_s:
        wait_s = math.ceil(counted.taken.wait_s)
        raise Refused(
            problems.RATE_LIMITED, f"{request.state.caller.too_often(counted)}; call again in {wait_s} s"
        )


@contextmanager
def _told() -> Iterator[None]:
    """Errors in words that are meant for the caller; what nobody expected stays inside."""
    try:
        yield
    except InvalidRequest as error:
        fields = "; ".join(f"{each.pointer}: {each.detail}" for each in error.fields)
        raise ToolError(f"{error.kind.title}: {fields}") from None
    except Refused as error:
        raise ToolError(f"{error.kind.title}: {error.detail}") from None
    except (NotFound, InputError) as error:
        raise ToolError(f"{error}; {error.hint}" if error.hint else str(error)) from None
    except StoreError:
        raise ToolError("the memory cannot do its work now; try again later") from None
    except MemnetError as error:
        raise ToolError(str(error)) from None


class Tools:
    """Each method is a tool; its docstring is what agents read."""

    def __init__(self, state: State) -> None:
        self._state = state

    @property
    def _memory(self) -> Memory:
        memory: Memory = self._state.memory
        return memory

    @property
    def _settings(self) -> Settings:
        settings: Settings = self._state.settings
        return settings

    @contextmanager
    def _allowed(self, ctx: Context[Any, Any], verb: str, memory_id: str | None = None) -> Iterator[Access]:
        """For the holder of a key that allows this; a memory that it is not for does not exist."""
        access: Access = _request_of(ctx).state.access
        if memory_id is not None:
            unseen = access.key is not None and not access.key.sees(memory_id)
            if unseen or not NAME.fullmatch(memory_id):
                raise MemoryNotFound(memory_id)
        access.check(verb)
        with acting_as(access.key.name if access.key else None):
            yield access

    @_tool("write", computes=True)
    def remember(
        self,
        ctx: Context[Any, Any],
        memory_id: MemoryId,
        facts: Annotated[list[str], Field(description="Short sentences, in the order they happened")],
        create: Annotated[bool, Field(description="Make the memory if there is none of this name")] = False,
        once: Annotated[
            str | None,
            Field(
                description="A new name for this call; repeated under the same name it stores nothing more"
            ),
        ] = None,
    ) -> Told:
        """Remember facts, all of them or none. They are found by the next question."""
        with self._allowed(ctx, "write", memory_id):
            limits.check_facts([NewFact.model_construct(text=text) for text in facts], self._settings)
            if not facts:
                raise ToolError("facts: at least 1 item")
            named = None if once is None else Once(once, repr(facts).encode())
            if create:
                self._memory.store.put_memory(memory_id)
            told = self._memory.remember(memory_id, facts, once=named)
        return Told.of(told)

    @_tool("ask", computes=True)
    def ask(
        self,
        ctx: Context[Any, Any],
        memory_id: MemoryId,
        question: Annotated[str, Field(description="One short question")],
        revision: Annotated[
            int | None, Field(ge=0, description="Answer as it would have been answered at this revision")
        ] = None,
    ) -> Said:
        """Answer a question from the facts of a memory, and name the facts that attention read."""
        with self._allowed(ctx, "ask", memory_id), self._asked(question):
            at = self._memory.at(memory_id, as_of_revision=revision)
            return Said.of(at.ask(question, limit=5, top_answers=4), at.uid)

    @_tool("ask", computes=True)
    def why(
        self,
        ctx: Context[Any, Any],
        memory_id: MemoryId,
        question: Annotated[str, Field(description="The question that was asked")],
        why_not: Annotated[
            str | None, Field(max_length=200, description="Another answer to compare with")
        ] = None,
    ) -> Reasons:
        """Say which facts an answer needs: the question is asked again without each of them."""
        with self._allowed(ctx, "ask", memory_id), self._asked(question):
            at = self._memory.at(memory_id)
            return Reasons.of(explain(asking_without(at, question), why_not=why_not), at.uid)

    @_tool("ask", computes=True)
    def search(
        self,
        ctx: Context[Any, Any],
        memory_id: MemoryId,
        text: Annotated[str, Field(description="A question or any other sentence")],
        limit: Annotated[int, Field(ge=1, le=100)] = 10,
    ) -> Found:
        """Find the facts nearest to a text, without reasoning about them."""
        with self._allowed(ctx, "ask", memory_id):
            limits.check_text(text, self._settings)
            at = self._memory.at(memory_id)
            nearest = at.nearest(text, limit)
        return Found.of(nearest, at.uid)

    @_tool("write")
    def forget(
        self,
        ctx: Context[Any, Any],
        memory_id: MemoryId,
        fact_id: Annotated[str, Field(description="From `remember`, `ask` or `search`")],
    ) -> Forgotten:
        """Forget a fact: no answer uses it from now on. Its history stays."""
        with self._allowed(ctx, "write", memory_id):
            try:
                wanted = UUID(fact_id)
            except ValueError:
                raise FactNotFound(memory_id, "with this id") from None
            found = self._memory.store.fact_by_id(memory_id, wanted)
            revision = self._memory.forget(memory_id, found.facts[0].seq, uid=found.memory.uid)
        return Forgotten(revision=revision)

    @_tool("read")
    def memories(
        self,
        ctx: Context[Any, Any],
        after: Annotated[str | None, Field(description="Names behind this one, for what `more` says")] = None,
    ) -> Names:
        """List the memories by name."""
        with self._allowed(ctx, "read") as access:
            rows = self._memory.store.list_memories(after=after, limit=101, within=access.memories)
        return Names(memories=[row.name for row in rows[:100]], more=len(rows) > 100)

    @contextmanager
    def _asked(self, question: str) -> Iterator[None]:
        limits.check_question(question, self._settings)
        yield
