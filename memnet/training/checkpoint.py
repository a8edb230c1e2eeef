"""Checkpoints on disk.

A finished network is a folder of three files, written in this order:

    weights.safetensors   the parameters
    vocabulary.json       the words, in the order of their indices from 1
    config.json           format, family, network settings, sha256 of the two files, training record, and
                          from format 2 on the calibration, once there is one

`config.json` comes last, so a folder that holds it is whole; its own sha256 is the model's digest.

A run in progress keeps `training.safetensors` beside them: the weights after the last whole epoch
and, in its metadata, the recipe, the data's identity and the history. One file, replaced
atomically: a kill at any moment leaves the state of one epoch or of the next.

Nothing here is a pickle, so loading a checkpoint runs no code.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from memnet import __version__
from memnet.calibration import UNCALIBRATED, Calibration
from memnet.errors import CheckpointError, RecipeError
from memnet.models import find
from memnet.nn.families import AnyNetwork, Words, build, config_of, words_of
from memnet.nn.multihead import MultiHeadMemory

FORMAT = 2
"""Format that this memnet writes; it reads formats 1 to this one. Format 1 has no calibration."""

WEIGHTS, VOCABULARY, CONFIG, TRAINING = (
    "weights.safetensors",
    "vocabulary.json",
    "config.json",
    "training.safetensors",
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A network with its words, as loaded from a folder."""

    name: str
    """Name of the folder."""
    digest: str
    """sha256 of `config.json`, which holds those of the other files."""
    network: AnyNetwork
    """In evaluation mode, without gradients."""
    vocabulary: Words
    training: dict[str, Any]
    """The record of its training: recipe, data, errors."""
    calibration: Calibration = UNCALIBRATED


def save_checkpoint(folder: Path, network: AnyNetwork, words: Words, training: dict[str, Any]) -> None:
    """Write a checkpoint; whatever was in the folder's three files is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = save_tensors({name: t.contiguous() for name, t in network.state_dict().items()})
    listed = json.dumps(words.to_json(), ensure_ascii=False, indent=0).encode()
    config = {
        "format": FORMAT,
        "memnet": __version__,
        "family": network.family,
        "network": config_of(network),
        "files": {WEIGHTS: _sha256(weights), VOCABULARY: _sha256(listed)},
        "training": training,
    }
    (folder / CONFIG).unlink(missing_ok=True)
    write_atomically(folder / WEIGHTS, weights)
    write_atomically(folder / VOCABULARY, listed)
    _write_config(folder, config)


def save_calibration(folder: Path, calibration: Calibration) -> None:
    """Give a checkpoint another calibration, which gives it another digest; its weights stay as they are.

    Raises:
        CheckpointError: There is none, or it is damaged.
    """
    load_checkpoint(folder)
    config = json.loads(_read(folder, CONFIG))
    _write_config(folder, config | {"format": FORMAT, "calibration": calibration.to_json()})


def _write_config(folder: Path, config: dict[str, Any]) -> None:
    write_atomically(folder / CONFIG, json.dumps(config, ensure_ascii=False, indent=2).encode() + b"\n")


def load_checkpoint(folder: Path) -> Checkpoint:
    """Load a checkpoint: a folder, or the name of one that memnet ships with.

    Raises:
        CheckpointError: Missing, unfinished, damaged, foreign, or of a format not read here.
    """
    folder = find(folder)
    raw = _read(folder, CONFIG)
    try:
        config = json.loads(raw)
        version, family, settings = config["format"], config["family"], config["network"]
        files, training = config["files"], config["training"]
    except (ValueError, KeyError, TypeError):
        raise CheckpointError(f"{folder / CONFIG} is not a memnet configuration") from None
    if not isinstance(version, int) or not 1 <= version <= FORMAT:
        raise CheckpointError(
            f"{folder} was written by format {version}, this memnet reads formats 1 to {FORMAT}",
            hint="upgrade memnet or retrain with `memnet babi train`",
        )
    contents = {}
    for name in (WEIGHTS, VOCABULARY):
        contents[name] = _read(folder, name)
        if _sha256(contents[name]) != files.get(name):
            raise CheckpointError(
                f"{folder / name} is damaged: its sha256 is not the one in {CONFIG}",
                hint="copy the checkpoint again or retrain with `memnet babi train`",
            )
    try:
        network = build(family, settings)
        network.load_state_dict(load_tensors(contents[WEIGHTS]))
        vocabulary = words_of(family, json.loads(contents[VOCABULARY]))
        fitted = config.get("calibration")
        calibration = UNCALIBRATED if fitted is None else Calibration.from_json(fitted)
    except (KeyError, TypeError, ValueError, RuntimeError, RecipeError, SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise CheckpointError(f"{folder} does not describe a network memnet can build: {reason}") from None
    network.eval().requires_grad_(False)
    if isinstance(network, MultiHeadMemory):
        network.least_gate, network.sharpening = calibration.least_gate, calibration.sharpening
    return Checkpoint(folder.resolve().name, _sha256(raw), network, vocabulary, training, calibration)


@dataclass(frozen=True, slots=True)
class TrainingState:
    """A run in progress."""

    tensors: dict[str, Tensor]
    record: dict[str, Any]
    """What the run is asked to do, its data, and how far it is, as JSON."""


def save_state(folder: Path, state: TrainingState) -> None:
    """Write the state of a run, replacing the previous one atomically."""
    tensors = {name: tensor.contiguous() for name, tensor in state.tensors.items()}
    write_atomically(folder / TRAINING, save_tensors(tensors, metadata={"record": json.dumps(state.record)}))


def load_state(folder: Path) -> TrainingState:
    """Load the state of a run.

    Raises:
        CheckpointError: There is none, or it is damaged.
    """
    path = folder / TRAINING
    if not path.is_file():
        raise CheckpointError(f"{folder} has no run to resume", hint="start it without --resume")
    raw = path.read_bytes()
    try:
        tensors = load_tensors(raw)
        size = int.from_bytes(raw[:8], "little")
        metadata = json.loads(raw[8 : 8 + size])["__metadata__"]
        record = json.loads(metadata["record"])
        # Where older states have the epochs of a MemN2N.
        return TrainingState(tensors, {k: int(v) for k, v in metadata.items() if k != "record"} | record)
    except (SafetensorError, ValueError, KeyError, TypeError):
        raise CheckpointError(f"{path} is damaged", hint="start the run again without --resume") from None


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file so that a crash at any moment leaves the old content or the new, whole."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _read(folder: Path, name: str) -> bytes:
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        if name == CONFIG and (folder / TRAINING).is_file():
            raise CheckpointError(
                f"{folder} holds a run that has not finished",
                hint=f"finish it with `memnet babi train --resume --out {folder}`",
            ) from None
        raise CheckpointError(
            f"{folder / name}: {error.strerror or error}", hint="name a folder that `memnet babi train` wrote"
        ) from None


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def copy_weights(network: torch.nn.Module) -> dict[str, Tensor]:
    """A copy of the parameters, detached from further training."""
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
