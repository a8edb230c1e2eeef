"""A network whose facts supersede one another a lot, and what it says when it is run densely in torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from memnet.lexicon import Lexicon
from memnet.nn.multihead import MultiHeadConfig, MultiHeadMemory, Outcome
from memnet.story import Answer
from memnet.training.checkpoint import Checkpoint, save_checkpoint
from memnet.training.multihead.episodes import Episodes
from memnet.training.multihead.lessons import Asked, Lesson

BELOW = -2.0
LANGUAGE = sorted({"where", "is", "the", "went", "to", "got", "there", "back", "dropped", "what", "and"})
PEOPLE, PLACES, THINGS = ("Mary", "John", "Zoë"), ("garden", "office", "New York"), ("football", "blue lamp")
QUESTION = "Where is the blue lamp?"


def checkpoint_of(folder: Path, *, below: float = BELOW) -> Path:
    """Weights by chance; new facts take more of older ones than a trained network lets them."""
    lexicon = Lexicon(LANGUAGE, ["no", "yes"])
    torch.manual_seed(3)
    network = MultiHeadMemory(MultiHeadConfig(vocab_size=len(lexicon), num_answers=2, retire_below=below))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.03)
        network.write_bias.fill_(-1.5)
    save_checkpoint(folder, network, lexicon, {})
    return folder


def tell(draw: np.random.Generator) -> str:
    """A fact."""
    person = draw.choice(PEOPLE)
    if draw.random() < 0.5:
        return f"{person} went to {'' if (place := draw.choice(PLACES)) == 'New York' else 'the '}{place}."
    return f"{person} {draw.choice(['got', 'dropped'])} the {draw.choice(THINGS)} there."


def dense(checkpoint: Checkpoint, facts: Mapping[int, str]) -> tuple[Outcome, np.ndarray]:
    """The network over exactly these facts in torch, without store, view or index: what it attended to, and
    what was left of each fact."""
    network, lexicon = checkpoint.network, checkpoint.vocabulary
    episodes = Episodes(
        [Lesson(1, tuple(facts.values()), (Asked(QUESTION, (), len(facts)),))],
        lexicon,
        symbol_dim=network.config.symbol_dim,
        positions=network.config.positions,
        memory=len(facts),
        fixed=lambda task, key: False,
    )
    batch = episodes.batch(np.array([0]), rename=False)[0]
    seqs = torch.tensor([list(facts)], dtype=batch.times.dtype)
    batch = replace(batch, times=seqs, now=seqs[:, -1:] + 1)
    with torch.no_grad():
        outcome = network(batch)
    return outcome, outcome.retention[0, 0].numpy()


def assert_read_as_trained(checkpoint: Checkpoint, answer: Answer, facts: Mapping[int, str]) -> set[int]:
    """Make sure that an answer attended as the dense network does, and to no retired fact: the retired ones."""
    outcome, retention = dense(checkpoint, facts)
    below = checkpoint.network.config.retire_below
    assert np.abs(retention - below).min() > 1e-4, "a fact is on the border: draw other facts"
    retired = {seq for seq, left in zip(facts, retention.tolist(), strict=True) if left < below}
    hot = [seq for seq in facts if seq not in retired]
    for hop, expected in zip(answer.hops, outcome.attention[0, 0].mean(dim=1).numpy(), strict=True):
        read = {each.seq: each.weight for each in hop.attention}
        assert set(read) == set(hot)
        weights = dict(zip(facts, expected.tolist(), strict=True))
        assert all(weights[seq] == 0 for seq in retired)
        np.testing.assert_allclose([read[seq] for seq in hot], [weights[seq] for seq in hot], atol=1e-5)
    np.testing.assert_allclose(
        [hop.null_mass for hop in answer.hops], outcome.null[0, 0].mean(dim=1).numpy(), atol=1e-5
    )
    assert (answer.eligible, answer.attended) == (len(facts), len(hot))
    return retired
