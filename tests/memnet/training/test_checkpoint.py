"""Checkpoints: what was saved comes back, and what is damaged, foreign or newer is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from memnet.errors import CheckpointError
from memnet.models import SHIPPED
from memnet.nn.memn2n import MemN2N, MemN2NConfig
from memnet.training.checkpoint import load_checkpoint, save_checkpoint, write_atomically
from memnet.vocabulary import Vocabulary

WORDS = Vocabulary(["garden", "josé", "mary", "milk,football"])


@pytest.fixture
def saved(tmp_path):
    network = MemN2N(MemN2NConfig(len(WORDS), 6, 7, dim=4, tying="layer-wise"))
    save_checkpoint(tmp_path / "m", network, WORDS, {"recipe": {"seed": 3}})
    return network, tmp_path / "m"


def test_a_network_comes_back_as_it_was_saved(saved):
    network, folder = saved

    loaded = load_checkpoint(folder)

    assert loaded.name == "m"
    assert loaded.vocabulary.words == WORDS.words
    assert loaded.training == {"recipe": {"seed": 3}}
    assert loaded.network.config == network.config
    for name, tensor in network.state_dict().items():
        assert torch.equal(loaded.network.state_dict()[name], tensor)


def test_the_digest_names_the_content(saved):
    network, folder = saved
    digest = load_checkpoint(folder).digest
    save_checkpoint(folder, network, WORDS, {"recipe": {"seed": 3}})
    assert load_checkpoint(folder).digest == digest

    with torch.no_grad():
        network.tables[1] += 1e-3
    save_checkpoint(folder, network, WORDS, {"recipe": {"seed": 3}})
    assert load_checkpoint(folder).digest != digest


def test_one_flipped_byte_is_noticed(saved):
    _, folder = saved
    for name in ("weights.safetensors", "vocabulary.json"):
        content = bytearray((folder / name).read_bytes())
        content[-3] ^= 1
        kept = (folder / name).read_bytes()
        (folder / name).write_bytes(content)
        with pytest.raises(
            CheckpointError, match=f"{name} is damaged: its sha256 is not the one in config.json"
        ):
            load_checkpoint(folder)
        (folder / name).write_bytes(kept)


@pytest.mark.parametrize("name", ["weights.safetensors", "vocabulary.json", "config.json"])
def test_a_missing_file_is_named(saved, name):
    _, folder = saved
    (folder / name).unlink()

    with pytest.raises(CheckpointError, match=f"{name}: No such file or directory"):
        load_checkpoint(folder)


def test_a_newer_format_says_what_to_do(saved):
    _, folder = saved
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"format": 3}))

    with pytest.raises(
        CheckpointError, match="was written by format 3, this memnet reads formats 1 to 2"
    ) as e:
        load_checkpoint(folder)
    assert e.value.hint == "upgrade memnet or retrain with `memnet babi train`"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 1}', "\x00"])
def test_what_is_no_configuration_is_refused(saved, content):
    _, folder = saved
    (folder / "config.json").write_text(content)

    with pytest.raises(CheckpointError, match="is not a memnet configuration"):
        load_checkpoint(folder)


@pytest.mark.parametrize("change", [{"family": "rnn"}, {"network": {"dim": 4}}, {"network": {"layers": 3}}])
def test_a_network_that_cannot_be_built_is_refused(saved, change):
    _, folder = saved
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | change))

    with pytest.raises(CheckpointError, match="does not describe a network memnet can build"):
        load_checkpoint(folder)


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def full_disk(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_atomically(path, b"new")

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_shipped_checkpoint_can_be_named_and_a_folder_of_that_name_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert (
        load_checkpoint(Path("memn2n-joint")).digest
        == load_checkpoint(SHIPPED.parent / "memn2n-joint").digest
    )

    Path("memn2n-joint").mkdir()
    with pytest.raises(CheckpointError, match="No such file"):
        load_checkpoint(Path("memn2n-joint"))
