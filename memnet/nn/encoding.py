"""Sentence encodings: how the words of a sentence are weighted before they are summed."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
from torch import Tensor

ENCODINGS = ("bag", "position", "position-released")
"""`bag`: sum of words. `position`: the paper's formula. `position-released`: the authors' code."""


def word_weights(
    lengths: Int[Tensor, " sentences"],
    num_words: int,
    dim: int,
    encoding: str,
    *,
    longest: int,
) -> Float[Tensor, "sentences words dim"]:
    """The column vectors l_j that multiply the word vectors of a sentence, element by element.

    With J words in the sentence, word j = 1..J and component k = 1..d (Sukhbaatar et al. 2015, section 4.1):

        l_kj = (1 - j/J) - (k/d) (1 - 2j/J)                       `position`

    The authors' released code computes something else, with J the same for every sentence:

        l_kj = 1 + 4 (k - (d + 1)/2) (j - (J + 1)/2) / (d J)      `position-released`

    The second is about twice the first. The authors call the difference unimportant; see the
    model card for what each reached here.

    Args:
        lengths: J of each sentence.
        num_words: Width of the padded sentences.
        dim: d.
        encoding: One of `ENCODINGS`.
        longest: Longest sentence that training saw: J of `position-released`, which counts one
            more for the time word of the released code.

    Returns:
        Weights, exactly 0 on padding.
    """
    j = torch.arange(1, num_words + 1, device=lengths.device)
    present = (j <= lengths[:, None])[..., None]
    if encoding == "bag":
        return present.expand(-1, -1, dim).to(torch.float32)
    j = j.to(torch.float32)[:, None]
    k = torch.arange(1, dim + 1, dtype=torch.float32, device=lengths.device)
    if encoding == "position":
        # A sentence without words has no weights; 1 avoids dividing by 0.
        J = lengths.clamp(min=1).to(torch.float32)[:, None, None]
        weights = (1 - j / J) - (k / dim) * (1 - 2 * j / J)
    else:
        longest += 1
        weights = 1 + 4 * (k - (dim + 1) / 2) * (j - (longest + 1) / 2) / (dim * longest)
    return weights * present
