"""Every operation of the service, to be awaited. Made by `python -m service.reference` from the API."""

from __future__ import annotations

from typing import Literal, cast
from urllib.parse import quote

from memnet.client.events import AsyncFollowing
from memnet.client.transport import Call
from memnet.client.types import (
    Alive,
    AnswerOut,
    AsOf,
    BatchOut,
    ChangePage,
    ErasureOut,
    ExampleList,
    ExplainedOut,
    ExplainIn,
    FactOut,
    FactPage,
    FactsCreated,
    KeptPage,
    LimitsOut,
    MemoryOut,
    MemoryPage,
    ModelDetails,
    ModelList,
    NewFact,
    OverlayIn,
    ProblemKindOut,
    PublishedList,
    Ready,
    ReplayOut,
    SearchOut,
    VersionOut,
    WatchList,
    WatchOut,
)


class AsyncClient(AsyncFollowing):
    """The service, as far away as its address. See `memnet.client`."""

    async def put_memory(
        self,
        memory_id: str,
        *,
        if_match: str | None = None,
        if_none_match: str | None = None,
        description: str | None = None,
    ) -> MemoryOut:
        """Create a memory, or change the description of one. Asking twice changes nothing more.

        `If-None-Match: *` only creates, `If-Match` changes only the state that was read; otherwise 412.
        """
        return cast(
            "MemoryOut",
            await self._send(
                Call(
                    "PUT",
                    f"/v1/memories/{_path(memory_id)}",
                    headers={"if-match": if_match, "if-none-match": if_none_match},
                    body={"description": description},
                )
            ),
        )

    async def get_memory(self, memory_id: str, *, min_revision: int | None = None) -> MemoryOut:
        """Read a memory: its revision, how many facts it holds, and how many of them are retired."""
        return cast(
            "MemoryOut",
            await self._send(
                Call("GET", f"/v1/memories/{_path(memory_id)}", query={"min_revision": min_revision})
            ),
        )

    async def delete_memory(self, memory_id: str, confirm: str) -> None:
        """Delete a memory with all its facts. `confirm` must repeat its name."""
        await self._send(Call("DELETE", f"/v1/memories/{_path(memory_id)}", query={"confirm": confirm}))

    async def list_memories(self, *, limit: int | None = None, cursor: str | None = None) -> MemoryPage:
        """List the memories by name: those that the key is for."""
        return cast(
            "MemoryPage",
            await self._send(Call("GET", "/v1/memories", query={"limit": limit, "cursor": cursor})),
        )

    async def post_facts(
        self, memory_id: str, facts: list[NewFact], *, idempotency_key: str | None = None
    ) -> FactsCreated:
        """Remember facts, in the order they happened: all of them or none.

        When the answer comes they are committed, and the next question finds them.
        """
        return cast(
            "FactsCreated",
            await self._send(
                Call(
                    "POST",
                    f"/v1/memories/{_path(memory_id)}/facts",
                    headers={"idempotency-key": idempotency_key},
                    body={"facts": facts},
                    named=True,
                )
            ),
        )

    async def list_facts(
        self,
        memory_id: str,
        *,
        min_revision: int | None = None,
        as_of_revision: int | None = None,
        recorded_at: str | None = None,
        writes: bool | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        order: Literal["asc", "desc"] | None = None,
    ) -> FactPage:
        """List the facts of a memory, without the forgotten ones: as it is, or as of an earlier state."""
        return cast(
            "FactPage",
            await self._send(
                Call(
                    "GET",
                    f"/v1/memories/{_path(memory_id)}/facts",
                    query={
                        "min_revision": min_revision,
                        "as_of_revision": as_of_revision,
                        "recorded_at": recorded_at,
                        "writes": writes,
                        "limit": limit,
                        "cursor": cursor,
                        "order": order,
                    },
                )
            ),
        )

    async def get_fact(
        self,
        memory_id: str,
        fact_id: str,
        *,
        min_revision: int | None = None,
        as_of_revision: int | None = None,
        recorded_at: str | None = None,
        writes: bool | None = None,
    ) -> FactOut:
        """Read one fact, as of now or of an earlier state. One that was erased is 410."""
        return cast(
            "FactOut",
            await self._send(
                Call(
                    "GET",
                    f"/v1/memories/{_path(memory_id)}/facts/{_path(fact_id)}",
                    query={
                        "min_revision": min_revision,
                        "as_of_revision": as_of_revision,
                        "recorded_at": recorded_at,
                        "writes": writes,
                    },
                )
            ),
        )

    async def forget_fact(self, memory_id: str, fact_id: str) -> None:
        """Forget a fact: no answer uses it from now on."""
        await self._send(Call("DELETE", f"/v1/memories/{_path(memory_id)}/facts/{_path(fact_id)}"))

    async def erase_facts(
        self,
        memory_id: str,
        *,
        fact_ids: list[str] | None = None,
        plan_id: str | None = None,
        dry_run: bool | None = None,
    ) -> ErasureOut:
        """Erase facts as if they had never been told: text and vectors leave every table, index and file.

        Two steps. Name the facts: nothing is erased, and the answer says what would be. Then send the
        `plan_id` of that answer with `dry_run: false`: exactly these facts are erased, or, when the memory
        has moved on, none (409 `plan_stale`). Backups that were made before keep the facts.
        """
        return cast(
            "ErasureOut",
            await self._send(
                Call(
                    "POST",
                    f"/v1/memories/{_path(memory_id)}/erasures",
                    body={"fact_ids": fact_ids, "plan_id": plan_id, "dry_run": dry_run},
                    repeatable=dry_run is not False,
                )
            ),
        )

    async def list_changes(
        self,
        memory_id: str,
        *,
        min_revision: int | None = None,
        after_revision: int | None = None,
        limit: int | None = None,
    ) -> ChangePage:
        """Read the log: what each revision did to which facts. With `Accept: application/jsonl`, one per
        line.

        Revisions have no gaps, so whoever applies every change behind the last known one is up to date. A
        part that does not lead on, because facts were erased since, is 410 `compacted`.
        """
        return cast(
            "ChangePage",
            await self._send(
                Call(
                    "GET",
                    f"/v1/memories/{_path(memory_id)}/changes",
                    query={"min_revision": min_revision, "after_revision": after_revision, "limit": limit},
                )
            ),
        )

    async def search_facts(
        self,
        memory_id: str,
        text: str,
        *,
        as_of: AsOf | None = None,
        min_revision: int | None = None,
        limit: int | None = None,
    ) -> SearchOut:
        """Find the facts nearest to a text: one comparison with every fact, no hops, no answer.

        The scores are what the first hop attends by, without the age of the facts. There is always a
        nearest fact, also to a text that has nothing to do with any: ask, and the network may abstain.
        """
        return cast(
            "SearchOut",
            await self._send(
                Call(
                    "POST",
                    f"/v1/memories/{_path(memory_id)}/search",
                    body={"as_of": as_of, "min_revision": min_revision, "text": text, "limit": limit},
                )
            ),
        )

    async def ask_memory(
        self,
        memory_id: str,
        question: str,
        *,
        as_of: AsOf | None = None,
        min_revision: int | None = None,
        attention: Literal["top", "full", "none"] | None = None,
        attention_limit: int | None = None,
        top_answers: int | None = None,
        heads: bool | None = None,
        overlay: OverlayIn | None = None,
        save: bool | None = None,
        explain: ExplainIn | None = None,
    ) -> AnswerOut:
        """Ask a memory: the answer, and the attention every fact received at every hop.

        That there is no answer is a result too: 200 with `answer: null` and a `reason`. Nothing is stored,
        nor what an `overlay` supposes, unless `save` is true: then the answer is kept with it (201), for
        which a key has to allow `write` too.
        """
        return cast(
            "AnswerOut",
            await self._send(
                Call(
                    "POST",
                    f"/v1/memories/{_path(memory_id)}/answers",
                    body={
                        "as_of": as_of,
                        "min_revision": min_revision,
                        "attention": attention,
                        "attention_limit": attention_limit,
                        "top_answers": top_answers,
                        "heads": heads,
                        "overlay": overlay,
                        "question": question,
                        "save": save,
                        "explain": explain,
                    },
                    repeatable=not save,
                )
            ),
        )

    async def list_answers(
        self, memory_id: str, *, limit: int | None = None, cursor: str | None = None
    ) -> KeptPage:
        """List the answers that are kept, newest first."""
        return cast(
            "KeptPage",
            await self._send(
                Call(
                    "GET",
                    f"/v1/memories/{_path(memory_id)}/answers",
                    query={"limit": limit, "cursor": cursor},
                )
            ),
        )

    async def ask_batch(
        self,
        memory_id: str,
        questions: list[str],
        *,
        as_of: AsOf | None = None,
        min_revision: int | None = None,
        attention: Literal["top", "full", "none"] | None = None,
        attention_limit: int | None = None,
        top_answers: int | None = None,
        heads: bool | None = None,
        overlay: OverlayIn | None = None,
    ) -> BatchOut:
        """Ask a memory several questions, all answered from the same facts, whatever is written meanwhile.

        The request is answered as a whole or, when one of the questions is none, refused as a whole.
        """
        return cast(
            "BatchOut",
            await self._send(
                Call(
                    "POST",
                    f"/v1/memories/{_path(memory_id)}/answers/batch",
                    body={
                        "as_of": as_of,
                        "min_revision": min_revision,
                        "attention": attention,
                        "attention_limit": attention_limit,
                        "top_answers": top_answers,
                        "heads": heads,
                        "overlay": overlay,
                        "questions": questions,
                    },
                )
            ),
        )

    async def ask_facts(
        self,
        facts: list[NewFact],
        question: str,
        *,
        attention: Literal["top", "full", "none"] | None = None,
        attention_limit: int | None = None,
        top_answers: int | None = None,
        heads: bool | None = None,
    ) -> AnswerOut:
        """Ask about facts that come with the question; nothing is stored. The facts are numbered from 1."""
        return cast(
            "AnswerOut",
            await self._send(
                Call(
                    "POST",
                    "/v1/answers",
                    body={
                        "attention": attention,
                        "attention_limit": attention_limit,
                        "top_answers": top_answers,
                        "heads": heads,
                        "facts": facts,
                        "question": question,
                    },
                )
            ),
        )

    async def get_answer(self, memory_id: str, answer_id: str) -> AnswerOut:
        """Read a kept answer as it was given. One that was read from facts erased since is gone with them."""
        return cast(
            "AnswerOut",
            await self._send(Call("GET", f"/v1/memories/{_path(memory_id)}/answers/{_path(answer_id)}")),
        )

    async def delete_answer(self, memory_id: str, answer_id: str) -> None:
        """Delete a kept answer."""
        await self._send(Call("DELETE", f"/v1/memories/{_path(memory_id)}/answers/{_path(answer_id)}"))

    async def replay_answer(self, memory_id: str, answer_id: str) -> ReplayOut:
        """Compute a kept answer again, from the facts it was read from, and compare every number with it.

        When another network answers by now, the answer is that network's, and `outcome` says so. When facts
        of that state were erased since, it cannot be computed again: 410 `erased`.
        """
        return cast(
            "ReplayOut",
            await self._send(
                Call("POST", f"/v1/memories/{_path(memory_id)}/answers/{_path(answer_id)}/replay")
            ),
        )

    async def explain_answer(
        self, memory_id: str, answer_id: str, *, why_not: str | None = None, most_questions: int | None = None
    ) -> ExplainedOut:
        """Say what a kept answer depends on: ask again without each fact, and look for the smallest set of
        facts without which there is another answer.

        The work is bounded by `most_questions`; what it left untried is said.
        """
        return cast(
            "ExplainedOut",
            await self._send(
                Call(
                    "POST",
                    f"/v1/memories/{_path(memory_id)}/answers/{_path(answer_id)}/explain",
                    body={"why_not": why_not, "most_questions": most_questions},
                )
            ),
        )

    async def post_watch(self, memory_id: str, question: str) -> WatchOut:
        """Let a question stand: whoever listens to its events is told when its answer changes, and why."""
        return cast(
            "WatchOut",
            await self._send(
                Call(
                    "POST",
                    f"/v1/memories/{_path(memory_id)}/watches",
                    body={"question": question},
                    repeatable=False,
                )
            ),
        )

    async def list_watches(self, memory_id: str) -> WatchList:
        """List the questions that stand."""
        return cast("WatchList", await self._send(Call("GET", f"/v1/memories/{_path(memory_id)}/watches")))

    async def get_watch(self, memory_id: str, watch_id: str) -> WatchOut:
        """Read a watch."""
        return cast(
            "WatchOut",
            await self._send(Call("GET", f"/v1/memories/{_path(memory_id)}/watches/{_path(watch_id)}")),
        )

    async def delete_watch(self, memory_id: str, watch_id: str) -> None:
        """Let a question stand no longer; its streams end."""
        await self._send(Call("DELETE", f"/v1/memories/{_path(memory_id)}/watches/{_path(watch_id)}"))

    async def list_examples(self, *, task: int | None = None) -> ExampleList:
        """List stories of the 20 bAbI tasks to try, with questions and the facts their answers follow
        from.
        """
        return cast("ExampleList", await self._send(Call("GET", "/v1/examples", query={"task": task})))

    async def list_published(
        self,
        *,
        train_size: Literal["1k", "10k"] | None = None,
        mode: Literal["single", "joint"] | None = None,
    ) -> PublishedList:
        """List published errors on the 20 bAbI tasks, to read a network's scorecard beside them."""
        return cast(
            "PublishedList",
            await self._send(Call("GET", "/v1/published", query={"train_size": train_size, "mode": mode})),
        )

    async def list_models(self) -> ModelList:
        """List the networks that answer, with their training and what they score on each bAbI task."""
        return cast("ModelList", await self._send(Call("GET", "/v1/models")))

    async def get_model(self, model_id: str) -> ModelDetails:
        """Read about a network, by its name or its digest."""
        return cast("ModelDetails", await self._send(Call("GET", f"/v1/models/{_path(model_id)}")))

    async def get_limits(self) -> LimitsOut:
        """Read what a request may hold, and how many may come."""
        return cast("LimitsOut", await self._send(Call("GET", "/v1/limits")))

    async def livez(self) -> Alive:
        """Whether the process runs. Touches nothing, so that a slow database does not get it restarted."""
        return cast("Alive", await self._send(Call("GET", "/livez")))

    async def readyz(self) -> Ready:
        """Whether the service can answer and remember: the database answers, its schema is the expected
        one, a write is stored, and nobody has told the service to stop.
        """
        return cast("Ready", await self._send(Call("GET", "/readyz")))

    async def get_version(self) -> VersionOut:
        """What is running: the version of memnet, and the network that answers."""
        return cast("VersionOut", await self._send(Call("GET", "/v1/version")))

    async def get_problem(self, slug: str) -> ProblemKindOut:
        """What a kind of error means, and what to do about it."""
        return cast("ProblemKindOut", await self._send(Call("GET", f"/problems/{_path(slug)}")))


def _path(part: str) -> str:
    return quote(part, safe="")
