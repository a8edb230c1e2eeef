"""A network between the one that a run began with and the one it ended with: "WiSE-FT", Wortsman et al. 2022.

Training on adds something and costs a little of what was there. On the straight line between the two sets of
weights,

    w = (1 - share) * w_begun + share * w_ended

most of what was added is there before all of what was lost is gone. How far to go is chosen by validation
stories.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

import torch

from memnet.errors import InputError
from memnet.lexicon import Lexicon
from memnet.nn.multihead import MultiHeadMemory
from memnet.training.checkpoint import Checkpoint
from memnet.training.multihead.data import MultiHeadRunSpec, load_multihead_data
from memnet.training.multihead.run import errors_by_task
from memnet.training.multihead.transfer import take_over


@dataclass(frozen=True, slots=True)
class Mixed:
    """A network on the line, and what it gets wrong of the validation stories."""

    share: float
    """Of the run's end, in [0, 1]."""
    network: MultiHeadMemory
    errors: dict[int, float]
    """Shares of wrong answers per task, in [0, 1]; 0 is robust wording."""

    @property
    def babi(self) -> float:
        """Mean over bAbI's tasks."""
        return fmean(error for task, error in self.errors.items() if task)

    @property
    def both(self) -> float:
        """What the choice goes by: bAbI's mean and robust wording's error, added."""
        return self.babi + self.errors.get(0, 0.0)


def mix(run: Checkpoint, begun: Checkpoint, share: float) -> MultiHeadMemory:
    """The network at one place of the line. Words and positions that only the run has are the run's.

    Args:
        run: A finished multi-head run.
        begun: The checkpoint that it began from.
        share: Of the run's end, in [0, 1].

    Raises:
        InputError: It began from another one, or the share is none.
    """
    ended = run.network
    if not isinstance(ended, MultiHeadMemory) or not isinstance(run.vocabulary, Lexicon):
        raise InputError(f"{run.name} is no multi-head network")
    if (run.training.get("begun_from") or {}).get("checkpoint") != begun.digest:
        raise InputError(
            f"{run.name} did not begin from {begun.name} ({begun.digest[:12]})",
            hint="name the checkpoint that `memnet babi train --from` was given",
        )
    if not 0 <= share <= 1:
        raise InputError(f"a share is from 0 to 1; got {share:g}")
    network = MultiHeadMemory(ended.config)
    network.load_state_dict(ended.state_dict())
    take_over(network, run.vocabulary, begun)
    before, after = network.state_dict(), ended.state_dict()
    network.load_state_dict({name: torch.lerp(before[name], after[name], share) for name in after})
    return network.eval().requires_grad_(False)


def mixed(run: Checkpoint, begun: Checkpoint, shares: Sequence[float], spec: MultiHeadRunSpec) -> list[Mixed]:
    """The networks at some places of the line, on the run's validation stories.

    Args:
        run: A finished multi-head run.
        begun: The checkpoint that it began from.
        shares: Of the run's end.
        spec: Of the run; of its stories in robust wording only those set aside are generated.

    Raises:
        InputError: As `mix`, or the data have other words than the run.
        BabiDataMissing, BabiFormatError: A file cannot be read.
    """
    networks = [mix(run, begun, share) for share in shares]
    recipe = replace(spec.recipe, worded=min(spec.recipe.worded, 1))
    data = load_multihead_data(replace(spec, recipe=recipe))
    if data.lexicon.to_json() != run.vocabulary.to_json():
        raise InputError("the data are not those that the run was trained on: they have other words")
    return [
        Mixed(share, network, errors_by_task(network, data.validation))
        for share, network in zip(shares, networks, strict=True)
    ]


def record_of(run: Checkpoint, chosen: Mixed, tried: Sequence[Mixed]) -> dict[str, Any]:
    """The training record of the chosen one: the run's, and how it was chosen."""
    shares = ", ".join(f"{each.share:g}" for each in tried)
    return run.training | {
        "mixed": {"share": chosen.share, "run": run.digest},
        "selection": f"share {chosen.share:g} of {shares}, by the sum of both validation errors",
        "validation_error": fmean(chosen.errors.values()),
        "validation_by_task": {task: round(error, 5) for task, error in chosen.errors.items()},
    }
