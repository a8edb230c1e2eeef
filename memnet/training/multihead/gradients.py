"""Losses and gradients of batches, on the processor or on a GPU.

A batch of 64 questions is about a thousand small operations. A GPU computes each in microseconds and is told
of each in ten, so that it would mostly wait. It gets them as CUDA graphs instead: all operations of a batch
of a shape, recorded once and then started together. Batches are padded to few shapes for that.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from memnet.nn.multihead import MultiHeadMemory, QuestionBatch
from memnet.training.multihead.episodes import Targets, loss_of
from memnet.training.multihead.passing import NEVER


class Direct:
    """Operation by operation.

    Called with a batch, it puts the gradient of the mean loss into the parameters' `grad` and returns each
    question's loss.
    """

    def __init__(self, network: MultiHeadMemory, num_answers: int) -> None:
        self._network, self._num_answers = network, num_answers

    def __call__(self, batch: QuestionBatch, targets: Targets) -> Float[Tensor, "stories questions"]:
        losses, mean = _losses(self._network, batch, targets, self._num_answers)
        mean.backward()  # type: ignore[no-untyped-call]
        return losses.detach()


class Shape(NamedTuple):
    """Of a batch."""

    stories: int
    questions: int
    memory: int
    symbols: int
    """Of a story, without the one that stands for none."""
    per_sentence: int
    wordings: int
    words: int

    @classmethod
    def of(cls, batch: QuestionBatch) -> Shape:
        (stories, questions), (wordings, words) = batch.question_wording.shape, batch.wordings.shape
        memory, per_sentence = batch.fact_symbols.shape[1:]
        return cls(stories, questions, memory, batch.symbols.shape[1] - 1, per_sentence, wordings, words)

    def rounded(self) -> Shape:
        """The next larger one of a few: by powers of two and four, as far as it costs little."""
        return Shape(
            _power(self.stories, 2, 8),
            _power(self.questions, 2, 1),
            _power(self.memory, 2, 8),
            _power(self.symbols, 4, 16),
            max(4, self.per_sentence),
            _power(self.wordings, 4, 64),
            -(-self.words // 16) * 16,
        )


def padded(batch: QuestionBatch, targets: Targets, shape: Shape) -> tuple[QuestionBatch, Targets]:
    """The same questions in a larger batch, with the same losses: what is added is told to none of them."""
    own = Shape.of(batch)
    more = Shape(*(large - small for large, small in zip(shape, own, strict=True)))
    facts, asked = (more.stories, more.memory), (more.stories, more.questions)
    # A wording without words would have no mean; so further rows say what the first one says.
    words = _grown(batch.wordings, (0, more.words), 0)
    wordings = torch.cat([words, words[:1].expand(more.wordings, -1)])
    is_question = torch.cat([batch.is_question, batch.is_question[:1].expand(more.wordings)])

    def places(symbols: Tensor, grown: tuple[int, int]) -> Tensor:
        return _grown(
            symbols.where(symbols != own.symbols, shape.symbols), (*grown, more.per_sentence), shape.symbols
        )

    return QuestionBatch(
        wordings=wordings,
        is_question=is_question,
        symbols=_grown(batch.symbols, (more.stories, more.symbols, 0), 0.0),
        fact_wording=_grown(batch.fact_wording, facts, 0),
        fact_symbols=places(batch.fact_symbols, facts),
        times=_grown(batch.times, facts, NEVER),
        question_wording=_grown(batch.question_wording, asked, 0),
        question_symbols=places(batch.question_symbols, asked),
        now=_grown(batch.now, asked, 1.0),
    ), replace(
        targets,
        words=_grown(targets.words, (*asked, 0), -1),
        copied=_grown(targets.copied, (*asked, 0), -1),
        asked=_grown(targets.asked, asked, False),
    )


class CapturedGradients:
    """The same, as CUDA graphs, one per rounded shape."""

    def __init__(self, network: MultiHeadMemory, num_answers: int) -> None:
        self._network, self._num_answers = network, num_answers
        self._parameters = list(network.parameters())
        self._graphs: dict[Shape, _Graph] = {}
        self._pool = torch.cuda.graph_pool_handle()

    def __call__(self, batch: QuestionBatch, targets: Targets) -> Float[Tensor, "stories questions"]:
        own = Shape.of(batch)
        batch, targets = padded(batch, targets, own.rounded())
        graph = self._graphs.get(own.rounded())
        if graph is None:
            graph = self._graphs[own.rounded()] = self._captured(batch, targets)
        for to, new in zip(graph.inputs, _tensors(batch, targets), strict=True):
            to.copy_(new.pin_memory(), non_blocking=True)
        graph.graph.replay()
        for parameter, gradient in zip(self._parameters, graph.gradients, strict=True):
            parameter.grad = gradient
        return graph.losses[: own.stories, : own.questions].clone()

    def _captured(self, batch: QuestionBatch, targets: Targets) -> _Graph:
        where = self._parameters[0].device
        batch, targets = batch.to(where), targets.to(where)

        def compute() -> tuple[Tensor, tuple[Tensor | None, ...]]:
            losses, mean = _losses(self._network, batch, targets, self._num_answers)
            # Of gates that are not in use yet there is none.
            return losses.detach(), torch.autograd.grad(mean, self._parameters, allow_unused=True)

        # The libraries' own preparations cannot be recorded: they come the first time.
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            compute()
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool):
            losses, found = compute()
        return _Graph(graph, _tensors(batch, targets), losses, found)


def gradients(network: MultiHeadMemory, num_answers: int) -> Direct | CapturedGradients:
    """The way that suits where the network is."""
    where = next(network.parameters()).device
    return CapturedGradients(network, num_answers) if where.type == "cuda" else Direct(network, num_answers)


@dataclass(frozen=True, slots=True)
class _Graph:
    graph: torch.cuda.CUDAGraph
    inputs: list[Tensor]
    losses: Tensor
    gradients: tuple[Tensor | None, ...]


def _losses(
    network: nn.Module, batch: QuestionBatch, targets: Targets, num_answers: int
) -> tuple[Tensor, Tensor]:
    losses = loss_of(network(batch).logits, targets, num_answers)
    return losses, losses.sum() / targets.asked.sum()


def _tensors(batch: QuestionBatch, targets: Targets) -> list[Tensor]:
    return [
        *(getattr(batch, each.name) for each in fields(batch)),
        targets.words,
        targets.copied,
        targets.asked,
    ]


def _power(count: int, base: int, least: int) -> int:
    while least < count:
        least *= base
    return least


def _grown(tensor: Tensor, by: tuple[int, ...], value: int | float) -> Tensor:
    """A tensor with so much more at the end of each axis."""
    ends = [width for more in reversed(by) for width in (0, more)]
    return nn.functional.pad(tensor, ends, value=value)
