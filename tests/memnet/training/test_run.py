"""A run: the same seed gives the same network, stopped or not, and half a run is not a checkpoint."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from memnet.babi.dataset import load_tasks
from memnet.errors import CheckpointError, InputError, RecipeError
from memnet.evaluation.answers import error, error_per_task
from memnet.training.checkpoint import TRAINING, load_checkpoint, load_state
from memnet.training.data import RunSpec
from memnet.training.loop import clipped_step
from memnet.training.recipe import PAPER_JOINT, Recipe
from memnet.training.run import Run
from memnet.training.vectorise import examples_of

SHORT = Recipe(linear_epochs=2, epochs=4, halve_every=2)


@pytest.fixture
def spec(babi_dir):
    return RunSpec(babi_dir, "en", (1,), {}, SHORT)


def weights(folder):
    return load_checkpoint(folder).network.state_dict()


def finished(folder, spec):
    Run.start(folder, spec).train()
    return folder


def test_a_fixed_seed_gives_the_same_network_twice(tmp_path, spec):
    first, second = weights(finished(tmp_path / "a", spec)), weights(finished(tmp_path / "b", spec))
    other = weights(finished(tmp_path / "c", replace(spec, recipe=replace(SHORT, seed=1))))

    assert torch.equal(first["tables"], second["tables"])
    assert not torch.equal(first["tables"], other["tables"])


@pytest.mark.parametrize("stop_after", [0, 1, 2, 5])
def test_a_run_that_was_stopped_and_resumed_ends_with_the_same_weights(tmp_path, spec, stop_after):
    epochs = 0

    def stop(_batches: int) -> None:  # in the middle of an epoch
        if epochs == stop_after:
            raise KeyboardInterrupt

    def count(_report: object) -> None:
        nonlocal epochs
        epochs += 1

    with pytest.raises(KeyboardInterrupt):
        Run.start(tmp_path / "stopped", spec).train(on_batches=stop, on_epoch=count)
    assert load_state(tmp_path / "stopped").record["epochs_done"] == stop_after
    resumed = Run.resume(tmp_path / "stopped")
    resumed.train()

    whole = finished(tmp_path / "whole", spec)
    assert torch.equal(weights(tmp_path / "stopped")["tables"], weights(whole)["tables"])
    assert [r["loss"] for r in resumed.history] == [
        r["loss"] for r in load_checkpoint(whole).training["history"]
    ]


def test_an_unfinished_run_is_not_taken_for_a_network(tmp_path, spec):
    def stop(_report: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Run.start(tmp_path / "run", spec).train(on_epoch=stop)

    with pytest.raises(CheckpointError, match="holds a run that has not finished") as caught:
        load_checkpoint(tmp_path / "run")
    assert "--resume" in caught.value.hint


def test_a_second_run_does_not_overwrite_the_first(tmp_path, spec):
    finished(tmp_path, spec)

    with pytest.raises(InputError, match="already holds a run"):
        Run.start(tmp_path, spec)


def test_resuming_on_other_data_is_refused(tmp_path, spec, babi_dir):
    data = tmp_path / "data" / "en"
    data.mkdir(parents=True)
    file = data / "qa1_single-supporting-fact_train.txt"
    file.write_bytes((babi_dir / "en" / file.name).read_bytes())

    def stop(_report: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Run.start(tmp_path / "run", replace(spec, directory=tmp_path / "data")).train(on_epoch=stop)
    file.write_bytes(file.read_bytes().replace(b"garden", b"cellar"))

    with pytest.raises(CheckpointError, match="are not those that the run in .* began with"):
        Run.resume(tmp_path / "run")


def test_the_checkpoint_says_what_it_was_trained_on_and_names_no_path(tmp_path, spec, babi_dir):
    other = babi_dir / "en" / "qa1_single-supporting-fact_train.txt"
    finished(tmp_path, replace(spec, train_files={1: other}))

    record = load_checkpoint(tmp_path).training
    assert record["recipe"]["linear_epochs"] == 2
    assert record["data"]["files"]["1"]["questions"] == 300
    assert record["data"]["notes"] == [
        f"task 1: 300 training questions from {other.name}, not the official file"
    ]
    assert str(babi_dir) not in json.dumps(record)


def test_training_learns(tmp_path, babi_dir):
    """Fifty epochs on 60 stories are enough to leave chance (83 % error) far behind."""
    recipe = replace(SHORT, linear_epochs=10, epochs=40, halve_every=20)
    finished(tmp_path, RunSpec(babi_dir, "en", (1,), {}, recipe))
    checkpoint = load_checkpoint(tmp_path)
    stories = load_tasks(babi_dir, "en", (1,), "test")[1].stories
    examples = examples_of(stories, checkpoint.vocabulary, checkpoint.network.memory_size)

    assert error(checkpoint.network, examples) <= 0.2
    assert error_per_task(checkpoint.network, examples) == {1: error(checkpoint.network, examples)}


def test_the_golden_loss_is_unchanged(tmp_path, spec):
    """A refactoring leaves these losses as they are; a change that alters them says so in its commit."""
    run = Run.start(tmp_path, spec)
    run.train()

    losses = [report["loss"] for report in run.history]
    assert losses == pytest.approx(GOLDEN, rel=1e-4)


GOLDEN = [3.88141, 2.58964, 2.22472, 1.79862, 1.71274, 1.67913]


def test_each_matrix_is_clipped_by_itself(tmp_path, spec):
    network = Run.start(tmp_path, spec).network
    before = network.tables.detach().clone()
    network.tables.grad = torch.zeros_like(network.tables)
    network.tables.grad[3, 0, 0] = 400.0  # ten times too long
    network.tables.grad[3, 1, 0] = 4.0  # short enough

    clipped_step(network, learning_rate=0.5, max_norm=40.0)

    step = before - network.tables.detach()
    assert step[3, 0, 0].item() == pytest.approx(20.0)
    assert step[3, 1, 0].item() == pytest.approx(2.0)


def test_the_rate_is_constant_in_the_linear_phase_and_then_halved():
    rates = [PAPER_JOINT.rate(epoch) for epoch in (0, 29, 30, 44, 45, 60, 89)]

    assert rates == [0.005, 0.005, 0.005, 0.005, 0.0025, 0.00125, 0.000625]


def test_an_unknown_setting_is_named():
    with pytest.raises(RecipeError, match="a recipe has no setting 'dropout'"):
        Recipe.from_dict({"dropout": 0.1})
    with pytest.raises(RecipeError, match="validation must be a share from 0 to below 1; got 1.0"):
        Recipe(validation=1.0)


def test_a_run_that_began_under_an_older_memnet_is_gone_on_with(tmp_path):
    """It kept the epochs done beside the record."""
    metadata = {"epochs_done": "3", "record": '{"elapsed_s": 1.5}'}
    save_file({"W": torch.zeros(2)}, tmp_path / TRAINING, metadata=metadata)

    assert load_state(tmp_path).record == {"epochs_done": 3, "elapsed_s": 1.5}
