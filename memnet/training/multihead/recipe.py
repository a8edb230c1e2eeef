"""A recipe of the multi-head memory network: everything that decides what a run computes, but the data."""

from __future__ import annotations

import math
from dataclasses import dataclass

from memnet.errors import RecipeError
from memnet.nn.attention import MECHANISMS
from memnet.training.settings import Settings

LEAD_IN_TASKS = (2, 15, 16, 17, 19)
"""Tasks that are learned first: chains of two and three facts, and the two kinds of space."""


@dataclass(frozen=True, slots=True)
class MultiHeadRecipe(Settings):
    """How a multi-head memory network is trained; the defaults are those of all tasks jointly at 10k."""

    num_hops: int = 4
    num_heads: int = 8
    """Of `dot` attention there is one head, whatever stands here."""
    attention: str = "scaled"
    """How heads score facts: `scaled`, `dot`, `additive` or `general`; see `memnet.nn.attention`."""
    positions: int = 8
    """Longest answer, in words or names: lists of more entries are cut."""
    write: bool = True
    """Whether new facts supersede older ones."""
    questions: int = 3_800_000
    """Questions to train on, repeated ones counted again: the length of the run."""
    lead_in: int = 300_000
    """Of these, how many at first come from `LEAD_IN_TASKS` alone, without gaps and strangers. Among all
    tasks 16 and 19 stay at their majority rules for long; by themselves they leave them within minutes."""
    lead_in_writes: bool = True
    """Whether new facts supersede older ones in the lead-in already. Gates take facts from a network that has
    not yet learned to read them: at 1k most seeds then never leave task 16's majority rule."""
    batch_size: int = 64
    """Questions per update, roughly: lessons stay whole. Many small updates break plateaus sooner than few
    large ones."""
    learning_rate: float = 4e-4
    """For AdamW; falls along half a cosine to 2 % of it. At 1e-3 tasks 16 and 19 stay where they begin; at
    4e-4 they are learned within minutes."""
    warmup: int = 200
    """Updates over which the rate rises from 0."""
    weight_decay: float = 0.05
    max_norm: float = 1.0
    """A longer gradient, of all parameters together, is scaled down to this L2 norm."""
    average: float = 0.999
    """Decay per update of the moving average of the weights, which is what answers."""
    memory: int = 64
    """Newest facts that a question attends to in training. No supporting fact of bAbI is older than 40. The
    trained network has no such limit."""
    rename: float = 1.0
    """Share of batches in which every symbol gets a vector of its own for each story, so that nothing can
    be learned about a name. 0 trains on the names as they are."""
    alike: float = 0.2
    """Share of stories whose renamed symbols are more alike, and more unlike, than chance has it: users'
    names, too, are sometimes alike."""
    gaps: float = 0.2
    """Share of stories whose facts are told further apart, up to thousands of steps."""
    strangers: int = 48
    """Most facts of other stories that are put among those of each story, in a quarter of the batches: any
    number up to it, smaller ones more often."""
    late: float = 0.2
    """Share of stories whose questions come late: up to hundreds of steps after the last fact."""
    cross_questions: float = 0.0
    """Questions added per training question of bAbI: what one task asks, asked of the stories of another."""
    symmetry: bool = True
    """Whether tasks 17 and 19 are also told from the seven other sides; see `symmetry`."""
    worded: int = 60_000
    """Stories in robust wording (`memnet.wording`) beside bAbI's."""
    worded_told: float = 0.25
    """Share of these that is told per epoch, where all of bAbI's are."""
    hidden: float = 0.5
    """Share of these that are read without knowing half of the words that a reader could do without."""
    validation: float = 0.1
    """Share of each task's questions set aside, in whole stories."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.attention not in MECHANISMS:
            raise RecipeError(f"attention must be one of {', '.join(MECHANISMS)}; got '{self.attention}'")
        for name in ("num_hops", "num_heads", "positions", "questions", "batch_size", "memory"):
            if getattr(self, name) < 1:
                raise RecipeError(f"{name} must be at least 1; got {getattr(self, name)}")
        for name in ("lead_in", "warmup", "weight_decay", "strangers", "cross_questions", "worded", "seed"):
            if getattr(self, name) < 0:
                raise RecipeError(f"{name} must not be negative; got {getattr(self, name)}")
        if not self.lead_in_writes and self.lead_in >= self.questions:
            raise RecipeError(
                f"lead_in ({self.lead_in}) must be below questions ({self.questions}) where lead_in_writes "
                "is false: the gates would never be trained"
            )
        for name in ("learning_rate", "max_norm"):
            if not getattr(self, name) > 0:
                raise RecipeError(f"{name} must be above 0; got {getattr(self, name)}")
        for name in ("rename", "alike", "gaps", "late", "worded_told", "hidden"):
            if not 0 <= getattr(self, name) <= 1:
                raise RecipeError(f"{name} must be a share from 0 to 1; got {getattr(self, name)}")
        for name in ("average", "validation"):
            if not 0 <= getattr(self, name) < 1:
                raise RecipeError(f"{name} must be a share from 0 to below 1; got {getattr(self, name)}")

    def rate(self, update: int, done: float) -> float:
        """Learning rate of an update, counted from 0, when this share of the run is done."""
        cosine = 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
        return self.learning_rate * min(1.0, (update + 1) / max(1, self.warmup)) * (0.02 + 0.98 * cosine)
