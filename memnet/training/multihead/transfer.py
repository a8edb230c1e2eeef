"""A network that begins with what another one has learned, though it has more words or longer answers."""

from __future__ import annotations

import torch

from memnet.errors import InputError
from memnet.lexicon import Lexicon
from memnet.nn.multihead import MultiHeadMemory
from memnet.tokens import RESERVED
from memnet.training.checkpoint import Checkpoint

_BY_WORD = "encoder.embedding.weight"
_BY_ANSWER = ("choose.weight", "choose.bias")
_BY_POSITION = ("answer.weight", "answer.bias", "copy.weight", "copy.bias")


@torch.no_grad()
def take_over(network: MultiHeadMemory, lexicon: Lexicon, checkpoint: Checkpoint) -> None:
    """Give a network the weights of a trained one; words that only it knows keep what they have.

    Positions of the answer beyond the other's last begin as that one: nearly always the end of the answer.

    Args:
        network: As it was made.
        lexicon: Its words.
        checkpoint: Of a network of the same shape, but for the number of words, answers and positions.

    Raises:
        InputError: The shapes differ, or it is no multi-head network.
    """
    other, words = checkpoint.network, checkpoint.vocabulary
    if not isinstance(other, MultiHeadMemory) or not isinstance(words, Lexicon):
        raise InputError(f"--from needs a multi-head network; {checkpoint.name} is none")
    new, old = network.state_dict(), other.state_dict()
    rows = {_BY_WORD: [(i, i) for i in range(RESERVED)] + _common(lexicon.words, words.words, RESERVED)}
    # After the answers come the end of a list, and the shares of the hops and heads.
    answers = _common(lexicon.answers, words.answers, 0)
    tail = len(old[_BY_ANSWER[1]]) - len(words.answers)
    answers += [(len(lexicon.answers) + i, len(words.answers) + i) for i in range(tail)]
    rows |= dict.fromkeys(_BY_ANSWER, answers)
    positions, others = network.config.positions, other.config.positions
    for name in _BY_POSITION:
        size = len(new[name]) // positions
        rows[name] = [
            (at * size + i, min(at, others - 1) * size + i) for at in range(positions) for i in range(size)
        ]
    for name, tensor in new.items():
        fits = name in old and (tensor.shape[1:] == old[name].shape[1:] if name in rows else True)
        if not fits or (name not in rows and tensor.shape != old[name].shape):
            raise InputError(
                f"--from needs a network of the same shape; in {checkpoint.name}, {name} is "
                f"{tuple(old[name].shape) if name in old else 'missing'}, not {tuple(tensor.shape)}",
                hint="set num_hops, num_heads, attention and write as it has them",
            )
        if name in rows:
            to, of = (torch.tensor(column) for column in zip(*rows[name], strict=True))
            tensor[to.to(tensor.device)] = old[name][of].to(tensor.device)
        else:
            tensor.copy_(old[name])


def _common(new: tuple[str, ...], old: tuple[str, ...], start: int) -> list[tuple[int, int]]:
    """Rows of the words that both have."""
    where = {word: index for index, word in enumerate(old, start)}
    return [(index, where[word]) for index, word in enumerate(new, start) if word in where]
