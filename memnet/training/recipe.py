"""A recipe: everything that decides what a training run computes, but the data."""

from __future__ import annotations

from dataclasses import dataclass

from memnet.errors import RecipeError
from memnet.nn.encoding import ENCODINGS
from memnet.nn.memn2n import TYINGS
from memnet.training.settings import Settings

DRAWS = ("questions", "stories")
"""How batches are put together."""


@dataclass(frozen=True, slots=True)
class Recipe(Settings):
    """MemN2N as Sukhbaatar et al. (2015) train it; the defaults are those of a single task at 1k."""

    dim: int = 20
    """Width of the vectors: 20 for one task, 50 for all tasks jointly (section 4.2)."""
    num_hops: int = 3
    memory_size: int = 50
    """Most facts a question attends to, the newest ones; shorter when no story is this long."""
    encoding: str = "position-released"
    """How words are weighted. The authors' code, not the formula of their paper: the formula's
    vectors are half as long, and with these rates and starting weights it fails tasks 15 and 16."""
    tying: str = "adjacent"
    relu: bool = False
    linear_epochs: int = 20
    """Epochs without softmax in the memory layers before the schedule begins: linear start."""
    epochs: int = 100
    """Epochs of the schedule, after the linear ones."""
    learning_rate: float = 0.005
    """For the loss summed over a batch. The paper's text can be read as 0.01 after a linear start;
    its code has 0.005 in both phases."""
    halve_every: int = 25
    """The rate is halved after each so many epochs of the schedule; never in the linear phase."""
    batch_size: int = 32
    """Questions per update."""
    draw: str = "questions"
    """`questions`: single ones, with replacement, as the paper's code does. `stories`: whole stories,
    each once per epoch, so that questions of a story share the encoding of its facts."""
    max_norm: float = 40.0
    """A longer gradient of a weight matrix is scaled down to this L2 norm. Each matrix is clipped by
    itself: one norm for all of them keeps task 15 from being learned."""
    noise: float = 0.1
    """Share of empty memories put among the facts; 0 for none."""
    cross_questions: float = 0.0
    """Questions added per training question: what one task asks, asked of the stories of another. Not in
    the paper; results say so. See `memnet.babi.cross`."""
    validation: float = 0.1
    """Share of each task's questions set aside, in whole stories."""
    seed: int = 0

    def __post_init__(self) -> None:
        for name, allowed in (("encoding", ENCODINGS), ("tying", TYINGS), ("draw", DRAWS)):
            if getattr(self, name) not in allowed:
                raise RecipeError(f"{name} must be one of {', '.join(allowed)}; got '{getattr(self, name)}'")
        for name in ("dim", "num_hops", "memory_size", "epochs", "halve_every", "batch_size"):
            if getattr(self, name) < 1:
                raise RecipeError(f"{name} must be at least 1; got {getattr(self, name)}")
        for name in ("linear_epochs", "noise", "cross_questions", "seed"):
            if getattr(self, name) < 0:
                raise RecipeError(f"{name} must not be negative; got {getattr(self, name)}")
        for name in ("learning_rate", "max_norm"):
            if not getattr(self, name) > 0:
                raise RecipeError(f"{name} must be above 0; got {getattr(self, name)}")
        if not 0 <= self.validation < 1:
            raise RecipeError(f"validation must be a share from 0 to below 1; got {self.validation}")

    @property
    def total_epochs(self) -> int:
        return self.linear_epochs + self.epochs

    def rate(self, epoch: int) -> float:
        """Learning rate of an epoch, counted from 0 over both phases."""
        return self.learning_rate * 0.5 ** (max(0, epoch - self.linear_epochs) // self.halve_every)


PAPER_SINGLE = Recipe()
"""One task, 1k training questions."""

PAPER_JOINT = Recipe(dim=50, linear_epochs=30, epochs=60, halve_every=15)
"""All tasks, 1k training questions each."""
