"""Vectors as they are stored: checked before they are written and again when they are read.

The bytes of one fact are its [spaces, dim] array in row order, little-endian float32, with the CRC-32 of
those bytes beside them.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32

from memnet.errors import DimensionMismatch, InputError, VectorDamaged
from memnet.store.rows import ModelRow


def check_vectors(vectors: np.ndarray, count: int, model: ModelRow) -> None:
    """Make sure that vectors are those of `count` facts for a model.

    Args:
        vectors: Should be float32, shape (count, spaces, dim), finite.

    Raises:
        DimensionMismatch: Vectors of another width.
        InputError: Another number of facts or spaces, another dtype, or nan or inf in them.
    """
    if vectors.dtype != np.float32:
        raise InputError(f"fact vectors are {vectors.dtype}, expected float32")
    if vectors.ndim != 3 or vectors.shape[:2] != (count, model.spaces):
        raise InputError(
            f"fact vectors have shape {vectors.shape}, expected {(count, model.spaces, model.dim)}"
        )
    if vectors.shape[2] != model.dim:
        raise DimensionMismatch("a fact vector", expected=model.dim, got=vectors.shape[2])
    finite = np.isfinite(vectors).all(axis=(1, 2))
    if not finite.all():
        # FAISS would never return such a fact and never say so.
        raise InputError(f"the vector of fact {int(np.argmin(finite)) + 1} holds nan or inf")


def encode(vector: Float32[np.ndarray, "spaces dim"]) -> tuple[bytes, int]:
    """The bytes of one fact's vectors, and their CRC-32."""
    data = vector.astype("<f4", copy=False).tobytes()
    return data, zlib.crc32(data)


def decode(
    memory_id: str, seqs: Sequence[int], stored: Sequence[bytes], crcs: Sequence[int], model: ModelRow
) -> Float32[np.ndarray, "facts spaces dim"]:
    """Stored vectors as one read-only array.

    Args:
        memory_id: The memory's name, for the message.
        seqs: Whose vectors.
        stored: The bytes of each.
        crcs: The CRC-32 of each.
        model: Whose vectors they are.

    Raises:
        VectorDamaged: Bytes of the wrong length, with another CRC-32, or that are not finite numbers.
    """
    width = model.spaces * model.dim * 4
    # Whole columns first, because a loop over a million facts would take longer than all the rest.
    if set(map(len, stored)) - {width} or tuple(map(zlib.crc32, stored)) != tuple(crcs):
        for seq, data, crc32 in zip(seqs, stored, crcs, strict=True):
            if len(data) != width or zlib.crc32(data) != crc32:
                raise _damaged(memory_id, seq)
    vectors = np.frombuffer(b"".join(stored), "<f4").reshape(len(stored), model.spaces, model.dim)
    finite = np.isfinite(vectors).all(axis=(1, 2))
    if not finite.all():
        raise _damaged(memory_id, seqs[int(np.argmin(finite))])
    vectors = vectors.astype(np.float32, copy=False)
    vectors.flags.writeable = False
    return vectors


def _damaged(memory_id: str, seq: int) -> VectorDamaged:
    return VectorDamaged(
        f"the stored vector of fact {seq} of memory '{memory_id}' is damaged",
        hint="`memnet index check --repair` makes it again from the text",
    )
